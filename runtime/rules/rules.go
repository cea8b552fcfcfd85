// Package rules runs a class's event rules: the decision tree, the filters and the
// data transforms of the guide's HandleEvent, written in CEL. It imports opencti
// alone; sessions and the operator's checks use it.
package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Set is a compiled RuleSet. It is immutable and safe for concurrent use.
type Set struct {
	callID   cel.Program
	identify map[string][]rule // by raw name: most rules cost no evaluation
	filter   []filter
	populate map[opencti.EventType][]field
}

type rule struct {
	opencti.Rule
	when cel.Program // nil: always
}

type filter struct {
	name string
	when cel.Program
}

type field struct {
	name string
	expr cel.Program
}

// Error names the rule that does not compile.
type Error struct {
	Rule string
	Err  error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("rule %q: %v", e.Rule, e.Err) }

// Unwrap gives the compiler's error.
func (e *Error) Unwrap() error { return e.Err }

// Compile type-checks every expression. It refuses names outside the closed set
// of events and fields that no event has.
func Compile(rs opencti.RuleSet) (*Set, error) {
	env, err := cel.NewEnv(
		cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("session", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("call", cel.MapType(cel.StringType, cel.DynType)),
		cel.Variable("name", cel.StringType),
	)
	if err != nil {
		return nil, err
	}
	s := &Set{identify: map[string][]rule{}, populate: map[opencti.EventType][]field{}}
	if rs.CallID != "" {
		if s.callID, err = compile(env, rs.CallID, cel.StringType); err != nil {
			return nil, &Error{"callId", err}
		}
	}
	if err := s.compileIdentify(env, rs.Identify); err != nil {
		return nil, err
	}
	for _, f := range rs.Filter {
		p, err := compile(env, f.When, cel.BoolType)
		if err != nil {
			return nil, &Error{f.Name, err}
		}
		s.filter = append(s.filter, filter{f.Name, p})
	}
	return s, s.compilePopulate(env, rs.Populate)
}

func (s *Set) compileIdentify(env *cel.Env, rules []opencti.Rule) error {
	for _, r := range rules {
		if _, ok := opencti.TypeOf(r.Then); !ok {
			return &Error{r.Name, fmt.Errorf("then: %q is not one of the events", r.Then)}
		}
		c := rule{Rule: r}
		if r.When != "" {
			p, err := compile(env, r.When, cel.BoolType)
			if err != nil {
				return &Error{r.Name, err}
			}
			c.when = p
		}
		s.identify[r.On] = append(s.identify[r.On], c)
	}
	return nil
}

func (s *Set) compilePopulate(env *cel.Env, populate map[opencti.EventType]map[string]string) error {
	for t, fields := range populate {
		for name, expr := range fields {
			id := fmt.Sprintf("populate.%s.%s", t, name)
			if !slices.Contains(opencti.PopulateFields(t), name) {
				return &Error{id, fmt.Errorf("there is no such field; %s has %s", t, strings.Join(opencti.PopulateFields(t), ", "))}
			}
			p, err := compile(env, expr, cel.DynType)
			if err != nil {
				return &Error{id, err}
			}
			s.populate[t] = append(s.populate[t], field{name, p})
		}
		slices.SortFunc(s.populate[t], func(a, b field) int { return strings.Compare(a.name, b.name) })
	}
	return nil
}

func compile(env *cel.Env, expr string, want *cel.Type) (cel.Program, error) {
	ast, iss := env.Compile(expr)
	if iss.Err() != nil {
		return nil, iss.Err()
	}
	if got := ast.OutputType(); want != cel.DynType && !got.IsExactType(want) && !got.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("gives %s, must give %s", got, want)
	}
	return env.Program(ast, cel.EvalOptions(cel.OptOptimize))
}

// Input is one raw event with what its session knows.
type Input struct {
	Raw      opencti.RawEvent
	DN       string
	AgentID  string
	Call     string            // the call's id; empty: none
	State    opencti.EventName // what the session knows of that call; empty: nothing
	CallType opencti.CallType  // likewise
	bindings map[string]any
}

func (in *Input) vars(name opencti.EventName) map[string]any {
	if in.bindings == nil {
		in.bindings = map[string]any{
			"event":   in.Raw.Fields,
			"session": map[string]string{"dn": in.DN, "agentId": in.AgentID},
		}
	}
	in.bindings["call"] = map[string]any{"known": in.State != "", "state": string(in.State), "callType": string(in.CallType)}
	in.bindings["name"] = string(name)
	return in.bindings
}

// CallID gives the call that the event is about, or "".
func (s *Set) CallID(in *Input) string {
	if s.callID == nil {
		return ""
	}
	v, _, err := s.callID.Eval(in.vars(""))
	if err != nil {
		return ""
	}
	id, _ := v.Value().(string)
	return id
}

// Identify names the event (SetEventType); false when no rule matches.
func (s *Set) Identify(in *Input) (opencti.EventName, bool, error) {
	for _, r := range s.identify[in.Raw.Name] {
		ok, err := holds(r.when, in.vars(""))
		if err != nil {
			return "", false, &Error{r.Name, err}
		}
		if ok {
			return r.Then, true, nil
		}
	}
	return "", false, nil
}

// Drops says whether a filter drops the event (FilterEvent).
func (s *Set) Drops(in *Input, name opencti.EventName) (bool, error) {
	for _, f := range s.filter {
		ok, err := holds(f.when, in.vars(name))
		if err != nil {
			return false, &Error{f.name, err}
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}

// holds evaluates a condition; one that reads an absent field does not hold.
func holds(p cel.Program, vars map[string]any) (bool, error) {
	if p == nil {
		return true, nil
	}
	v, _, err := p.Eval(vars)
	if absent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("gave %s, must give a bool", v.Type().TypeName())
	}
	return b, nil
}

// absent recognises CEL's two errors for a field that is not there.
func absent(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "no such key") || strings.Contains(err.Error(), "no such attribute"))
}

// Data is what Populate made of a raw event.
type Data map[string]any

// Populate runs the data transform for an event type (PopulateEventData).
func (s *Set) Populate(in *Input, t opencti.EventType, name opencti.EventName) (Data, error) {
	d := Data{}
	for _, f := range s.populate[t] {
		v, _, err := f.expr.Eval(in.vars(name))
		if absent(err) {
			continue
		}
		if err != nil {
			return nil, &Error{fmt.Sprintf("populate.%s.%s", t, f.name), err}
		}
		d[f.name] = v.Value()
	}
	return d, nil
}

// String reads a field as text; "" when it is absent or something else.
func (d Data) String(name string) string {
	s, _ := d[name].(string)
	return s
}

// Bool reads a truth; false when it is absent or something else. ok says which.
func (d Data) Bool(name string) (value, ok bool) {
	value, ok = d[name].(bool)
	return value, ok
}

// Strings reads a list of texts.
func (d Data) Strings(name string) []string {
	out, _ := native[[]string](d[name])
	return out
}

// Map reads a map of texts.
func (d Data) Map(name string) map[string]string {
	out, _ := native[map[string]string](d[name])
	return out
}

// Maps reads a list of maps of texts.
func (d Data) Maps(name string) []map[string]string {
	out, _ := native[[]map[string]string](d[name])
	return out
}

// native turns what came through CEL, which may be CEL's own values or the
// driver's, into a Go type.
func native[T any](v any) (T, bool) {
	var zero T
	if v == nil {
		return zero, false
	}
	if t, ok := v.(T); ok {
		return t, true
	}
	r, err := types.DefaultTypeAdapter.NativeToValue(v).ConvertToNative(reflect.TypeFor[T]())
	if err != nil {
		return zero, false
	}
	t, ok := r.(T)
	return t, ok
}
