package rules

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Trace is what the rules make of one raw event, for people who write rules. It holds
// the event's values.
type Trace struct {
	// CallID is the call that the event is about; empty: none.
	CallID string `json:"callId,omitempty"`
	// Identify lists the rules that were asked, up to the one that holds.
	Identify []Asked `json:"identify"`
	// Event is the normalised event; empty when the event is dropped here.
	Event opencti.EventName `json:"event,omitempty"`
	// Filter lists the filters that were asked, up to the one that drops.
	Filter []Asked `json:"filter,omitempty"`
	// Dropped: a filter drops the event.
	Dropped bool `json:"dropped,omitempty"`
	// Populate lists the fields of the event's type.
	Populate []Filled `json:"populate,omitempty"`
	// Failure is what ended the event.
	Failure string `json:"failure,omitempty"`
}

// Asked is a condition that was asked.
type Asked struct {
	Rule  string `json:"rule"`
	Holds bool   `json:"holds"`
	// Why says what it read; empty for a rule without a condition.
	Why string `json:"why,omitempty"`
}

// Filled is a field of the event.
type Filled struct {
	Field string `json:"field"`
	Value any    `json:"value,omitempty"`
	// Why says why it is left alone.
	Why string `json:"why,omitempty"`
}

// Explain runs the rules as a session does and says what each made of the event. It is
// slow.
func (s *Set) Explain(in *Input) Trace {
	t := Trace{CallID: s.CallID(in)}
	name, ok, err := s.Identify(in)
	t.Identify = append([]Asked{}, s.asked(in)...)
	if t.failed(err) || !ok {
		return t
	}
	t.Event = name
	t.Dropped, err = s.Drops(in, name)
	for _, f := range s.filter {
		a := ask(f.name, f.when, in)
		if t.Filter = append(t.Filter, a); a.Holds {
			break
		}
	}
	if t.failed(err) || t.Dropped {
		return t
	}
	eventType, _ := opencti.TypeOf(name)
	d, err := s.Populate(in, eventType, name)
	if !t.failed(err) {
		t.Populate = s.filled(in, eventType, d)
	}
	return t
}

func (t *Trace) failed(err error) bool {
	if err == nil {
		return false
	}
	t.Failure = err.Error()
	if e := First(err); e != nil && e.cause != nil {
		t.Failure += " (" + e.cause.Error() + ")"
	}
	return true
}

// asked repeats Identify with reasons.
func (s *Set) asked(in *Input) (out []Asked) {
	if s.decide != nil {
		v, absent, err := s.decide.value(in, in.Raw.Fields)
		a := Asked{Rule: "setEventType", Holds: v != "" && !absent && err == nil}
		if !a.Holds {
			a.Why = "it gives no event"
		}
		if absent {
			a.Why = s.decide.missing(in)
		}
		return []Asked{a}
	}
	for _, r := range s.identify[in.Raw.Name] {
		a := ask(r.Name, r.when, in)
		if out = append(out, a); a.Holds {
			break
		}
	}
	return out
}

func ask(name string, when *expression, in *Input) Asked {
	a := Asked{Rule: name}
	var err error
	if a.Holds, err = when.holds(in, in.Raw.Fields); when != nil {
		a.Why = when.why(in, a.Holds)
	}
	if err != nil {
		a.Why = err.Error()
	}
	return a
}

// filled lists the fields with the values that came out.
func (s *Set) filled(in *Input, t opencti.EventType, d Data) (out []Filled) {
	p := s.populate[t]
	if p == nil {
		return nil
	}
	for i, name := range p.fields {
		f := Filled{Field: name, Value: readable(name, d)}
		switch {
		case f.Value != nil:
		case d.values[i] == nil:
			f.Why = p.from[i].missing(in)
		case d.values[i] == "":
			f.Why = "it gives an empty text"
		default:
			f.Why = fmt.Sprintf("its value is no %s", kindOfField(name).want)
		}
		out = append(out, f)
	}
	return out
}

// readable gives a field as the session reads it; nil when it leaves the field alone.
func readable(name string, d Data) any {
	switch kindOfField(name).want {
	case truth.want:
		if v, ok := d.Bool(name); ok {
			return v
		}
	case texts.want:
		if v := d.Strings(name); v != nil {
			return v
		}
	case data.want:
		if v := d.Map(name); v != nil {
			return v
		}
	case records.want:
		if v := d.Maps(name); v != nil {
			return v
		}
	default:
		if v := d.String(name); v != "" {
			return v
		}
	}
	return nil
}

// missing names the field that an expression reads and the event does not have.
func (e *expression) missing(in *Input) string {
	for _, f := range append(slices.Clone(e.needs), e.field) {
		if _, ok := in.Raw.Fields[f]; !ok && f != "" {
			return "the event has no field " + f
		}
	}
	if _, _, err := e.program.Eval(in); err != nil {
		if _, key, ok := strings.Cut(err.Error(), "no such key: "); ok {
			return "there is no " + key
		}
	}
	return "it reads what is not there"
}

// why says of a condition which part decided, and what that part read.
func (e *expression) why(in *Input, holds bool) string {
	program, err := e.env.Program(e.checked, cel.EvalOptions(cel.OptExhaustiveEval), cel.CostLimit(costBound))
	if err != nil {
		return ""
	}
	_, details, err := program.Eval(in)
	if details == nil || details.State() == nil {
		return ""
	}
	if err != nil && readsWhatIsNotThere(err) {
		return e.missing(in)
	}
	tree := e.checked.NativeRep()
	part := tree.Expr()
	if !holds {
		part = culprit(part, func(id int64) (ref.Val, bool) { return details.State().Value(id) })
	}
	source, err := parser.Unparse(part, tree.SourceInfo())
	if err != nil {
		return ""
	}
	return source + read(part, tree, func(id int64) (ref.Val, bool) { return details.State().Value(id) })
}

// culprit goes down the sides of && to the first that is not true.
func culprit(e ast.Expr, value func(int64) (ref.Val, bool)) ast.Expr {
	for e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		next := e
		for _, side := range e.AsCall().Args() {
			if v, ok := value(side.ID()); !ok || v.Value() != true {
				next = side
				break
			}
		}
		if next == e {
			break
		}
		e = next
	}
	return e
}

// read lists what the variables in an expression were.
func read(e ast.Expr, tree *ast.AST, value func(int64) (ref.Val, bool)) string {
	var out []string
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.SelectKind && !isIdent(e, "name") && !isIdent(e, "raw") {
			return
		}
		source, err := parser.Unparse(e, tree.SourceInfo())
		v, ok := value(e.ID())
		if err != nil || !ok || v == nil {
			return
		}
		if s, ok := v.Value().(string); ok {
			if said := fmt.Sprintf("%s is %q", source, s); !slices.Contains(out, said) {
				out = append(out, said)
			}
		}
	}))
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}
