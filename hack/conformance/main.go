// Command conformance says whether an implementation class keeps the adapter contract: it
// tries the class's driver against its simulator or server, and prints a table activity ×
// event. It exits 1 when the table is not green.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command().ExecuteContext(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, errNotGreen) {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	stop()
	os.Exit(1)
}

// errNotGreen: the table has said everything.
var errNotGreen = errors.New("the class does not conform")

func command() *cobra.Command {
	var (
		format  string
		only    []string
		verbose bool
		b       conformance.Bench
	)
	c := &cobra.Command{
		Use:           "conformance CLASS",
		Short:         "Tries the driver of an implementation class and prints a table activity × event.",
		Long:          "Tries the driver of an implementation class and prints a table activity × event.\n\nClasses: " + strings.Join(names(), ", "),
		SilenceErrors: true, SilenceUsage: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one class: %s", strings.Join(names(), ", "))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := known(format); err != nil {
				return err
			}
			for _, row := range only {
				b.Only = append(b.Only, conformance.Row(row))
			}
			if verbose {
				b.Progress = func(row conformance.Row, scenario string, result conformance.Result, took time.Duration) {
					fmt.Fprintf(c.ErrOrStderr(), "%-13s %6s  %s, %s\n", result, took.Round(time.Millisecond), row, scenario)
				}
			}
			return try(c.Context(), args[0], b, format, c.OutOrStdout())
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "text", strings.Join(conformance.Formats(), ", "))
	c.Flags().StringSliceVar(&only, "only", nil, "rows of the table, e.g. HoldCall,RetrieveCall; all when absent")
	c.Flags().StringVar(&b.Scenario, "scenario", "", "run only scenarios whose name contains this")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell each scenario when it ends")
	c.Flags().DurationVar(&b.Patience, "patience", 5*time.Second, "how long an event may take")
	return c
}

func known(format string) error {
	for _, f := range conformance.Formats() {
		if f == format {
			return nil
		}
	}
	return fmt.Errorf("-o %s: must be %s", format, strings.Join(conformance.Formats(), ", "))
}

// try runs the class's bench with what the command line says.
func try(ctx context.Context, class string, wanted conformance.Bench, format string, out io.Writer) error {
	bench, done, err := benchOf(class)
	if err != nil {
		return err
	}
	bench.Only, bench.Scenario, bench.Patience, bench.Progress = wanted.Only, wanted.Scenario, wanted.Patience, wanted.Progress
	report, err := conformance.Run(ctx, bench)
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	if err := report.Write(out, format); err != nil {
		return err
	}
	if !report.Green {
		return errNotGreen
	}
	return nil
}
