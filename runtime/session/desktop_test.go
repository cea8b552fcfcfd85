package session

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// desktop is the least that a desktop must do with a stream to be right: it is the
// model of one, and says what in a stream makes no sense.
type desktop struct {
	started bool
	last    EventID
	link    opencti.EventName
	agent   opencti.AgentState
	calls   map[string]opencti.Call
	mode    opencti.TelephonyMode
	disturb bool
	can     []opencti.Activity // without a call
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
	d.started, d.last = true, id
	return d.take(e)
}

func (d *desktop) take(e Event) error {
	switch e.Type {
	case opencti.TypeSnapshot:
		if e.Snapshot.LastEvent != e.ID {
			return fmt.Errorf("the snapshot %s says that it is of %s", e.ID, e.Snapshot.LastEvent)
		}
		d.link, d.agent, d.calls = e.Snapshot.Link, e.Snapshot.Agent, map[string]opencti.Call{}
		d.mode, d.disturb, d.can = e.Snapshot.Mode, e.Snapshot.DoNotDisturb, e.Snapshot.Activities
		for _, c := range e.Snapshot.Calls {
			d.calls[c.CallID] = *c
		}
	case opencti.TypeLinkState:
		if e.Name == d.link {
			return fmt.Errorf("%s twice", e.Name)
		}
		d.link = e.Name
	case opencti.TypeAgentState:
		d.agent, d.can = *e.Agent, e.Activities
	case opencti.TypeRequestFailed:
		if e.Failed == nil || e.Failed.RequestID == "" || e.Failed.Error.Code == "" {
			return fmt.Errorf("RequestFailed does not say of what: %+v", e.Failed)
		}
	default:
		return d.takeCall(e)
	}
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
	// What is answered is no offer any more: simple desktops see no further.
	if d.mode != opencti.Full && e.Name == opencti.Established {
		e.Ended = true
	}
	for _, id := range e.PreviousCallIDs {
		delete(d.calls, id)
	}
	if !e.Ended {
		d.calls[e.Call.CallID] = *e.Call
		return nil
	}
	if _, known := d.calls[e.Call.CallID]; !known {
		return fmt.Errorf("%s ends call %s, which is not there", e.Name, e.Call.CallID)
	}
	delete(d.calls, e.Call.CallID)
	return nil
}

// view is what a desktop shows; two desktops that agree show the same.
type view struct {
	Link         opencti.EventName
	Agent        opencti.AgentState
	Calls        []opencti.Call
	DoNotDisturb bool
	Activities   []opencti.Activity
}

func (d *desktop) view() view {
	v := view{Link: d.link, Agent: d.agent, DoNotDisturb: d.disturb, Activities: d.can}
	for _, id := range slices.Sorted(maps.Keys(d.calls)) {
		v.Calls = append(v.Calls, d.calls[id])
	}
	return v
}
