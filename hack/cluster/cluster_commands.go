package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ctilink/ctilink-operator/hack/cluster/boot"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/lifecycle"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
)

func clusterCommands() []*cobra.Command {
	return []*cobra.Command{
		upCommand(), downCommand(), loadImageCommand(), nodeDownCommand(), nodeUpCommand(),
		execCommand(), pauseCommand(), continueCommand(),
		kubeconfigCommand(), cleanCacheCommand(), initCommand(),
	}
}

func cluster() (lifecycle.Cluster, error) {
	b, err := builder()
	if err != nil {
		return lifecycle.Cluster{}, err
	}
	d, err := layout.DefaultDirs()
	return lifecycle.Cluster{Dirs: d, Builder: b, Progress: b.Progress}, err
}

func upCommand() *cobra.Command {
	var nodes int
	var audit bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring the cluster up; run it again to add nodes or to repair what is down",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := cluster()
			if err != nil {
				return err
			}
			if err := c.Up(cmd.Context(), nodes, audit); err != nil {
				return err
			}
			fmt.Printf("export KUBECONFIG=%s\n", c.Dirs.AdminKubeconfig())
			fmt.Fprintf(os.Stderr, "kubectl, if you have none: %s\n", c.Builder.Programs().Kubectl)
			return nil
		},
	}
	cmd.Flags().IntVar(&nodes, "nodes", 1, fmt.Sprintf("how many nodes, 1 to %d", layout.MaxNodes))
	cmd.Flags().BoolVar(&audit, "audit", false, "write an audit log (takes effect when the control plane starts)")
	return cmd
}

func downCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the cluster and remove all of it but the cache",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := cluster()
			if err != nil {
				return err
			}
			return c.Down(cmd.Context())
		},
	}
}

func loadImageCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "load-image TAR...",
		Short: "Import docker-archives into every node, also those that start later",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := cluster()
			if err != nil {
				return err
			}
			return c.LoadImages(cmd.Context(), args)
		},
	}
}

func nodeDownCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "node-down N",
		Short: "Cut a node's power",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, n, err := clusterAndNode(args[0])
			if err != nil {
				return err
			}
			return c.NodeDown(cmd.Context(), n)
		},
	}
}

func nodeUpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "node-up N",
		Short: "Boot a node, with the disk that it had",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, n, err := clusterAndNode(args[0])
			if err != nil {
				return err
			}
			return c.NodeUp(cmd.Context(), n)
		},
	}
}

func clusterAndNode(arg string) (lifecycle.Cluster, int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return lifecycle.Cluster{}, 0, fmt.Errorf("node %q: want a number from 1 to %d", arg, layout.MaxNodes)
	}
	c, err := cluster()
	return c, n, err
}

func kubeconfigCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the path of the administrator's kubeconfig",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			d, err := layout.DefaultDirs()
			if err != nil {
				return err
			}
			if _, err := os.Stat(d.AdminKubeconfig()); err != nil {
				return fmt.Errorf("no cluster: %w", err)
			}
			return printPath(d.AdminKubeconfig(), nil)
		},
	}
}

func cleanCacheCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clean-cache",
		Short: "Remove everything that was built; the cluster must be down",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := cluster()
			if err != nil {
				return err
			}
			return c.CleanCache()
		},
	}
}

// initCommand is what runs as pid 1 of a machine.
func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:    machine.InitCommand + " MACHINE",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := layout.ByName(args[0])
			if err != nil {
				return err
			}
			c, err := cluster()
			if err != nil {
				return err
			}
			return boot.Machine{
				Machine: m, Dirs: c.Dirs, Cache: c.Builder.Cache.Dir,
				Programs: c.Builder.Programs(), Plugged: machine.Plugged,
			}.Run(cmd.Context())
		},
	}
}
