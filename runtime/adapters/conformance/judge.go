package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// judge reads the events of one desk, whatever the scenario, and objects to what the
// vocabulary does not allow. It keeps the calls as the events tell them.
type judge struct {
	claims func(opencti.Activity) bool
	asked  map[string]bool // requestIds of this desk
	calls  map[string]*opencti.Call
	over   map[string]bool // calls that have ended
	merged map[string]bool // calls that were made of others
	agent  opencti.EventName
	// disturb is do-not-disturb, as the last Snapshot told it.
	disturb bool
	mode    opencti.TelephonyMode
	// byHand: the consult was made at a telephone, so its interactionId may change when it
	// becomes one with the first call.
	byHand bool
	wrong  []problem
}

func newJudge(claims func(opencti.Activity) bool, mode opencti.TelephonyMode) *judge {
	return &judge{claims: claims, mode: mode, asked: map[string]bool{}, calls: map[string]*opencti.Call{}, over: map[string]bool{}, merged: map[string]bool{}}
}

func (j *judge) object(c Clause, want, got string) { j.wrong = append(j.wrong, problem{c, want, got}) }

// hear takes the next event of the stream.
func (j *judge) hear(e *session.Event) {
	if t, ok := opencti.TypeOf(e.Name); !ok || t != e.Type {
		j.object(clauseEvent, "a name of the closed set with its type", fmt.Sprintf("%s of type %s", e.Name, e.Type))
	}
	if e.CausedBy != "" && !j.asked[e.CausedBy] {
		j.object(clauseCausedBy, string(e.Name)+" caused by a request of this desk", e.CausedBy)
	}
	if offered := e.Call != nil && (e.Call.State == opencti.Offering || j.offered(e)); !j.mode.Shows(e.Name, offered) {
		j.object(clauseMode, fmt.Sprintf("no %s in the mode %s", e.Name, j.mode), "one")
	}
	switch {
	case e.Snapshot != nil:
		j.hearSnapshot(e.Snapshot)
	case e.Call != nil:
		j.hearCall(e)
	case e.Agent != nil:
		j.agent = e.Agent.State
		if e.Agent.State != e.Name {
			j.object(clauseAgent, "the state "+string(e.Name), string(e.Agent.State))
		}
	}
}

// offered says whether the event is of a call that was offered here and not answered.
func (j *judge) offered(e *session.Event) bool {
	for _, id := range append([]string{e.Call.CallID}, e.PreviousCallIDs...) {
		if c := j.calls[id]; c != nil && c.State == opencti.Offering {
			return true
		}
	}
	return false
}

// hearSnapshot: what was known is replaced.
func (j *judge) hearSnapshot(s *session.Snapshot) {
	j.agent, j.disturb = s.Agent.State, s.DoNotDisturb
	was := j.calls
	j.calls = map[string]*opencti.Call{}
	for _, c := range s.Calls {
		if before := was[c.CallID]; before != nil {
			j.keeps(opencti.SnapshotEvent, before, c)
		}
		j.calls[c.CallID] = c
		j.capable(opencti.SnapshotEvent, c)
		if !j.shows(c.State) {
			j.object(clauseMode, fmt.Sprintf("no call in the Snapshot that is %s, in the mode %s", c.State, j.mode), "call "+c.CallID)
		}
	}
	for id := range was {
		if j.calls[id] == nil {
			j.object(clauseSnapshot, "call "+id+" in the Snapshot, or its end before", "neither")
		}
	}
}

// shows says whether the mode has calls in this state: simple ones have those on offer.
func (j *judge) shows(state opencti.EventName) bool {
	return j.mode == opencti.Full || state == opencti.Offering
}

// states in which an event leaves a call, where that is sure.
var stateAfter = map[opencti.EventName]opencti.EventName{
	opencti.Offering: opencti.Offering, opencti.Initiated: opencti.Initiated, opencti.Delivered: opencti.Delivered,
	opencti.Queued: opencti.Queued, opencti.Established: opencti.Established, opencti.Held: opencti.Held,
	opencti.Retrieved: opencti.Established, opencti.Failed: opencti.Failed,
	opencti.Released: opencti.Released, opencti.Abandoned: opencti.Abandoned, opencti.Diverted: opencti.Diverted,
}

// follows says from which states an event may come; "" is a call that is not known yet.
var follows = map[opencti.EventName][]opencti.EventName{
	opencti.Offering:    {"", opencti.Offering, opencti.Held},
	opencti.Initiated:   {"", opencti.Initiated},
	opencti.Delivered:   {"", opencti.Initiated, opencti.Delivered, opencti.Queued},
	opencti.Queued:      {"", opencti.Initiated, opencti.Delivered, opencti.Queued},
	opencti.Established: {opencti.Offering, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established},
	opencti.Held:        {opencti.Established, opencti.Delivered},
	opencti.Retrieved:   {opencti.Held},
	opencti.Failed:      {opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established, opencti.Failed},
	opencti.Abandoned:   {opencti.Offering},
	opencti.Diverted:    {opencti.Offering},
}

func (j *judge) hearCall(e *session.Event) {
	c := e.Call
	before := j.calls[c.CallID]
	for _, id := range e.PreviousCallIDs {
		if old := j.calls[id]; old != nil && before == nil {
			before = old
		}
	}
	if before == nil && j.over[c.CallID] && !begins(e.Name) {
		j.object(clauseOneEnd, "no event of call "+c.CallID+" after its end", string(e.Name))
	}
	j.order(e, before)
	if want, sure := stateAfter[e.Name]; sure && c.State != want {
		j.object(clauseState, fmt.Sprintf("the state %s after %s", want, e.Name), string(c.State))
	}
	if ends := e.Name.Ends() || e.Name == opencti.Transferred && e.Ended; ends != e.Ended {
		j.object(clauseEnded, fmt.Sprintf("ended %v with %s", ends, e.Name), fmt.Sprint(e.Ended))
	}
	if c.InteractionID == "" {
		j.object(clauseInter, "an interactionId with "+string(e.Name), "none")
	}
	if before != nil && j.byHand && len(e.PreviousCallIDs) > 0 {
		before = clone(before)
		before.InteractionID = c.InteractionID
	}
	if before != nil {
		j.keeps(e.Name, before, c)
	}
	j.capable(e.Name, c)
	j.remember(e)
}

func clone(c *opencti.Call) *opencti.Call {
	k := *c
	return &k
}

func begins(n opencti.EventName) bool {
	return n == opencti.Offering || n == opencti.Initiated || n == opencti.Delivered || n == opencti.Queued
}

// order looks whether the event may come in the state in which the call is.
func (j *judge) order(e *session.Event, before *opencti.Call) {
	from, bound := follows[e.Name]
	was := opencti.EventName("")
	if before != nil {
		was = before.State
	}
	if bound && !slices.Contains(from, was) {
		state := string(was)
		if was == "" {
			state = "not known here"
		}
		j.object(clauseBegin, fmt.Sprintf("%s in its place", e.Name), fmt.Sprintf("%s of a call that is %s", e.Name, state))
	}
}

// keeps looks whether what was known of a call is still there.
func (j *judge) keeps(e opencti.EventName, before, c *opencti.Call) {
	if before.InteractionID != c.InteractionID {
		j.object(clauseInter, fmt.Sprintf("%s with the interactionId %s", e, before.InteractionID), c.InteractionID)
	}
	for k := range before.Variables {
		if _, still := c.Variables[k]; !still {
			j.object(clauseData, fmt.Sprintf("%s with variables.%s", e, k), words(c.Variables))
		}
	}
}

// necessary and impossible are what the state of a call says of its capabilities.
var (
	necessary = map[opencti.EventName][]opencti.Activity{
		opencti.Offering:    {opencti.AnswerCall},
		opencti.Initiated:   {opencti.HangUpCall},
		opencti.Delivered:   {opencti.HangUpCall},
		opencti.Established: {opencti.HoldCall, opencti.HangUpCall},
		opencti.Held:        {opencti.RetrieveCall},
		opencti.Failed:      {opencti.HangUpCall},
	}
	impossible = map[opencti.EventName][]opencti.Activity{
		opencti.Offering:    {opencti.HoldCall, opencti.RetrieveCall, opencti.SendDTMF, opencti.TransferInitiate, opencti.ConferenceInitiate},
		opencti.Initiated:   {opencti.AnswerCall, opencti.RetrieveCall, opencti.DeclineCall},
		opencti.Delivered:   {opencti.AnswerCall, opencti.RetrieveCall, opencti.DeclineCall},
		opencti.Queued:      {opencti.AnswerCall, opencti.RetrieveCall, opencti.DeclineCall},
		opencti.Established: {opencti.AnswerCall, opencti.RetrieveCall, opencti.DeclineCall},
		opencti.Held:        {opencti.AnswerCall, opencti.HoldCall, opencti.DeclineCall},
		opencti.Failed:      {opencti.AnswerCall, opencti.HoldCall, opencti.RetrieveCall, opencti.DeclineCall},
	}
)

// capable looks whether the capabilities are legal.
func (j *judge) capable(e opencti.EventName, c *opencti.Call) {
	for _, a := range c.Capabilities {
		if !j.claims(a) {
			j.object(clauseCaps, "only capabilities that the class claims", string(a))
		}
		if slices.Contains(impossible[c.State], a) {
			j.object(clauseCaps, fmt.Sprintf("no %s on a call that is %s", a, c.State), "it, with "+string(e))
		}
	}
	for _, a := range necessary[c.State] {
		if j.claims(a) && !slices.Contains(c.Capabilities, a) {
			j.object(clauseCaps, fmt.Sprintf("%s on a call that is %s", a, c.State), list(c.Capabilities)+" with "+string(e))
		}
	}
}

// remember applies the event to the calls.
func (j *judge) remember(e *session.Event) {
	c := e.Call
	for _, id := range e.PreviousCallIDs {
		delete(j.calls, id)
		j.over[id] = true
		j.merged[c.CallID] = true
	}
	if e.Ended || !j.shows(c.State) {
		delete(j.calls, c.CallID)
		j.over[c.CallID] = true
		return
	}
	delete(j.over, c.CallID)
	j.calls[c.CallID] = c
}

// compare looks for what the CTI server's snapshot tells in another way than the events.
func (j *judge) compare(snap opencti.DeviceSnapshot) *problem {
	said := map[string]*opencti.Call{}
	for i := range snap.Calls {
		if c := &snap.Calls[i]; j.shows(c.State) {
			said[c.CallID] = c
		}
	}
	ids := slices.Collect(maps.Keys(j.calls))
	for id := range said {
		if j.calls[id] == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		told, snap := j.calls[id], said[id]
		if told != nil && snap != nil && j.merged[id] {
			// It arrived here twice: whose caller it has now is the server's affair.
			told = clone(told)
			told.ANI, told.DNIS = snap.ANI, snap.DNIS
		}
		if p := differ(id, told, snap); p != nil {
			return p
		}
	}
	if snap.DoNotDisturb != j.disturb {
		return &problem{clauseAgree, fmt.Sprintf("do-not-disturb %v, as the snapshot says", snap.DoNotDisturb), fmt.Sprintf("%v, as the desktop was told", j.disturb)}
	}
	return j.compareAgent(snap.Agent)
}

func (j *judge) compareAgent(a opencti.AgentState) *problem {
	if a.State == "" || a.State == opencti.Unknown || j.agent == opencti.Unknown || a.State == j.agent {
		return nil
	}
	if j.mode == opencti.Simple && a.LoggedIn() == (j.agent == opencti.LoggedIn) {
		return nil // more is not told
	}
	return &problem{clauseAgree, "the agent " + string(a.State) + ", as the snapshot says", string(j.agent) + ", as the last event says"}
}

func differ(id string, told, snap *opencti.Call) *problem {
	switch {
	case told == nil:
		return &problem{clauseAgree, "events of call " + id + ", which the snapshot has as " + string(snap.State), "none, or its end"}
	case snap == nil:
		return &problem{clauseAgree, "call " + id + " in the snapshot, which events left " + string(told.State), "none"}
	}
	for _, f := range []struct {
		name       string
		told, snap string
	}{
		{"state", string(told.State), string(snap.State)},
		{"variables", words(told.Variables), words(snap.Variables)},
		{"ani", told.ANI, snap.ANI},
		{"dnis", told.DNIS, snap.DNIS},
		{"parties", partiesOf(told), partiesOf(snap)},
		{"muted", fmt.Sprint(told.Muted), fmt.Sprint(snap.Muted)},
	} {
		if f.told != f.snap {
			return &problem{clauseAgree, fmt.Sprintf("call %s with %s %s, as the snapshot says", id, f.name, f.snap), f.told + ", as the events say"}
		}
	}
	return nil
}

func partiesOf(c *opencti.Call) string {
	all := dns(c.Parties)
	slices.Sort(all)
	return list(all)
}

// summary is what the judge knows, in words.
func (j *judge) summary() string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(j.calls)) {
		c := j.calls[id]
		parts = append(parts, fmt.Sprintf("call %s %s, parties %s, data %s", id, c.State, partiesOf(c), words(c.Variables)))
	}
	if len(parts) == 0 {
		return "no call"
	}
	return strings.Join(parts, "; ")
}
