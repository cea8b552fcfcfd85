package csta_test

import (
	"context"
	"strings"
	"testing"
	"time"

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

// Nothing comes of what was given up before it began.
func TestRequestThatIsGivenUpBefore(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.connected(nil)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if err := device.(opencti.CallControl).HoldCall(over, opencti.Request{CallID: "7"}); err == nil {
			t.Error("it was done")
		}
	}
	p.expectNothing()
}
