package cstaserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

func TestRequestsAreRemembered(t *testing.T) {
	x := startExchange(t, nil)
	first := login(t, x)
	second := login(t, x)
	second.Monitor("1001")
	first.refused(wire.GetAgentState{Device: wire.Device("9999")}, wire.CategoryOperation, "invalidDeviceID")

	got := x.Requests(0)
	want := []Request{
		{Number: 1, Connection: 1, Peer: "127.0.0.1", Name: "StartApplicationSession"},
		{Number: 2, Connection: 2, Peer: "127.0.0.1", Name: "StartApplicationSession"},
		{Number: 3, Connection: 2, Peer: "127.0.0.1", Name: "MonitorStart"},
		{Number: 4, Connection: 1, Peer: "127.0.0.1", Name: "GetAgentState"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Request{}, "At")); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for i, r := range got {
		if r.At.Before(x.Started()) || i > 0 && r.At.Before(got[i-1].At) {
			t.Errorf("request %d came at %v, not after the one before", r.Number, r.At)
		}
	}
}

func TestTheJournalForgetsTheOldest(t *testing.T) {
	j := newJournal()
	for range journalSize + 10 {
		j.add(Request{})
	}
	for name, tc := range map[string]struct {
		after, first uint64
		want         int
	}{
		"all that is left": {0, 11, journalSize},
		"the newest":       {journalSize + 8, journalSize + 9, 2},
		"nothing new":      {journalSize + 10, 0, 0},
		"from the future":  {journalSize + 99, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := j.after(tc.after)
			if len(got) != tc.want {
				t.Fatalf("got %d requests, want %d", len(got), tc.want)
			}
			for i, r := range got {
				if r.Number != tc.first+uint64(i) {
					t.Fatalf("request %d has number %d, want %d", i, r.Number, tc.first+uint64(i))
				}
			}
		})
	}
}
