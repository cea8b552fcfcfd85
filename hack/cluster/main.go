// Command cluster runs a real Kubernetes of one to three nodes on this machine, from Go modules and Debian packages
// alone, without a registry. README.md in this folder says how.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "cluster",
		Short: "A real Kubernetes on this machine, without a registry",
		Long: `A real Kubernetes of one to three nodes on this machine, from Go modules and Debian packages alone.

The first build takes about ten minutes on two cores; after that ` + "`cluster up`" + ` takes about fifteen seconds.

  CTILINK_CACHE         what was built (default: ctilink in the user's cache directory)
  CTILINK_CLUSTER_DIR   the running cluster's state (default: ` + layout.DefaultDir + `)`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.AddCommand(clusterCommands()...)
	root.AddCommand(buildCommands()...)
	return root
}
