package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// moment is an event of a stream, and what a desktop must show after it.
type moment struct {
	event Event
	after view
}

// recorded is a stream with calls, a consult, a conference, the agent and data in it.
func recorded(t *testing.T, p Policy) []moment {
	b := newBench(func(o *Options) { o.Policy = p })
	defer b.Close()
	var out []moment
	note := func() {
		for _, e := range b.told() {
			var fresh desktop
			snap := Event{ID: e.ID, Type: opencti.TypeSnapshot, Name: opencti.SnapshotEvent, Snapshot: b.Snapshot()}
			snap.Snapshot.LastEvent = e.ID
			data, err := json.Marshal(snap)
			if err != nil {
				t.Fatal(err)
			}
			if err := fresh.apply(data, true); err != nil {
				t.Fatal(err)
			}
			out = append(out, moment{e, fresh.shown()})
		}
	}
	b.sync(loggedIn())
	note()
	for _, step := range []struct {
		event opencti.EventName
		call  string
		more  with
	}{
		{opencti.Offering, "7", with{"callType": "INBOUND", "variables": map[string]string{"a": "b"}}},
		{opencti.CallInfo, "7", with{"variables": map[string]string{"a": "c"}}},
		{opencti.Established, "7", nil}, {opencti.Busy, "", nil}, {opencti.Held, "7", nil},
		{opencti.Initiated, "8", with{"callType": "CONSULT"}}, {opencti.Delivered, "8", nil}, {opencti.Established, "8", nil},
		{opencti.Conferenced, "8", with{"newCallId": "9"}}, {opencti.Conferenced, "7", with{"newCallId": "9"}},
		{opencti.Unavailable, "", with{"reasonCode": "1"}}, {opencti.Released, "9", nil},
		{opencti.Offering, "10", nil}, {opencti.Transferred, "10", with{"newCallId": "11"}}, {opencti.Abandoned, "11", nil},
	} {
		b.happen(step.event, step.call, step.more)
		note()
	}
	return out
}

// play gives a desktop the events, numbered anew so that no count tells of a fault. told
// says which of them a session tells instead of the n-th.
func play(t *testing.T, stream []moment, told func(n int) []int) error {
	var d desktop
	count := uint64(0)
	for n, m := range stream {
		for _, i := range told(n) {
			count++
			if err := d.apply(numbered(t, stream[i].event, count), false); err != nil {
				return err
			}
		}
		if diff := cmp.Diff(m.after, d.shown()); diff != "" {
			return fmt.Errorf("after %s it shows something else: %s", line(m.event), diff)
		}
	}
	return nil
}

func numbered(t *testing.T, e Event, n uint64) []byte {
	e.ID = EventID{epoch, n}.String()
	if e.Snapshot != nil {
		s := *e.Snapshot
		s.LastEvent, e.Snapshot = e.ID, &s
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The model is believed only if it finds seeded faults: an event that a broken session
// drops, doubles or tells too late.
func TestTheModelFindsFaults(t *testing.T) {
	faults := map[string]func(n, at int) []int{
		"drops": func(n, at int) []int {
			if n == at {
				return nil
			}
			return []int{n}
		},
		"doubles": func(n, at int) []int {
			if n == at {
				return []int{n, n}
			}
			return []int{n}
		},
		"is late with": func(n, at int) []int {
			switch n {
			case at:
				return []int{at + 1}
			case at + 1:
				return []int{at}
			}
			return []int{n}
		},
	}
	for _, mode := range opencti.TelephonyModes() {
		stream := recorded(t, Policy{Mode: mode})
		if err := play(t, stream, func(n int) []int { return []int{n} }); err != nil {
			t.Fatalf("%s, without a fault: %v", mode, err)
		}
		if len(stream) < 6 {
			t.Fatalf("%s: there are %d events", mode, len(stream))
		}
		for name, fault := range faults {
			for at := range len(stream) - 1 {
				if stream[at].event.Type == opencti.TypeSnapshot && name == "doubles" {
					continue // it says the same again, which is no fault
				}
				if err := play(t, stream, func(n int) []int { return fault(n, at) }); err == nil {
					t.Errorf("%s: nobody sees that the session %s %s", mode, name, line(stream[at].event))
				}
			}
		}
	}
}

// A reader sees at once that a number is missing, or comes twice.
func TestTheModelCounts(t *testing.T) {
	b := newBench()
	b.sync(loggedIn())
	b.happen(opencti.Offering, "7")
	b.happen(opencti.Established, "7")
	entries, _, _ := b.Events.After(t.Context(), 0)
	for name, tc := range map[string]struct {
		order []int
		want  string
	}{
		"an event dropped":  {[]int{0, 2}, "comes after"},
		"an event doubled":  {[]int{0, 1, 1}, "comes after"},
		"out of order":      {[]int{0, 2, 1}, "comes after"},
		"no snapshot first": {[]int{1, 2}, "starts with"},
	} {
		t.Run(name, func(t *testing.T) {
			var d desktop
			var err error
			for _, i := range tc.order {
				err = errors.Join(err, d.apply(entries[i].JSON, false))
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the model says %v; want %q", err, tc.want)
			}
		})
	}
}
