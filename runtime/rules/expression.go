package rules

import (
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// expression is a compiled expression. It is immutable and safe for concurrent use.
type expression struct {
	source  string
	env     *cel.Env
	checked *cel.Ast
	program cel.Program

	// field is set when the whole expression is event.field: most fields are filled
	// so, and a look-up does it.
	field string
	// needs are the fields of the event without which the expression has no value:
	// it is not run, for an error costs more than a run.
	needs []string
}

// kind is what an expression is for.
type kind struct {
	want *cel.Type
	// condition: reading what is not there means no.
	condition bool
}

var (
	condition = kind{cel.BoolType, true}
	text      = kind{cel.StringType, false}
	truth     = kind{cel.BoolType, false}
	texts     = kind{cel.ListType(cel.StringType), false}
	data      = kind{cel.MapType(cel.StringType, cel.StringType), false}
	records   = kind{cel.ListType(data.want), false}
)

// compile checks an expression and what it gives. The error lacks rule and field.
func compile(env *cel.Env, source string, k kind) (*expression, *Error) {
	return compilations.of(compiledKey{env, source, k}, func() (*expression, *Error) {
		checked, issues := env.Compile(source)
		if issues.Err() != nil {
			return nil, explain(env, source, issues)
		}
		if got := checked.OutputType(); !fits(k.want, got) {
			return nil, wrongType(k.want, got)
		}
		if problem := examine(env, checked); problem != nil {
			return nil, problem
		}
		return prepare(env, source, checked, k)
	})
}

func prepare(env *cel.Env, source string, checked *cel.Ast, k kind) (*expression, *Error) {
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	root := checked.NativeRep().Expr()
	if mayTakeLong(root) {
		options = append(options, cel.CostLimit(costBound), cel.CostTracking(growth{}))
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		return nil, &Error{Line: 1, Column: 1, Problem: "cannot be run", cause: err}
	}
	return &expression{
		source: source, env: env, checked: checked, program: program,
		field: ownField(root), needs: needs(root, k.condition),
	}, nil
}

// fits says whether a value of the type got will do: what is known when the event comes
// is judged then, and null leaves a field alone.
func fits(want, got *cel.Type) bool {
	if want.Kind() == cel.DynKind || got.Kind() == cel.DynKind || got.Kind() == cel.NullTypeKind {
		return true
	}
	if want.Kind() != got.Kind() || len(want.Parameters()) != len(got.Parameters()) {
		return false
	}
	for i, p := range want.Parameters() {
		if q := got.Parameters()[i]; q.Kind() != cel.TypeParamKind && !fits(p, q) {
			return false
		}
	}
	return true
}

// mayTakeLong says whether the cost must be counted: in loops, and where texts grow.
func mayTakeLong(root ast.Expr) (long bool) {
	ast.PreOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			long = true
		case ast.CallKind:
			f := e.AsCall().FunctionName()
			_, operator := operators.FindReverse(f)
			long = long || f == operators.Add || !operator
		}
	}))
	return long
}

// growth counts what + makes: of values whose type shows at run time CEL does not.
type growth struct{}

// CallCost implements CEL's cost estimator: a step for ten characters, or for an element.
func (growth) CallCost(function, _ string, _ []ref.Val, result ref.Val) *uint64 {
	if function != operators.Add {
		return nil
	}
	switch r := result.(type) {
	case types.String:
		return new(uint64(len(r)/10 + 1))
	case traits.Lister:
		if n, ok := r.Size().(types.Int); ok {
			return new(uint64(n) + 1)
		}
	}
	return nil
}

// ownField gives x when the expression is event.x.
func ownField(e ast.Expr) string {
	if e.Kind() != ast.SelectKind {
		return ""
	}
	s := e.AsSelect()
	if s.IsTestOnly() || !isIdent(s.Operand(), "event") {
		return ""
	}
	return s.FieldName()
}

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

// needs lists the fields of the event that are read in any case. Of a condition it
// suffices that one side of && cannot be told: then it does not hold.
func needs(e ast.Expr, condition bool) []string {
	switch e.Kind() {
	case ast.SelectKind:
		s := e.AsSelect()
		if f := ownField(e); f != "" {
			return []string{f}
		}
		if s.IsTestOnly() && isIdent(s.Operand(), "event") {
			return nil
		}
		return needs(s.Operand(), false)
	case ast.CallKind:
		return needsOfCall(e.AsCall(), condition)
	case ast.ListKind:
		return needsOfAll(e.AsList().Elements()...)
	case ast.MapKind:
		var out []string
		for _, entry := range e.AsMap().Entries() {
			out = append(out, needsOfAll(entry.AsMapEntry().Key(), entry.AsMapEntry().Value())...)
		}
		return out
	case ast.ComprehensionKind:
		return needs(e.AsComprehension().IterRange(), false)
	}
	return nil
}

func needsOfCall(c ast.CallExpr, condition bool) []string {
	switch c.FunctionName() {
	case operators.LogicalAnd:
		if !condition {
			return nil
		}
		var out []string
		for _, a := range c.Args() {
			out = append(out, needs(a, true)...)
		}
		return out
	case operators.LogicalOr:
		return nil
	case operators.Conditional:
		return needs(c.Args()[0], false)
	}
	out := needsOfAll(c.Args()...)
	if c.IsMemberFunction() {
		out = append(out, needs(c.Target(), false)...)
	}
	return out
}

func needsOfAll(all ...ast.Expr) (out []string) {
	for _, e := range all {
		out = append(out, needs(e, false)...)
	}
	return out
}

// value evaluates the expression; absent says that it reads what is not there.
func (e *expression) value(vars cel.Activation, event map[string]any) (v any, absent bool, err error) {
	if e.field != "" {
		v, ok := event[e.field]
		return v, !ok, nil
	}
	for _, f := range e.needs {
		if _, ok := event[f]; !ok {
			return nil, true, nil
		}
	}
	out, _, err := e.program.Eval(vars)
	switch {
	case err == nil:
		return out.Value(), false, nil
	case readsWhatIsNotThere(err):
		return nil, true, nil
	}
	return nil, false, err
}

// holds evaluates a condition; one that reads what is not there does not hold, and nil
// always does.
func (e *expression) holds(vars cel.Activation, event map[string]any) (bool, error) {
	if e == nil {
		return true, nil
	}
	v, absent, err := e.value(vars, event)
	if absent || err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, errNoBool
	}
	return b, nil
}

// readsWhatIsNotThere recognises CEL's errors for it. They have no type of their own;
// the texts begin so, whatever the event holds.
func readsWhatIsNotThere(err error) bool {
	text := err.Error()
	for _, begins := range []string{"no such key", "no such attribute", "index out of bounds"} {
		if strings.HasPrefix(text, begins) {
			return true
		}
	}
	return false
}

// compilations remembers what was compiled: links of one class, and every change of a link,
// compile the same expressions again.
var compilations memo

// memoBound is some hundred classes' expressions.
const memoBound = 4096

type memo struct {
	mu    sync.Mutex
	known map[compiledKey]compilation
}

type compiledKey struct {
	env    *cel.Env
	source string
	kind   kind
}

type compilation struct {
	expression *expression
	problem    *Error
}

func (m *memo) of(k compiledKey, compile func() (*expression, *Error)) (*expression, *Error) {
	m.mu.Lock()
	c, ok := m.known[k]
	m.mu.Unlock()
	if ok {
		return c.expression, c.problem
	}
	c.expression, c.problem = compile()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= memoBound {
		m.known = map[compiledKey]compilation{}
	}
	m.known[k] = c
	return c.expression, c.problem
}
