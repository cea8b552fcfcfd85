package behaviour

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func TestLateCallData(t *testing.T) {
	s := open(t, nil)
	s.begin("lateCallData", `{"delay":0.05}`)
	s.inbound("1001", map[string]string{"customerId": "4711"})
	s.Await("1001: Delivered 1@1001 alerting newCall")
	s.Await("1001: CallInformation 1@+49301234567 customerId=4711")
}

func TestTruncatedCallData(t *testing.T) {
	s := open(t, nil)
	s.begin("truncatedCallData", `{"length":4,"count":2}`)
	call := s.inbound("1001", map[string]string{"customerId": "4711-22", "name": "Jürgen"})
	s.must(s.model.Attach(switchmodel.ConnectionID{Call: call.ID, Device: "1001"}, map[string]string{"note": "ünüün"}))
	s.must(s.hand("1001").Answer(switchmodel.Any))
	s.tells(
		"1001: Delivered 1@1001 alerting customerId=4711 name=Jür newCall",
		"1001: CallInformation 1@1001 customerId=4711 name=Jür note=ün",
		"1001: Established 1@1001 connected customerId=4711-22 name=Jürgen note=ünüün newCall",
	)
	whole := s.do(wire.SnapshotCall{SnapshotObject: wire.Connection("1", "1001")}).(*wire.SnapshotCallResponse)
	if got := whole.Variables()["customerId"]; got != "4711-22" {
		t.Errorf("the snapshot says %q", got)
	}
}

func TestNetworkReached(t *testing.T) {
	s := open(t, nil)
	s.begin("networkReached", `{}`)
	s.do(wire.MakeCall{CallingDevice: wire.Device("1001"), CalledNumber: wire.Device("+49221555")})
	s.tells(
		"1001: ServiceInitiated 1@1001 initiated makeCall", "1001: Originated 1@1001 connected newCall",
		"1001: NetworkReached 1@+49221555 connected normal",
	)
	s.begin("partyLeaves", `{"dn":"1001"}`)
	s.tells("1001: ConnectionCleared 1@+49221555 connected normalClearing", "1001: ConnectionCleared 1@1001 null normalClearing")
}

func TestQueueAgents(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.begin("queueAgents", `{"queue":"sales","agents":["4001-4002"]}`)
	s.tells("1001: AgentLoggedOn 4001 for 5001 normal by Supervisor", "1001: AgentReady 4001 for 5001 normal by Supervisor")
	s.begin("queueAgents", `{"queue":"5000","agents":["4002"]}`)
	s.tells("1001: AgentLoggedOff 4001 for 5000 forcedTransition by Supervisor")
	s.begin("queueAgents", `{"queue":"sales","agents":["4003"]}`)
	s.tells("1001: AgentLoggedOff 4001 forcedTransition by Supervisor")
	if _, err := s.try("queueAgents", `{"queue":"sales","agents":["x"]}`); err == nil || !strings.HasPrefix(err.Error(), "agents: ") {
		t.Errorf("got %v", err)
	}
}

func TestForceState(t *testing.T) {
	s := open(t, func(c *switchmodel.Config) { c.WrapUpTime = 0 })
	s.seat("4001", "1001")
	s.begin("forceState", `{"agent":"4001","state":"notReady","reason":"9"}`)
	s.tells("1001: AgentNotReady 4001 forcedTransition (9) by Supervisor")
	s.begin("forceState", `{"agent":"4001","state":"ready"}`)
	s.inbound("5000", nil)
	s.Told()
	s.begin("forceState", `{"agent":"4001","state":"loggedOff"}`)
	s.tells("1001: AgentBusy 4001 agentNull forcedTransition")
	s.must(s.model.HangUp("1"))
	s.Await("1001: AgentLoggedOff 4001 forcedTransition by Supervisor")
	if _, err := s.try("forceState", `{"agent":"4001","state":"ready"}`); err == nil {
		t.Error("who is not there has a state")
	}
}

func TestObserver(t *testing.T) {
	s := open(t, nil)
	s.talking()
	s.begin("observer", `{"dn":"1001","observer":"1002"}`)
	s.tells(
		"1001: Conferenced 1@1001 1>2@+49301234567 1>2@1001 nowhere>2@1002 connected customerId=4711 silentParticipation",
		"1002: Conferenced 1@1001 1>2@+49301234567 1>2@1001 nowhere>2@1002 connected customerId=4711 silentParticipation",
	)
	// A call with nobody but a listener is over.
	s.do(wire.ClearConnection{Connection: wire.Connection("2", "1001")})
	s.Await("1002: ConnectionCleared 2@1002 null")
}

func TestClockJump(t *testing.T) {
	s := open(t, nil)
	call := s.talking()
	s.begin("clockJump", `{"by":-86400}`)
	s.do(wire.ClearConnection{Connection: call})
	cstatest.EventAs[*wire.ConnectionClearedEvent](s.Client)
	yesterday := time.Now().Add(-24 * time.Hour).UTC().Format("2006-01-02T")
	working := s.Await("1001: AgentWorkingAfterCall 4001").(*wire.AgentWorkingAfterCallEvent)
	ends := working.Extensions.Agent().WrapUpEndsAt
	if !strings.Contains(s.raw(), "<extensions><security><timestamp>"+yesterday) || ends > time.Now().Format(time.RFC3339) {
		t.Errorf("the clock is right in %s", s.raw())
	}
	s.Told()
	s.inbound("1002", nil)
	s.Await("1002: Delivered")
	if !strings.Contains(s.raw(), "<security><timestamp>"+yesterday) {
		t.Errorf("no time in %s", s.raw())
	}
}

func TestWithheldNumber(t *testing.T) {
	s := open(t, nil)
	s.begin("withheldNumber", `{}`)
	s.inbound("1001", nil)
	s.Await("1001: Delivered 1@1001 from somebody")
	if strings.Contains(s.raw(), customer) || !strings.Contains(s.raw(), "<networkCallingDevice><restricted>") {
		t.Errorf("the number is shown in %s", s.raw())
	}
	s.inbound("1002", nil)
	s.Await("1002: Delivered 2@1002 alerting")
}

func TestLatin1(t *testing.T) {
	for body, declaration := range map[string]string{`{}`: ` encoding="ISO-8859-1"`, `{"undeclared":true}`: ``} {
		t.Run(body, func(t *testing.T) {
			s := open(t, nil)
			s.begin("latin1", body)
			s.inbound("1001", map[string]string{"name": "Jürgen Ω"})
			s.Await("1001: Delivered 1@1001 alerting name=Jürgen Ω newCall")
			if !strings.HasPrefix(s.raw(), `<?xml version="1.0"`+declaration+`?>`) || !strings.Contains(s.raw(), "J\xfcrgen &#937;") {
				t.Errorf("%q", s.raw())
			}
		})
	}
}

func TestSpelling(t *testing.T) {
	s := open(t, nil)
	s.talking()
	s.must(s.hand("1001").Consult("1002"))
	s.Told()
	s.begin("spelling", `{}`)
	s.must(s.hand("1001").Transfer())
	s.Await("1002: Transfered 1@1001 2@1001 1>3@+49301234567 2>3@1002 alerting")
	if !strings.Contains(s.raw(), "<TransferredEvent ") || !strings.Contains(s.raw(), "<deviceId>1001</deviceId><callId>1</callId>") || strings.Contains(s.raw(), "callID") {
		t.Errorf("%s", s.raw())
	}
	s.begin("overload", `{}`)
	s.refused(wire.GetAgentState{Device: wire.Device("1001")}, "resourceBusy")
	if !strings.Contains(s.raw(), "<systemResourceAvailability>") {
		t.Errorf("%s", s.raw())
	}
}

// A fault ends by itself, is begun anew, and is ended; a director ends what it
// began.
func TestFaultsEnd(t *testing.T) {
	s := open(t, nil)
	s.begin("spelling", `{"duration":0.05}`)
	cstatest.Eventually(t, "its time is over", func() bool { return !s.active("spelling") })
	s.begin("eventsDoubled", `{"count":3}`)
	s.begin("eventsDoubled", `{"count":5}`)
	s.inbound("1001", nil)
	s.tells("1001: Delivered 1@1001 alerting newCall", "1001: Delivered 1@1001 alerting newCall")
	if left := s.left("eventsDoubled"); left != 4 {
		t.Errorf("%d are left, want 4", left)
	}
	s.director.Close()
	s.inbound("1002", nil)
	s.tells("1002: Delivered 2@1002 alerting newCall")
}

// What a behaviour does not know it says, with the field.
func TestWrongParameters(t *testing.T) {
	s := open(t, nil)
	for _, test := range []struct{ name, body, field string }{
		{"eventsDoubled", `{"event":"Rings"}`, "event"},
		{"eventsDoubled", `{"dn":"7777"}`, "dn"},
		{"silentDiscard", `{"request":"Answer"}`, "request"},
		{"silentDiscard", `{"dn":"7777"}`, "dn"},
		{"agentReserved", `{"dn":"7777"}`, "dn"},
		{"sharedLine", `{"dn":"1001","with":"1001"}`, "with"},
		{"handset", `{"dn":"1001","action":"jump"}`, "action"},
		{"handset", `{"dn":"1001","action":"dial"}`, "to"},
		{"handset", `{"dn":"1001","action":"hold","to":"1002"}`, "to"},
		{"handset", `{"dn":"7777","action":"hold"}`, "dn"},
		{"transferToQueue", `{"dn":"1001","queue":"x"}`, "queue"},
		{"monitorStop", `{"dn":"7777"}`, "dn"},
		{"observer", `{"dn":"1001","observer":"7777"}`, "observer"},
		{"queueAgents", `{"queue":"x","agents":["4001"]}`, "queue"},
		{"pacing", `{"interval":0}`, "interval"},
		{"clockJump", `{}`, "by"},
	} {
		_, err := s.try(test.name, test.body)
		var got string
		if wrong, ok := err.(*ParameterError); ok {
			got = wrong.Field
		}
		if got != test.field {
			t.Errorf("%s %s: %v, want field %s", test.name, test.body, err, test.field)
		}
	}
}

// The list shows what is needed to ask for each.
func TestTheListIsJSON(t *testing.T) {
	s := open(t, nil)
	s.begin("latin1", `{}`)
	text, err := json.Marshal(s.director.List())
	s.must(err)
	var list []Status
	s.must(json.Unmarshal(text, &list))
	if diff := cmp.Diff(len(Table()), len(list)); diff != "" || !strings.Contains(string(text), `"name":"latin1","number":20,"kind":"fault"`) {
		t.Errorf("%s: %s", diff, text)
	}
}
