// Package rules runs a class's event rules: the decision tree, the filters and the
// data transforms of the guide's HandleEvent, and a pool's call treatment, written in
// CEL. Sessions run them, the operator checks them before they are in force. It imports
// opencti alone.
package rules

import (
	"cel.dev/cel-go/cel"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Set is a compiled RuleSet. It is immutable and safe for concurrent use.
type Set struct {
	callID   *expression
	decide   *expression       // setEventType: nil when identify decides
	identify map[string][]rule // by raw name: most rules cost no evaluation
	filter   []filter
	populate map[opencti.EventType]*transform
}

type rule struct {
	opencti.Rule
	when *expression // nil: always
}

type filter struct {
	name string
	when *expression
}

// transform fills the fields of one event type.
type transform struct {
	fields []string
	from   []*expression
}

// CallID gives the call that the event is about, or "".
func (s *Set) CallID(in *Input) string {
	if s.callID == nil {
		return ""
	}
	v, absent, err := s.callID.value(in, in.Raw.Fields)
	if absent || err != nil {
		return ""
	}
	id, _ := v.(string)
	return id
}

// Identify names the event (SetEventType); false when the event is to be dropped
// because no rule matches. The error is an *Error.
func (s *Set) Identify(in *Input) (opencti.EventName, bool, error) {
	if s.decide != nil {
		return s.decided(in)
	}
	for i := range s.identify[in.Raw.Name] {
		r := &s.identify[in.Raw.Name][i]
		ok, err := r.when.holds(in, in.Raw.Fields)
		if err != nil {
			return "", false, failed(r.Name, identifyField(r.Name, "when"), err)
		}
		if ok {
			return r.Then, true, nil
		}
	}
	return "", false, nil
}

// decided asks setEventType. What reads an absent field names no event.
func (s *Set) decided(in *Input) (opencti.EventName, bool, error) {
	v, absent, err := s.decide.value(in, in.Raw.Fields)
	if err != nil {
		return "", false, failed("", "setEventType", err)
	}
	name, _ := v.(string)
	if absent || name == "" {
		return "", false, nil
	}
	if !canBeTold(opencti.EventName(name)) {
		return "", false, &Error{Field: "setEventType", Problem: "gives a text that is not the name of an event"}
	}
	return opencti.EventName(name), true, nil
}

// canBeTold says whether a rule may give the event's name.
func canBeTold(n opencti.EventName) bool {
	t, ok := opencti.TypeOf(n)
	return ok && opencti.PopulateFields(t) != nil
}

// Drops says whether a filter drops the event (FilterEvent). The error is an *Error.
func (s *Set) Drops(in *Input, name opencti.EventName) (bool, error) {
	in.name = name
	for _, f := range s.filter {
		ok, err := f.when.holds(in, in.Raw.Fields)
		if err != nil {
			return false, failed(f.name, filterField(f.name), err)
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}

// Populate runs the data transform for an event type (PopulateEventData). An expression
// that reads what is not there leaves its field alone. The error is an *Error.
func (s *Set) Populate(in *Input, t opencti.EventType, name opencti.EventName) (Data, error) {
	in.name = name
	p := s.populate[t]
	if p == nil {
		return Data{}, nil
	}
	d := Data{fields: p.fields, values: make([]any, len(p.fields))}
	for i, e := range p.from {
		v, absent, err := e.value(in, in.Raw.Fields)
		if err != nil {
			return Data{}, failed("", populateField(t, p.fields[i]), err)
		}
		if !absent {
			d.values[i] = v
		}
	}
	return d, nil
}

// Input is one raw event with what its session knows. It serves one event, in one
// goroutine.
type Input struct {
	Raw      opencti.RawEvent
	DN       string
	AgentID  string
	Call     string            // the call's id; empty: none
	State    opencti.EventName // what the session knows of that call; empty: nothing
	CallType opencti.CallType  // likewise

	name    opencti.EventName
	session sessionVars
	call    callVars
}

var _ cel.Activation = (*Input)(nil)

// ResolveName gives the expressions their variables.
func (in *Input) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return in.Raw.Fields, true
	case "session":
		in.session = sessionVars{in.DN, in.AgentID}
		return &in.session, true
	case "call":
		in.call = callVars{in.State != "", in.State, in.CallType}
		return &in.call, true
	case "raw":
		return in.Raw.Name, true
	case "name":
		return string(in.name), true
	}
	return nil, false
}

// Parent is nil: all variables are here.
func (in *Input) Parent() cel.Activation { return nil }
