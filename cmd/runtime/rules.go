package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const rulesTestLong = `Shows what event rules make of recorded raw events, step by step, as a session would.

The class is a built-in one by its name, or a file with one or more ImplementationClasses:
then it is the one that no other in the file extends. What it extends may stand in the
same file or be built in. A CTILink's rules come on top with --link, an AgentPool's
telephony mode and call treatment with --pool.

Each line of the events is a JSON object:
  {"name": "Delivered", "dn": "1001", "fields": {"callID": "7", "alertingDevice": "1001"}}
"runtime --manifests DIR --record-events FILE" writes such a file.

The output holds the events' numbers and data, unmasked. The exit code is 1 when a
manifest is wrong, whatever the events are.`

const rulesTestExample = `  runtime rules test --class csta --events events.jsonl --dn 1001
  runtime rules test --class site.yaml --link east.yaml --events events.jsonl -o json`

// rulesCommand is "runtime rules": the workbench of those who write rules.
func rulesCommand() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "Check event rules and call treatment, and try them on recorded events", Args: cobra.NoArgs}
	check := &cobra.Command{
		Use: "check FILE…", Short: "Check the rules in manifests", Args: cobra.MinimumNArgs(1),
		Long: "Checks the rules of the ImplementationClasses and CTILinks, and the call treatment of the AgentPools,\n" +
			"in YAML files: all that the operator would say of them. The exit code is 1 when something is wrong.",
		RunE: func(c *cobra.Command, files []string) error { return checkRules(c.OutOrStdout(), files) },
	}
	var t trial
	test := &cobra.Command{
		Use: "test --class FILE|NAME --events FILE", Short: "Show what rules make of recorded events", Args: cobra.NoArgs,
		Long: rulesTestLong, Example: rulesTestExample,
		RunE: func(c *cobra.Command, _ []string) error { return t.run(c.InOrStdin(), c.OutOrStdout()) },
	}
	p := test.Flags()
	p.StringVar(&t.class, "class", "", "built-in class, or file with classes; the link's when it is not given")
	p.StringVar(&t.link, "link", "", "file with a CTILink whose rules come on top")
	p.StringVar(&t.pool, "pool", "", "file with an AgentPool: its telephony mode and call treatment")
	p.StringVar(&t.mode, "mode", "", "telephony mode: Simple, SimpleWithAgentState or Full; the pool's when it is not given")
	p.StringVar(&t.events, "events", "", "file with raw events, one JSON object a line; - for standard input")
	p.StringVar(&t.dn, "dn", "", "the session's device; that of the first event when it is not given")
	p.StringVar(&t.agent, "agent", "", "the session's agent; that of the first event with one when it is not given")
	p.StringSliceVar(&t.hide, "hide", nil, "event types that the desktop cannot show, e.g. PartyInfo")
	p.BoolVarP(&t.reasons, "verbose", "v", false, "say of each field that is left alone why")
	p.StringVarP(&t.output, "output", "o", "text", "text or json")
	c.AddCommand(check, test)
	return c
}

// trial is one run of "runtime rules test".
type trial struct {
	class, link, pool, mode, events, dn, agent, output string
	hide                                               []string
	reasons                                            bool
}

func (t trial) run(in io.Reader, out io.Writer) error {
	if t.output != "text" && t.output != "json" {
		return fmt.Errorf("--output must be text or json, not %q", t.output)
	}
	if t.events == "" {
		return errors.New("--events is missing: a file with one JSON object a line, or -")
	}
	bench, err := t.bench()
	if err != nil {
		return err
	}
	events, err := readEvents(t.events, in)
	if err != nil {
		return err
	}
	if err := t.settle(bench, events); err != nil {
		return err
	}
	results, err := bench.try(events)
	if err != nil {
		return err
	}
	if t.output == "json" {
		return printJSON(out, results)
	}
	return printText(out, bench, results)
}

// settle fills in what the flags leave open, and checks the rest.
func (t trial) settle(b *bench, events []recorded) error {
	b.dn, b.agent, b.reasons = t.dn, t.agent, t.reasons
	for _, e := range events {
		if b.dn == "" {
			b.dn = e.DN
		}
		if b.agent == "" && e.DN == b.dn {
			b.agent = e.AgentID
		}
	}
	if t.mode != "" {
		b.policy.TelephonyMode = v1alpha1.TelephonyMode(t.mode)
	}
	if !slices.Contains(opencti.TelephonyModes(), opencti.TelephonyMode(b.policy.Mode())) {
		return fmt.Errorf("--mode must be Simple, SimpleWithAgentState or Full, not %q", t.mode)
	}
	for _, h := range t.hide {
		ofType := func(n opencti.EventName) bool { is, _ := opencti.TypeOf(n); return string(is) == h }
		if !slices.ContainsFunc(opencti.EventNames(), ofType) {
			return fmt.Errorf("--hide: %q is no event type; it is one of CallState, AgentState, PartyInfo, CallInfo, LinkState", h)
		}
		b.hidden = append(b.hidden, opencti.EventType(h))
	}
	return nil
}
