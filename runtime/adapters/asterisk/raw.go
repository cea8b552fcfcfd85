package asterisk

import (
	"maps"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// fields is RawEvent.Fields; what is empty is left out.
type fields map[string]any

func (f fields) text(name, value string) fields {
	if value != "" {
		f[name] = value
	}
	return f
}

func (f fields) flag(name string, value bool) fields {
	if value {
		f[name] = value
	}
	return f
}

// fieldsOf makes the fields of a change. Those of calls: callID, linkedID, leg (the UID of the
// telephone's channel), state, out (the telephone made the call), consult, offeredBy,
// originalCallType, ani, dnis, queue, callerExternal, farExternal, networkReached, muted,
// parties, variables, own, ended, why, and amiEvent, the event of Asterisk that brought it.
func fieldsOf(c mirror.Change, amiEvent string) map[string]any {
	f := fields{}.text("amiEvent", amiEvent)
	switch c.Name {
	case mirror.AgentLogin, mirror.AgentLogout, mirror.AgentState:
		return agentFields(f, c.Agent)
	case mirror.DoNotDisturb:
		f["on"] = c.On
		return f
	}
	call := c.Call
	f.text("callID", call.ID).text("leg", call.Leg).text("linkedID", call.Linked).text("state", string(call.State)).
		flag("consult", call.Consult).text("offeredBy", string(call.OfferedBy)).text("originalCallType", string(call.Original)).
		text("ani", call.ANI).text("dnis", call.DNIS).text("queue", call.Queue).
		flag("callerExternal", call.CallerExternal).flag("farExternal", call.FarExternal).
		flag("own", c.Own).flag("ended", c.Ended).text("why", c.Why)
	f["out"], f["networkReached"], f["muted"] = call.Out, call.NetworkReached, call.Muted
	var parties []map[string]string
	for _, p := range call.Parties {
		party := map[string]string{"id": p.ID, "state": string(p.State), "role": string(p.Role)}
		if p.DN != "" {
			party["dn"] = p.DN
		}
		parties = append(parties, party)
	}
	f["parties"] = parties
	f["variables"] = maps.Clone(call.Data)
	return f
}

// agentFields are state, nativeState, reason, pendingState, pendingReason, cause, wrapUpEndsAt
// and queues.
func agentFields(f fields, a mirror.Agent) map[string]any {
	f.text("state", string(a.State)).text("nativeState", a.Native).text("reason", a.Reason).
		text("pendingState", string(a.Pending)).text("pendingReason", a.PendingReason).text("cause", string(a.Cause))
	if !a.WrapUpEndsAt.IsZero() {
		f["wrapUpEndsAt"] = a.WrapUpEndsAt.UTC().Format(time.RFC3339)
	}
	queues := []map[string]string{}
	for _, q := range a.Queues {
		queues = append(queues, map[string]string{"name": q.Name, "state": string(q.State)})
	}
	f["queues"] = queues
	return f
}

// callOf is a call of a snapshot.
func callOf(c mirror.Call) opencti.Call {
	out := opencti.Call{
		CallID: c.ID, InteractionID: c.Linked, State: c.State, CallType: callType(c), OriginalCallType: c.Original,
		ANI: c.ANI, DNIS: c.DNIS, Queue: c.Queue, OfferedBy: c.OfferedBy, Variables: c.Data,
		NetworkReached: c.NetworkReached, Muted: c.Muted,
	}
	for _, p := range c.Parties {
		out.Parties = append(out.Parties, opencti.Party(p))
		if p.DN != "" && p.DN != c.DN {
			out.OtherDNs = append(out.OtherDNs, p.DN)
		}
	}
	return out
}

// callType says of a snapshot's call what populateCall says of an event's.
func callType(c mirror.Call) opencti.CallType {
	switch {
	case c.Consult, c.Original != "":
		return opencti.Consult
	case c.Out && c.FarExternal:
		return opencti.Outbound
	case !c.Out && c.CallerExternal:
		return opencti.Inbound
	case c.Out && len(c.Parties) < 2 && c.Queue == "":
		return opencti.UnknownType
	}
	return opencti.Internal
}

// agentOf is the agent's state of a snapshot.
func agentOf(a mirror.Agent) opencti.AgentState {
	out := opencti.AgentState{State: a.State, NativeState: a.Native, ReasonCode: a.Reason, PendingState: a.Pending,
		PendingReasonCode: a.PendingReason, Queues: a.Queues, Cause: a.Cause}
	if a.State == opencti.AfterCallWork {
		out.WorkMode = opencti.AfterCallWorkMode
	}
	if !a.WrapUpEndsAt.IsZero() {
		out.WrapUpEndsAt = &a.WrapUpEndsAt
	}
	return out
}
