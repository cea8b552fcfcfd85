package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// Commands for those who want to see what a fault does.

func execCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "exec MACHINE -- COMMAND...",
		Short:   "Run a command inside a machine (node-1, control-plane), with the cluster's nft, ctr and runc in its PATH",
		Example: "  cluster exec node-1 -- nft list ruleset",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := layout.ByName(args[0])
			if err != nil {
				return err
			}
			c, err := cluster()
			if err != nil {
				return err
			}
			return c.Exec(cmd.Context(), m, args[1:], os.Stdin, os.Stdout, os.Stderr)
		},
	}
}

func pauseCommand() *cobra.Command {
	return signalCommand("pause", "Stop a program where it stands (SIGSTOP): it holds its connections and answers nothing", unix.SIGSTOP)
}

func continueCommand() *cobra.Command {
	return signalCommand("continue", "Let a paused program go on (SIGCONT)", unix.SIGCONT)
}

func signalCommand(name, short string, signal unix.Signal) *cobra.Command {
	return &cobra.Command{
		Use:     name + " MACHINE PROGRAM",
		Short:   short,
		Example: "  cluster " + name + " control-plane kube-apiserver",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := layout.ByName(args[0])
			if err != nil {
				return err
			}
			c, err := cluster()
			if err != nil {
				return err
			}
			return c.Signal(m, args[1], signal)
		},
	}
}
