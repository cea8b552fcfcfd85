package csta_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// global is the linkage data of a call, thread included where it is told.
func global(id, thread string) string {
	xml := `<callLinkageData><globalCallData><globalCallLinkageID><globallyUniqueCallLinkageID>` + id +
		`</globallyUniqueCallLinkageID></globalCallLinkageID></globalCallData>`
	if thread != "" {
		xml += `<threadData><threadLinkageID><globallyUniqueThreadID>` + thread + `</globallyUniqueThreadID></threadLinkageID></threadData>`
	}
	return xml + `</callLinkageData>`
}

// linked is the list of them where two calls become one.
func linked(id string) string {
	return `<callLinkageDataList><newCallLinkageData><globalCallData><globalCallLinkageID><globallyUniqueCallLinkageID>` + id +
		`</globallyUniqueCallLinkageID></globalCallLinkageID></globalCallData></newCallLinkageData></callLinkageDataList>`
}

// ofCall is an event of monitor 71 about any call, its elements in the schema's order.
func ofCall(event, connection, callID, device, rest string) string {
	return fmt.Sprintf(`<%[1]sEvent><monitorCrossRefID>71</monitorCrossRefID><%[2]s><callID>%[3]s</callID><deviceID>%[4]s</deviceID></%[2]s>%[5]s</%[1]sEvent>`,
		event, connection, callID, device, rest)
}

// kin is what an event says of where a call comes from.
type kin struct {
	Interaction, Type, Original, Offered string
	Variables                            map[string]string
}

func kinOf(h happened) kin {
	return kin{h.Data["interactionId"], h.Data["callType"], h.Data["originalCallType"], h.Data["offeredBy"], h.Vars}
}

// ours is call data of a consult from 1002 about an inbound call.
func ours(pairs ...string) string {
	return attached(append(pairs, "ctilink.from", "1002", "ctilink.interactionId", "I-1", "ctilink.originalCallType", "INBOUND")...)
}

func TestLineage(t *testing.T) {
	rings := deviceNamed("alertingDevice", "1001") + deviceNamed("callingDevice", "1002") + deviceNamed("calledDevice", "1001")
	answers := deviceNamed("answeringDevice", "1001") + deviceNamed("callingDevice", "1002") + deviceNamed("calledDevice", "1001")
	acd := `<callCharacteristics><acdCall>true</acdCall></callCharacteristics>`
	customer := map[string]string{"customer": "4711"}
	for _, tc := range []struct {
		name string
		xml  []string
		want []kin
	}{
		{"a direct call has its global id", []string{ofCall("Delivered", "connection", "7", "1001", rings+global("G-1", "")),
			ofCall("Held", "heldConnection", "7", "1001", deviceNamed("holdingDevice", "1001"))},
			[]kin{{Interaction: "G-1", Type: "INTERNAL", Offered: "Direct"}, {Interaction: "G-1"}}},
		{"a thread of work before it", []string{ofCall("Delivered", "connection", "7", "1001", rings+global("G-1", "T-1"))},
			[]kin{{Interaction: "T-1", Type: "INTERNAL", Offered: "Direct"}}},
		{"the first id stays", []string{ofCall("Delivered", "connection", "7", "1001", rings+global("G-1", "")),
			ofCall("Established", "establishedConnection", "7", "1001", answers+global("G-2", "T-2"))},
			[]kin{{Interaction: "G-1", Type: "INTERNAL", Offered: "Direct"}, {Interaction: "G-1"}}},
		{"a consult has that of the first call", []string{
			ofCall("Delivered", "connection", "8", "1001", rings+ours("customer", "4711")+`<cause>consultation</cause>`+global("G-2", "")),
			ofCall("Established", "establishedConnection", "8", "1001", answers+global("G-2", "")),
			transferred("1002", pair("8", "9", "1001")+pair("7", "9", "4930"), linked("G-2")),
			ofCall("Held", "heldConnection", "9", "1001", deviceNamed("holdingDevice", "1001")+global("G-2", ""))},
			[]kin{{"I-1", "CONSULT", "INBOUND", "Consult", customer}, {"I-1", "CONSULT", "INBOUND", "", nil},
				{"I-1", "CONSULT", "INBOUND", "", nil}, {"I-1", "CONSULT", "INBOUND", "", nil}}},
		{"a consult whose cause the switch does not tell", []string{ofCall("Delivered", "connection", "8", "1001", rings+ours())},
			[]kin{{"I-1", "CONSULT", "INBOUND", "Consult", nil}}},
		{"a consult by way of a queue", []string{ofCall("Delivered", "connection", "8", "1001", rings+ours()+`<cause>distributed</cause>`+acd)},
			[]kin{{"I-1", "CONSULT", "INBOUND", "Queue", nil}}},
		{"a consult by telephone becomes the call that it was about", []string{
			ofCall("Delivered", "connection", "8", "1001", rings+`<cause>consultation</cause>`+global("G-2", "")),
			transferred("1002", pair("8", "9", "1001")+pair("7", "9", "4930"), linked("G-1"))},
			[]kin{{Interaction: "G-2", Type: "CONSULT", Offered: "Consult"}, {Interaction: "G-1", Type: "CONSULT"}}},
		{"a call that is given away", []string{ofCall("Delivered", "connection", "8", "1001", rings+ours()+`<cause>singleStepTransfer</cause>`)},
			[]kin{{"I-1", "CONSULT", "INBOUND", "BlindTransfer", nil}}},
		{"who consults keeps the type of the first call", []string{
			ofCall("Delivered", "connection", "7", "1001", rings+global("G-1", "")),
			ofCall("Originated", "originatedConnection", "8", "1001", deviceNamed("callingDevice", "1001")+deviceNamed("calledDevice", "1003")+
				attached("ctilink.from", "1001", "ctilink.interactionId", "G-1", "ctilink.originalCallType", "INTERNAL")+global("G-2", "")),
			conferenced("1001", pair("7", "9", "1001")+pair("8", "9", "1003"),
				attached("ctilink.from", "1001", "ctilink.interactionId", "G-1", "ctilink.originalCallType", "INTERNAL")+linked("G-2"))},
			[]kin{{Interaction: "G-1", Type: "INTERNAL", Offered: "Direct"}, {Interaction: "G-1", Type: "CONSULT", Original: "INTERNAL"},
				{Interaction: "G-1", Type: "CONSULT", Original: "INTERNAL"}, {Interaction: "G-1"}}}, // the consult ends, the call goes on
		{"another interaction takes a call over", []string{ofCall("Delivered", "connection", "7", "1001", rings+global("G-1", "")),
			ofCall("CallInformation", "connection", "7", "1001", attached("ctilink.interactionId", "I-9"))},
			[]kin{{Interaction: "G-1", Type: "INTERNAL", Offered: "Direct"}, {Interaction: "I-9"}}},
		{"what makes no sense is nobody's lineage", []string{ofCall("Delivered", "connection", "8", "1001", rings+
			attached("ctilink.interactionId", "", "ctilink.originalCallType", "CONSULT", "ctilink.other", "x")+global("G-1", ""))},
			[]kin{{Interaction: "G-1", Type: "INTERNAL", Offered: "Direct"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 8)
			p.subscribed(events)
			j := newJudge(t)
			for _, xml := range tc.xml {
				p.event(xml)
			}
			var got []kin
			for range tc.want {
				got = append(got, kinOf(j.of(t, events.next(t), opencti.Established)))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A second consult goes on with what the first call was, not with CONSULT.
func TestLineageOfASecondConsult(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	_, device := p.subscribed(events)
	p.event(ofCall("Delivered", "connection", "8", "1001", deviceNamed("alertingDevice", "1001")+ours()))
	events.next(t)
	r := opencti.Request{Activity: opencti.TransferInitiate, CallID: "8", DestinationNumber: "1003",
		Lineage: opencti.Lineage{InteractionID: "I-1", CallType: opencti.Consult}}
	if err := opencti.Perform(t.Context(), device, r); err != nil {
		t.Fatal(err)
	}
	want := frame("ConsultationCall", inCall("existingCall", "8")+"<consultedDevice>1003</consultedDevice>"+
		attached("ctilink.from", "1001", "ctilink.interactionId", "I-1", "ctilink.originalCallType", "INBOUND"))
	if diff := cmp.Diff(want, p.expect("ConsultationCall").xml); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// After a fail-over only the snapshot says where a call comes from.
func TestLineageInASnapshot(t *testing.T) {
	type party struct{ at, state string }
	call := func(calling, called, data, rest string, parties ...party) string {
		xml := `<SnapshotCallResponse><crossRefIDorSnapshotData><snapshotData>`
		for _, p := range parties {
			xml += `<snapshotCallResponseInfo>` + deviceNamed("deviceOnCall", p.at) + at("callIdentifier", "7", p.at) +
				`<localConnectionInfo>` + p.state + `</localConnectionInfo></snapshotCallResponseInfo>`
		}
		return xml + `</snapshotData></crossRefIDorSnapshotData>` + deviceNamed("callingDevice", calling) + deviceNamed("calledDevice", called) +
			data + rest + `</SnapshotCallResponse>`
	}
	me, customer, colleague := party{"1001", "connected"}, party{"4930", "connected"}, party{"1002", "connected"}
	from := func(dn string) string {
		return attached("ctilink.from", dn, "ctilink.interactionId", "I-1", "ctilink.originalCallType", "INBOUND")
	}
	for _, tc := range []struct {
		name string
		xml  string
		want opencti.Call
	}{
		{"no lineage", call("4930", "1001", "", global("G-1", ""), customer, me),
			opencti.Call{InteractionID: "G-1", CallType: opencti.Internal, OfferedBy: opencti.ByDirect}},
		{"a thread", call("4930", "1001", "", global("G-1", "T-1"), customer, me),
			opencti.Call{InteractionID: "T-1", CallType: opencti.Internal, OfferedBy: opencti.ByDirect}},
		{"I am consulted, or took over", call("4930", "1001", from("1002"), global("G-1", ""), customer, me),
			opencti.Call{InteractionID: "I-1", CallType: opencti.Consult, OriginalCallType: opencti.Inbound, OfferedBy: opencti.ByConsult}},
		{"given away", call("4930", "1001", from("1002"), `<deviceHistory><deviceHistoryListItem><eventCause>singleStepTransfer</eventCause>`+
			`</deviceHistoryListItem></deviceHistory>`, customer, me),
			opencti.Call{InteractionID: "I-1", CallType: opencti.Consult, OriginalCallType: opencti.Inbound, OfferedBy: opencti.ByBlindTransfer}},
		{"I consult", call("1001", "1002", from("1001"), "", me, colleague),
			opencti.Call{InteractionID: "I-1", CallType: opencti.Consult, OriginalCallType: opencti.Inbound}},
		{"I made a conference of it", call("4930", "1001", from("1001"), "", customer, me, colleague),
			opencti.Call{InteractionID: "I-1", CallType: opencti.Internal, OfferedBy: opencti.ByDirect}},
		{"I called who consulted somebody", call("1001", "1002", from("1002"), "", me, colleague),
			opencti.Call{InteractionID: "I-1", CallType: opencti.Internal}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, with(map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": tc.xml}))
			_, device := p.connected(nil)
			s, err := device.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := s.Calls[0]
			if diff := cmp.Diff(tc.want, opencti.Call{InteractionID: got.InteractionID, CallType: got.CallType,
				OriginalCallType: got.OriginalCallType, OfferedBy: got.OfferedBy, Variables: got.Variables}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
