package pega

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

var update = flag.Bool("update", false, "write the golden files")

var at = time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)

// call is an inbound call with everything; change makes another of it.
func call(state opencti.EventName, change ...func(*opencti.Call)) *opencti.Call {
	c := &opencti.Call{
		CallID: "7", InteractionID: "ucid-1", State: state, CallType: opencti.Inbound, ANI: "4930123456", DNIS: "5000", Queue: "5000",
		OtherDNs: []string{"4930123456"}, OfferedBy: opencti.ByQueue, Since: at, StartedAt: at, Capabilities: []opencti.Activity{},
		Variables: map[string]string{"customerId": "4711"},
		Parties: []opencti.Party{
			{ID: "a", DN: "1001", State: state, Role: opencti.RoleAgent}, {ID: "b", DN: "4930123456", State: opencti.Established, Role: opencti.RoleCustomer},
		},
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func bare(c *opencti.Call)        { c.Variables, c.Parties, c.ANI, c.OtherDNs = nil, nil, "", nil }
func outbound(c *opencti.Call)    { c.CallType, c.Variables = opencti.Outbound, nil }
func beyond(c *opencti.Call)      { c.NetworkReached = true }
func renamedTo8(c *opencti.Call)  { c.CallID = "8" }
func withheld(c *opencti.Call)    { c.Parties[1].DN = "" }
func noVariables(c *opencti.Call) { c.Variables = nil }

func event(name opencti.EventName, change func(*session.Event)) session.Event {
	e := session.Event{ID: "1767-42", Name: name, At: at, DN: "1001", AgentID: "4001", CausedBy: "r-1"}
	e.Type, _ = opencti.TypeOf(name)
	change(&e)
	return e
}

func callEventOf(name opencti.EventName, c *opencti.Call, previous ...string) session.Event {
	return event(name, func(e *session.Event) {
		e.Call, e.PreviousCallIDs, e.Cause = c, previous, "newCall"
		e.Ended = name.Ends()
	})
}

func agentEventOf(a opencti.AgentState) session.Event {
	return event(a.State, func(e *session.Event) { e.Agent = &a })
}

func snapshotOf(link opencti.EventName, agent opencti.AgentState, calls ...*opencti.Call) session.Event {
	return event(opencti.SnapshotEvent, func(e *session.Event) {
		e.Snapshot = &session.Snapshot{Session: "4001", DN: "1001", AgentID: "4001", Link: link, Agent: agent, Calls: calls}
	})
}

// cases hold each event, and each way in which it can be told.
var cases = []struct {
	name  string
	event session.Event
}{
	{"offered", callEventOf(opencti.Offering, call(opencti.Offering))},
	{"offered without data", callEventOf(opencti.Offering, call(opencti.Offering, bare))},
	{"offered, then under another id", callEventOf(opencti.Offering, call(opencti.Offering, renamedTo8), "7")},
	{"dials", callEventOf(opencti.Initiated, call(opencti.Initiated, outbound))},
	{"rings there", callEventOf(opencti.Delivered, call(opencti.Delivered, outbound))},
	{"left the switch's sight", callEventOf(opencti.Delivered, call(opencti.Delivered, outbound, beyond))},
	{"waits in a queue", callEventOf(opencti.Queued, call(opencti.Queued, outbound))},
	{"busy tone", callEventOf(opencti.Failed, call(opencti.Failed, outbound))},
	{"answered", callEventOf(opencti.Established, call(opencti.Established))},
	{"answered and left the switch's sight before", callEventOf(opencti.Established, call(opencti.Established, beyond))},
	{"held", callEventOf(opencti.Held, call(opencti.Held))},
	{"retrieved", callEventOf(opencti.Retrieved, call(opencti.Established))},
	{"conference under the same id", callEventOf(opencti.Conferenced, call(opencti.Established))},
	{"conference of two calls under a third id", callEventOf(opencti.Conferenced, call(opencti.Established, renamedTo8), "7", "9")},
	{"conference under the id of one of the two", callEventOf(opencti.Conferenced, call(opencti.Established, renamedTo8), "8", "9")},
	{"transferred, remaining", callEventOf(opencti.Transferred, call(opencti.Established, renamedTo8, withheld), "7")},
	{"transferred, remaining on hold", callEventOf(opencti.Transferred, call(opencti.Held, renamedTo8, bare), "7")},
	{"transferred, transferring", event(opencti.Transferred, func(e *session.Event) { e.Call, e.Ended = call(opencti.Released), true })},
	{"diverted", callEventOf(opencti.Diverted, call(opencti.Diverted))},
	{"abandoned", callEventOf(opencti.Abandoned, call(opencti.Abandoned))},
	{"released", callEventOf(opencti.Released, call(opencti.Released))},
	{"a party joined", callEventOf(opencti.PartyInfo, call(opencti.Established))},
	{"parties that nobody tells", callEventOf(opencti.PartyInfo, call(opencti.Established, bare))},
	{"data changed", callEventOf(opencti.CallInfo, call(opencti.Established))},
	{"data is gone", callEventOf(opencti.CallInfo, call(opencti.Established, noVariables))},
	{"logged in", agentEventOf(opencti.AgentState{State: opencti.LoggedIn})},
	{"available", agentEventOf(opencti.AgentState{State: opencti.Available, ReasonCode: "of before"})},
	{"available, every call by hand", agentEventOf(opencti.AgentState{State: opencti.Available, WorkMode: "MANUAL_IN"})},
	{"busy", agentEventOf(opencti.AgentState{State: opencti.Busy, PendingState: opencti.Unavailable})},
	{"after-call work", agentEventOf(opencti.AgentState{State: opencti.AfterCallWork})},
	{"unavailable", agentEventOf(opencti.AgentState{State: opencti.Unavailable, ReasonCode: "1", WorkMode: "AUTO_IN"})},
	{"logged out", agentEventOf(opencti.AgentState{State: opencti.LoggedOut, ReasonCode: "9"})},
	{"unknown", agentEventOf(opencti.AgentState{State: opencti.Unknown})},
	{"the link is up", event(opencti.LinkUp, func(*session.Event) {})},
	{"the link is down", event(opencti.LinkLost, func(*session.Event) {})},
	{"an accepted request failed", event(opencti.RequestFailed, func(e *session.Event) {
		e.Failed = &session.Failure{RequestID: "r-0", Activity: opencti.MakeCall, Error: session.FailureError{Code: opencti.DestinationBusy, Message: "the line is busy"}}
	})},
	{"an accepted request failed without words", event(opencti.RequestFailed, func(e *session.Event) {
		e.Failed = &session.Failure{RequestID: "r-0", Activity: opencti.MakeCall, Error: session.FailureError{Code: "of tomorrow"}}
	})},
	{"snapshot with two calls", snapshotOf(opencti.LinkUp, opencti.AgentState{State: opencti.Busy}, call(opencti.Held), call(opencti.Offering, bare, renamedTo8))},
	{"snapshot without the link", snapshotOf(opencti.LinkLost, opencti.AgentState{State: opencti.Unavailable, ReasonCode: "1"})},
}

// told is a golden entry.
type told struct {
	Event    string
	Messages []json.RawMessage
}

func TestGolden(t *testing.T) {
	for file, tell := range map[string]func(*session.Event) ([]Message, error){
		"desktop.json": Desktop,
		"server.json": func(e *session.Event) ([]Message, error) {
			m, err := Server(e, session.Presence{Workstation: "pc-12", ClientHandle: "h-1"})
			return []Message{m}, err
		},
	} {
		t.Run(file, func(t *testing.T) {
			var got []told
			for _, c := range cases {
				entry := told{Event: c.name, Messages: []json.RawMessage{}}
				for _, m := range messages(t, tell, &c.event) {
					entry.Messages = append(entry.Messages, m.JSON)
				}
				got = append(got, entry)
			}
			golden(t, filepath.Join("testdata", file), got)
		})
	}
}

func messages(t *testing.T, tell func(*session.Event) ([]Message, error), e *session.Event) []Message {
	t.Helper()
	all, err := tell(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		var common struct{ PyEventType string }
		if err := json.Unmarshal(m.JSON, &common); err != nil || common.PyEventType != m.Type {
			t.Errorf("type %q around %s: %v", m.Type, m.JSON, err)
		}
	}
	return all
}

func golden(t *testing.T, file string, v any) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s; run go test ./runtime/server/pega -update if it should (-golden +now):\n%s", file, diff)
	}
}

// Every event of the closed set is among the cases, so no new one is forgotten.
func TestEveryEventIsTold(t *testing.T) {
	source, err := os.ReadFile("../../opencti/event.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`EventName += "([A-Za-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.ContainsFunc(cases, func(c struct {
			name  string
			event session.Event
		}) bool {
			return string(c.event.Name) == m[1]
		}) {
			t.Errorf("no case tells %s", m[1])
		}
	}
}

// schemas are the published ones by pyEventType, and what we add to each.
var schemas = map[string]struct {
	file string
	ours []string
}{
	typeCall:      {"call-event.json", nil},
	typeAgent:     {"agent-event.json", nil},
	typePartyInfo: {"party-info-event.json", nil},
	typeSnapshot:  {"snapshot-event.json", []string{"pyThisDN", "pyWorkMode", "pyCallIds"}},
}

// unpublished have no schema to be checked against.
var unpublished = []string{typeCallInfo, typeRequestFailed}

// The schemas require nothing and allow everything beside: what they have must be there
// by its name, and of what they do not have nothing but what is listed.
func TestDesktopMessagesFollowTheSchemas(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases {
		for _, m := range messages(t, Desktop, &c.event) {
			seen[m.Type] = true
			published, ok := schemas[m.Type]
			if !ok {
				if !slices.Contains(unpublished, m.Type) {
					t.Errorf("%s: %s has neither a schema nor an excuse", c.name, m.Type)
				}
				continue
			}
			if err := validate(t, published.file, published.ours, m.JSON); err != nil {
				t.Errorf("%s: %v in %s", c.name, err, m.JSON)
			}
		}
	}
	for kind := range schemas {
		if !seen[kind] {
			t.Errorf("no case makes a %s", kind)
		}
	}
}

// A checker is believed once it has failed.
func TestTheSchemasRefuse(t *testing.T) {
	for what, bad := range map[string]string{
		"a name that 8.x does not have": `{"pyEventType":"CallStateEvent","pyEventName":"Offering"}`,
		"a call type of our own":        `{"pyCallType":"Inbound"}`,
		"a number":                      `{"pyCallId":7}`,
		"another property":              `{"pyCallID":"7"}`,
	} {
		if err := validate(t, "call-event.json", nil, []byte(bad)); err == nil {
			t.Errorf("%s passes", what)
		}
	}
}

// validate checks a message against a published schema that takes no other properties.
func validate(t *testing.T, file string, ours []string, message []byte) error {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "schemas", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.(map[string]any)
	schema["additionalProperties"] = false
	for _, p := range ours {
		schema["properties"].(map[string]any)[p] = true
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(file, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(message))
	if err != nil {
		return err
	}
	return compiled.Validate(v)
}

// The table of errors has each code once, with codes that the 8.x guide lists, and is that
// of the page.
func TestErrorTable(t *testing.T) {
	source, err := os.ReadFile("../../opencti/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []opencti.ErrorCode
	for _, m := range regexp.MustCompile(`ErrorCode = "([A-Za-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, opencti.ErrorCode(m[1]))
	}
	var got []opencti.ErrorCode
	published := publishedCodes(t)
	for _, c := range Codes() {
		got = append(got, c.Error)
		if !slices.Contains(published, c.ErrCode) {
			t.Errorf("%s: Pega's list has no %s", c.Error, c.ErrCode)
		}
		if StatusMessage(c.Error, "") == "" || StatusMessage(c.Error, "words") != "words" || CodeOf(c.Error) != c {
			t.Errorf("%+v", c)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("codes of runtime/opencti, and the table (-opencti +table):\n%s", diff)
	}
	if CodeOf("of tomorrow").Error != opencti.Rejected {
		t.Errorf("%+v", CodeOf("of tomorrow"))
	}
	page, err := os.ReadFile("../../../docs/pega.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, table []string
	for _, m := range regexp.MustCompile("(?m)^\\| ([A-Za-z]+) \\| `(OPENCTI_[A-Z0-9_]+)` \\| (.+) \\|$").FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, strings.Join(m[1:], " "))
	}
	for _, c := range Codes() {
		table = append(table, strings.Join([]string{string(c.Error), c.ErrCode, c.Text}, " "))
	}
	if diff := cmp.Diff(table, rows); diff != "" {
		t.Errorf("errors.go and docs/pega.md (-code +page):\n%s", diff)
	}
}

// publishedCodes is the list of the 8.x guide, as far as it could be read.
func publishedCodes(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/schemas/client-error.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			ErrCode struct {
				Codes []string `json:"x-defaultCodes"`
			}
		}
	}
	if err := json.Unmarshal(b, &schema); err != nil || len(schema.Properties.ErrCode.Codes) == 0 {
		t.Fatalf("%v in %s", err, b)
	}
	return schema.Properties.ErrCode.Codes
}
