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
	{"PARTY", "Party", true, func(c *opencti.Call) []node {
		var out []node
		for _, p := range c.Parties {
			out = append(out, node{children: tellAll(partyFields, p)})
		}
		return out
	}},
	{"MUTED", typeFlag, false, func(c *opencti.Call) []node {
		if !c.Muted {
			return nil
		}
		return texts("true")
	}},
	{"CAN", "Name", true, func(c *opencti.Call) []node { return texts(requestsFor(c.Capabilities)...) }},
	at("SINCE", func(c *opencti.Call) time.Time { return c.Since }),
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
var opposites = map[string]opencti.Activity{"SETAGENTSTATE": opencti.SetAgentNotReady, "MUTECALL": opencti.UnmuteCall}

var agentFields = []field[opencti.AgentState]{
	one("AGENTSTATE", func(a opencti.AgentState) string { return string(a.State) }),
	one("WORKMODE", func(a opencti.AgentState) string { return a.WorkMode }),
	one("REASONCODE", func(a opencti.AgentState) string { return a.ReasonCode }),
	one("PENDINGSTATE", func(a opencti.AgentState) string { return string(a.PendingState) }),
	many("QUEUE", func(a opencti.AgentState) []string {
		var out []string
		for _, q := range a.Queues {
			out = append(out, q.Name)
		}
		return out
	}),
	at("SINCE", func(a opencti.AgentState) time.Time { return a.Since }),
}

var snapshotFields = []field[*session.Snapshot]{
	one("LINKSTATE", func(s *session.Snapshot) string { return string(s.Link) }),
	one("DN", func(s *session.Snapshot) string { return s.DN }),
	one("AGENTID", func(s *session.Snapshot) string { return s.AgentID }),
	one("MODE", func(s *session.Snapshot) string { return string(s.Mode) }),
	truth("DONOTDISTURBED", func(s *session.Snapshot) bool { return s.DoNotDisturb }),
	inner("AGENT", "Agent", agentFields, func(s *session.Snapshot) (opencti.AgentState, bool) { return s.Agent, s.AgentID != "" }),
	{"CALL", "Call", true, func(s *session.Snapshot) []node {
		var out []node
		for _, c := range s.Calls {
			out = append(out, node{children: tellAll(callFields, c)})
		}
		return out
	}},
	{"MAY", "Name", true, func(s *session.Snapshot) []node { return texts(requestsFor(s.Activities)...) }},
}

// told is every name that answers and events have.
func told() []string {
	var out []string
	out = appendNames(out, itemFields)
	out = appendNames(out, partyFields)
	out = appendNames(out, callFields)
	out = appendNames(out, agentFields)
	out = appendNames(out, snapshotFields)
	out = appendNames(out, statisticsFields)
	out = appendNames(out, errorFields)
	out = appendNames(out, answerFields)
	out = appendNames(out, eventFields)
	for _, e := range events {
		out = append(out, e.name)
	}
	return append(out, "ITEM", "RESPONSE", statusOK, statusFail)
}

func appendNames[T any](out []string, fields []field[T]) []string {
	for _, f := range fields {
		out = append(out, f.name)
	}
	return out
}
