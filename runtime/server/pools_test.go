package server

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// supervisor reads a pool's stream.
type supervisor struct{ *sse }

func (p *pod) supervise(pool string) supervisor {
	return supervisor{p.streamOf("/v1/pools/" + pool + "/events")}
}

func (s supervisor) next() PoolEvent {
	s.t.Helper()
	event, id, data := s.data()
	var e PoolEvent
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		s.t.Fatal(err)
	}
	if string(e.Type) != event || id != "" || e.At.IsZero() {
		s.t.Errorf("event %q, id %q around %s", event, id, data)
	}
	for _, secret := range []string{"4711", "4930123456"} {
		if strings.Contains(data, secret) {
			s.t.Errorf("call data is told: %s", data)
		}
	}
	return e
}

// want reads as many events of the pool's sessions, and checks their types.
func (s supervisor) want(types ...PoolEventType) (last PoolEvent) {
	s.t.Helper()
	for i, want := range types {
		for last = s.next(); last.Type == PoolStatistics; last = s.next() {
		}
		if last.Type != want {
			s.t.Fatalf("event %d is %s, want %s", i, last.Type, want)
		}
	}
	return last
}

func (p *pod) happenWith(name opencti.EventName, callID string) {
	p.cti.Connection(1).Happen("1001", name, map[string]any{
		"callId": callID, "queue": "east", "ani": "4930123456", "variables": map[string]string{"customerId": "4711"},
	})
}

func TestPoolStream(t *testing.T) {
	p := holding(t, "a", 7)
	p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
	p.open()
	p.openAs(`{"dn":"1009"}`) // of no pool
	p.happenWith(opencti.Offering, "a")
	s := p.supervise("sales")
	first := s.want(PoolSnapshot)
	if len(first.Sessions) != 1 || first.Pool != "sales" {
		t.Fatalf("%+v", first)
	}
	got := first.Sessions[0]
	if got.Session != "4001" || got.DN != "1001" || got.Link != opencti.LinkUp || got.Agent.State != opencti.Available ||
		len(got.Calls) != 1 || got.Calls[0].State != opencti.Offering || got.Calls[0].Queue != "east" {
		t.Errorf("%+v", got)
	}
	p.happenWith(opencti.Established, "a")
	if e := s.want(PoolCallState); e.Call.State != opencti.Established || e.One.AgentID != "4001" {
		t.Errorf("%+v", e)
	}
	p.happenWith(opencti.Offering, "b")
	s.want(CallStarted)
	p.happenWith(opencti.Released, "a")
	if e := s.want(CallEnded); e.Call.CallID != "a" || len(e.One.Calls) != 1 {
		t.Errorf("%+v", e)
	}
	p.happenWith(opencti.Unavailable, "")
	if e := s.want(PoolAgentState); e.One.Agent.State != opencti.Unavailable {
		t.Errorf("%+v", e)
	}
	p.openAs(`{"agentId":"4002","dn":"1002"}`)
	if e := s.want(SessionOpened); e.One.AgentID != "4002" {
		t.Errorf("%+v", e)
	}
	p.do("DELETE", "/v1/sessions/4002", "")
	if e := s.want(SessionClosed); e.One.AgentID != "4002" {
		t.Errorf("%+v", e)
	}
	p.cti.OnConnect = func(context.Context, linktest.Config) error { return errors.New("out of order") }
	p.cti.Connection(1).Break(nil)
	if e := s.want(PoolLinkState); e.One.Link != opencti.LinkLost {
		t.Errorf("%+v", e)
	}
}

// The pool's queues come with the stream, and those of no other pool.
func TestPoolStreamTellsQueues(t *testing.T) {
	p := holding(t, "a", 7)
	q := p.withQueues()
	q.set("east", 2)
	s := p.supervise("sales")
	s.want(PoolSnapshot)
	got := map[string]int{}
	for range 2 {
		e := s.next()
		if e.Type != PoolStatistics {
			t.Fatalf("%+v", e)
		}
		got[e.Statistics.Queue] = e.Statistics.CallsWaiting
	}
	if diff := cmp.Diff(map[string]int{"east": 2, "west": 0}, got); diff != "" {
		t.Error(diff)
	}
	if n := q.timesAsked("north"); n != 0 {
		t.Errorf("north was asked for %d times", n)
	}
}

// What a desktop cannot show, and what its mode does not show, supervisors see.
func TestPoolStreamOfWhatDesktopsDoNotShow(t *testing.T) {
	p := holding(t, "a", 7)
	p.openAs(`{"agentId":"4001","hiddenEvents":["AgentState","CallState"]}`)
	s := p.supervise("sales")
	s.want(PoolSnapshot)
	p.happenWith(opencti.Available, "")
	s.want(PoolAgentState)
	p.happenWith(opencti.Offering, "a")
	s.want(CallStarted)
}

func TestPoolStreamRefuses(t *testing.T) {
	p := holding(t, "a", 7)
	a := p.do("GET", "/v1/pools/nobody/events", "")
	if got := a.problem(t); a.StatusCode != 404 || got.Code != opencti.InvalidRequest {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Streams that are of no session end when the slot moves.
func TestStreamsOfTheLinkEndWithTheSlot(t *testing.T) {
	for _, path := range []string{"/v1/pools/sales/events", "/v1/statistics/events"} {
		t.Run(path, func(t *testing.T) {
			p := holding(t, "a", 7)
			s := p.streamOf(path)
			s.data()
			p.routing.set(nil, slots.Holder{})
			s.ends()
		})
	}
}

func TestStreamsOfTheLinkAreKeptAwake(t *testing.T) {
	p := holding(t, "a", 7, func(o *Options) { o.KeepAlive = 10 * time.Millisecond })
	s := p.supervise("callers")
	s.want(PoolSnapshot)
	for {
		b, err := s.block()
		if err != nil {
			t.Fatal(err)
		}
		if b[""] == "keep-alive" {
			return
		}
	}
}

// A reason is told as the pool calls it.
func TestLabelOf(t *testing.T) {
	reasons := []session.Reason{{Code: "1", Label: "Lunch"}, {Code: "2"}}
	for code, want := range map[string]string{"1": "Lunch", "2": "", "3": "", "": ""} {
		if got := labelOf(code, reasons); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

// All that two looks at a session can tell apart.
func TestChanges(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	look := func(calls ...PoolCall) *PoolSession {
		return &PoolSession{Link: opencti.LinkUp, Agent: opencti.AgentState{State: opencti.Available, Since: at}, Calls: calls}
	}
	held := PoolCall{CallID: "a", State: opencti.Held, StartedAt: at}
	talks := PoolCall{CallID: "a", State: opencti.Established, StartedAt: at}
	again := PoolCall{CallID: "a", State: opencti.Established, StartedAt: at.Add(time.Minute)}
	other := PoolCall{CallID: "b", State: opencti.Offering, StartedAt: at}
	busy := look()
	busy.Agent = opencti.AgentState{State: opencti.Busy, Since: at}
	reason := look()
	reason.Agent.ReasonCode = "1"
	lost := look()
	lost.Link = opencti.LinkLost
	for name, tc := range map[string]struct {
		before, after *PoolSession
		want          []PoolEventType
	}{
		"nothing":             {look(talks), look(talks), nil},
		"a call":              {look(), look(talks), []PoolEventType{CallStarted}},
		"another call":        {look(talks), look(talks, other), []PoolEventType{CallStarted}},
		"the end of one":      {look(talks, other), look(other), []PoolEventType{CallEnded}},
		"a state":             {look(talks), look(held), []PoolEventType{PoolCallState}},
		"the id is used anew": {look(talks), look(again), []PoolEventType{CallEnded, CallStarted}},
		"one for another":     {look(talks), look(other), []PoolEventType{CallStarted, CallEnded}},
		"the agent":           {look(), busy, []PoolEventType{PoolAgentState}},
		"the reason":          {look(), reason, []PoolEventType{PoolAgentState}},
		"the link":            {look(), lost, []PoolEventType{PoolLinkState}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []PoolEventType
			changes(tc.before, tc.after, func(e PoolEventType, _ *PoolSession, call *PoolCall) {
				got = append(got, e)
				if (call != nil) != strings.HasPrefix(string(e), "Call") {
					t.Errorf("%s with call %v", e, call)
				}
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A queue that a document brings comes to the streams that there are: a supervisor's page is
// open all day.
func TestStreamsOfTheLinkFollowTheDocument(t *testing.T) {
	for _, path := range []string{"/v1/pools/sales/events", "/v1/statistics/events"} {
		t.Run(path, func(t *testing.T) {
			p := holding(t, "a", 7)
			q := p.withQueues()
			s := p.streamOf(path)
			s.data()
			if err := p.routing.link.Apply(slotDocument(2, "south")); err != nil {
				t.Fatal(err)
			}
			for _, _, data := s.data(); !strings.Contains(data, `"south"`); _, _, data = s.data() {
			}
			if err := p.routing.link.Apply(slotDocument(3)); err != nil {
				t.Fatal(err)
			}
			eventually(t, "nobody asks for what is gone", func() bool {
				p.polls.mu.Lock()
				defer p.polls.mu.Unlock()
				_, asked := p.polls.by[pollKey{p.routing.link, "south"}]
				return !asked
			})
			if q.timesAsked("south") == 0 {
				t.Error("it was never asked for")
			}
		})
	}
}
