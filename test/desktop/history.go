package desktop

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// CheckHistory looks for what must never be in the events that a desktop saw, across
// all its connections: a gap in the numbers of an epoch, an epoch that went back, a
// call that ended twice, without having been there, or never.
func CheckHistory(events []Event) error {
	h := history{calls: map[string]callHistory{}}
	for _, e := range events {
		h.number(e)
		h.call(e)
		h.snapshot(e)
	}
	for id, c := range h.calls {
		if !c.ended {
			h.wrong("call %s never ended", id)
		}
	}
	return errors.Join(h.found...)
}

type history struct {
	at         session.EventID
	connection int
	calls      map[string]callHistory
	found      []error
}

type callHistory struct {
	interaction string
	ended       bool
}

func (h *history) wrong(format string, args ...any) {
	h.found = append(h.found, fmt.Errorf(format, args...))
}

// number checks the event's id against the one before.
func (h *history) number(e Event) {
	id, err := session.ParseEventID(e.ID)
	if err != nil {
		h.wrong("event %q: %w", e.ID, err)
		return
	}
	begins := e.Connection != h.connection && e.Resume != "replayed"
	next := session.EventID{Epoch: h.at.Epoch, Sequence: h.at.Sequence + 1}
	switch {
	case id.Epoch < h.at.Epoch:
		h.wrong("event %s came after %s of a later epoch", id, h.at)
	case id == next:
	case e.Name == opencti.SnapshotEvent && (id.Epoch > h.at.Epoch && begins || id.Epoch == h.at.Epoch && id.Sequence >= h.at.Sequence):
		// It contains everything up to its number.
	default:
		h.wrong("event %s (%s) came after %s", id, e.Name, h.at)
	}
	h.at, h.connection = id, e.Connection
}

// call follows each call to its end.
func (h *history) call(e Event) {
	if e.Call == nil {
		return
	}
	id := e.Call.CallID
	for _, old := range e.PreviousCallIDs {
		delete(h.calls, old)
	}
	known, was := h.calls[id]
	switch {
	case e.Ended && !was:
		h.wrong("event %s: call %s ended without having been there", e.ID, id)
	case e.Ended && known.ended:
		h.wrong("event %s: call %s ended twice", e.ID, id)
	case !e.Ended && was && known.ended && known.interaction == e.Call.InteractionID:
		h.wrong("event %s: call %s is back after its end", e.ID, id)
	}
	h.calls[id] = callHistory{e.Call.InteractionID, e.Ended}
}

// snapshot compares what the desktop knows with what it is told to be true.
func (h *history) snapshot(e Event) {
	if e.Snapshot == nil {
		return
	}
	for id, c := range h.calls {
		there := slices.ContainsFunc(e.Snapshot.Calls, func(s *opencti.Call) bool { return s.CallID == id && s.InteractionID == c.interaction })
		switch {
		case c.ended && there:
			h.wrong("snapshot %s: call %s is back after its end", e.ID, id)
		case !c.ended && !there:
			h.wrong("snapshot %s: call %s is gone without having ended", e.ID, id)
		}
	}
	for _, c := range e.Snapshot.Calls {
		h.calls[c.CallID] = callHistory{c.InteractionID, false}
	}
}
