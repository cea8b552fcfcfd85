//go:build asterisk

package asterisk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// office is a link to a real Asterisk, as a pod has it, with agents' desks.
type office struct {
	*testing.T
	*world.World
	link *link.Link
}

// desk is an agent's session with what was heard on its stream.
type desk struct {
	*office
	session *session.Session
	seen    uint64
	heard   []*session.Event
}

func openOffice(t *testing.T, w *world.World, changes ...string) *office {
	t.Helper()
	config := w.Config()
	for i := 0; i < len(changes); i += 2 {
		config[changes[i]] = changes[i+1]
	}
	o := &office{T: t, World: w, link: link.New(link.Options{
		Epoch: 1, MayAct: func() error { return nil },
		Drivers: func(string) (opencti.Driver, bool) { return asterisk.Driver{}, true },
		Mounted: func() (map[string]string, error) { return nil, nil },
		Log:     slog.New(slog.DiscardHandler),
	})}
	spec := v1alpha1.CTISlotSpec{LinkName: "office", Class: "asterisk", Driver: "asterisk", Config: config}
	for _, a := range w.Cast().Agents {
		spec.Agents = append(spec.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: a.ID, DNs: []string{a.DN}}})
	}
	if err := o.link.Apply(link.Document{Generation: 1, Spec: spec}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); o.link.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ran:
		case <-time.After(4 * patience):
			t.Errorf("the link does not end within %v", 4*patience)
		}
		o.link.CloseReaders()
	})
	return o
}

// talks lets an agent take a call of the queue, and gives the call as it was offered.
func (o *office) talks(agent *desk) *opencti.Call {
	o.Helper()
	agent.ready("8001")
	o.calls("8001")
	offered := agent.hears(opencti.Offering).Call
	agent.does(opencti.AnswerCall, opencti.Request{})
	agent.hears(opencti.Established)
	return offered
}

func (o *office) desk(dn string) *desk {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	s, _, err := o.link.Open(ctx, link.Request{DN: dn, AgentID: "4" + dn[1:]})
	if err != nil {
		o.Fatal(err)
	}
	return &desk{office: o, session: s, seen: s.Events.Last().Sequence}
}

// hears waits for an event of a name, whatever comes before.
func (d *desk) hears(name opencti.EventName) *session.Event {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), patience)
	defer cancel()
	for {
		for i, e := range d.heard {
			if e.Name == name {
				d.heard = d.heard[i+1:]
				return e
			}
		}
		entries, ok, err := d.session.Events.After(ctx, d.seen)
		if err != nil || !ok {
			d.Fatalf("%s did not come to %s, but %s: %v", name, d.session.DN(), d.names(), err)
		}
		for _, entry := range entries {
			d.seen = entry.ID.Sequence
			e := new(session.Event)
			if err := json.Unmarshal(entry.JSON, e); err != nil {
				d.Fatal(err)
			}
			d.heard = append(d.heard, e)
		}
	}
}

func (d *desk) names() string {
	var out []string
	for _, e := range d.heard {
		out = append(out, told(e))
	}
	return "[" + strings.Join(out, "; ") + "]"
}

func (d *desk) does(a opencti.Activity, r opencti.Request) {
	d.Helper()
	r.Activity = a
	ctx, cancel := context.WithTimeout(d.Context(), 2*patience)
	defer cancel()
	if _, err := d.session.Perform(ctx, r, ""); err != nil {
		d.Fatalf("%s: %v", a, err)
	}
}

func (d *desk) ready(queue string) {
	d.Helper()
	d.does(opencti.LoginAgent, opencti.Request{Queue: queue})
	d.hears(opencti.LoggedIn)
	d.does(opencti.SetAgentReady, opencti.Request{})
	d.hears(opencti.Available)
}

// calls has the customer call a number.
func (o *office) calls(number string) *phone.Call {
	o.Helper()
	c, err := o.Carrier.Dial(o.Context(), number, o.Cast().Customer, world.Headers(map[string]string{"order": "17"})...)
	if err != nil {
		o.Fatal(err)
	}
	return c
}

// at gives the call of a telephone in a state.
func (o *office) at(dn string, state phone.State) *phone.Call {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	c, err := o.Phones[dn].Await(ctx, state)
	if err != nil {
		o.Fatal(err)
	}
	return c
}

// console asks Asterisk until it says something.
func (o *office) console(command, want string) {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), 4*patience)
	defer cancel()
	for {
		said, err := o.PBX.CLI(ctx, command)
		if err != nil {
			o.Fatalf("%s does not say %s: %v", command, want, err)
		}
		if strings.Contains(said, want) {
			return
		}
	}
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// is compares what a call says of itself, by names as in told.
func (d *desk) is(e *session.Event, want map[string]string) {
	d.Helper()
	line := told(e)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !strings.Contains(line+" ", fmt.Sprintf(" %s=%s ", name, want[name])) {
			d.Errorf("%s lacks %s=%s", line, name, want[name])
		}
	}
}
