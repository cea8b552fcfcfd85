package csta_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// pair is a party of two calls that became one.
func pair(oldCall, newCall, at string) string {
	return fmt.Sprintf(`<connectionListItem><newConnection><callID>%s</callID><deviceID>%s</deviceID></newConnection>`+
		`<oldConnection><deviceID>%s</deviceID><callID>%s</callID></oldConnection></connectionListItem>`, newCall, at, at, oldCall)
}

// transferred and conferenced are events of monitor 71: the calls 7 and 8 became one.
func transferred(by, pairs, rest string) string {
	return became("TransferedEvent", deviceNamed("transferringDevice", by), "transferredConnections", pairs, rest)
}

func conferenced(by, pairs, rest string) string {
	return became("ConferencedEvent", deviceNamed("conferencingDevice", by)+deviceNamed("addedParty", "1002"), "conferenceConnections", pairs, rest)
}

func became(event, by, list, pairs, rest string) string {
	return fmt.Sprintf(`<%[1]s><monitorCrossRefID>71</monitorCrossRefID><primaryOldCall><callID>7</callID><deviceID>1001</deviceID></primaryOldCall>`+
		`<secondaryOldCall><callID>8</callID><deviceID>1001</deviceID></secondaryOldCall>%[2]s<%[3]s>%[4]s</%[3]s>%[5]s</%[1]s>`, event, by, list, pairs, rest)
}

// step is an event of a call, as rules see it.
type step struct {
	Name          opencti.EventName
	Call, NewCall string
	Role, Offered string
	Other         []string
}

func stepOf(h happened) step {
	return step{h.Name, h.Call, h.Data["newCallId"], h.Data["role"], h.Data["offeredBy"], h.With}
}

func TestMergedCalls(t *testing.T) {
	const transferring, remaining = "transferring", "remaining"
	consult := told("Originated", "originatedConnection", "1001", deviceNamed("callingDevice", "1001")+`<cause>consultation</cause>`)
	for _, tc := range []struct {
		name   string
		before string // an event before
		xml    string
		want   []step
	}{
		{"I am transferred, my call goes on as 9", delivered("71", "8"), transferred("1002", pair("8", "9", "1001")+pair("7", "9", "4930"), ""),
			[]step{{Name: opencti.Transferred, Call: "8", NewCall: "9", Role: remaining, Other: []string{"4930"}}}},
		{"transferred while it rings here", delivered("71", "8"),
			transferred("1002", pair("8", "9", "1001")+pair("7", "9", "4930"), `<localConnectionInfo>alerting</localConnectionInfo>`),
			[]step{{Name: opencti.Transferred, Call: "8", NewCall: "9", Role: remaining, Offered: "Transfer", Other: []string{"4930"}}}},
		{"under the id of the other call", delivered("71", "8"), transferred("1002", pair("8", "7", "1001")+pair("7", "7", "4930"), ""),
			[]step{{Name: opencti.Transferred, Call: "8", NewCall: "7", Role: remaining, Other: []string{"4930"}}}},
		{"I transfer: both calls end here", delivered("71", "8"), transferred("1001", pair("8", "9", "1002")+pair("7", "9", "4930"), ""),
			[]step{{Name: opencti.Transferred, Call: "7", Role: transferring}, {Name: opencti.Transferred, Call: "8", Role: transferring}}},
		{"I transfer, and the switch does not say who goes on", delivered("71", "8"), transferred("1001", "", ""),
			[]step{{Name: opencti.Transferred, Call: "7", Role: transferring}, {Name: opencti.Transferred, Call: "8", Role: transferring}}},
		{"a conference goes on under the id of its second call", delivered("71", "8"),
			conferenced("1001", pair("7", "8", "1001")+pair("8", "8", "1002")+pair("7", "8", "4930"), ""),
			[]step{{Name: opencti.Released, Call: "8"}, {Name: opencti.Conferenced, Call: "7", NewCall: "8", Other: []string{"1002", "4930"}}}},
		{"a conference is the first call, though the consult is named first", consult,
			conferenced("1001", pair("7", "9", "1001")+pair("8", "9", "1001")+pair("8", "9", "4930"), ""),
			[]step{{Name: opencti.Released, Call: "7"}, {Name: opencti.Conferenced, Call: "8", NewCall: "9", Other: []string{"4930"}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 8)
			p.subscribed(events)
			j := newJudge(t)
			p.event(tc.before)
			events.next(t)
			p.event(tc.xml)
			var got []step
			for range tc.want {
				got = append(got, stepOf(j.of(t, events.next(t), opencti.Established)))
			}
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(sameTexts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			p.event(delivered("71", "99"))
			if next := events.next(t); next.Fields["callID"] != "99" {
				t.Errorf("one event more than expected: %+v", next)
			}
		})
	}
}

// TransferredEvent with two r, as some switches write it.
func TestTransferWithTwoR(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	p.subscribed(events)
	p.event(delivered("71", "8"))
	events.next(t)
	p.event(became("TransferredEvent", deviceNamed("transferringDevice", "1002"), "transferredConnections", pair("8", "9", "1001"), ""))
	if h := newJudge(t).of(t, events.next(t), opencti.Established); h.Name != opencti.Transferred || h.Data["newCallId"] != "9" {
		t.Errorf("%+v, want Transferred to 9", h)
	}
}

// Where a switch does not say what the calls became, it is asked.
func TestMergeThatSaysTooLittle(t *testing.T) {
	for name, xml := range map[string]string{"transfer": transferred("1002", "", ""), "conference": conferenced("1002", "", "")} {
		t.Run(name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 8)
			p.subscribed(events)
			p.event(delivered("71", "8"))
			events.next(t)
			p.event(xml)
			if e := events.next(t); e.Name != eventsLost || e.DN != "1001" {
				t.Errorf("event %+v, want that events were lost", e)
			}
		})
	}
}

// partiesAre checks who is in the call after an event.
func partiesAre(t *testing.T, raw opencti.RawEvent, want ...map[string]string) {
	t.Helper()
	got, _ := raw.Fields["parties"].([]map[string]string)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %s (-want +got):\n%s", raw.Name, diff)
	}
}

func who(id, state, role string) map[string]string {
	return map[string]string{"id": id, "dn": id, "state": state, "role": role}
}

// Everybody's part, and state, in a call of three; then of two.
func TestPartiesOfAConference(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 32)
	p.subscribed(events)
	customer := deviceNamed("callingDevice", "4930") + deviceNamed("calledDevice", "1001")
	network := deviceNamed("networkCallingDevice", "4930")
	consult := func(event, connection, device, rest string) string {
		return fmt.Sprintf(`<%[1]sEvent><monitorCrossRefID>71</monitorCrossRefID><%[2]s><callID>8</callID><deviceID>%[3]s</deviceID></%[2]s>%[4]s</%[1]sEvent>`,
			event, connection, device, rest)
	}
	calls := deviceNamed("callingDevice", "1001") + deviceNamed("calledDevice", "1002")
	for _, xml := range []string{
		told("Established", "establishedConnection", "1001", deviceNamed("answeringDevice", "1001")+customer+network),
		told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001")+`<cause>consultation</cause>`),
		consult("Originated", "originatedConnection", "1001", calls+`<cause>consultation</cause>`),
	} {
		p.event(xml)
		events.next(t)
	}
	p.event(consult("Established", "establishedConnection", "1002", deviceNamed("answeringDevice", "1002")+calls))
	partiesAre(t, events.next(t), who("1001", "Established", "Agent"), who("1002", "Established", "Consulted"))

	p.event(conferenced("1001", pair("7", "9", "4930")+pair("7", "9", "1001")+pair("8", "9", "1002"), ""))
	events.next(t) // the consult is over
	partiesAre(t, events.next(t), who("4930", "Established", "Customer"), who("1001", "Established", "Agent"), who("1002", "Established", "Consulted"))

	supervisor := `<ConferencedEvent><monitorCrossRefID>71</monitorCrossRefID><primaryOldCall><callID>9</callID></primaryOldCall>` +
		deviceNamed("conferencingDevice", "1009") + deviceNamed("addedParty", "1009") + `<conferenceConnections>` +
		pair("9", "9", "4930") + pair("9", "9", "1001") + pair("9", "9", "1002") +
		`<connectionListItem><newConnection><callID>9</callID><deviceID>1009</deviceID></newConnection></connectionListItem>` +
		`</conferenceConnections><cause>silentParticipation</cause></ConferencedEvent>`
	p.event(supervisor)
	partiesAre(t, events.next(t), who("4930", "Established", "Customer"), who("1001", "Established", "Agent"),
		who("1002", "Established", "Consulted"), who("1009", "Established", "Observer"))

	p.event(`<ConnectionClearedEvent><monitorCrossRefID>71</monitorCrossRefID><droppedConnection><callID>9</callID><deviceID>1002</deviceID>` +
		`</droppedConnection>` + deviceNamed("releasingDevice", "1002") + `</ConnectionClearedEvent>`)
	raw := events.next(t)
	partiesAre(t, raw, who("4930", "Established", "Customer"), who("1001", "Established", "Agent"), who("1009", "Established", "Observer"))
	if h := newJudge(t).of(t, raw, opencti.Established); h.Name != opencti.PartyInfo {
		t.Errorf("a party that leaves is %s, want PartyInfo", h.Name)
	}
}

// A customer whose number is withheld is the same after a transfer.
func TestWithheldCallerIsTransferred(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	p.subscribed(events)
	p.event(told("Established", "establishedConnection", "1001", deviceNamed("answeringDevice", "1001")+
		`<callingDevice><restricted/></callingDevice>`+deviceNamed("associatedCallingDevice", "T7")))
	events.next(t)
	withheld := `<connectionListItem><newConnection><callID>9</callID><deviceID>T7</deviceID></newConnection>` +
		`<oldConnection><callID>7</callID><deviceID>T7</deviceID></oldConnection><endpoint><notKnown/></endpoint></connectionListItem>`
	p.event(conferenced("1001", withheld+pair("7", "9", "1001")+pair("8", "9", "1002"), ""))
	events.next(t) // the consult is over
	partiesAre(t, events.next(t), map[string]string{"id": "caller", "state": "Established", "role": "Customer"},
		who("1001", "Established", "Agent"), who("1002", "Established", "Agent"))
}
