package portrait

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// field is an element of answers and events: its name, its type in the schema, and how it is
// told of a T. Those that have nothing to tell are left out.
type field[T any] struct {
	name string
	typ  string
	many bool
	tell func(T) []node
}

// told tells each field of a T.
func tellAll[T any](fields []field[T], of T) []node {
	var out []node
	for _, f := range fields {
		for _, n := range f.tell(of) {
			n.name = f.name
			out = append(out, n)
		}
	}
	return out
}

// The types of the schema.
const (
	typeText  = "xs:string"
	typeFlag  = "xs:boolean"
	typeCount = "xs:nonNegativeInteger"
	typeTime  = "xs:dateTime"
)

func one[T any](name string, of func(T) string) field[T] {
	return field[T]{name, typeText, false, func(v T) []node { return texts(of(v)) }}
}

func many[T any](name string, of func(T) []string) field[T] {
	return field[T]{name, typeText, true, func(v T) []node { return texts(of(v)...) }}
}

func at[T any](name string, of func(T) time.Time) field[T] {
	return field[T]{name, typeTime, false, func(v T) []node { return texts(moment(of(v))) }}
}

func count[T any](name string, of func(T) int) field[T] {
	return field[T]{name, typeCount, false, func(v T) []node { return texts(strconv.Itoa(of(v))) }}
}

// when tells a flag only where it is set.
func when[T any](name string, of func(T) bool) field[T] {
	return field[T]{name, typeFlag, false, func(v T) []node {
		if !of(v) {
			return nil
		}
		return texts("true")
	}}
}

func truth[T any](name string, of func(T) bool) field[T] {
	return field[T]{name, typeFlag, false, func(v T) []node { return texts(strconv.FormatBool(of(v))) }}
}

func texts(values ...string) []node {
	var out []node
	for _, v := range values {
		if v != "" {
			out = append(out, node{text: v})
		}
	}
	return out
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// inner tells a part by its own fields.
func inner[T, P any](name, typ string, fields []field[P], of func(T) (P, bool)) field[T] {
	return field[T]{name, typ, false, func(v T) []node {
		p, ok := of(v)
		if !ok {
			return nil
		}
		return []node{{children: tellAll(fields, p)}}
	}}
}

// each tells a list of parts by their fields.
func each[T, P any](name, typ string, fields []field[P], of func(T) []P) field[T] {
	return field[T]{name, typ, true, func(v T) []node {
		var out []node
		for _, p := range of(v) {
			out = append(out, node{children: tellAll(fields, p)})
		}
		return out
	}}
}

// ofTable tells names of the table.
func ofTable[T any](name string, of func(T) []string) field[T] {
	return field[T]{name, "Name", true, func(v T) []node { return texts(of(v)...) }}
}

type item struct{ name, value string }

var itemFields = []field[item]{
	one("NAME", func(i item) string { return i.name }),
	{"VALUE", typeText, false, func(i item) []node { return []node{{text: i.value}} }},
}

func tellData(of map[string]string) []node {
	if len(of) == 0 {
		return nil
	}
	var out node
	for _, name := range slices.Sorted(maps.Keys(of)) {
		out.children = append(out.children, node{name: "ITEM", children: tellAll(itemFields, item{name, of[name]})})
	}
	return []node{out}
}

var partyFields = []field[opencti.Party]{
	one("PARTYID", func(p opencti.Party) string { return p.ID }),
	one("PARTYDN", func(p opencti.Party) string { return p.DN }),
	one("PARTYSTATE", func(p opencti.Party) string { return string(p.State) }),
	one("ROLE", func(p opencti.Party) string { return string(p.Role) }),
}

var popFields = []field[*opencti.ScreenPop]{
	one("URL", func(p *opencti.ScreenPop) string { return p.URL }),
	one("INTERACTION", func(p *opencti.ScreenPop) string { return p.Interaction }),
}

var treatmentFields = []field[*opencti.Treatment]{
	one("RULE", func(t *opencti.Treatment) string { return t.Rule }),
	inner("SCREENPOP", "ScreenPop", popFields, func(t *opencti.Treatment) (*opencti.ScreenPop, bool) { return t.ScreenPop, t.ScreenPop != nil }),
	one("ANSWER", func(t *opencti.Treatment) string { return string(t.Answer) }),
	{"DELAY", typeCount, false, func(t *opencti.Treatment) []node {
		if t.DelaySeconds == 0 {
			return nil
		}
		return texts(strconv.Itoa(int(t.DelaySeconds)))
	}},
	truth("CLAIMED", func(t *opencti.Treatment) bool { return t.Claimed }),
}

var callFields = []field[*opencti.Call]{
	one("CALLID", func(c *opencti.Call) string { return c.CallID }),
	one("INTERACTIONID", func(c *opencti.Call) string { return c.InteractionID }),
	one("CALLSTATE", func(c *opencti.Call) string { return string(c.State) }),
	one("CALLTYPE", func(c *opencti.Call) string { return string(c.CallType) }),
	one("ORIGINALCALLTYPE", func(c *opencti.Call) string { return string(c.OriginalCallType) }),
	one("OFFEREDBY", func(c *opencti.Call) string { return string(c.OfferedBy) }),
	one("ANI", func(c *opencti.Call) string { return c.ANI }),
	one("DNIS", func(c *opencti.Call) string { return c.DNIS }),
	many("OTHERDN", func(c *opencti.Call) []string { return c.OtherDNs }),
	one("QUEUE", func(c *opencti.Call) string { return c.Queue }),
	{"CALLDATA", "Data", false, func(c *opencti.Call) []node { return tellData(c.Variables) }},
	each("PARTY", "Party", partyFields, func(c *opencti.Call) []opencti.Party { return c.Parties }),
	when("MUTED", func(c *opencti.Call) bool { return c.Muted }),
	when("NETWORKREACHED", func(c *opencti.Call) bool { return c.NetworkReached }),
	inner("TREATMENT", "Treatment", treatmentFields, func(c *opencti.Call) (*opencti.Treatment, bool) { return c.Treatment, c.Treatment != nil }),
	ofTable("CAN", func(c *opencti.Call) []string { return requestsFor(c.Capabilities) }),
	at("SINCE", func(c *opencti.Call) time.Time { return c.Since }),
	at("STARTEDAT", func(c *opencti.Call) time.Time { return c.StartedAt }),
	at("ANSWEREDAT", func(c *opencti.Call) time.Time { return known(c.AnsweredAt) }),
}

// known is the zero time for none.
func known(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// other is a call on which other requests are possible than before.
type other struct {
	callID string
	can    []opencti.Activity
}

var otherFields = []field[other]{
	one("CALLID", func(o other) string { return o.callID }),
	when("MUTED", func(o other) bool { return slices.Contains(o.can, opencti.UnmuteCall) }),
	ofTable("CAN", func(o other) []string { return requestsFor(o.can) }),
}

// othersOf are the calls beside that of an event, in order.
func othersOf(e *session.Event) []other {
	var out []other
	for _, id := range slices.Sorted(maps.Keys(e.Capabilities)) {
		out = append(out, other{id, e.Capabilities[id]})
	}
	return out
}

// requestsFor are the requests that ask for activities. Their names are told as clients call
// them.
func requestsFor(activities []opencti.Activity) []string {
	var out []string
	for _, m := range messages {
		if m.activity != "" && slices.Contains(activities, m.activity) || slices.Contains(activities, opposites[m.name]) {
			out = append(out, m.name)
		}
	}
	return out
}

// opposites are what requests ask for, too.
var opposites = map[string]opencti.Activity{
	"SETAGENTSTATE": opencti.SetAgentNotReady, "MUTECALL": opencti.UnmuteCall, reconnect: opencti.Resync,
}

// statesFor are the values of STATE that may be asked for now.
func statesFor(activities []opencti.Activity) []string {
	var out []string
	if slices.Contains(activities, opencti.SetAgentReady) {
		out = append(out, available)
	}
	if slices.Contains(activities, opencti.SetAgentNotReady) {
		out = append(out, unavailable)
	}
	return out
}

// inQueue are the agent's states in queues that have one of their own.
func inQueue(a opencti.AgentState) []opencti.QueueState {
	return slices.DeleteFunc(slices.Clone(a.Queues), func(q opencti.QueueState) bool { return q.State == "" })
}

var queueFields = []field[opencti.QueueState]{
	one("QUEUE", func(q opencti.QueueState) string { return q.Name }),
	one("AGENTSTATE", func(q opencti.QueueState) string { return string(q.State) }),
}

var agentFields = []field[opencti.AgentState]{
	one("AGENTSTATE", func(a opencti.AgentState) string { return string(a.State) }),
	one("WORKMODE", func(a opencti.AgentState) string { return a.WorkMode }),
	one("REASONCODE", func(a opencti.AgentState) string { return a.ReasonCode }),
	one("PENDINGSTATE", func(a opencti.AgentState) string { return string(a.PendingState) }),
	one("PENDINGREASONCODE", func(a opencti.AgentState) string { return a.PendingReasonCode }),
	many("QUEUE", func(a opencti.AgentState) []string {
		var out []string
		for _, q := range a.Queues {
			out = append(out, q.Name)
		}
		return out
	}),
	each("QUEUESTATE", "QueueState", queueFields, inQueue),
	one("NATIVESTATE", func(a opencti.AgentState) string { return a.NativeState }),
	one("CAUSE", func(a opencti.AgentState) string { return string(a.Cause) }),
	at("SINCE", func(a opencti.AgentState) time.Time { return a.Since }),
	at("WRAPUPENDSAT", func(a opencti.AgentState) time.Time { return known(a.WrapUpEndsAt) }),
}

// reason is a reason code and the request that takes it.
type reason struct {
	request string
	session.Reason
}

var reasonFields = []field[reason]{
	{"REQUEST", "Name", false, func(r reason) []node { return texts(r.request) }},
	one("REASONCODE", func(r reason) string { return r.Code }),
	one("LABEL", func(r reason) string { return r.Label }),
}

func reasonsOf(s *session.Snapshot) []reason {
	var out []reason
	for _, r := range s.ReasonCodes.Unavailable {
		out = append(out, reason{"SETAGENTSTATE", r})
	}
	for _, r := range s.ReasonCodes.Logout {
		out = append(out, reason{"AGENTUNINITIALIZE", r})
	}
	return out
}

// requiresReason are the requests that need one.
func requiresReason(s *session.Snapshot) []string {
	var out []string
	for _, change := range s.ReasonCodes.Required {
		out = append(out, map[string]string{"Unavailable": "SETAGENTSTATE", "Logout": "AGENTUNINITIALIZE"}[change])
	}
	return out
}

var snapshotFields = []field[*session.Snapshot]{
	one("LINKSTATE", func(s *session.Snapshot) string { return string(s.Link) }),
	one("DN", func(s *session.Snapshot) string { return s.DN }),
	one("AGENTID", func(s *session.Snapshot) string { return s.AgentID }),
	one("MODE", func(s *session.Snapshot) string { return string(s.Mode) }),
	truth("DONOTDISTURBED", func(s *session.Snapshot) bool { return s.DoNotDisturb }),
	inner("AGENT", "Agent", agentFields, func(s *session.Snapshot) (opencti.AgentState, bool) { return s.Agent, s.AgentID != "" }),
	each("CALL", "Call", callFields, func(s *session.Snapshot) []*opencti.Call { return s.Calls }),
	ofTable("MAY", func(s *session.Snapshot) []string { return requestsFor(s.Activities) }),
	ofTable("MAYBECOME", func(s *session.Snapshot) []string { return statesFor(s.Activities) }),
	each("REASON", "Reason", reasonFields, reasonsOf),
	ofTable("REASONREQUIRED", requiresReason),
	one("POOL", func(s *session.Snapshot) string { return s.Pool }),
	at("OPENEDAT", func(s *session.Snapshot) time.Time { return s.OpenedAt }),
}
