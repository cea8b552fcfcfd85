package portrait

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func ringing(id string) opencti.Call {
	return opencti.Call{CallID: id, State: opencti.Offering, CallType: opencti.Inbound, ANI: "0301234567", DNIS: "4000"}
}

func talking(id string) opencti.Call {
	c := ringing(id)
	c.State = opencti.Established
	return c
}

func onHold(id string) opencti.Call {
	c := ringing(id)
	c.State = opencti.Held
	return c
}

func conference(id string) opencti.Call {
	c := talking(id)
	c.Parties = []opencti.Party{
		{ID: "p1", DN: "0301234567", State: opencti.Established, Role: opencti.RoleCustomer}, {ID: "p2", DN: "1003", State: opencti.Established},
	}
	return c
}

const someData = "<CALLDATA><ITEM><NAME>customerId</NAME><VALUE>4711</VALUE></ITEM></CALLDATA>"

var data4711 = map[string]string{"customerId": "4711"}

// trials are every request of the table: what is at the device, what else the document
// holds, and what the CTI server is asked.
var trials = map[string]struct {
	calls []opencti.Call
	agent opencti.EventName
	more  string
	want  opencti.Request
}{
	"CTICLIENTINITIALIZE":   {},
	"CTICLIENTUNINITIALIZE": {},
	"CTICLIENTRECONNECT":    {calls: []opencti.Call{ringing("c1")}},
	"AGENTINITIALIZE": {more: "<AGENTID>4001</AGENTID><AGENTPASSWORD>pw</AGENTPASSWORD><QUEUE>support</QUEUE><WORKMODE>AUTO</WORKMODE>",
		want: opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "pw", Queue: "support", WorkMode: "AUTO"}},
	"AGENTUNINITIALIZE": {agent: opencti.Unavailable, more: "<REASONCODE>3</REASONCODE>",
		want: opencti.Request{Activity: opencti.LogoutAgent, ReasonCode: "3"}},
	"SETAGENTSTATE": {agent: opencti.Available, more: "<STATE>UNAVAILABLE</STATE><REASONCODE>2</REASONCODE>",
		want: opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "2"}},
	"MAKECALL": {more: "<DESTINATION>0301234567</DESTINATION>" + someData,
		want: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "0301234567", Variables: data4711}},
	"ACCEPTCALL":   {calls: []opencti.Call{ringing("c1")}, want: opencti.Request{Activity: opencti.AnswerCall, CallID: "c1"}},
	"RELEASECALL":  {calls: []opencti.Call{talking("c1")}, want: opencti.Request{Activity: opencti.HangUpCall, CallID: "c1"}},
	"HOLDCALL":     {calls: []opencti.Call{talking("c1")}, want: opencti.Request{Activity: opencti.HoldCall, CallID: "c1"}},
	"RETRIEVECALL": {calls: []opencti.Call{onHold("c1")}, want: opencti.Request{Activity: opencti.RetrieveCall, CallID: "c1"}},
	"INITIATETRANSFER": {calls: []opencti.Call{talking("c1")}, more: "<DESTINATION>1003</DESTINATION>" + someData,
		want: opencti.Request{Activity: opencti.TransferInitiate, CallID: "c1", DestinationNumber: "1003", Variables: data4711}},
	"COMPLETETRANSFER": {calls: []opencti.Call{onHold("c1"), talking("c2")}, more: "<CALLID>c2</CALLID><HELDCALLID>c1</HELDCALLID>",
		want: opencti.Request{Activity: opencti.TransferCall, CallID: "c2", ConsultCallID: "c2", HeldCallID: "c1"}},
	"CANCELTRANSFER": {calls: []opencti.Call{onHold("c1"), talking("c2")}, more: "<CALLID>c2</CALLID><HELDCALLID>c1</HELDCALLID>",
		want: opencti.Request{Activity: opencti.CancelTransfer, CallID: "c2", ConsultCallID: "c2", HeldCallID: "c1"}},
	"INITIATECONFERENCE": {calls: []opencti.Call{talking("c1")}, more: "<DESTINATION>1003</DESTINATION>",
		want: opencti.Request{Activity: opencti.ConferenceInitiate, CallID: "c1", DestinationNumber: "1003"}},
	"COMPLETECONFERENCE": {calls: []opencti.Call{onHold("c1"), talking("c2")}, more: "<CONSULTCALLID>c2</CONSULTCALLID><HELDCALLID>c1</HELDCALLID>",
		want: opencti.Request{Activity: opencti.ConferenceCall, CallID: "c2", ConsultCallID: "c2", HeldCallID: "c1"}},
	"CANCELCONFERENCE": {calls: []opencti.Call{onHold("c1"), talking("c2")}, more: "<CALLID>c2</CALLID><HELDCALLID>c1</HELDCALLID>",
		want: opencti.Request{Activity: opencti.CancelConference, CallID: "c2", ConsultCallID: "c2", HeldCallID: "c1"}},
	"BLINDTRANSFER": {calls: []opencti.Call{talking("c1")}, more: "<DESTINATION>1003</DESTINATION>" + someData,
		want: opencti.Request{Activity: opencti.BlindTransfer, CallID: "c1", DestinationNumber: "1003", Variables: data4711}},
	"GETEVENTS":     {calls: []opencti.Call{ringing("c1")}, more: "<WAIT>1</WAIT><ACK>0</ACK>"},
	"GETSTATISTICS": {more: "<QUEUE>support</QUEUE>"},
	"MUTECALL":      {calls: []opencti.Call{talking("c1")}, want: opencti.Request{Activity: opencti.MuteCall, CallID: "c1"}},
	"DONOTDISTURB":  {more: "<ENABLED>false</ENABLED>", want: opencti.Request{Activity: opencti.SetDoNotDisturb}},
	"DECLINECALL":   {calls: []opencti.Call{ringing("c1")}, want: opencti.Request{Activity: opencti.DeclineCall, CallID: "c1"}},
	"ALTERNATECALL": {calls: []opencti.Call{onHold("c1"), talking("c2")},
		want: opencti.Request{Activity: opencti.AlternateCall, CallID: "c2", ConsultCallID: "c2", HeldCallID: "c1"}},
	"SENDDTMF": {calls: []opencti.Call{talking("c1"), onHold("c2")}, more: "<DIGITS>12*#</DIGITS>",
		want: opencti.Request{Activity: opencti.SendDTMF, CallID: "c1", Digits: "12*#"}},
	"ATTACHDATA": {calls: []opencti.Call{talking("c1")}, more: someData,
		want: opencti.Request{Activity: opencti.AttachData, CallID: "c1", Variables: data4711}},
	"DROPPARTY": {calls: []opencti.Call{conference("c1")}, more: "<PARTYID>p2</PARTYID>",
		want: opencti.Request{Activity: opencti.DropParty, CallID: "c1", Party: "p2"}},
	"ACCEPTINTERACTION": {calls: []opencti.Call{ringing("c1")}}, // the session's own
}

// Every request of the table, its golden and that of its answer, both valid.
func TestEveryRequest(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			tc, ok := trials[m.name]
			if !ok {
				t.Fatal("no trial")
			}
			b := newBench(t)
			b.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: tc.agent}, Calls: tc.calls})
			document := request(m.name, b.register(""), tc.more+"<REQUESTID>r-1</REQUESTID>")
			if m.name == "CTICLIENTINITIALIZE" {
				document = "<CTICLIENTINITIALIZE><DN>1001</DN><AGENTID>4001</AGENTID><WORKSTATION>pc-12</WORKSTATION>" +
					"<CLIENTHANDLE>h</CLIENTHANDLE><EXTRAEVENTS>true</EXTRAEVENTS><TAKEOVER>1</TAKEOVER><REQUESTID>r-1</REQUESTID></CTICLIENTINITIALIZE>"
			}
			a := b.send(document)
			if a.Status != 200 || a.Outcome != statusOK || a.Request != m.name || a.RequestID != "r-1" {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			got := b.last()
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(opencti.Request{}, "ID", "DN", "AgentID", "Lineage"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("asked -want +got:\n%s", diff)
			}
			if tc.want.Activity != "" && (got.ID != "r-1" || got.DN != "1001") {
				t.Errorf("%+v", got)
			}
			if o := b.log.last(); o.Request != m.name || o.RequestID != "r-1" || o.Code != "" || o.Session == nil {
				t.Errorf("audit %+v", o)
			}
			golden(t, filepath.Join("testdata", m.name+".request.xml"), steady(document+"\n"))
			golden(t, filepath.Join("testdata", m.name+".response.xml"), steady(a.Body))
		})
	}
}

var changing = regexp.MustCompile(`(<(CLIENTID|SINCE|AT|TIME|STARTEDAT|ANSWEREDAT|OPENEDAT|WRAPUPENDSAT)>)[^<]+`)

// steady takes out what differs from run to run.
func steady(document string) []byte { return []byte(changing.ReplaceAllString(document, "$1…")) }

func TestOtherStates(t *testing.T) {
	for state, want := range map[string]opencti.Request{
		available:     {Activity: opencti.SetAgentReady, Queue: "support"},
		unavailable:   {Activity: opencti.SetAgentNotReady, Queue: "support"},
		afterCallWork: {Activity: opencti.SetAgentNotReady, Queue: "support", WorkMode: opencti.AfterCallWorkMode},
	} {
		b := newBench(t)
		b.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.LoggedIn}})
		b.does("SETAGENTSTATE", b.register(""), "<QUEUE>support</QUEUE><STATE>"+state+"</STATE>")
		if diff := cmp.Diff(want, b.last(), cmpopts.IgnoreFields(opencti.Request{}, "ID", "DN", "AgentID"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", state, diff)
		}
	}
}

func TestUnmute(t *testing.T) {
	b := newBench(t)
	c := talking("c1")
	c.Muted = true
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{c}})
	b.does("MUTECALL", b.register(""), "<ENABLED>false</ENABLED>")
	if got := b.last().Activity; got != opencti.UnmuteCall {
		t.Error(got)
	}
	b.does("DONOTDISTURB", b.register(""), "")
	if got := b.last(); got.Activity != opencti.SetDoNotDisturb || !got.Enabled {
		t.Errorf("%+v", got)
	}
}

// What a request does not name must be clear.
func TestWhichCall(t *testing.T) {
	for name, tc := range map[string]struct {
		calls []opencti.Call
		code  string
	}{
		"none": {nil, "InvalidRequest"},
		"two":  {[]opencti.Call{talking("c1"), talking("c2")}, "InvalidRequest"},
		"one":  {[]opencti.Call{talking("c1"), onHold("c2")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.cti.Set("1001", opencti.DeviceSnapshot{Calls: tc.calls})
			for _, unnamed := range []string{"", "<CALLID/>", "<CALLID>-1</CALLID>"} {
				a := b.send(request("HOLDCALL", b.register(""), unnamed))
				if a.Error.Code != tc.code || tc.code != "" && !strings.Contains(a.Error.Message, "callId") {
					t.Errorf("%q: %s", unnamed, a.Body)
				}
			}
		})
	}
}

func TestErrorsAreToldInXML(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.refuse = opencti.Errorf(opencti.DestinationBusy, "the number is busy").WithDetail("5 <busy>")
	a := b.send(request("MAKECALL", c, "<DESTINATION>1003</DESTINATION><REQUESTID>r-1</REQUESTID>"))
	golden(t, "testdata/error.response.xml", steady(a.Body))
	if a.Status != 200 || a.Outcome != statusFail || a.Error.Code != "DestinationBusy" || a.Error.Retryable != "true" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if o := b.log.last(); o.Code != opencti.DestinationBusy || o.Session == nil {
		t.Errorf("audit %+v", o)
	}
	b.refuse = opencti.Errorf(opencti.OutcomeUnknown, "lost")
	if a := b.send(request("MAKECALL", c, "<DESTINATION>1003</DESTINATION>")); a.Error.Code != "OutcomeUnknown" || a.Snapshot == nil {
		t.Errorf("%s", a.Body)
	}
}

func TestKeysOfIdempotencyActOnce(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	first := b.does("MAKECALL", c, "<DESTINATION>1003</DESTINATION><IDEMPOTENCYKEY>k</IDEMPOTENCYKEY>")
	again := b.does("MAKECALL", c, "<DESTINATION>1003</DESTINATION><IDEMPOTENCYKEY>k</IDEMPOTENCYKEY>")
	if first.RequestID != again.RequestID || len(b.asked) != 1 {
		t.Errorf("%s, then %s; asked %d times", first.RequestID, again.RequestID, len(b.asked))
	}
}

// In a mode that has no call control the session refuses, and the client is told.
func TestModes(t *testing.T) {
	b := newBench(t)
	a := b.send("<CTICLIENTINITIALIZE><AGENTID>4003</AGENTID></CTICLIENTINITIALIZE>")
	if got := b.send(request("ACCEPTCALL", a.ClientID, "")); got.Error.Code != "NotPermittedInMode" {
		t.Errorf("%s", got.Body)
	}
	b.cti.Connection(1).Happen("1003", opencti.Offering, map[string]any{"callId": "c1"})
	b.events(a.ClientID, "<WAIT>5</WAIT>", "INCOMINGCALL c1")
}

func TestAnUnknownClient(t *testing.T) {
	b := newBench(t)
	for id, first := range map[string]string{
		"x":                                   "CTICLIENTINITIALIZE",
		"p" + newID() + ".1001/4001":          reconnect,
		fmt.Sprintf("q%s.1001/4001", newID()): "CTICLIENTINITIALIZE",
	} {
		if a := b.send(request("GETEVENTS", id, "")); a.Error.First != first || a.Outcome != statusFail {
			t.Errorf("%q: %s", id, a.Body)
		}
	}
}
