package portrait

import (
	"maps"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// The events of the guide's Table 1, and those for clients that asked for more.
const (
	incomingCall          = "INCOMINGCALL"
	incomingConsult       = "INCOMINGCONSULT"
	incomingBlindTransfer = "INCOMINGBLINDTRANSFER"
	establishCall         = "ESTABLISHCALL"
	callAbandoned         = "CALLABANDONED"

	callReleased      = "CALLRELEASED"
	callHeld          = "CALLHELD"
	callRetrieved     = "CALLRETRIEVED"
	callStateChanged  = "CALLSTATECHANGED"
	callDataChanged   = "CALLDATACHANGED"
	agentStateChanged = "AGENTSTATECHANGED"
	linkStateChanged  = "LINKSTATECHANGED"
	requestFailed     = "REQUESTFAILED"
	stateNow          = "STATENOW"
)

// events are all of them.
var events = []struct {
	name  string
	doc   string
	extra bool
}{
	{incomingCall, "A call rings here.", false},
	{incomingConsult, "A colleague's consult rings here.", false},
	{incomingBlindTransfer, "A call that was handed on without a consult rings here.", false},
	{establishCall, "A call that rang here is answered.", false},
	{callAbandoned, "A call rings here no more: the caller gave up, or (EVENT says so) it went elsewhere.", false},
	{callReleased, "A call is over here.", true},
	{callHeld, "A call is on hold.", true},
	{callRetrieved, "A call is back from hold.", true},
	{callStateChanged, "Anything else about a call, such as a dialled one that is answered; EVENT says what.", true},
	{callDataChanged, "The data of a call changed.", true},
	{agentStateChanged, "The agent's state changed.", true},
	{linkStateChanged, "The CTI server was lost (LinkDown), or is back (LinkUp).", true},
	{requestFailed, "A request that was accepted failed after all; CAUSEDBY is its REQUESTID.", true},
	{stateNow, "Everything as it is now: after log-on, log-off, and after the CTI server was away.", true},
}

// eventFields is what an event has, before the fields of its call.
var eventFields = []field[*session.Event]{
	one("EVENTID", func(e *session.Event) string { return e.ID }),
	one("EVENT", func(e *session.Event) string { return string(e.Name) }),
	at("TIME", func(e *session.Event) time.Time { return e.At }),
	one("CAUSE", func(e *session.Event) string { return e.Cause }),
	one("CAUSEDBY", func(e *session.Event) string { return e.CausedBy }),
	one("TRANSFERROLE", func(e *session.Event) string { return string(e.Role) }),
	when("ENDED", func(e *session.Event) bool { return e.Ended }),
	many("PREVIOUSCALLID", func(e *session.Event) []string { return e.PreviousCallIDs }),
	inner("CALL", "Call", callFields, func(e *session.Event) (*opencti.Call, bool) { return e.Call, e.Call != nil }),
	each("OTHERCALL", "OtherCall", otherFields, othersOf),
	inner("AGENT", "Agent", agentFields, func(e *session.Event) (opencti.AgentState, bool) {
		if e.Agent == nil {
			return opencti.AgentState{}, false
		}
		return *e.Agent, true
	}),
	ofTable("MAY", func(e *session.Event) []string { return requestsFor(e.Activities) }),
	ofTable("MAYBECOME", func(e *session.Event) []string { return statesFor(e.Activities) }),
	one("ACTIVITY", func(e *session.Event) string {
		if e.Failed == nil {
			return ""
		}
		return string(e.Failed.Activity)
	}),
	inner("ERROR", "Error", errorFields, func(e *session.Event) (*Failure, bool) {
		if e.Failed == nil {
			return nil, false
		}
		f := e.Failed
		return &Failure{Why: opencti.Errorf(f.Error.Code, "%s", f.Error.Message).WithDetail(f.Error.Detail)}, true
	}),
	inner("SNAPSHOT", "Snapshot", snapshotFields, func(e *session.Event) (*session.Snapshot, bool) { return e.Snapshot, e.Snapshot != nil }),
}

// progress is how much a client was told of a call that was offered to it.
type progress int

const (
	untold progress = iota
	rings
	talks
)

// narrator turns a session's events into a client's. It remembers which calls the client
// knows, so that a Snapshot tells what was missed, and no more.
type narrator struct {
	extra bool
	knows map[string]progress // by callId
}

// clone lets a narration be taken back.
func (n narrator) clone() narrator {
	return narrator{n.extra, maps.Clone(n.knows)}
}

// tell gives the client's events of one event of the session, in order.
func (n narrator) tell(e *session.Event) []node {
	switch {
	case e.Name == opencti.SnapshotEvent && e.Snapshot != nil:
		return n.tellSnapshot(e)
	case e.Call != nil:
		if name := n.ofCall(e); name != "" {
			return n.event(name, e)
		}
	case e.Type == opencti.TypeAgentState:
		return n.event(agentStateChanged, e)
	case e.Type == opencti.TypeLinkState:
		return n.event(linkStateChanged, e)
	case e.Type == opencti.TypeRequestFailed:
		return n.event(requestFailed, e)
	}
	return nil
}

// event tells an event, if the client wants it.
func (n narrator) event(name string, e *session.Event) []node {
	for _, known := range events {
		if known.name == name && known.extra && !n.extra {
			return nil
		}
	}
	return []node{{name: name, children: tellAll(eventFields, e)}}
}

// incoming is how a call that rings is told.
func incoming(c *opencti.Call) string {
	switch c.OfferedBy {
	case opencti.ByConsult:
		return incomingConsult
	case opencti.ByBlindTransfer:
		return incomingBlindTransfer
	}
	return incomingCall
}

// ofCall names the client's event of a call's event.
func (n narrator) ofCall(e *session.Event) string {
	id := e.Call.CallID
	n.move(e)
	was := n.knows[id]
	if e.Ended || e.Name.Ends() {
		delete(n.knows, id)
		return n.ending(e.Name, was)
	}
	switch e.Name {
	case opencti.Offering:
		n.knows[id] = rings
		return incoming(e.Call)
	case opencti.Established:
		if (was == rings || e.Call.OfferedBy != "") && was != talks {
			n.knows[id] = talks
			return establishCall
		}
	case opencti.Held:
		return callHeld
	case opencti.Retrieved:
		return callRetrieved
	case opencti.CallInfo:
		return callDataChanged
	}
	return callStateChanged
}

// move lets a call be known under its new id.
func (n narrator) move(e *session.Event) {
	for _, old := range e.PreviousCallIDs {
		if p := n.knows[old]; p != untold && old != e.Call.CallID {
			n.knows[e.Call.CallID] = max(p, n.knows[e.Call.CallID])
			delete(n.knows, old)
		}
	}
}

// ending names the end of a call. A client that has but the guide's events would let a call
// ring for ever that went elsewhere: CALLABANDONED is its only event that ends it.
func (n narrator) ending(name opencti.EventName, was progress) string {
	if name == opencti.Abandoned || was == rings && !n.extra {
		return callAbandoned
	}
	return callReleased
}

// tellSnapshot tells what a Snapshot has and the client does not know.
func (n narrator) tellSnapshot(e *session.Event) []node {
	out := n.event(stateNow, e)
	there := map[string]bool{}
	of := func(name string, told opencti.EventName, c *opencti.Call) {
		out = append(out, n.event(name, &session.Event{ID: e.ID, Name: told, At: e.At, Cause: "Snapshot", Call: c})...)
	}
	for _, c := range e.Snapshot.Calls {
		there[c.CallID] = true
		was := n.knows[c.CallID]
		switch {
		case c.State == opencti.Offering && was != rings:
			n.knows[c.CallID] = rings
			of(incoming(c), opencti.Offering, c)
		case c.State != opencti.Offering && c.OfferedBy != "" && was != talks:
			n.knows[c.CallID] = talks
			of(establishCall, opencti.Established, c)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(n.knows)) {
		if there[id] {
			continue
		}
		was := n.knows[id]
		delete(n.knows, id)
		if was == rings {
			of(callAbandoned, opencti.Released, &opencti.Call{CallID: id, InteractionID: id, State: opencti.Released, CallType: opencti.UnknownType})
		}
	}
	return out
}
