package csta_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestAnswersMayCross(t *testing.T) {
	answers := quiet()
	delete(answers, "HoldCall")
	delete(answers, "RetrieveCall")
	p := newPeer(t, answers)
	_, device := p.connected(nil)
	calls := device.(opencti.CallControl)
	held, retrieved := make(chan error, 1), make(chan error, 1)
	go func() { held <- calls.HoldCall(context.Background(), opencti.Request{CallID: "7"}) }()
	first := p.expect("HoldCall")
	go func() { retrieved <- calls.RetrieveCall(context.Background(), opencti.Request{CallID: "8"}) }()
	second := p.expect("RetrieveCall")
	if first.id == second.id {
		t.Fatalf("two requests have the id %s", first.id)
	}
	p.send(second.id, `<RetrieveCallResponse/>`)
	p.send(first.id, `<CSTAErrorCode><operation>invalidCallID</operation></CSTAErrorCode>`)
	if err := <-retrieved; err != nil {
		t.Errorf("RetrieveCall: %v", err)
	}
	wantCode(t, <-held, opencti.NoSuchCall, "operation/invalidCallID")
}

func TestOutstandingRequests(t *testing.T) {
	answers := quiet()
	delete(answers, "HoldCall")
	p := newPeer(t, answers)
	_, device := p.connected(nil, "outstandingRequests", "1")
	calls := device.(opencti.CallControl)
	holding, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	held := make(chan error, 1)
	go func() { held <- calls.HoldCall(holding, opencti.Request{CallID: "7"}) }()
	p.expect("HoldCall")
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	wantCode(t, calls.RetrieveCall(soon, opencti.Request{CallID: "8"}), opencti.Overloaded, "")
	p.expectNothing()
	giveUp()
	wantCode(t, <-held, opencti.LinkDown, "HoldCall")
	if err := calls.RetrieveCall(t.Context(), opencti.Request{CallID: "8"}); err != nil {
		t.Errorf("a request that was given up still takes its place: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		category, value string
		want            opencti.ErrorCode
	}{
		{"operation", "generic", opencti.Rejected},
		{"operation", "invalidDeviceID", opencti.UnknownDevice},
		{"operation", "invalidCallID", opencti.NoSuchCall},
		{"operation", "invalidConnectionID", opencti.NoSuchCall},
		{"operation", "invalidDestination", opencti.InvalidDestination},
		{"operation", "invalidAgentState", opencti.InvalidState},
		{"operation", "invalidAgentPassword", opencti.AuthenticationFailed},
		{"operation", "invalidAgentGroup", opencti.InvalidQueue},
		{"operation", "featureAlreadySet", opencti.SameState},
		{"operation", "privilegeViolationSpecifiedDevice", opencti.Forbidden},
		{"operation", "privilegeViolationCalledDevice", opencti.Forbidden},
		{"operation", "requestIncompatibleWithObject", opencti.NotCapable},
		{"operation", "requestIncompatibleWithHeldConnection", opencti.InvalidState},
		{"operation", "serviceNotSupported", opencti.NotCapable},
		{"operation", "userDataNotSupported", opencti.NotCapable},
		{"operation", "agentStateOutOfRange", opencti.InvalidRequest},
		{"operation", "somethingNew", opencti.Rejected},
		{"stateIncompatibility", "invalidConnectionState", opencti.InvalidState},
		{"stateIncompatibility", "noActiveCall", opencti.NoActiveCall},
		{"stateIncompatibility", "noHeldCall", opencti.NoHeldCall},
		{"stateIncompatibility", "noCallToAnswer", opencti.NoAlertingCall},
		{"stateIncompatibility", "noCallToClear", opencti.NoSuchCall},
		{"systemResourceAvailibility", "resourceBusy", opencti.Overloaded},
		{"systemResourceAvailibility", "resourceOutOfService", opencti.DeviceOutOfService},
		{"systemResourceAvailability", "deviceOutOfService", opencti.DeviceOutOfService},
		{"systemResourceAvailibility", "overallMonitorLimitExceeded", opencti.LicenceExhausted},
		{"subscribedResourceAvailability", "objectMonitorLimitExceeded", opencti.LicenceExhausted},
		{"subscribedResourceAvailability", "outstandingReqLimitExceeded", opencti.Overloaded},
		{"performanceManagement", "performanceLimitExceeded", opencti.Overloaded},
		{"security", "timeStampViolated", opencti.Forbidden},
		{"privateErrorCode", "17", opencti.Rejected},
		{"unspecified", "", opencti.Rejected},
	} {
		t.Run(tc.category+"/"+tc.value, func(t *testing.T) {
			p := newPeer(t, quiet())
			p.answer("HoldCall", `<e:CSTAErrorCode xmlns:e="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><e:`+
				tc.category+`>`+tc.value+`</e:`+tc.category+`></e:CSTAErrorCode>`)
			_, device := p.connected(nil)
			err := opencti.AsError(device.(opencti.CallControl).HoldCall(t.Context(), opencti.Request{CallID: "7"}))
			wantCode(t, err, tc.want, tc.value)
			if err != nil && err.Message == "" {
				t.Error("there is no message for people")
			}
		})
	}
}

func TestALongRefusalIsCutShort(t *testing.T) {
	p := newPeer(t, quiet())
	p.answer("HoldCall", `<CSTAErrorCode><privateErrorCode>line 1&#10;`+strings.Repeat("x", 1000)+`</privateErrorCode></CSTAErrorCode>`)
	_, device := p.connected(nil)
	err := opencti.AsError(device.(opencti.CallControl).HoldCall(t.Context(), opencti.Request{CallID: "7"}))
	if err == nil || len(err.Detail) > 200 || strings.ContainsAny(err.Detail, "\n") {
		t.Errorf("error = %v, want a short detail in one line", err)
	}
}

func TestActivities(t *testing.T) {
	const own = "<callID>7</callID><deviceID>1001</deviceID>"
	for _, tc := range []struct {
		name    string
		request opencti.Request
		element string
		want    string // between the root's tags
	}{
		{"log in", opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "1234", Queue: "sales"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>loggedOn</requestedAgentState><agentID>5501</agentID><password>31323334</password><group>sales</group>"},
		{"log in as another", opencti.Request{Activity: opencti.LoginAgent, AgentID: "5502"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>loggedOn</requestedAgentState><agentID>5502</agentID>"},
		{"log out", opencti.Request{Activity: opencti.LogoutAgent, ReasonCode: "9"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>loggedOff</requestedAgentState><agentID>5501</agentID>" + reason("9")},
		{"ready", opencti.Request{Activity: opencti.SetAgentReady}, "SetAgentState",
			"<device>1001</device><requestedAgentState>ready</requestedAgentState><agentID>5501</agentID>"},
		{"not ready", opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "3"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>notReady</requestedAgentState><agentID>5501</agentID>" + reason("3")},
		{"after-call work", opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: "AFTER_CALL_WORK"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>workingAfterCall</requestedAgentState><agentID>5501</agentID>"},
		{"answer", opencti.Request{Activity: opencti.AnswerCall, CallID: "7"}, "AnswerCall", "<callToBeAnswered>" + own + "</callToBeAnswered>"},
		{"hold", opencti.Request{Activity: opencti.HoldCall, CallID: "7"}, "HoldCall", "<callToBeHeld>" + own + "</callToBeHeld>"},
		{"retrieve", opencti.Request{Activity: opencti.RetrieveCall, CallID: "7"}, "RetrieveCall", "<callToBeRetrieved>" + own + "</callToBeRetrieved>"},
		{"hang up", opencti.Request{Activity: opencti.HangUpCall, CallID: "7"}, "ClearConnection",
			"<connectionToBeCleared>" + own + "</connectionToBeCleared>"},
		{"dial", opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "+4930", Variables: map[string]string{"case": "C<9"}}, "MakeCall",
			"<callingDevice>1001</callingDevice><calledDirectoryNumber>+4930</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate>" +
				`<correlatorData><private><callData xmlns="http://ctilink.io/csta"><variable name="case">C&lt;9</variable></callData></private></correlatorData>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, quiet())
			_, device := p.connected(nil)
			if err := opencti.Perform(t.Context(), device, tc.request); err != nil {
				t.Fatal(err)
			}
			want := `<?xml version="1.0" encoding="UTF-8"?><` + tc.element +
				` xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">` + tc.want + `</` + tc.element + `>`
			if diff := cmp.Diff(want, p.expect(tc.element).xml); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func reason(code string) string {
	return `<extensions><privateData><private><agentData xmlns="http://ctilink.io/csta"><reasonCode>` + code +
		`</reasonCode></agentData></private></privateData></extensions>`
}
