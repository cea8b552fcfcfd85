package server

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// pegaNames reads as many messages and gives their pyEventName; with the last of an event
// there is its id.
func (s *sse) pegaNames(n int) (names []string, lastID string) {
	s.t.Helper()
	for range n {
		event, id, data := s.data()
		var m struct{ PyEventType, PyEventName string }
		if err := json.Unmarshal([]byte(data), &m); err != nil || m.PyEventType != event {
			s.t.Fatalf("event %q around %s: %v", event, data, err)
		}
		names = append(names, m.PyEventName)
		if id != "" {
			lastID = id
		}
	}
	return names, lastID
}

func TestPegaDesktopStream(t *testing.T) {
	p := holding(t, "a", 7)
	p.open() // 7-1
	s := p.streamOf("/v1/sessions/4001/events?format=pega-desktop")
	if s.resume != "snapshot" {
		t.Errorf("%s: %s", HeaderResume, s.resume)
	}
	p.happenWith(opencti.Offering, "a")    // 7-2: Alerting, CallInfo
	p.happenWith(opencti.Established, "a") // 7-3
	names, last := s.pegaNames(4)
	if diff := cmp.Diff([]string{"Snapshot", "Alerting", "CallInfo", "Established"}, names); diff != "" || last != "7-3" {
		t.Errorf("%s %s", last, diff)
	}
	s.close()
	p.happenWith(opencti.Released, "a") // 7-4
	for last, want := range map[string][]string{
		"7-1": {"Alerting", "CallInfo", "Established", "Disconnected"}, "7-3": {"Disconnected"}, "6-3": {"Snapshot"}, "": {"Snapshot"},
	} {
		var h header
		if last != "" {
			h = header{"Last-Event-ID": last}
		}
		names, at := p.streamOf("/v1/sessions/4001/events?format=pega-desktop", h).pegaNames(len(want))
		if diff := cmp.Diff(want, names); diff != "" || at != "7-4" {
			t.Errorf("after %q: %s %s", last, at, diff)
		}
	}
}

// Who breaks off between two messages of one event has the id of the event before: the
// messages come again.
func TestTheIDComesWithTheLastMessage(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.streamOf("/v1/sessions/4001/events?format=pega-desktop")
	s.pegaNames(1)
	p.happenWith(opencti.Offering, "a")
	if _, id, data := s.data(); id != "" || !strings.Contains(data, "Alerting") {
		t.Errorf("id %q with %s", id, data)
	}
	if _, id, data := s.data(); id != "7-2" || !strings.Contains(data, "CallInfo") {
		t.Errorf("id %q with %s", id, data)
	}
}

// An event that is told by nothing moves the id all the same.
func TestAnEventWithoutMessages(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.streamOf("/v1/sessions/4001/events?format=pega-desktop")
	s.pegaNames(1)
	p.cti.Connection(1).Break(nil) // 7-2 LinkDown; then 7-3 LinkUp, 7-4 Snapshot
	var ids []string
	for len(ids) < 3 {
		b, err := s.block()
		if err != nil {
			t.Fatal(err)
		}
		if b["id"] != "" {
			ids = append(ids, b["id"]+" "+b["event"])
		}
	}
	if diff := cmp.Diff([]string{"7-2 SnapshotEvent", "7-3 ", "7-4 SnapshotEvent"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestPegaServerStream(t *testing.T) {
	p := holding(t, "a", 7)
	p.openAs(`{"agentId":"4001","workstation":"pc-12","clientHandle":"h-1"}`)
	s := p.streamOf("/v1/sessions/4001/events?format=pega-server")
	p.happenWith(opencti.Offering, "a")
	s.data()
	event, id, data := s.data()
	var got map[string]any
	if err := json.Unmarshal([]byte(data), &got); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]any{
		"pyEventName": "Offering", "pyCallID": "a", "pyANI": "4930123456", "pyWorkstationID": "pc-12", "pyClientHandle": "h-1", "pyEventID": "7-2",
	} {
		if got[k] != want {
			t.Errorf("%s is %v, want %v", k, got[k], want)
		}
	}
	if event != "CallState" || id != "7-2" {
		t.Errorf("%s %s", event, id)
	}
}

func TestNoSuchFormat(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	a := p.do("GET", "/v1/sessions/4001/events?format=xml", "")
	if got := a.problem(t); a.StatusCode != 400 || !strings.Contains(got.Message, "query.format") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Where the user sits is known to the next pod from the session token, and to this one
// until another desktop says something else.
func TestPresence(t *testing.T) {
	p := holding(t, "a", 7)
	opened := p.openAs(`{"agentId":"4001","workstation":"pc-12"}`)
	p.open() // joins and says nothing
	of := func(p *pod) string { return mustSession(t, p).Presence().Workstation }
	if got := of(p); got != "pc-12" {
		t.Errorf("%q", got)
	}
	p.openAs(`{"agentId":"4001","workstation":"pc-13"}`)
	if got := of(p); got != "pc-13" {
		t.Errorf("%q", got)
	}
	next := holding(t, "b", 8)
	next.do("GET", "/v1/sessions/4001", "", sessionHeader(opened))
	if got := of(next); got != "pc-12" {
		t.Errorf("at the next pod %q", got)
	}
}
