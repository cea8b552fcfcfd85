package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// expect is an event that must come. What is empty is not looked at.
type expect struct {
	event opencti.EventName
	// or: one of these will do as well.
	or []opencti.EventName
	// after are events that may come first.
	after []opencti.EventName
	// clause is the one that is broken when it does not come.
	clause Clause

	callID   string // of this call
	newCall  bool   // of a call that the scenario has not met here
	causedBy string
	ended    bool
	previous []string

	interaction      string
	state            opencti.EventName
	callType         opencti.CallType
	originalCallType opencti.CallType
	offeredBy        opencti.OfferedBy
	ani, dnis, queue string
	data             map[string]string
	parties          []string           // all of them
	can, cannot      []opencti.Activity // of those that the class claims
	muted            *bool

	reason, workMode string
	pending          opencti.EventName
	queues           []string
	failed           string // the request that failed after all
	cause            string
	disturb          *bool         // do-not-disturb, in a Snapshot
	inSnapshot       *opencti.Call // as it was told before
}

func (w *expect) why(or Clause) Clause {
	if w.clause != "" {
		return w.clause
	}
	return or
}

// optional: the class says that it cannot tell this one, nor any other that would do.
func (w *expect) optional(b *Bench) bool {
	return !slices.ContainsFunc(append(w.or, w.event), b.tells)
}

func (w *expect) String() string {
	s := join(append([]opencti.EventName{w.event}, w.or...), " or ")
	switch {
	case w.callID != "":
		s += " of call " + w.callID
	case w.newCall:
		s += " of a new call"
	}
	if w.reason != "" {
		s += " (" + w.reason + ")"
	}
	return s
}

// misplaced is the clause that another event in its place breaks.
func (w *expect) misplaced() Clause {
	if t, _ := opencti.TypeOf(w.event); t == opencti.TypeAgentState {
		return clauseEvent
	}
	return clauseBegin
}

// inOrder: events of calls and agents are waited for one after the other; of the others
// several may come, in any place.
func (w *expect) inOrder() bool {
	t, _ := opencti.TypeOf(w.event)
	return t == opencti.TypeCallState || t == opencti.TypeAgentState
}

// concerns says whether an event is of the kind, and of the call, that is waited for.
func (w *expect) concerns(e *session.Event, met map[string]bool) bool {
	want, _ := opencti.TypeOf(w.event)
	got, _ := opencti.TypeOf(e.Name)
	if want != got {
		return false
	}
	switch {
	case w.newCall:
		return e.Call != nil && !met[e.Call.CallID]
	case w.callID != "":
		return e.Call != nil && (e.Call.CallID == w.callID || slices.Contains(e.PreviousCallIDs, w.callID))
	}
	return true
}

// is says whether it is the event; of those that come in any order, only one that fits.
func (w *expect) is(e *session.Event) bool {
	if e.Name != w.event && !slices.Contains(w.or, e.Name) {
		return false
	}
	return w.inOrder() || e.Name == opencti.SnapshotEvent || len(w.check(e)) == 0
}

// passes says whether the event may come before it. Going off hook and dialling are both
// Initiated.
func (w *expect) passes(e *session.Event) bool {
	return slices.Contains(w.after, e.Name) || e.Name == opencti.Initiated && !w.newCall
}

// check compares the event with what is wanted.
func (w *expect) check(e *session.Event) []problem {
	c := differences{name: e.Name}
	c.text(clauseCausedBy, "causedBy", w.causedBy, e.CausedBy)
	if w.ended && !e.Ended {
		c.add(clauseEnded, "ended", "true", "false")
	}
	c.text(clauseEnding, "cause", w.cause, e.Cause)
	if w.previous != nil && !sameSet(w.previous, e.PreviousCallIDs) {
		c.add(clauseLineage, "previousCallIds", list(w.previous), list(e.PreviousCallIDs))
	}
	switch {
	case e.Call != nil:
		w.checkCall(&c, e.Call)
	case e.Agent != nil:
		w.checkAgent(&c, e.Agent)
	}
	if e.Snapshot != nil {
		w.checkSnapshot(&c, e.Snapshot)
	}
	if w.failed != "" {
		id := ""
		if e.Failed != nil {
			id = e.Failed.RequestID
		}
		c.text(clauseLater, "requestId", w.failed, id)
	}
	return c.out
}

func (w *expect) checkCall(c *differences, call *opencti.Call) {
	c.text(clauseInter, "interactionId", w.interaction, call.InteractionID)
	c.text(clauseState, "state", string(w.state), string(call.State))
	c.text(clauseCall, "callType", string(w.callType), string(call.CallType))
	c.text(clauseCall, "originalCallType", string(w.originalCallType), string(call.OriginalCallType))
	c.text(clauseCall, "offeredBy", string(w.offeredBy), string(call.OfferedBy))
	c.text(clauseCall, "ani", w.ani, call.ANI)
	c.text(clauseCall, "dnis", w.dnis, call.DNIS)
	c.text(clauseCall, "queue", w.queue, call.Queue)
	for _, k := range slices.Sorted(maps.Keys(w.data)) {
		c.text(clauseData, "variables."+k, w.data[k], call.Variables[k])
	}
	if w.parties != nil && !sameSet(w.parties, dns(call.Parties)) {
		c.add(clauseParty, "parties", list(w.parties), list(dns(call.Parties)))
	}
	for _, a := range w.can {
		if !slices.Contains(call.Capabilities, a) {
			c.add(clauseCaps, "capabilities", "with "+string(a), list(call.Capabilities))
		}
	}
	for _, a := range w.cannot {
		if slices.Contains(call.Capabilities, a) {
			c.add(clauseCaps, "capabilities", "without "+string(a), list(call.Capabilities))
		}
	}
	if w.muted != nil && call.Muted != *w.muted {
		c.add(clauseMuted, "muted", fmt.Sprint(*w.muted), fmt.Sprint(call.Muted))
	}
}

func (w *expect) checkAgent(c *differences, a *opencti.AgentState) {
	c.text(clauseAgent, "reasonCode", w.reason, a.ReasonCode)
	c.text(clauseAgent, "workMode", w.workMode, a.WorkMode)
	c.text(clausePending, "pendingState", string(w.pending), string(a.PendingState))
	if w.queues != nil {
		var names []string
		for _, q := range a.Queues {
			names = append(names, q.Name)
		}
		if !sameSet(w.queues, names) {
			c.add(clauseQueues, "queues", list(w.queues), list(names))
		}
	}
}

func (w *expect) checkSnapshot(c *differences, snap *session.Snapshot) {
	if w.disturb != nil && snap.DoNotDisturb != *w.disturb {
		c.add(clauseSnapshot, "doNotDisturb", fmt.Sprint(*w.disturb), fmt.Sprint(snap.DoNotDisturb))
	}
	if w.inSnapshot == nil {
		return
	}
	i := slices.IndexFunc(snap.Calls, func(call *opencti.Call) bool { return call.CallID == w.inSnapshot.CallID })
	if i < 0 {
		c.add(clauseSnapshot, "call", w.inSnapshot.CallID, "none")
		return
	}
	told, now := w.inSnapshot, snap.Calls[i]
	c.text(clauseInter, "interactionId", told.InteractionID, now.InteractionID)
	c.text(clauseSnapshot, "the call's state", string(told.State), string(now.State))
	c.text(clauseSnapshot, "the call's data", words(told.Variables), words(now.Variables))
	c.text(clauseSnapshot, "the call's ani", told.ANI, now.ANI)
	c.text(clauseSnapshot, "the call's dnis", told.DNIS, now.DNIS)
	c.text(clauseSnapshot, "the call's type", string(told.CallType), string(now.CallType))
	c.text(clauseSnapshot, "the call's offeredBy", string(told.OfferedBy), string(now.OfferedBy))
}

// differences gathers what an event lacks.
type differences struct {
	name opencti.EventName
	out  []problem
}

func (c *differences) add(clause Clause, field, want, got string) {
	c.out = append(c.out, problem{clause, fmt.Sprintf("%s with %s %s", c.name, field, want), got})
}

// text compares a field, unless nothing is wanted.
func (c *differences) text(clause Clause, field, want, got string) {
	if want == "" || want == got {
		return
	}
	if got == "" {
		got = "none"
	}
	c.add(clause, field, want, got)
}

func list[T ~string](in []T) string {
	if len(in) == 0 {
		return "none"
	}
	return "[" + join(in, " ") + "]"
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// dns are the parties' numbers; of a party that withholds its number, nothing.
func dns(parties []opencti.Party) []string {
	var out []string
	for _, p := range parties {
		if p.DN != "" {
			out = append(out, p.DN)
		}
	}
	return out
}

func words(m map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, " ")
}
