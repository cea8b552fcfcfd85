package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// desktop is the least that a desktop must do with a stream to be right: it is the
// model of one, and says what in a stream makes no sense.
type desktop struct {
	started bool
	last    EventID
	mode    opencti.TelephonyMode
	calls   map[string]opencti.Call
	view
}

// view is what a desktop shows; two desktops that agree show the same.
type view struct {
	Link         opencti.EventName
	Agent        opencti.AgentState
	Calls        []opencti.Call
	DoNotDisturb bool
	Activities   []opencti.Activity
}

// apply takes one event of a stream. fresh is a Snapshot that was made for this
// reader alone and has the number of the newest event.
func (d *desktop) apply(data []byte, fresh bool) error {
	var e Event
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	id, err := ParseEventID(e.ID)
	if err != nil {
		return err
	}
	switch {
	case fresh && e.Type != opencti.TypeSnapshot, !d.started && e.Type != opencti.TypeSnapshot:
		return fmt.Errorf("the stream starts with %s", e.Name)
	case d.started && !fresh && (id.Epoch != d.last.Epoch || id.Sequence != d.last.Sequence+1):
		return fmt.Errorf("event %s comes after %s", id, d.last)
	}
	follows := d.started && !fresh
	d.started, d.last = true, id
	return d.take(e, follows)
}

// take applies an event; follows says that the desktop has seen what was before it.
func (d *desktop) take(e Event, follows bool) error {
	switch e.Type {
	case opencti.TypeSnapshot:
		return d.takeSnapshot(e, follows)
	case opencti.TypeLinkState:
		if e.Name == d.Link {
			return fmt.Errorf("%s twice", e.Name)
		}
		d.Link = e.Name
	case opencti.TypeAgentState:
		if reflect.DeepEqual(d.Agent, *e.Agent) && slices.Equal(d.Activities, e.Activities) {
			return fmt.Errorf("%s tells nothing new", e.Name)
		}
		d.Agent, d.Activities = *e.Agent, e.Activities
	case opencti.TypeRequestFailed:
		if e.Failed == nil || e.Failed.RequestID == "" || e.Failed.Error.Code == "" {
			return fmt.Errorf("RequestFailed does not say of what: %+v", e.Failed)
		}
	default:
		return d.takeCall(e)
	}
	return nil
}

func (d *desktop) takeSnapshot(e Event, follows bool) error {
	s := e.Snapshot
	if s.LastEvent != e.ID {
		return fmt.Errorf("the snapshot %s says that it is of %s", e.ID, s.LastEvent)
	}
	was := d.calls
	d.calls = map[string]opencti.Call{}
	for _, c := range s.Calls {
		d.calls[c.CallID] = *c
	}
	for id := range was {
		if _, there := d.calls[id]; !there && follows && d.mode == opencti.Full && s.Mode == opencti.Full {
			return fmt.Errorf("call %s is not in the snapshot, and no event has ended it", id)
		}
	}
	d.mode = s.Mode
	d.view = view{Link: s.Link, Agent: s.Agent, DoNotDisturb: s.DoNotDisturb, Activities: s.Activities}
	return nil
}

func (d *desktop) takeCall(e Event) error {
	for id, can := range e.Capabilities {
		other, known := d.calls[id]
		if !known {
			return fmt.Errorf("%s tells what is possible on call %s, which is not there", e.Name, id)
		}
		other.Capabilities = can
		d.calls[id] = other
	}
	before, known := d.calls[e.Call.CallID]
	count := len(d.calls)
	for _, id := range e.PreviousCallIDs {
		delete(d.calls, id)
	}
	renamed := len(d.calls) < count
	switch {
	case e.Ended && !known:
		return fmt.Errorf("%s ends call %s, which is not there", e.Name, e.Call.CallID)
	case !known && d.mode != opencti.Full && e.Call.State != opencti.Offering:
		return fmt.Errorf("%s of call %s, which is no offer", e.Name, e.Call.CallID)
	case known && !renamed && reflect.DeepEqual(before, *e.Call):
		return fmt.Errorf("%s of call %s tells nothing new", e.Name, e.Call.CallID)
	case e.Ended, d.mode != opencti.Full && e.Call.State != opencti.Offering: // simple desktops see offers, and no further
		delete(d.calls, e.Call.CallID)
	default:
		d.calls[e.Call.CallID] = *e.Call
	}
	return nil
}

// shown is what the desktop shows now.
func (d *desktop) shown() view {
	v := d.view
	for _, id := range slices.Sorted(maps.Keys(d.calls)) {
		v.Calls = append(v.Calls, d.calls[id])
	}
	return v
}
