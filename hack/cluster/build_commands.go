package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ctilink/ctilink-operator/hack/cluster/build"
	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
	"github.com/ctilink/ctilink-operator/hack/cluster/progress"
)

// builder prints its progress on standard error: standard output is for answers.
func builder() (build.Builder, error) {
	store, err := cache.Default()
	return build.Builder{Cache: store, Progress: progress.New(os.Stderr)}, err
}

func buildCommands() []*cobra.Command {
	return []*cobra.Command{buildCommand(), assetsCommand(), toolCommand()}
}

func buildCommand() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Fetch and build everything into the cache",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := builder()
			if err != nil {
				return err
			}
			switch only {
			case "":
				err = b.Everything(cmd.Context())
			case "control-plane":
				err = b.ControlPlane(cmd.Context())
			default:
				return fmt.Errorf("--only %q: the one part that can be built alone is control-plane", only)
			}
			if err == nil {
				b.Progress.Step("built, in %s", b.Cache.Dir)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&only, "only", "", "build only this part: control-plane (what envtest needs)")
	return cmd
}

func assetsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "assets",
		Short: "Print a directory with kube-apiserver, etcd and kubectl, for KUBEBUILDER_ASSETS; build them when missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := builder()
			if err != nil {
				return err
			}
			return printPath(b.Assets(cmd.Context()))
		},
	}
}

func toolCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "tool NAME",
		Short:     "Print the path of a pinned tool (" + strings.Join(build.ToolNames(), ", ") + "); build it when missing",
		ValidArgs: build.ToolNames(),
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := builder()
			if err != nil {
				return err
			}
			return printPath(b.Tool(cmd.Context(), args[0]))
		},
	}
}

func printPath(path string, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Println(path)
	return err
}
