package csta_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

func delivered(monitor, callID string) string {
	return fmt.Sprintf(`<DeliveredEvent><monitorCrossRefID>%s</monitorCrossRefID><connection><callID>%s</callID><deviceID>1001</deviceID>`+
		`</connection><alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice></DeliveredEvent>`, monitor, callID)
}

// told is an event of monitor 71 about call 7, written by hand.
func told(event, connection, at, rest string) string {
	return fmt.Sprintf(`<ns:%[1]sEvent xmlns:ns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><ns:monitorCrossRefID>71`+
		`</ns:monitorCrossRefID><%[2]s><deviceID typeOfNumber="dialingNumber">%[3]s</deviceID><callID>7</callID></%[2]s>%[4]s</ns:%[1]sEvent>`,
		event, connection, at, rest)
}

func deviceNamed(element, number string) string {
	return fmt.Sprintf(`<%[1]s><deviceIdentifier typeOfNumber="dialingNumber">%[2]s</deviceIdentifier></%[1]s>`, element, number)
}

func agentTold(event, rest string) string {
	return fmt.Sprintf(`<%[1]sEvent><monitorCrossRefID>71</monitorCrossRefID>%[2]s<agentID>5501</agentID>%[3]s</%[1]sEvent>`,
		event, deviceNamed("agentDevice", "1001"), rest)
}

const linkage = `<callLinkageData><globalCallData><globalCallLinkageID><globallyUniqueCallLinkageID>00001012341398</globallyUniqueCallLinkageID>` +
	`</globalCallLinkageID></globalCallData></callLinkageData>`

// happened is what rules make of a raw event.
type happened struct {
	Name opencti.EventName
	Call string
	Data map[string]string // texts that are set
	With []string          // the other parties' devices
	Vars map[string]string
	Is   []string // booleans that hold
}

// judge compiles the class's own rules and asks them.
type judge struct{ set *rules.Set }

func newJudge(t *testing.T) judge {
	t.Helper()
	set, err := rules.Compile(csta.Driver{}.Describe().Rules)
	if err != nil {
		t.Fatal(err)
	}
	return judge{set}
}

func (j judge) of(t *testing.T, raw opencti.RawEvent, state opencti.EventName) happened {
	t.Helper()
	in := &rules.Input{Raw: raw, DN: raw.DN, AgentID: "5501", State: state}
	in.Call = j.set.CallID(in)
	name, found, err := j.set.Identify(in)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return happened{}
	}
	kind, _ := opencti.TypeOf(name)
	data, err := j.set.Populate(in, kind, name)
	if err != nil {
		t.Fatal(err)
	}
	out := happened{Name: name, Call: in.Call, With: others(data.Maps("parties"), raw.DN), Vars: data.Map("variables"), Data: map[string]string{}}
	for _, field := range opencti.PopulateFields(kind) {
		if v := data.String(field); v != "" && field != "callId" {
			out.Data[field] = v
		}
		if v, _ := data.Bool(field); v {
			out.Is = append(out.Is, field)
		}
	}
	return out
}

func others(parties []map[string]string, dn string) (out []string) {
	for _, p := range parties {
		if p["dn"] != "" && p["dn"] != dn {
			out = append(out, p["dn"])
		}
	}
	return out
}

func TestDecisionTree(t *testing.T) {
	type texts = map[string]string
	const alerting, established, initiated = opencti.Offering, opencti.Established, opencti.Initiated
	for _, tc := range []struct {
		name  string
		xml   string
		state opencti.EventName // of call 7 before
		want  happened
	}{
		{name: "off-hook", xml: told("ServiceInitiated", "initiatedConnection", "1001", deviceNamed("initiatingDevice", "1001")+`<cause>newCall</cause>`),
			want: happened{Name: opencti.Initiated, Call: "7", Data: texts{"cause": "newCall"}}},
		{name: "dialled", xml: told("Originated", "originatedConnection", "1001", deviceNamed("callingDevice", "1001")+deviceNamed("calledDevice", "1002")),
			want: happened{Name: opencti.Initiated, Call: "7", Data: texts{"ani": "1001", "dnis": "1002"}}},
		{name: "rings here, from a queue", xml: told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
			deviceNamed("callingDevice", "T7")+deviceNamed("calledDevice", "0800")+`<lastRedirectionDevice><numberDialed>sales</numberDialed></lastRedirectionDevice>`+
			`<localConnectionInfo>alerting</localConnectionInfo><userData><string>637573746F6D65723D34373131</string></userData><cause>distributed</cause>`+
			deviceNamed("networkCallingDevice", "+492215550101")+`<callCharacteristics><acdCall>true</acdCall></callCharacteristics>`+linkage),
			want: happened{Name: opencti.Offering, Call: "7", With: []string{"T7"}, Vars: texts{"customer": "4711"},
				Data: texts{"ani": "+492215550101", "dnis": "0800", "queue": "sales", "offeredBy": "Queue", "callType": "INBOUND",
					"cause": "distributed", "interactionId": "00001012341398"}}},
		{name: "rings here, direct, caller withheld", xml: told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
			`<callingDevice><restricted/></callingDevice>`+deviceNamed("calledDevice", "1001")+deviceNamed("associatedCallingDevice", "T7")),
			want: happened{Name: opencti.Offering, Call: "7", Data: texts{"dnis": "1001", "offeredBy": "Direct", "callType": "INBOUND"}}},
		{name: "rings here, from a colleague", xml: told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
			deviceNamed("callingDevice", "1002")+deviceNamed("calledDevice", "1001")),
			want: happened{Name: opencti.Offering, Call: "7", With: []string{"1002"},
				Data: texts{"ani": "1002", "dnis": "1001", "offeredBy": "Direct", "callType": "INTERNAL"}}},
		{name: "a colleague consults", xml: told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
			deviceNamed("callingDevice", "1002")+deviceNamed("calledDevice", "1001")+`<cause>consultation</cause>`),
			want: happened{Name: opencti.Offering, Call: "7", With: []string{"1002"},
				Data: texts{"ani": "1002", "dnis": "1001", "offeredBy": "Consult", "callType": "CONSULT", "cause": "consultation"}}},
		{name: "a colleague gives a customer away", xml: told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
			deviceNamed("callingDevice", "T7")+deviceNamed("calledDevice", "1001")+`<cause>singleStepTransfer</cause>`+deviceNamed("networkCallingDevice", "4930")),
			want: happened{Name: opencti.Offering, Call: "7", With: []string{"T7"}, Data: texts{"ani": "4930", "dnis": "1001",
				"offeredBy": "BlindTransfer", "callType": "CONSULT", "originalCallType": "INBOUND", "cause": "singleStepTransfer"}}},
		{name: "a colleague gives a colleague away", xml: told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
			deviceNamed("callingDevice", "1003")+deviceNamed("calledDevice", "1001")+`<cause>transfer</cause>`),
			want: happened{Name: opencti.Offering, Call: "7", With: []string{"1003"}, Data: texts{"ani": "1003", "dnis": "1001",
				"offeredBy": "Transfer", "callType": "CONSULT", "originalCallType": "INTERNAL", "cause": "transfer"}}},
		{name: "I consult", xml: told("Originated", "originatedConnection", "1001", deviceNamed("callingDevice", "1001")+
			deviceNamed("calledDevice", "1002")+`<cause>consultation</cause>`),
			want: happened{Name: opencti.Initiated, Call: "7", Data: texts{"ani": "1001", "dnis": "1002", "callType": "CONSULT", "cause": "consultation"}}},
		{name: "held, as I consult", state: established, xml: told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001")+
			`<cause>consultation</cause>`), want: happened{Name: opencti.Held, Call: "7", Data: texts{"cause": "consultation"}}},
		{name: "rings there", state: initiated, xml: told("Delivered", "connection", "1002", deviceNamed("alertingDevice", "1002")+
			deviceNamed("callingDevice", "1001")+deviceNamed("calledDevice", "1002")),
			want: happened{Name: opencti.Delivered, Call: "7", With: []string{"1002"}, Data: texts{"ani": "1001", "dnis": "1002", "callType": "INTERNAL"}}},
		{name: "left the switch", state: initiated, xml: told("NetworkReached", "outboundConnection", "T7", deviceNamed("networkInterfaceUsed", "T7")+
			deviceNamed("callingDevice", "1001")+deviceNamed("calledDevice", "+4930")),
			want: happened{Name: opencti.Delivered, Call: "7", With: []string{"+4930"}, Is: []string{"networkReached"},
				Data: texts{"ani": "1001", "dnis": "+4930", "callType": "OUTBOUND"}}},
		{name: "waits in a queue", state: initiated, xml: told("Queued", "queuedConnection", "sales", deviceNamed("queue", "sales")+
			deviceNamed("callingDevice", "1001")+deviceNamed("calledDevice", "sales")+`<numberQueued>3</numberQueued>`),
			want: happened{Name: opencti.Queued, Call: "7", With: []string{"sales"}, Data: texts{"ani": "1001", "dnis": "sales", "queue": "sales"}}},
		{name: "answered here", state: alerting, xml: told("Established", "establishedConnection", "1001", deviceNamed("answeringDevice", "1001")+
			deviceNamed("callingDevice", "4930")+deviceNamed("calledDevice", "0800")+`<localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>`),
			want: happened{Name: opencti.Established, Call: "7", With: []string{"4930"}, Data: texts{"ani": "4930", "dnis": "0800", "cause": "newCall"}}},
		{name: "held here", state: established, xml: told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001")),
			want: happened{Name: opencti.Held, Call: "7", Data: texts{}}},
		{name: "held by the other", state: established, xml: told("Held", "heldConnection", "1002", deviceNamed("holdingDevice", "1002")),
			want: happened{Name: opencti.PartyInfo, Call: "7", With: []string{"1002"}, Data: texts{}}},
		{name: "retrieved here", state: opencti.Held, xml: told("Retrieved", "retrievedConnection", "1001", deviceNamed("retrievingDevice", "1001")),
			want: happened{Name: opencti.Retrieved, Call: "7", Data: texts{}}},
		{name: "retrieved by the other", state: established, xml: told("Retrieved", "retrievedConnection", "1002", deviceNamed("retrievingDevice", "1002")),
			want: happened{Name: opencti.PartyInfo, Call: "7", With: []string{"1002"}, Data: texts{}}},
		{name: "cleared here", state: established, xml: told("ConnectionCleared", "droppedConnection", "1001", deviceNamed("releasingDevice", "1002")+
			`<cause>normalClearing</cause>`), want: happened{Name: opencti.Released, Call: "7", Data: texts{"cause": "normalClearing"}}},
		{name: "the caller gave up", state: alerting, xml: told("ConnectionCleared", "droppedConnection", "1001", deviceNamed("releasingDevice", "4930")),
			want: happened{Name: opencti.Abandoned, Call: "7", Data: texts{}}},
		{name: "the caller gave up, the switch does not say who", state: alerting, xml: told("ConnectionCleared", "droppedConnection", "1001", ""),
			want: happened{Name: opencti.Abandoned, Call: "7", Data: texts{}}},
		{name: "declined here", state: alerting, xml: told("ConnectionCleared", "droppedConnection", "1001", deviceNamed("releasingDevice", "1001")),
			want: happened{Name: opencti.Released, Call: "7", Data: texts{}}},
		{name: "another left", state: established, xml: told("ConnectionCleared", "droppedConnection", "1002", deviceNamed("releasingDevice", "1002")),
			want: happened{Name: opencti.PartyInfo, Call: "7", Data: texts{}}},
		{name: "another left a call that is not here", xml: told("ConnectionCleared", "droppedConnection", "1002", deviceNamed("releasingDevice", "1002"))},
		{name: "call over", state: established, xml: told("CallCleared", "clearedCall", "", ""), want: happened{Name: opencti.Released, Call: "7", Data: texts{}}},
		{name: "call over while it rings", state: alerting, xml: told("CallCleared", "clearedCall", "", ""),
			want: happened{Name: opencti.Abandoned, Call: "7", Data: texts{}}},
		{name: "rang too long", state: alerting, xml: told("Diverted", "connection", "1001", deviceNamed("divertingDevice", "1001")+
			deviceNamed("newDestination", "1002")+`<cause>callForwardNoAnswer</cause>`),
			want: happened{Name: opencti.Diverted, Call: "7", Data: texts{"cause": "callForwardNoAnswer"}}},
		{name: "rang too long at another", state: opencti.Delivered, xml: told("Diverted", "connection", "1002", deviceNamed("divertingDevice", "1002"))},
		{name: "busy", state: initiated, xml: told("Failed", "failedConnection", "1002", deviceNamed("failingDevice", "1002")+`<cause>busy</cause>`),
			want: happened{Name: opencti.Failed, Call: "7", With: []string{"1002"}, Data: texts{"cause": "busy"}}},
		{name: "busy here, and the call never came", xml: told("Failed", "failedConnection", "1001", deviceNamed("failingDevice", "1001")+`<cause>busy</cause>`)},
		{name: "data", state: established, xml: told("CallInformation", "connection", "1001", `<correlatorData><string>613D32</string></correlatorData>`),
			want: happened{Name: opencti.CallInfo, Call: "7", Vars: texts{"a": "2"}, Data: texts{}}},

		{name: "logged on", xml: agentTold("AgentLoggedOn", `<acdGroup>sales</acdGroup>`),
			want: happened{Name: opencti.LoggedIn, Data: texts{"agentId": "5501"}}},
		{name: "ready", xml: agentTold("AgentReady", ""),
			want: happened{Name: opencti.Available, Data: texts{"agentId": "5501", "nativeState": "agentReady"}}},
		{name: "not ready, with Avaya's reason", xml: agentTold("AgentNotReady", `<extensions><privateData><private><a:SetAgentStatePrivateData `+
			`xmlns:a="http://www.avaya.com/csta"><a:workMode>auxWork</a:workMode><a:reasonCode>4</a:reasonCode></a:SetAgentStatePrivateData>`+
			`</private></privateData></extensions>`),
			want: happened{Name: opencti.Unavailable, Data: texts{"agentId": "5501", "nativeState": "agentNotReady", "reasonCode": "4", "workMode": "auxWork"}}},
		{name: "busy, not ready after it", xml: agentTold("AgentBusy", `<pendingAgentState>agentNotReady</pendingAgentState>`),
			want: happened{Name: opencti.Busy, Data: texts{"agentId": "5501", "nativeState": "agentBusy", "pendingState": "Unavailable"}}},
		{name: "after-call work, ready after it", xml: agentTold("AgentWorkingAfterCall", `<pendingAgentState>ready</pendingAgentState>`),
			want: happened{Name: opencti.AfterCallWork, Data: texts{"agentId": "5501", "nativeState": "agentWorkingAfterCall",
				"workMode": "AFTER_CALL_WORK", "pendingState": "Available"}}},
		{name: "nobody answered", xml: agentTold("AgentNotReady", `<cause>callNotAnswered</cause>`),
			want: happened{Name: opencti.Unavailable, Data: texts{"agentId": "5501", "nativeState": "agentNotReady", "cause": "NoAnswer"}}},
		{name: "taken out by the switch", xml: agentTold("AgentNotReady", `<cause>forcedTransition</cause>`),
			want: happened{Name: opencti.Unavailable, Data: texts{"agentId": "5501", "nativeState": "agentNotReady", "cause": "System"}}},
		{name: "reserved for a call", xml: agentTold("AgentBusy", `<cause>reserved</cause>`),
			want: happened{Name: opencti.Busy, Data: texts{"agentId": "5501", "nativeState": "agentBusy"}}},
		{name: "work after a call, that will end, begun by a supervisor", xml: agentTold("AgentWorkingAfterCall",
			`<cause>autoWork</cause><extensions><privateData><private><agentData xmlns="http://ctilink.io/csta"><cause>Supervisor</cause>`+
				`<wrapUpEndsAt>2026-05-04T12:00:30Z</wrapUpEndsAt></agentData></private></privateData></extensions>`),
			want: happened{Name: opencti.AfterCallWork, Data: texts{"agentId": "5501", "nativeState": "agentWorkingAfterCall",
				"workMode": "AFTER_CALL_WORK", "cause": "Supervisor", "wrapUpEndsAt": "2026-05-04T12:00:30Z"}}},
		{name: "takes no calls", xml: `<DoNotDisturbEvent><monitorCrossRefID>71</monitorCrossRefID>` + deviceNamed("device", "1001") +
			`<doNotDisturbOn>1</doNotDisturbOn></DoNotDisturbEvent>`, want: happened{Name: opencti.SnapshotEvent, Data: texts{}, Is: []string{"doNotDisturb"}}},
		{name: "logged off", xml: agentTold("AgentLoggedOff", ""),
			want: happened{Name: opencti.LoggedOut, Data: texts{"agentId": "5501", "nativeState": "agentNull"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 8)
			p.subscribed(events)
			p.event(tc.xml)
			raw := events.next(t)
			if raw.DN != "1001" || raw.Order != 1 || raw.Received.IsZero() {
				t.Errorf("event at %q, order %d, received %v", raw.DN, raw.Order, raw.Received)
			}
			if diff := cmp.Diff(tc.want, newJudge(t).of(t, raw, tc.state), cmp.Comparer(sameTexts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// sameTexts takes no list for an empty one.
func sameTexts(a, b []string) bool { return len(a) == 0 && len(b) == 0 || cmp.Equal(a, b) }

func TestPartiesOfAConversation(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 16)
	p.subscribed(events)
	caller := `<callingDevice><restricted/></callingDevice>` + deviceNamed("calledDevice", "0800")
	queue := `<lastRedirectionDevice><numberDialed>sales</numberDialed></lastRedirectionDevice>`
	network := `<networkCallingDevice><restricted/></networkCallingDevice>`
	customer := map[string]string{"id": "caller", "state": "Established", "role": "Customer"}
	me := func(state string) map[string]string {
		return map[string]string{"id": "1001", "dn": "1001", "state": state, "role": "Agent"}
	}
	for _, tc := range []struct {
		xml  string
		want []map[string]string
	}{
		{told("Queued", "queuedConnection", "sales", deviceNamed("queue", "sales")+caller+network),
			[]map[string]string{customer, {"id": "sales", "dn": "sales", "state": "Queued", "role": "Agent"}}},
		{told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+caller+queue+network), []map[string]string{customer, me("Delivered")}},
		{told("Established", "establishedConnection", "1001", deviceNamed("answeringDevice", "1001")+caller+queue), []map[string]string{customer, me("Established")}},
		{told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001")), []map[string]string{customer, me("Held")}},
		{told("Retrieved", "retrievedConnection", "1001", deviceNamed("retrievingDevice", "1001")), []map[string]string{customer, me("Established")}},
		{told("ConnectionCleared", "droppedConnection", "1001", deviceNamed("releasingDevice", "1001")), nil},
	} {
		p.event(tc.xml)
		raw := events.next(t)
		got, _ := raw.Fields["parties"].([]map[string]string)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", raw.Name, diff)
		}
	}
}

func TestEventsThatAreNotOurs(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	p.subscribed(events)
	p.event(delivered("72", "1"))
	p.event(`<OfferedEvent><monitorCrossRefID>71</monitorCrossRefID></OfferedEvent>`)
	p.event(`<DeliveredEvent/>`)
	p.event(delivered("71", "2"))
	if e := events.next(t); e.Fields["callID"] != "2" || e.Order != 1 {
		t.Errorf("event %+v, want call 2 as the first", e)
	}
}
