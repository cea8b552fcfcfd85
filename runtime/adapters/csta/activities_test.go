package csta_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// frame is a request as it must be on the wire.
func frame(element, content string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><` + element + ` xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">` +
		content + `</` + element + `>`
}

// inCall is this device's connection in a call, as the element says.
func inCall(element, callID string) string { return at(element, callID, "1001") }

func at(element, callID, device string) string {
	return `<` + element + `><callID>` + callID + `</callID><deviceID>` + device + `</deviceID></` + element + `>`
}

// attached is call data: pairs of names and values, in the names' order.
func attached(pairs ...string) string {
	out := `<correlatorData><private><callData xmlns="http://ctilink.io/csta">`
	for i := 0; i < len(pairs); i += 2 {
		out += `<variable name="` + pairs[i] + `">` + pairs[i+1] + `</variable>`
	}
	return out + `</callData></private></correlatorData>`
}

func reason(code string) string {
	return `<extensions><privateData><private><agentData xmlns="http://ctilink.io/csta"><reasonCode>` + code +
		`</reasonCode></agentData></private></privateData></extensions>`
}

// The services behind the activities, frame by frame; what follows the last is not sent.
func TestActivities(t *testing.T) {
	device := "<device>1001</device>"
	agent := func(state, rest string) string {
		return frame("SetAgentState", device+"<requestedAgentState>"+state+"</requestedAgentState><agentID>5501</agentID>"+rest)
	}
	lineage := opencti.Lineage{InteractionID: "I-1", CallType: opencti.Inbound}
	handedOn := []string{"case", "C-9", "ctilink.from", "1001", "ctilink.interactionId", "I-1", "ctilink.originalCallType", "INBOUND"}
	data := map[string]string{"case": "C-9"}
	refused := map[string]string{"ConsultationCall": `<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`}
	loggedOffRefused := map[string]string{"SetAgentState": `<CSTAErrorCode><operation>invalidAgentState</operation></CSTAErrorCode>`}
	for _, tc := range []struct {
		name    string
		request opencti.Request
		want    []string
		answers map[string]string
		code    opencti.ErrorCode // of the refusal that remains
	}{
		{name: "log in", request: opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "1234", Queue: "sales"},
			want: []string{agent("loggedOn", "<password>31323334</password><group>sales</group>")}},
		{name: "log in as another", request: opencti.Request{Activity: opencti.LoginAgent, AgentID: "5502"},
			want: []string{frame("SetAgentState", device+"<requestedAgentState>loggedOn</requestedAgentState><agentID>5502</agentID>")}},
		{name: "log out", request: opencti.Request{Activity: opencti.LogoutAgent, ReasonCode: "9"}, want: []string{agent("loggedOff", reason("9"))}},
		{name: "leave a queue", request: opencti.Request{Activity: opencti.LogoutAgent, Queue: "sales"},
			want: []string{agent("loggedOff", "<group>sales</group>")}},
		{name: "log out where only who is not ready may", request: opencti.Request{Activity: opencti.LogoutAgent}, answers: loggedOffRefused,
			want: []string{agent("loggedOff", ""), agent("notReady", "")}, code: opencti.InvalidState},
		{name: "ready", request: opencti.Request{Activity: opencti.SetAgentReady}, want: []string{agent("ready", "")}},
		{name: "ready for a queue", request: opencti.Request{Activity: opencti.SetAgentReady, Queue: "help"}, want: []string{agent("ready", "<group>help</group>")}},
		{name: "not ready", request: opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "3"}, want: []string{agent("notReady", reason("3"))}},
		{name: "after-call work", request: opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: "AFTER_CALL_WORK"},
			want: []string{agent("workingAfterCall", "")}},

		{name: "answer", request: opencti.Request{Activity: opencti.AnswerCall, CallID: "7"},
			want: []string{frame("AnswerCall", inCall("callToBeAnswered", "7"))}},
		{name: "hold", request: opencti.Request{Activity: opencti.HoldCall, CallID: "7"}, want: []string{frame("HoldCall", inCall("callToBeHeld", "7"))}},
		{name: "retrieve", request: opencti.Request{Activity: opencti.RetrieveCall, CallID: "7"},
			want: []string{frame("RetrieveCall", inCall("callToBeRetrieved", "7"))}},
		{name: "hang up", request: opencti.Request{Activity: opencti.HangUpCall, CallID: "7"},
			want: []string{frame("ClearConnection", inCall("connectionToBeCleared", "7"))}},
		{name: "dial", request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "+4930", Variables: map[string]string{"case": "C<9"}},
			want: []string{frame("MakeCall", "<callingDevice>1001</callingDevice><calledDirectoryNumber>+4930</calledDirectoryNumber>"+
				"<autoOriginate>doNotPrompt</autoOriginate>"+attached("case", "C&lt;9"))}},
		{name: "decline", request: opencti.Request{Activity: opencti.DeclineCall, CallID: "7"},
			want: []string{frame("ClearConnection", inCall("connectionToBeCleared", "7"))}},
		{name: "tones", request: opencti.Request{Activity: opencti.SendDTMF, CallID: "7", Digits: "12#"},
			want: []string{frame("GenerateDigits", inCall("connectionToSendDigits", "7")+"<digitMode>dTMF</digitMode><charactersToSend>12#</charactersToSend>")}},
		{name: "mute", request: opencti.Request{Activity: opencti.MuteCall, CallID: "7"},
			want: []string{frame("SetMicrophoneMute", device+"<auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>true</microphoneMuteOn>")}},
		{name: "unmute", request: opencti.Request{Activity: opencti.UnmuteCall, CallID: "7"},
			want: []string{frame("SetMicrophoneMute", device+"<auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>false</microphoneMuteOn>")}},
		{name: "do not disturb", request: opencti.Request{Activity: opencti.SetDoNotDisturb, Enabled: true},
			want: []string{frame("SetDoNotDisturb", device+"<doNotDisturbOn>true</doNotDisturbOn>")}},
		{name: "attach data", request: opencti.Request{Activity: opencti.AttachData, CallID: "7", Variables: data},
			want: []string{frame("AssociateData", inCall("existingCall", "7")+attached("case", "C-9"))}},
		{name: "alternate", request: opencti.Request{Activity: opencti.AlternateCall, CallID: "8", HeldCallID: "7"},
			want: []string{frame("AlternateCall", inCall("heldCall", "7")+inCall("activeCall", "8"))}},

		{name: "consult, to transfer", request: opencti.Request{Activity: opencti.TransferInitiate, CallID: "7", DestinationNumber: "1002", Variables: data,
			Lineage: lineage}, want: []string{frame("ConsultationCall", inCall("existingCall", "7")+"<consultedDevice>1002</consultedDevice>"+attached(handedOn...))}},
		{name: "consult, to confer, without data", request: opencti.Request{Activity: opencti.ConferenceInitiate, CallID: "7", DestinationNumber: "1002"},
			want: []string{frame("ConsultationCall", inCall("existingCall", "7")+"<consultedDevice>1002</consultedDevice>")}},
		{name: "consult where there is no such service", request: opencti.Request{Activity: opencti.TransferInitiate, CallID: "7", DestinationNumber: "1002",
			Variables: data}, answers: refused, want: []string{
			frame("ConsultationCall", inCall("existingCall", "7")+"<consultedDevice>1002</consultedDevice>"+attached("case", "C-9")),
			frame("HoldCall", inCall("callToBeHeld", "7")),
			frame("MakeCall", "<callingDevice>1001</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate>"+
				attached("case", "C-9"))}},
		{name: "transfer", request: opencti.Request{Activity: opencti.TransferCall, CallID: "8", HeldCallID: "7"},
			want: []string{frame("TransferCall", inCall("heldCall", "7")+inCall("activeCall", "8"))}},
		{name: "transfer with data", request: opencti.Request{Activity: opencti.TransferCall, CallID: "8", HeldCallID: "7", Variables: data, Lineage: lineage},
			want: []string{frame("TransferCall", inCall("heldCall", "7")+inCall("activeCall", "8")),
				frame("AssociateData", at("existingCall", "9", "1002")+attached(handedOn...))}},
		{name: "conference with data, which is refused", request: opencti.Request{Activity: opencti.ConferenceCall, CallID: "8", HeldCallID: "7", Variables: data},
			answers: map[string]string{"AssociateData": gone}, want: []string{
				frame("ConferenceCall", inCall("heldCall", "7")+inCall("activeCall", "8")),
				frame("AssociateData", inCall("existingCall", "9")+attached("case", "C-9"))}},
		{name: "too many for a conference", request: opencti.Request{Activity: opencti.ConferenceCall, CallID: "8", HeldCallID: "7", Variables: data},
			answers: map[string]string{"ConferenceCall": `<CSTAErrorCode><systemResourceAvailibility>conferenceMemberLimitExceeded</systemResourceAvailibility></CSTAErrorCode>`},
			want:    []string{frame("ConferenceCall", inCall("heldCall", "7")+inCall("activeCall", "8"))}, code: opencti.ConferenceFull},
		{name: "cancel", request: opencti.Request{Activity: opencti.CancelTransfer, CallID: "8", HeldCallID: "7"},
			want: []string{frame("ReconnectCall", inCall("activeCall", "8")+inCall("heldCall", "7"))}},
		{name: "cancel, and the consulted party is gone", request: opencti.Request{Activity: opencti.CancelConference, HeldCallID: "7"},
			want: []string{frame("RetrieveCall", inCall("callToBeRetrieved", "7"))}},
		{name: "cancel at a busy tone", request: opencti.Request{Activity: opencti.CancelTransfer, CallID: "8", HeldCallID: "7"},
			answers: map[string]string{"ReconnectCall": `<CSTAErrorCode><stateIncompatibility>invalidActiveConnectionState</stateIncompatibility></CSTAErrorCode>`},
			want: []string{frame("ReconnectCall", inCall("activeCall", "8")+inCall("heldCall", "7")),
				frame("ClearConnection", inCall("connectionToBeCleared", "8")), frame("RetrieveCall", inCall("callToBeRetrieved", "7"))}},
		{name: "blind transfer", request: opencti.Request{Activity: opencti.BlindTransfer, CallID: "7", DestinationNumber: "5000", Variables: data, Lineage: lineage},
			want: []string{frame("SingleStepTransferCall", inCall("activeCall", "7")+"<transferredTo>5000</transferredTo>"+attached(handedOn...))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, with(tc.answers))
			_, device := p.connected(nil)
			tc.request.ID = "r1"
			if err := opencti.Perform(t.Context(), device, tc.request); tc.code != "" {
				wantCode(t, err, tc.code, "")
			} else if err != nil {
				t.Fatal(err)
			}
			for _, want := range tc.want {
				if diff := cmp.Diff(want, p.expect(rootElement.FindStringSubmatch(want)[1]).xml); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			p.expectNothing()
		})
	}
}

// Names of ours are nobody else's.
func TestReservedNamesAreRefused(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.connected(nil)
	for _, a := range []opencti.Activity{opencti.MakeCall, opencti.AttachData, opencti.TransferInitiate, opencti.ConferenceInitiate,
		opencti.TransferCall, opencti.ConferenceCall, opencti.BlindTransfer} {
		r := opencti.Request{Activity: a, CallID: "8", HeldCallID: "7", DestinationNumber: "1002", Variables: map[string]string{"ctilink.from": "1002"}}
		err := opencti.AsError(opencti.Perform(t.Context(), device, r))
		wantCode(t, err, opencti.InvalidRequest, "")
		if err != nil && !strings.Contains(err.Message, "variables") {
			t.Errorf("%s: %q does not name the field", a, err.Message)
		}
	}
	p.expectNothing()
}

func TestDeclineToANumber(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.connected(nil, "declineTo", "5000")
	if err := opencti.Perform(t.Context(), device, opencti.Request{Activity: opencti.DeclineCall, CallID: "7"}); err != nil {
		t.Fatal(err)
	}
	want := frame("DeflectCall", inCall("callToBeDiverted", "7")+"<newDestination>5000</newDestination>")
	if diff := cmp.Diff(want, p.expect("DeflectCall").xml); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A logout from any state: not ready first, where the switch wants that.
func TestLogoutByWayOfNotReady(t *testing.T) {
	p := newPeer(t, with(map[string]string{"SetAgentState": ""}))
	_, device := p.connected(nil)
	done := make(chan error, 1)
	go func() {
		done <- opencti.Perform(t.Context(), device, opencti.Request{Activity: opencti.LogoutAgent, ReasonCode: "9"})
	}()
	for _, exchange := range []struct{ state, answer string }{
		{"loggedOff", `<CSTAErrorCode><stateIncompatibility>invalidAgentState</stateIncompatibility></CSTAErrorCode>`},
		{"notReady", `<SetAgentStateResponse/>`}, {"loggedOff", `<SetAgentStateResponse/>`},
	} {
		m := p.expect("SetAgentState")
		if !strings.Contains(m.xml, "<requestedAgentState>"+exchange.state+"<") {
			t.Errorf("%s, want %s", m.xml, exchange.state)
		}
		p.send(m.id, exchange.answer)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// An agent with a call stays as he is.
func TestLogoutThatIsRefusedForACall(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"SetAgentState": `<CSTAErrorCode><operation>invalidAgentState</operation></CSTAErrorCode>`})), make(sink, 8)
	_, device := p.subscribed(events)
	p.event(agentTold("AgentBusy", ""))
	events.next(t)
	wantCode(t, opencti.Perform(t.Context(), device, opencti.Request{Activity: opencti.LogoutAgent}), opencti.InvalidState, "")
	p.expect("SetAgentState")
	p.expectNothing()
}

// Correlator data takes the place of what there was: what is known of a call goes along, with
// our names.
func TestAttachDataKeepsTheRest(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	_, device := p.subscribed(events)
	p.event(told("Delivered", "connection", "1001", deviceNamed("alertingDevice", "1001")+
		attached("a", "1", "b", "2", "ctilink.interactionId", "I-1")))
	events.next(t)
	r := opencti.Request{Activity: opencti.AttachData, CallID: "7", Variables: map[string]string{"b": "3", "c": "4"}}
	if err := opencti.Perform(t.Context(), device, r); err != nil {
		t.Fatal(err)
	}
	want := frame("AssociateData", inCall("existingCall", "7")+attached("a", "1", "b", "3", "c", "4", "ctilink.interactionId", "I-1"))
	if diff := cmp.Diff(want, p.expect("AssociateData").xml); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A call that two became, and that is known to have the data of both, is given none.
func TestDataIsAttachedWhereItLacks(t *testing.T) {
	for name, tc := range map[string]struct {
		activity opencti.Activity
		event    string
		lacks    bool
	}{
		"transfer, told":       {opencti.TransferCall, transferred("1001", pair("8", "9", "1002"), attached("case", "C-9")), false},
		"transfer, told less":  {opencti.TransferCall, transferred("1001", pair("8", "9", "1002"), attached("case", "C-8")), true},
		"conference, told":     {opencti.ConferenceCall, conferenced("1001", pair("7", "9", "1001"), attached("case", "C-9", "more", "1")), false},
		"conference, not told": {opencti.ConferenceCall, conferenced("1001", pair("7", "9", "1001"), ""), true},
	} {
		t.Run(name, func(t *testing.T) {
			service := string(tc.activity)
			p, events := newPeer(t, with(map[string]string{service: ""})), make(sink, 8)
			_, device := p.subscribed(events)
			done := make(chan error, 1)
			go func() {
				done <- opencti.Perform(t.Context(), device, opencti.Request{Activity: tc.activity, CallID: "8", HeldCallID: "7",
					Variables: map[string]string{"case": "C-9"}})
			}()
			request := p.expect(service)
			p.event(tc.event)
			p.send(request.id, quiet()[service])
			if tc.lacks {
				p.expect("AssociateData")
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
			p.expectNothing()
		})
	}
}

// Who has alternated has the consult on hold: it ends all the same, and not the first call.
func TestCancelAfterAlternating(t *testing.T) {
	t.Run("as the session says", func(t *testing.T) {
		p := newPeer(t, quiet())
		_, device := p.connected(nil)
		r := opencti.Request{Activity: opencti.CancelConference, CallID: "7", HeldCallID: "8", ConsultCallID: "8"}
		if err := opencti.Perform(t.Context(), device, r); err != nil {
			t.Fatal(err)
		}
		p.expect("ClearConnection")
		p.expectNothing()
	})
	p := newPeer(t, quiet())
	_, device := p.connected(nil)
	for _, r := range []opencti.Request{
		{Activity: opencti.TransferInitiate, CallID: "7", DestinationNumber: "1002"}, // becomes call 8
		{Activity: opencti.CancelTransfer, CallID: "7", HeldCallID: "8"},
	} {
		if err := opencti.Perform(t.Context(), device, r); err != nil {
			t.Fatal(err)
		}
	}
	p.expect("ConsultationCall")
	if diff := cmp.Diff(frame("ClearConnection", inCall("connectionToBeCleared", "8")), p.expect("ClearConnection").xml); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.expectNothing()
}

func TestDropParty(t *testing.T) {
	drop := opencti.Request{Activity: opencti.DropParty, CallID: "7", Party: "1002"}
	t.Run("that an event told", func(t *testing.T) {
		p, events := newPeer(t, quiet()), make(sink, 8)
		_, device := p.subscribed(events)
		p.event(told("Established", "establishedConnection", "X-2", deviceNamed("answeringDevice", "1002")))
		events.next(t)
		if err := opencti.Perform(t.Context(), device, drop); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(frame("ClearConnection", at("connectionToBeCleared", "7", "X-2")), p.expect("ClearConnection").xml); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("that the switch is asked for", func(t *testing.T) {
		p := newPeer(t, with(map[string]string{"SnapshotCall": inboundCall}))
		_, device := p.connected(nil)
		drop.Party = "4930"
		if err := opencti.Perform(t.Context(), device, drop); err != nil {
			t.Fatal(err)
		}
		p.expect("SnapshotCall")
		if diff := cmp.Diff(frame("ClearConnection", at("connectionToBeCleared", "7", "T7")), p.expect("ClearConnection").xml); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		drop.Party = "1007"
		wantCode(t, opencti.Perform(t.Context(), device, drop), opencti.InvalidRequest, "")
		p.expect("SnapshotCall")
		p.expectNothing()
	})
}
