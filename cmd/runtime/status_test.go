package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

const marked = "m4rked-words-of-the-server"

func TestConnected(t *testing.T) {
	for name, tc := range map[string]struct {
		state   v1alpha1.ConnectionState
		problem error
		status  metav1.ConditionStatus
		reason  string
	}{
		"connected":           {v1alpha1.ConnectionConnected, nil, "True", v1alpha1.ReasonConnected},
		"connecting":          {v1alpha1.ConnectionConnecting, nil, "False", v1alpha1.ReasonConnecting},
		"a bad configuration": {v1alpha1.ConnectionDisconnected, &opencti.ConfigError{Key: "address", Problem: "is missing"}, "False", v1alpha1.ReasonInvalidConfig},
		"a wrong password":    {v1alpha1.ConnectionDisconnected, opencti.Errorf(opencti.AuthenticationFailed, marked).WithDetail(marked), "False", v1alpha1.ReasonAuthFailed},
		"too few rights":      {v1alpha1.ConnectionDisconnected, opencti.Errorf(opencti.Forbidden, marked), "False", v1alpha1.ReasonForbidden},
		"no licence":          {v1alpha1.ConnectionDisconnected, opencti.Errorf(opencti.LicenceExhausted, marked), "False", v1alpha1.ReasonLicence},
		"no answer":           {v1alpha1.ConnectionDisconnected, opencti.Errorf(opencti.LinkDown, marked), "False", v1alpha1.ReasonDisconnected},
		"something else":      {v1alpha1.ConnectionDisconnected, errors.New(marked), "False", v1alpha1.ReasonDisconnected},
		"lost, reason unsaid": {v1alpha1.ConnectionDisconnected, nil, "False", v1alpha1.ReasonDisconnected},
	} {
		t.Run(name, func(t *testing.T) {
			got := connected(link.Status{Connection: tc.state, Problem: tc.problem})
			if got.status != tc.status || got.reason != tc.reason || got.message == "" || strings.Contains(got.message, marked) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestApplied(t *testing.T) {
	for name, tc := range map[string]struct {
		refused error
		status  metav1.ConditionStatus
		reason  string
	}{
		"in force":            {nil, "True", v1alpha1.ReasonApplied},
		"a bad configuration": {&opencti.ConfigError{Key: "address", Problem: "must be host:port"}, "False", v1alpha1.ReasonInvalidConfig},
		"no such driver":      {opencti.Errorf(opencti.InvalidRequest, marked), "False", v1alpha1.ReasonUnknownDriver},
	} {
		t.Run(name, func(t *testing.T) {
			if got := applied(tc.refused, link.Status{}); got.status != tc.status || got.reason != tc.reason || strings.Contains(got.message, marked) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// The slot whose first document is refused connects to nothing, and says why.
func TestTheFirstDocumentIsRefused(t *testing.T) {
	p := &pod{document: &v1alpha1.CTISlot{}, refused: &opencti.ConfigError{Key: "colour", Problem: "is not a parameter of this class"}}
	for name, tc := range map[string]struct {
		inForce   int64
		state     v1alpha1.ConnectionState
		connected string // reason
		applied   string // beginning of the message
	}{
		"nothing was in force": {0, v1alpha1.ConnectionConnecting, v1alpha1.ReasonInvalidConfig, "No configuration is in force"},
		"another is in force":  {1, v1alpha1.ConnectionConnected, v1alpha1.ReasonConnected, "The last good configuration stays in force"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := p.status(link.Status{Generation: tc.inForce, Connection: tc.state}, 7)
			for _, c := range got.Conditions {
				if c.Type == v1alpha1.ConditionConnected && c.Reason != tc.connected || c.Type == v1alpha1.ConditionApplied && !strings.HasPrefix(c.Message, tc.applied) {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

// What the operator took for good and the image does not: the rule is named.
func TestARuleIsRefused(t *testing.T) {
	_, err := rules.Compile(opencti.RuleSet{CallID: "evnt.id"})
	reason, message := why(fmt.Errorf("pool day: %w", err))
	want := `this runtime image cannot run a rule, callId, line 1, column 1: "evnt" is not known here; did you mean event?`
	if reason != v1alpha1.ReasonInvalidRules || message != want {
		t.Errorf("%s: %s", reason, message)
	}
}

func TestReadyIsTheWorstOfTheOthers(t *testing.T) {
	good := verdict{metav1.ConditionTrue, "Good", "good"}
	bad := func(reason string) verdict { return verdict{metav1.ConditionFalse, reason, reason} }
	for name, tc := range map[string]struct {
		applied, connected verdict
		status             metav1.ConditionStatus
		reason             string
	}{
		"all well":         {good, good, "True", v1alpha1.ReasonReady},
		"not connected":    {good, bad("C"), "False", "C"},
		"not applied":      {bad("A"), good, "False", "A"},
		"neither":          {bad("A"), bad("C"), "False", "A"},
		"applied, unknown": {verdict{metav1.ConditionUnknown, "U", "u"}, good, "False", "U"},
	} {
		t.Run(name, func(t *testing.T) {
			got := conditions(3, tc.applied, tc.connected)
			if got[0].Type != v1alpha1.ConditionReady || got[0].Status != tc.status || got[0].Reason != tc.reason {
				t.Errorf("%+v", got[0])
			}
			for _, c := range got {
				if c.ObservedGeneration != 3 {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}

func TestOnlyCounts(t *testing.T) {
	base := func() v1alpha1.CTISlotStatus {
		return v1alpha1.CTISlotStatus{
			Holder: "a", Epoch: 7, Connection: v1alpha1.ConnectionConnected, ObservedGeneration: 1, Sessions: 3,
			Conditions: []metav1.Condition{{Type: "Ready", Status: "True", Reason: "R", Message: "m", LastTransitionTime: metav1.Now()}},
		}
	}
	for name, tc := range map[string]struct {
		change func(*v1alpha1.CTISlotStatus)
		want   bool
	}{
		"nothing":      {func(*v1alpha1.CTISlotStatus) {}, true},
		"sessions":     {func(s *v1alpha1.CTISlotStatus) { s.Sessions = 4 }, true},
		"of a pool":    {func(s *v1alpha1.CTISlotStatus) { s.SessionsByPool = []v1alpha1.PoolSessions{{Pool: "p", Sessions: 1}} }, true},
		"a time":       {func(s *v1alpha1.CTISlotStatus) { s.Conditions[0].LastTransitionTime = metav1.Time{} }, true},
		"the holder":   {func(s *v1alpha1.CTISlotStatus) { s.Holder = "b" }, false},
		"the epoch":    {func(s *v1alpha1.CTISlotStatus) { s.Epoch = 8 }, false},
		"connection":   {func(s *v1alpha1.CTISlotStatus) { s.Connection = v1alpha1.ConnectionDisconnected }, false},
		"generation":   {func(s *v1alpha1.CTISlotStatus) { s.ObservedGeneration = 2 }, false},
		"a condition":  {func(s *v1alpha1.CTISlotStatus) { s.Conditions[0].Status = "False" }, false},
		"its message":  {func(s *v1alpha1.CTISlotStatus) { s.Conditions[0].Message = "n" }, false},
		"one more":     {func(s *v1alpha1.CTISlotStatus) { s.Conditions = append(s.Conditions, metav1.Condition{}) }, false},
		"its document": {func(s *v1alpha1.CTISlotStatus) { s.Conditions[0].ObservedGeneration = 2 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := base()
			tc.change(&b)
			if got := onlyCounts(base(), b); got != tc.want {
				t.Error(cmp.Diff(base(), b))
			}
		})
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8443": true, "[::1]:8443": true, "localhost:1": true, "127.1.2.3:1": true,
		":8443": false, "0.0.0.0:8443": false, "10.0.0.1:1": false, "127.0.0.1": false, "example.org:1": false, "[::]:1": false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("loopback(%q) = %v", address, got)
		}
	}
}
