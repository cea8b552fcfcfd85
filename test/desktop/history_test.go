package desktop

import (
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// at makes an event of the first connection.
func at(id string, name opencti.EventName) Event {
	return Event{Event: session.Event{ID: id, Name: name}, Connection: 1, Resume: "snapshot"}
}

// of makes an event of a call.
func of(call, id string, name opencti.EventName) Event {
	e := at(id, name)
	e.Call, e.Ended = &opencti.Call{CallID: call, InteractionID: "i" + call}, name.Ends()
	return e
}

// snap makes a Snapshot with these calls.
func snap(id string, calls ...string) Event {
	e := at(id, opencti.SnapshotEvent)
	e.Snapshot = &session.Snapshot{}
	for _, c := range calls {
		e.Snapshot.Calls = append(e.Snapshot.Calls, &opencti.Call{CallID: c, InteractionID: "i" + c})
	}
	return e
}

// on moves an event to another connection.
func on(connection int, resume string, e Event) Event {
	e.Connection, e.Resume = connection, resume
	return e
}

func TestCheckHistory(t *testing.T) {
	ring, talk, end := opencti.Offering, opencti.Established, opencti.Released
	for name, tc := range map[string]struct {
		tc   []Event
		want string // in the error; empty: all is right
	}{
		"a call on one connection": {tc: []Event{snap("7-1"), of("1", "7-2", ring), of("1", "7-3", talk), of("1", "7-4", end)}},
		"replayed on another":      {tc: []Event{snap("7-1"), of("1", "7-2", ring), on(2, "replayed", of("1", "7-3", end))}},
		"moved to another epoch": {tc: []Event{
			snap("7-1"), of("1", "7-2", ring), on(2, "snapshot", snap("9-1", "1")), on(2, "snapshot", of("1", "9-2", end)),
		}},
		"fell behind": {tc: []Event{snap("7-1"), of("1", "7-2", ring), snap("7-9", "1"), of("1", "7-10", end)}},
		"lost in resync": {tc: []Event{
			snap("7-1"), of("1", "7-2", ring), at("7-3", opencti.LinkLost), of("1", "7-4", end), at("7-5", opencti.LinkUp), snap("7-6"),
		}},

		"an event is missing":             {tc: []Event{snap("7-1"), of("1", "7-2", ring), of("1", "7-4", end)}, want: "event 7-4 (Released) came after 7-2"},
		"an event came twice":             {tc: []Event{snap("7-1"), at("7-2", opencti.Available), at("7-2", opencti.Available)}, want: "came after 7-2"},
		"out of order":                    {tc: []Event{snap("7-1"), at("7-3", opencti.Available), at("7-2", opencti.Unavailable)}, want: "event 7-2 (Unavailable) came after 7-3"},
		"a gap in a replay":               {tc: []Event{snap("7-1"), on(2, "replayed", at("7-3", opencti.Available))}, want: "event 7-3 (Available) came after 7-1"},
		"an old epoch":                    {tc: []Event{snap("7-1"), on(2, "snapshot", snap("6-9"))}, want: "of a later epoch"},
		"another epoch without snapshot":  {tc: []Event{snap("7-1"), on(2, "snapshot", at("9-1", opencti.Available))}, want: "event 9-1 (Available) came after 7-1"},
		"a call ended twice":              {tc: []Event{snap("7-1", "1"), of("1", "7-2", end), of("1", "7-3", end)}, want: "call 1 ended twice"},
		"the end of an unknown call":      {tc: []Event{snap("7-1"), of("1", "7-2", end)}, want: "call 1 ended without"},
		"a call never ended":              {tc: []Event{snap("7-1"), of("1", "7-2", ring)}, want: "call 1 never ended"},
		"a call is gone":                  {tc: []Event{snap("7-1", "1"), on(2, "snapshot", snap("9-1"))}, want: "call 1 is gone without"},
		"a call is back":                  {tc: []Event{snap("7-1", "1"), of("1", "7-2", end), of("1", "7-3", talk)}, want: "call 1 is back"},
		"a call is back in a snapshot":    {tc: []Event{snap("7-1", "1"), of("1", "7-2", end), on(2, "snapshot", snap("9-1", "1"))}, want: "call 1 is back"},
		"an id that cannot be understood": {tc: []Event{at("x", opencti.Available)}, want: "event id must be"},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckHistory(tc.tc)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("CheckHistory() = %v, want %q", err, tc.want)
			}
		})
	}
}
