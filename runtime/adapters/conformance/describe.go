package conformance

import (
	"fmt"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// ofACall are the event types that say which call they are about.
var ofACall = []opencti.EventType{opencti.TypeCallState, opencti.TypePartyInfo, opencti.TypeCallInfo}

// namesItsCalls looks for rules whose events would never be told: a session passes over
// an event of a call that does not say of which.
func (s *stage) namesItsCalls(about opencti.Description) {
	for _, r := range about.Rules.Identify {
		kind, _ := opencti.TypeOf(r.Then)
		if slices.Contains(ofACall, kind) && about.Rules.Populate[kind]["callId"] == "" {
			s.found("", "", problem{clauseDescribe, fmt.Sprintf("Rules.Populate[%s] with callId, as the rule %s makes %s", kind, r.Name, r.Then),
				"none: the event would not be told"})
		}
	}
}

// leavesOut looks at what the class is said to be without.
func (s *stage) leavesOut(about opencti.Description) {
	whole := about
	whole.Without = nil
	for _, a := range about.Without {
		if !slices.Contains(whole.Activities(), a) || slices.Contains(about.Activities(), a) {
			s.found("", "", problem{clauseDescribe, fmt.Sprintf("Without %s to name a method of Device or Connection", a), "no such method"})
		}
	}
}
