package agreement

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

const (
	seeds = 60
	turns = 60
	// settled is how long it may take until sessions and switch agree.
	settled = 10 * time.Second
)

// Random days: activities that the sessions offer, things that people do at their
// telephones, callers who come and go.
func TestSessionsAgreeWithTheSwitch(t *testing.T) {
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			f := newFloor(t, rand.New(rand.NewPCG(seed, 4)))
			for n := range turns {
				f.turn()
				if n%6 == 5 {
					f.agree()
				}
			}
		})
	}
}

// floor is three agents at a switch.
type floor struct {
	*testing.T
	r     *rand.Rand
	model *switchmodel.Switch
	desks []desk
	story []string
}

// desk is an agent's session, and what the switch itself says of the device, asked by
// another connection.
type desk struct {
	session *session.Session
	truth   opencti.Device
}

var numbers = []string{"1001", "1002", "1003", "5000", "+4930123456"}

func newFloor(t *testing.T, r *rand.Rand) *floor {
	t.Helper()
	settings := simulator.DefaultSettings()
	settings.Queues = []simulator.Queue{{ID: "5000", Name: "support"}}
	settings.WrapUpTime, settings.RingTime = simulator.Duration(time.Hour), simulator.Duration(time.Hour)
	settings.AnswerDelay = simulator.Duration(5 * time.Millisecond)
	sim, err := simulator.New(settings, logr.Discard())
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	config := map[string]string{"address": listener.Addr().String(), "username": "ctilink", "password": settings.Application.Password}
	running(t, func(ctx context.Context) {
		if err := sim.Serve(ctx, listener, nil); err != nil {
			t.Error(err)
		}
	})
	l := link.New(link.Options{
		Epoch: 1, MayAct: func() error { return nil }, Drivers: adapters.Find, Log: slog.New(slog.DiscardHandler),
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	spec := v1alpha1.CTISlotSpec{LinkName: "main", Class: "csta", Driver: "csta", Config: config, Pools: []v1alpha1.SlotPool{{Name: "all"}}}
	for _, n := range []string{"1", "2", "3"} {
		spec.Agents = append(spec.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: "400" + n, DNs: []string{"100" + n}}, Pool: "all"})
	}
	must(t, l.Apply(link.Document{Generation: 1, Spec: spec}))
	running(t, l.Run)
	f := &floor{T: t, r: r, model: sim.Switch}
	truth := connect(t, config)
	for _, a := range spec.Agents {
		s, _, err := l.Open(t.Context(), link.Request{AgentID: a.ID, DN: a.DNs[0]})
		must(t, err)
		d, err := truth.Open(t.Context(), opencti.Endpoint{DN: a.DNs[0], AgentID: a.ID})
		must(t, err)
		f.desks = append(f.desks, desk{s, d})
		f.perform(s, opencti.Request{Activity: opencti.LoginAgent, AgentPassword: settings.AgentPassword})
		f.perform(s, opencti.Request{Activity: opencti.SetAgentReady})
	}
	return f
}

// connect makes the connection of those who only ask.
func connect(t *testing.T, values map[string]string) opencti.Connection {
	t.Helper()
	config := new(csta.Config)
	must(t, opencti.DecodeConfig(values, config))
	c, err := csta.Driver{}.Connect(t.Context(), opencti.Environment{Config: config, Sink: quiet{}, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// running runs something until the test ends.
func running(t *testing.T, do func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); do(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
}

// turn lets somebody do something. What is refused changes nothing, and is part of a day.
func (f *floor) turn() {
	switch f.r.IntN(10) {
	case 0, 1:
		f.tell("a customer calls")
		_, _ = f.model.Inbound(switchmodel.InboundCall{From: "+4930777", To: f.pick(numbers[:4]), Data: map[string]string{"customer": "4711"}})
	case 2:
		if calls := f.model.Calls(); len(calls) > 0 {
			id := calls[f.r.IntN(len(calls))].ID
			f.tell("the caller of %s hangs up", id)
			_ = f.model.HangUp(id)
		}
	case 3, 4:
		f.atTheTelephone()
	default:
		f.atTheDesk()
	}
}

func (f *floor) tell(format string, args ...any) {
	f.story = append(f.story, fmt.Sprintf(format, args...))
}

func (f *floor) pick(from []string) string { return from[f.r.IntN(len(from))] }

// atTheTelephone lets a person do something without asking the desktop.
func (f *floor) atTheTelephone() {
	dn := f.pick(numbers[:3])
	h, err := f.model.Handset(switchmodel.DeviceID(dn))
	if err != nil {
		f.Fatal(err)
	}
	acts := []struct {
		name string
		do   func() error
	}{
		{"answers", func() error { return h.Answer(switchmodel.Any) }},
		{"holds", h.Hold},
		{"consults", func() error { return h.Consult(f.pick(numbers)) }},
		{"dials", func() error { return h.Dial(f.pick(numbers)) }},
		{"transfers", h.Transfer},
		{"joins all", h.Conference},
		{"alternates", h.Alternate},
		{"retrieves", func() error { return h.Retrieve(switchmodel.Any) }},
		{"hangs up", func() error { return h.HangUp(switchmodel.Any) }},
	}
	act := acts[f.r.IntN(len(acts))]
	f.tell("telephone %s %s: %v", dn, act.name, act.do())
}

// atTheDesk sends one of the activities that a session offers.
func (f *floor) atTheDesk() {
	s := f.desks[f.r.IntN(len(f.desks))].session
	snap := s.Snapshot()
	r := opencti.Request{}
	if n := len(snap.Calls); n > 0 && f.r.IntN(4) > 0 {
		call := snap.Calls[f.r.IntN(n)]
		if len(call.Capabilities) == 0 {
			return
		}
		r.Activity, r.CallID = call.Capabilities[f.r.IntN(len(call.Capabilities))], call.CallID
		if len(call.Parties) > 0 {
			r.Party = call.Parties[f.r.IntN(len(call.Parties))].ID
		}
		if twoCalls[r.Activity] {
			r.CallID = "" // the session knows the pair
		}
	} else {
		r.Activity = snap.Activities[f.r.IntN(len(snap.Activities))]
	}
	if r.Activity == opencti.LogoutAgent || r.Activity == opencti.Resync || r.Activity == opencti.GetStatistics || r.Activity == opencti.SetDoNotDisturb {
		return // nothing of a call
	}
	r.DestinationNumber, r.Digits, r.Variables = f.pick(numbers), "1", map[string]string{"note": fmt.Sprint(f.r.IntN(3))}
	if r.Activity != opencti.DropParty {
		r.Party = ""
	}
	f.perform(s, r)
}

var twoCalls = map[opencti.Activity]bool{
	opencti.TransferCall: true, opencti.ConferenceCall: true, opencti.CancelTransfer: true, opencti.CancelConference: true, opencti.AlternateCall: true,
}

func (f *floor) perform(s *session.Session, r opencti.Request) {
	spec, _ := opencti.SpecOf(r.Activity)
	takes := map[opencti.Property]bool{}
	for _, p := range append(append([]opencti.Property{}, spec.Required...), spec.Optional...) {
		takes[p] = true
	}
	if !takes[opencti.PropDestinationNumber] {
		r.DestinationNumber = ""
	}
	if !takes[opencti.PropDigits] {
		r.Digits = ""
	}
	if !takes[opencti.PropVariables] {
		r.Variables = nil
	}
	ctx, cancel := context.WithTimeout(f.Context(), 10*time.Second)
	defer cancel()
	_, err := s.Perform(ctx, r, "")
	f.tell("agent %s: %s call %q to %q: %v", s.AgentID(), r.Activity, r.CallID, r.DestinationNumber, err)
}

// picture is what both sides say of a device.
type picture struct {
	Agent opencti.EventName
	Calls map[string]opencti.EventName
}

// agree waits until every session has the switch's own picture.
func (f *floor) agree() {
	f.Helper()
	deadline := time.Now().Add(settled)
	for {
		diff := f.difference()
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			f.Fatalf("sessions and switch disagree (-switch +session):\n%s\nafter:\n%s", diff, lines(f.story))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (f *floor) difference() (out string) {
	f.Helper()
	for _, d := range f.desks {
		told, err := d.truth.Snapshot(f.Context())
		if err != nil {
			f.Fatal(err)
		}
		truth := picture{told.Agent.State, map[string]opencti.EventName{}}
		for _, c := range told.Calls {
			truth.Calls[c.CallID] = c.State
		}
		snap := d.session.Snapshot()
		seen := picture{snap.Agent.State, map[string]opencti.EventName{}}
		for _, c := range snap.Calls {
			seen.Calls[c.CallID] = c.State
			if c.State == opencti.Established && c.AnsweredAt != nil && elsewhere[truth.Calls[c.CallID]] {
				truth.Calls[c.CallID] = c.State
			}
		}
		if diff := cmp.Diff(truth, seen); diff != "" {
			out += d.session.DN() + ":\n" + diff
		}
	}
	return out
}

// elsewhere are the states in which a snapshot finds a call that was answered here, and
// whose other side then sent itself on: it rings there, and here somebody waits. The
// events never said that the call is on its way again, and it need not be told so.
var elsewhere = map[opencti.EventName]bool{opencti.Delivered: true, opencti.Queued: true, opencti.Failed: true}

func lines(story []string) (out string) {
	for _, s := range story[max(0, len(story)-30):] {
		out += "  " + s + "\n"
	}
	return out
}

// quiet is told everything and says nothing.
type quiet struct{}

func (quiet) HandleRaw(opencti.RawEvent)          {}
func (quiet) EventsLost(string, error)            {}
func (quiet) RequestFailed(string, string, error) {}
