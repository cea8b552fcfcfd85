package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// recorded is a raw event in a file.
type recorded struct {
	Name    string         `json:"name"`
	DN      string         `json:"dn,omitempty"`
	AgentID string         `json:"agentId,omitempty"`
	Fields  map[string]any `json:"fields,omitempty"`
}

// lineBound is more than a CTI server's message may have.
const lineBound = 4 << 20

// readEvents reads one event a line; empty lines and those with # are passed over.
func readEvents(file string, in io.Reader) ([]recorded, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--events: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	var out []recorded
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, lineBound)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		e, err := readEvent(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, n, err)
		}
		out = append(out, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return out, nil
}

func readEvent(line []byte) (recorded, error) {
	var e recorded
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("not a raw event: %w", err)
	}
	if d.More() {
		return e, errors.New("there is more than one object; write one a line")
	}
	if e.Name == "" || e.DN == "" && e.AgentID == "" {
		return e, errors.New(`a raw event needs "name", and "dn" or "agentId"`)
	}
	for k, v := range e.Fields {
		e.Fields[k] = native(v)
	}
	return e, nil
}

// native gives numbers the type that drivers use.
func native(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = native(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = native(v[k])
		}
	}
	return v
}

// result is what became of one raw event.
type result struct {
	Raw recorded `json:"raw"`
	// Elsewhere: the event is of another device; nothing else is set then.
	Elsewhere bool `json:"elsewhere,omitempty"`
	rules.Trace
	// DroppedBy is the step that dropped the event; empty when it reached the desktop.
	DroppedBy string `json:"droppedBy,omitempty"`
	// Told is what the desktop got, without ids, times and capabilities.
	Told []map[string]any `json:"told,omitempty"`
	// Treatment is what the pool's call treatment makes of an offered call.
	Treatment *treated `json:"treatment,omitempty"`
}

type treated struct {
	*opencti.Treatment
	AttachData map[string]string `json:"attachData,omitempty"`
	Failure    string            `json:"failure,omitempty"`
}

// try takes the events through a session, as the link does.
func (b *bench) try(events []recorded) ([]result, error) {
	set, err := rules.Compile(b.rules)
	if err != nil {
		return nil, err
	}
	list, err := rules.DecodeTreatments(b.policy.CallTreatment)
	if err != nil {
		return nil, err
	}
	treatments, err := rules.CompileTreatments(list)
	if err != nil {
		return nil, err
	}
	// Simple modes do not show all that a session knows, so a full one is asked for it.
	desktop, full := b.desktop(set, opencti.TelephonyMode(b.policy.Mode())), b.desktop(set, opencti.Full)
	defer desktop.session.Close()
	defer full.session.Close()
	var out []result
	for _, e := range events {
		r := result{Raw: e}
		if e.DN != b.dn && (e.DN != "" || e.AgentID != b.agent) {
			r.Elsewhere = true
			out = append(out, r)
			continue
		}
		raw := opencti.RawEvent{Name: e.Name, DN: e.DN, AgentID: e.AgentID, Fields: e.Fields, Received: time.Now()}
		r.Trace = set.Explain(full.input(set, raw))
		full.take(raw, nil)
		desktop.take(raw, &r)
		if c := full.call(r.CallID); c != nil && r.Event == opencti.Offering {
			r.Treatment = treat(treatments, c, b)
		}
		out = append(out, r)
	}
	return out, nil
}

func treat(treatments *rules.Treatments, c *opencti.Call, b *bench) *treated {
	t, attach, err := treatments.Of(c, b.dn, b.agent)
	switch {
	case err != nil:
		return &treated{Failure: err.Error()}
	case t == nil:
		return nil
	}
	return &treated{Treatment: t, AttachData: attach}
}

// desktop is a session with one reader.
type desktop struct {
	session *session.Session
	dropped []string
	seen    uint64
}

func (b *bench) desktop(set *rules.Set, mode opencti.TelephonyMode) *desktop {
	d := &desktop{}
	var supported []opencti.Activity
	for _, a := range b.class.Activities {
		supported = append(supported, opencti.Activity(a))
	}
	d.session = session.New(session.Options{
		DN: b.dn, AgentID: b.agent, Hidden: b.hidden, Epoch: 1, Rules: set,
		Class: session.Class{Supported: supported}, Policy: session.Policy{Mode: mode},
		MayAct: func() error { return nil }, Observer: d, Log: slog.New(slog.DiscardHandler),
	})
	return d
}

// input is what the session knows before the event.
func (d *desktop) input(set *rules.Set, raw opencti.RawEvent) *rules.Input {
	in := &rules.Input{Raw: raw, DN: d.session.DN(), AgentID: d.session.AgentID()}
	in.Call = set.CallID(in)
	if c := d.call(in.Call); c != nil {
		in.State, in.CallType = c.State, c.CallType
	}
	return in
}

func (d *desktop) call(id string) *opencti.Call {
	for _, c := range d.session.Snapshot().Calls {
		if c.CallID == id {
			return c
		}
	}
	return nil
}

// take hands the event over and reads what the desktop got.
func (d *desktop) take(raw opencti.RawEvent, r *result) {
	d.dropped = nil
	d.session.HandleEvent(raw)
	if r == nil {
		return
	}
	if len(d.dropped) > 0 {
		r.DroppedBy = d.dropped[len(d.dropped)-1]
	}
	if d.session.Events.Last().Sequence == d.seen {
		return
	}
	entries, _, _ := d.session.Events.After(context.Background(), d.seen)
	for _, e := range entries {
		d.seen = e.ID.Sequence
		var event map[string]any
		if json.Unmarshal(e.JSON, &event) == nil {
			r.Told = append(r.Told, timeless(event).(map[string]any))
		}
	}
}

// passing are members of an event that have nothing to do with rules.
var passing = []string{"id", "lastEventId", "at", "since", "startedAt", "answeredAt", "openedAt", "capabilities", "activities"}

// timeless removes what is otherwise at every run. The id of a party stays.
func timeless(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = timeless(v[i])
		}
	case map[string]any:
		_, isParty := v["role"]
		for k := range v {
			if slices.Contains(passing, k) && !isParty {
				delete(v, k)
			} else {
				v[k] = timeless(v[k])
			}
		}
	}
	return v
}

// EventHandled implements session.Observer.
func (d *desktop) EventHandled(opencti.EventName, time.Duration) {}

// EventDropped implements session.Observer.
func (d *desktop) EventDropped(step string) { d.dropped = append(d.dropped, step) }

// ActivityDone implements session.Observer.
func (d *desktop) ActivityDone(opencti.Activity, opencti.ErrorCode, time.Duration) {}
