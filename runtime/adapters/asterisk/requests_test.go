package asterisk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Channels of a direct call from outside to 1001, as events tell them.
const (
	customer = "Channel: PJSIP/trunk-00000001; ChannelState: %d; CallerIDNum: +4930123; Context: from-trunk; Exten: 1001; Uniqueid: pbx-1; Linkedid: pbx-1"
	agent    = "Channel: PJSIP/1001-00000002; ChannelState: %d; CallerIDNum: 1001; Context: from-internal; Exten: 1001; Uniqueid: pbx-2; Linkedid: pbx-1"
)

const call = "pbx-2" // the agent's

// rings lets the customer's call ring at 1001.
func (p *peer) rings(t *testing.T, events sink) {
	t.Helper()
	p.event("Newchannel; " + fmt.Sprintf(customer, 4))
	p.event("Newchannel; " + fmt.Sprintf(agent, 0))
	p.event("DialBegin; " + fmt.Sprintf(customer, 4) + "; " + dest(fmt.Sprintf(agent, 0)))
	p.event("Newstate; " + fmt.Sprintf(agent, 5))
	wantEvent(t, events, "Ringing")
}

// talks connects the call that rings.
func (p *peer) talks(t *testing.T, events sink) {
	t.Helper()
	p.event("Newstate; " + fmt.Sprintf(agent, 6))
	p.event("BridgeEnter; BridgeUniqueid: b1; " + fmt.Sprintf(agent, 6))
	p.event("BridgeEnter; BridgeUniqueid: b1; " + fmt.Sprintf(customer, 6))
	wantEvent(t, events, "Talking")
}

// dest is a channel as the called one of a dial.
func dest(channel string) string { return "Dest" + strings.ReplaceAll(channel, "; ", "; Dest") }

func wantEvent(t *testing.T, events sink, name string) opencti.RawEvent {
	t.Helper()
	for {
		if e := events.next(t); e.Name == name {
			return e
		}
	}
}

// For some milliseconds after the INVITE a channel has no SIP dialog.
func TestAnswerIsToldAgain(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events)
	p.rings(t, events)
	p.answer("PJSIPNotify", inTurn("Response: Error; Message: Channel not found", "Response: Error; Message: Channel not found",
		"Response: Success; Message: NOTIFY sent"))
	if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.AnswerCall, CallID: call, ID: "r1"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n := p.expect("PJSIPNotify"); n["Channel"] != "PJSIP/1001-00000002" || n["Variable"] != "Event=talk" {
			t.Errorf("told %v", n)
		}
	}
	p.talks(t, events)
}

// A channel that was sent to wait cannot be connected before it has left where it was.
func TestBridgeIsAskedAgain(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events, "remoteControl", "none")
	p.rings(t, events)
	p.talks(t, events)
	held := ";; Event: BridgeLeave; BridgeUniqueid: b1; " + strings.Replace(fmt.Sprintf(customer, 6), "from-trunk; Exten: 1001", "ctilink; Exten: hold", 1)
	p.answer("Redirect", says("Response: Success"+held))
	p.answer("Bridge", inTurn("Response: Error; Message: Unable to add Channel1 to bridge: PJSIP/1001-00000002", "Response: Success"))
	for _, a := range []opencti.Activity{opencti.HoldCall, opencti.RetrieveCall} {
		if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: a, CallID: call}); err != nil {
			t.Fatal(err)
		}
	}
	p.expect("Bridge")
	p.expect("Bridge")
}

// A channel that was sent somewhere cannot be sent elsewhere at once.
func TestRedirectIsAskedAgain(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events)
	p.rings(t, events)
	p.talks(t, events)
	held := ";; Event: BridgeLeave; BridgeUniqueid: b1; " + strings.Replace(fmt.Sprintf(customer, 6), "from-trunk; Exten: 1001", "ctilink; Exten: hold", 1)
	p.answer("Redirect", inTurn("Response: Error; Message: Redirect failed, channel not up.", "Response: Success"+held, "Response: Success"))
	if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.TransferInitiate, CallID: call, DestinationNumber: "1002"}); err != nil {
		t.Fatal(err)
	}
	wantEvent(t, events, "Hold")
}

// Success of NOTIFY says only that the telephone was told.
func TestTelephoneDoesNotObey(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events)
	p.rings(t, events)
	if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.AnswerCall, CallID: call, ID: "r1"}); err != nil {
		t.Fatal(err)
	}
	e := wantEvent(t, events, requestFailed)
	if e.DN != "1001" || e.Fields["id"] != "r1" {
		t.Errorf("failed is %+v", e)
	}
	wantCode(t, e.Fields["error"].(error), opencti.Timeout, "NOTIFY")
	p.talks(t, events)
	if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.HoldCall, CallID: call, ID: "r2"}); err != nil {
		t.Fatal(err)
	}
	if e := wantEvent(t, events, requestFailed); e.Fields["id"] != "r2" {
		t.Errorf("failed is %+v", e)
	}
}

func TestMakeCallFails(t *testing.T) {
	for reason, want := range map[string]opencti.ErrorCode{
		"0": opencti.DeviceOutOfService, "1": opencti.Rejected, "3": opencti.Timeout, "5": opencti.DeviceInUse, "99": opencti.Rejected,
	} {
		t.Run("reason "+reason, func(t *testing.T) {
			p, events := newPeer(t), make(sink, 64)
			_, d := p.subscribed(t, events)
			if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.MakeCall, ID: "R1", DestinationNumber: "0301"}); err != nil {
				t.Fatal(err)
			}
			o := p.expect("Originate")
			p.event("OriginateResponse; ActionID: " + o["ActionID"] + "; Response: Failure; Channel: PJSIP/1001; Exten: 0301; Reason: " + reason +
				"; Uniqueid: <unknown>")
			e := wantEvent(t, events, requestFailed)
			if e.Fields["id"] != "R1" {
				t.Errorf("failed is %+v", e)
			}
			wantCode(t, e.Fields["error"].(error), want, reason)
		})
	}
}

func TestMakeCall(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events)
	err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.MakeCall, ID: "R1", DestinationNumber: "0301",
		Variables: map[string]string{"CTI_CASE": `a,b"c\d`, "note": "angry & loud"}})
	if err != nil {
		t.Fatal(err)
	}
	got := p.expect("Originate")
	for key, want := range map[string]string{"Channel": "PJSIP/1001", "Context": "from-internal", "Exten": "0301", "Async": "true", "ChannelId": "ctilink-r1",
		"Variable": `__CTILINK_DATA=note=angry+%26+loud` + "\n" + `__CTI_CASE=a\,b\"c\\d`} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
	p.nothingOf("PJSIPNotify") // there is no channel yet
	p.event("Newchannel; Channel: PJSIP/1001-00000009; ChannelState: 0; Uniqueid: ctilink-r1; Linkedid: ctilink-r1; Exten: s")
	if n := p.expect("PJSIPNotify"); n["Channel"] != "PJSIP/1001-00000009" {
		t.Errorf("told %v", n)
	}
	p.event("DialBegin; DestChannel: PJSIP/1001-00000009; DestChannelState: 0; DestUniqueid: ctilink-r1; DestLinkedid: ctilink-r1")
	p.event("Newstate; Channel: PJSIP/1001-00000009; ChannelState: 5; Uniqueid: ctilink-r1; Linkedid: ctilink-r1; Exten: s")
	if e := wantEvent(t, events, "Dialing"); e.Fields["dnis"] != "0301" || e.Fields["callID"] != "ctilink-r1" {
		t.Errorf("dialling is %+v", e.Fields)
	}
}

// What a desktop sends becomes no line of its own, and none that Asterisk cuts.
func TestBadRequestsAreNotSent(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events)
	p.rings(t, events)
	p.talks(t, events)
	p.expect("Getvar")
	long := strings.Repeat("x", 1100)
	for _, tc := range []struct {
		name    string
		request opencti.Request
		want    opencti.ErrorCode
	}{
		{"data with a line break", opencti.Request{Activity: opencti.AttachData, CallID: call, Variables: map[string]string{"CTI_CASE": "1\r\n\r\nAction: Logoff"}}, opencti.InvalidRequest},
		{"long data", opencti.Request{Activity: opencti.AttachData, CallID: call, Variables: map[string]string{"CTI_CASE": long}}, opencti.InvalidRequest},
		{"long data of other names", opencti.Request{Activity: opencti.AttachData, CallID: call, Variables: map[string]string{"a": long}}, opencti.InvalidRequest},
		{"long data of a new call", opencti.Request{Activity: opencti.MakeCall, ID: "1", DestinationNumber: "1002", Variables: map[string]string{"CTI_CASE": long}}, opencti.InvalidRequest},
		{"number", opencti.Request{Activity: opencti.MakeCall, ID: "1", DestinationNumber: "1002,1)\r\nX: y"}, opencti.InvalidDestination},
		{"no number", opencti.Request{Activity: opencti.BlindTransfer, CallID: call}, opencti.InvalidDestination},
		{"request id", opencti.Request{Activity: opencti.MakeCall, ID: "a b", DestinationNumber: "1002"}, opencti.InvalidRequest},
		{"reason", opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "lunch\nPaused: false"}, opencti.InvalidRequest},
		{"queue", opencti.Request{Activity: opencti.LoginAgent, AgentID: "4001", Queue: "a\r\nb"}, opencti.InvalidRequest},
		{"digits", opencti.Request{Activity: opencti.SendDTMF, CallID: call, Digits: "12x"}, opencti.InvalidRequest},
		{"party", opencti.Request{Activity: opencti.DropParty, CallID: call, Party: "pbx-2"}, opencti.InvalidRequest},
		{"call", opencti.Request{Activity: opencti.HoldCall, CallID: "x\r\n"}, opencti.NoSuchCall},
		{"no queue at all", opencti.Request{Activity: opencti.LoginAgent, AgentID: "4001"}, opencti.InvalidQueue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantCode(t, opencti.Perform(t.Context(), d, tc.request), tc.want, "")
			p.nothingOf("Setvar", "Originate", "BlindTransfer", "QueuePause", "QueueAdd", "PlayDTMF", "Hangup", "Redirect", "Logoff")
		})
	}
}

// Asterisk refuses in words.
func TestRefusals(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events)
	p.rings(t, events)
	p.talks(t, events)
	for _, tc := range []struct {
		action, text string
		request      opencti.Request
		want         opencti.ErrorCode
	}{
		{"QueueAdd", "Unable to add interface: Already there", opencti.Request{Activity: opencti.LoginAgent, Queue: "q"}, opencti.AlreadyLoggedIn},
		{"QueueAdd", "Unable to add interface to queue: No such queue", opencti.Request{Activity: opencti.LoginAgent, Queue: "q"}, opencti.InvalidQueue},
		{"QueuePause", "Interface not found", opencti.Request{Activity: opencti.SetAgentReady}, opencti.NotLoggedIn},
		{"QueuePause", "Permission denied", opencti.Request{Activity: opencti.SetAgentReady}, opencti.Forbidden},
		{"QueueRemove", "Unable to remove interface: Not there", opencti.Request{Activity: opencti.LogoutAgent, Queue: "q"}, opencti.NotLoggedIn},
		{"Hangup", "No such channel", opencti.Request{Activity: opencti.HangUpCall, CallID: call}, opencti.NoSuchCall},
		{"MuteAudio", "Invalid/unknown command: MuteAudio. Use Action: ListCommands to show available commands.", opencti.Request{Activity: opencti.MuteCall, CallID: call}, opencti.NotCapable},
		{"Hangup", "Something new about +4930123", opencti.Request{Activity: opencti.HangUpCall, CallID: call}, opencti.Rejected},
	} {
		t.Run(tc.text, func(t *testing.T) {
			p.answer(tc.action, says("Response: Error; Message: "+tc.text))
			err := opencti.Perform(t.Context(), d, tc.request)
			wantCode(t, err, tc.want, tc.action)
			if err != nil && strings.Contains(err.Error(), "30123") {
				t.Errorf("a number is in the error: %v", err)
			}
		})
	}
}

// All queues or none.
func TestLoginIsTakenBack(t *testing.T) {
	p := newPeer(t)
	_, d := p.subscribed(t, make(sink, 64), "queues", "support sales")
	p.answer("QueueAdd", inTurn("Response: Success;; Event: QueueMemberAdded; Queue: support; Interface: PJSIP/1001; MemberName: 4001; Status: 1; Paused: 1",
		"Response: Error; Message: Unable to add interface to queue: No such queue"))
	wantCode(t, opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.LoginAgent, AgentID: "4001"}), opencti.InvalidQueue, "")
	if r := p.expect("QueueRemove"); r["Queue"] != "support" {
		t.Errorf("taken back is %v", r)
	}
}

func TestWithoutRemoteControl(t *testing.T) {
	p, events := newPeer(t), make(sink, 64)
	_, d := p.subscribed(t, events, "remoteControl", "none")
	p.rings(t, events)
	wantCode(t, opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.AnswerCall, CallID: call}), opencti.NotCapable, "telephone")
	p.nothingOf("PJSIPNotify")
}
