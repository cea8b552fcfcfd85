package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Compile type-checks every expression. It refuses names outside the closed set of
// events and fields that no event has. The error joins one *Error for each rule that is
// wrong; First gives the first.
func Compile(rs opencti.RuleSet) (*Set, error) {
	c := &compiler{set: &Set{identify: map[string][]rule{}, populate: map[opencti.EventType]*transform{}}}
	if rs.CallID != "" {
		c.set.callID = c.expression(known().callID, rs.CallID, text, "", "callId")
	}
	if rs.SetEventType != "" {
		c.set.decide = c.expression(known().identify, rs.SetEventType, text, "", "setEventType")
		c.results(c.set.decide)
	}
	c.identify(rs.Identify)
	c.filter(rs.Filter)
	for _, t := range slices.Sorted(maps.Keys(rs.Populate)) {
		c.populate(t, rs.Populate[t])
	}
	return c.set, c.err()
}

// compiler gathers what is wrong.
type compiler struct {
	set   *Set
	found []error
}

func (c *compiler) err() error { return errors.Join(c.found...) }

func (c *compiler) refuse(rule, field, problem, hint string) {
	c.found = append(c.found, &Error{Rule: rule, Field: field, Problem: problem, Hint: hint})
}

func (c *compiler) expression(env *cel.Env, source string, k kind, rule, field string) *expression {
	e, problem := compile(env, source, k)
	if problem != nil {
		c.found = append(c.found, problem.at(rule, field))
	}
	return e
}

func identifyField(rule, part string) string { return "identify[" + rule + "]." + part }

func filterField(rule string) string { return "filter[" + rule + "].when" }

func populateField(t opencti.EventType, field string) string {
	return fmt.Sprintf("populate.%s.%s", t, field)
}

func (c *compiler) identify(rules []opencti.Rule) {
	names := map[string]bool{}
	for _, r := range rules {
		c.name("identify", r.Name, names)
		if r.On == "" {
			c.refuse(r.Name, identifyField(r.Name, "raw"), "is empty", "name the raw event")
		}
		if !canBeTold(r.Then) {
			c.found = append(c.found, noEvent(string(r.Then)).at(r.Name, identifyField(r.Name, "then")))
		}
		out := rule{Rule: r}
		if r.When != "" {
			out.when = c.expression(known().identify, r.When, condition, r.Name, identifyField(r.Name, "when"))
		}
		c.set.identify[r.On] = append(c.set.identify[r.On], out)
	}
}

// name refuses a rule without a name, and two of the same: by it a rule is overridden.
func (c *compiler) name(list, name string, seen map[string]bool) {
	switch {
	case name == "":
		c.refuse("", list, "has a rule without a name", "give it one")
	case seen[name]:
		c.refuse(name, list+"["+name+"]", "stands there twice", "give each rule a name of its own")
	}
	seen[name] = true
}

func (c *compiler) filter(filters []opencti.Filter) {
	names := map[string]bool{}
	for _, f := range filters {
		c.name("filter", f.Name, names)
		c.set.filter = append(c.set.filter, filter{f.Name, c.expression(known().convert, f.When, condition, f.Name, filterField(f.Name))})
	}
}

func (c *compiler) populate(t opencti.EventType, fields map[string]string) {
	mayHave := opencti.PopulateFields(t)
	if mayHave == nil {
		c.refuse("", "populate."+string(t), "is no event type with fields", suggestion(string(t), populated()))
		return
	}
	out := &transform{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(mayHave, name) {
			c.refuse("", populateField(t, name), "there is no such field", suggestion(name, mayHave))
			continue
		}
		out.fields = append(out.fields, name)
		out.from = append(out.from, c.expression(known().convert, fields[name], kindOfField(name), "", populateField(t, name)))
	}
	c.set.populate[t] = out
}

// kindOfField is the type of what Populate may set.
func kindOfField(name string) kind {
	switch name {
	case "networkReached", "muted", "doNotDisturb":
		return truth
	case "otherDns":
		return texts
	case "variables":
		return data
	case "parties", "queues":
		return records
	}
	return text
}

// populated lists the event types that have fields.
func populated() (out []string) {
	for _, n := range eventNames() {
		t, _ := opencti.TypeOf(opencti.EventName(n))
		if !slices.Contains(out, string(t)) {
			out = append(out, string(t))
		}
	}
	slices.Sort(out)
	return out
}

// noEvent explains a name that a rule may not give.
func noEvent(name string) *Error {
	e := &Error{Problem: "is not one of the events that a rule may give", Hint: suggestion(name, eventNames())}
	if _, ok := opencti.TypeOf(opencti.EventName(name)); ok {
		e.Hint = fmt.Sprintf("%s, %s and %s are told by the runtime itself", opencti.LinkUp, opencti.LinkLost, opencti.RequestFailed)
	}
	return e
}

// results judges the names that setEventType gives, as far as they are written out.
func (c *compiler) results(e *expression) {
	if e == nil {
		return
	}
	tree := e.checked.NativeRep()
	for _, l := range outcomes(tree.Expr()) {
		name := string(l.AsLiteral().(types.String))
		if name == "" || canBeTold(opencti.EventName(name)) {
			continue
		}
		problem := noEvent(name).at("", "setEventType")
		at := tree.SourceInfo().GetStartLocation(l.ID())
		problem.Line, problem.Column = at.Line(), at.Column()+1
		c.found = append(c.found, problem)
	}
}

// outcomes lists the texts that an expression may give: those of the sides of ?: and of
// the values of a map that is looked into.
func outcomes(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind {
		return literals(e)
	}
	var out []ast.Expr
	switch c := e.AsCall(); c.FunctionName() {
	case operators.Conditional:
		out = append(outcomes(c.Args()[1]), outcomes(c.Args()[2])...)
	case operators.Index:
		if m := c.Args()[0]; m.Kind() == ast.MapKind {
			for _, entry := range m.AsMap().Entries() {
				out = append(out, outcomes(entry.AsMapEntry().Value())...)
			}
		}
	}
	return out
}
