package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// printJSON writes one object a line.
func printJSON(out io.Writer, results []result) error {
	to := json.NewEncoder(out)
	to.SetEscapeHTML(false)
	for _, r := range results {
		if err := to.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// The steps of HandleEvent, as the guide calls them.
const (
	stepPresence     = "1 RetrieveDevicePresence"
	stepIdentify     = "2 IdentifyEvent"
	stepFilter       = "3 FilterEvent"
	stepCapabilities = "4 FilterEventsOnDeviceCapabilities"
	stepConvert      = "5 ConvertEvent"
	stepSend         = "6 Send"
	stepPost         = "7 EventPostProcessing"
)

// report writes what people read.
type report struct {
	strings.Builder
	bench *bench
}

// say writes a line of a step; what belongs to the same step follows below it.
func (r *report) say(step, format string, args ...any) {
	fmt.Fprintf(r, "  %-34s  %s\n", step, fmt.Sprintf(format, args...))
}

func printText(out io.Writer, b *bench, results []result) error {
	r := &report{bench: b}
	fmt.Fprintf(r, "class %s, mode %s, device %s", b.class.Name, b.policy.Mode(), b.dn)
	if b.agent != "" {
		fmt.Fprintf(r, ", agent %s", b.agent)
	}
	r.WriteString("\n")
	for i, e := range results {
		fmt.Fprintf(r, "\nevent %d: %s\n", i+1, e.Raw.Name)
		r.event(e)
	}
	_, err := io.WriteString(out, r.String())
	return err
}

func (r *report) event(e result) {
	if e.Elsewhere {
		r.say(stepPresence, "not this session: it is of device %q", e.Raw.DN)
		return
	}
	r.say(stepPresence, "this session")
	if !r.identified(e) || !r.filtered(e) {
		return
	}
	r.converted(e)
	r.sent(e)
	r.treated(e)
}

// identified writes step 2 and says whether the event goes on.
func (r *report) identified(e result) bool {
	said := "dropped: there is no rule for this raw event"
	for _, a := range e.Identify {
		if a.Holds {
			said = fmt.Sprintf("%s, by rule %s%s", e.Event, a.Rule, because(a))
		} else {
			said = "dropped: no rule holds"
		}
	}
	if e.Event == "" && e.Failure != "" {
		said = "dropped: " + e.Failure
	}
	r.say(stepIdentify, "%s", said)
	for _, a := range e.Identify {
		if !a.Holds {
			r.say("", "not %s%s", a.Rule, because(a))
		}
	}
	return e.Event != ""
}

func because(a rules.Asked) string {
	if a.Why == "" {
		return ""
	}
	return ": " + a.Why
}

// filtered writes step 3 and says whether the event goes on. What the mode does not show
// is known after the event has changed the state; it is told here, where it belongs.
func (r *report) filtered(e result) bool {
	if e.Dropped {
		a := e.Filter[len(e.Filter)-1]
		r.say(stepFilter, "dropped by filter %s%s", a.Rule, because(a))
		return false
	}
	if e.Failure != "" && e.Populate == nil {
		r.say(stepFilter, "dropped: %s", e.Failure)
		return false
	}
	if e.DroppedBy == "FilterEvent" {
		r.say(stepFilter, "mode %s does not show it; the session's state follows it", r.bench.policy.Mode())
	} else {
		r.say(stepFilter, "passes")
	}
	for _, a := range e.Filter {
		r.say("", "not %s%s", a.Rule, because(a))
	}
	if e.DroppedBy == "FilterEventsOnDeviceCapabilities" {
		r.say(stepCapabilities, "the desktop cannot show it; the session's state follows it")
	} else {
		r.say(stepCapabilities, "passes")
	}
	return true
}

func (r *report) converted(e result) {
	step := stepConvert
	for _, f := range e.Populate {
		if f.Value != nil {
			r.say(step, "%s = %s", f.Field, compact(f.Value))
			step = ""
		}
	}
	var alone []string
	for _, f := range e.Populate {
		switch {
		case f.Value != nil:
		case r.bench.reasons:
			r.say(step, "left alone: %s, %s", f.Field, f.Why)
			step = ""
		default:
			alone = append(alone, f.Field)
		}
	}
	if len(alone) > 0 {
		r.say(step, "left alone: %s", strings.Join(alone, ", "))
		step = ""
	}
	switch {
	case e.Failure != "":
		r.say(step, "dropped: %s", e.Failure)
	case e.DroppedBy == "ConvertEvent":
		r.say(step, "dropped: it changes nothing that the session knows")
	case step != "":
		r.say(step, "no fields")
	}
}

func compact(v any) string {
	var out strings.Builder
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	if to.Encode(v) != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(out.String())
}

func (r *report) sent(e result) {
	if len(e.Told) == 0 {
		r.say(stepSend, "nothing")
		return
	}
	step := stepSend
	for _, told := range e.Told {
		r.say(step, "%s", summary(told))
		step = ""
	}
}

// summary is an event in a line; all of it is in the JSON output.
func summary(event map[string]any) string {
	out := fmt.Sprint(event["name"])
	for _, part := range []struct {
		name    string
		members []string
	}{{"call", []string{"callId", "state", "interactionId"}}, {"agent", []string{"state", "pendingState", "reasonCode"}}} {
		about, _ := event[part.name].(map[string]any)
		for _, k := range part.members {
			if v, ok := about[k]; ok {
				out += fmt.Sprintf(" %s=%s", k, compact(v))
			}
		}
	}
	for _, k := range []string{"ended", "cause", "previousCallIds"} {
		if v, ok := event[k]; ok {
			out += fmt.Sprintf(" %s=%s", k, compact(v))
		}
	}
	return out
}

func (r *report) treated(e result) {
	t := e.Treatment
	switch {
	case t == nil && e.Event == opencti.Offering && len(r.bench.policy.CallTreatment) > 0:
		r.say(stepPost, "no call treatment holds")
	case t == nil:
		r.say(stepPost, "nothing")
	case t.Failure != "":
		r.say(stepPost, "no call treatment: %s", t.Failure)
	default:
		r.say(stepPost, "call treatment %s: %s", t.Rule, strings.Join(t.words(), ", "))
	}
}

func (t *treated) words() []string {
	var out []string
	if pop := t.ScreenPop; pop != nil && pop.URL != "" {
		out = append(out, "opens "+pop.URL)
	} else if pop != nil {
		out = append(out, "starts interaction "+pop.Interaction)
	}
	out = append(out, map[opencti.Answering]string{
		opencti.AnswerManually: "the agent answers", opencti.AnswerOnOffer: "is answered at once",
		opencti.AnswerAfterDelay:    fmt.Sprintf("is answered after %d s", t.DelaySeconds),
		opencti.AnswerOnInteraction: "is answered when the interaction starts",
	}[t.Answer])
	for _, k := range slices.Sorted(maps.Keys(t.AttachData)) {
		out = append(out, fmt.Sprintf("attaches %s = %q", k, t.AttachData[k]))
	}
	return out
}
