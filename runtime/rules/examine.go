package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// replacementBound bounds how much a text may grow by replace().
const replacementBound = 64

// examine finds what the type check lets pass and can never be meant: a comparison with
// a word that the field is never, and texts that grow without a bound.
func examine(env *cel.Env, checked *cel.Ast) (found *Error) {
	tree := checked.NativeRep()
	complain := func(e ast.Expr, problem, hint string) {
		if found != nil {
			return
		}
		at := tree.SourceInfo().GetStartLocation(e.ID())
		found = &Error{Line: max(at.Line(), 1), Column: max(at.Column(), 0) + 1, Problem: problem, Hint: hint}
	}
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		switch c := e.AsCall(); c.FunctionName() {
		case operators.Equals, operators.NotEquals, operators.In:
			a, b := c.Args()[0], c.Args()[1]
			words := wordsOf(env, a)
			other := b
			if words == nil {
				words, other = wordsOf(env, b), a
			}
			for _, l := range literals(other) {
				if w := string(l.AsLiteral().(types.String)); words != nil && w != "" && !slices.Contains(words, w) {
					complain(l, neverIs(a, b, w), suggestion(w, words))
				}
			}
		case "replace":
			if !bounded(c.Args()) {
				complain(e, "replace() could make endless texts",
					fmt.Sprintf("write both texts out, the first not empty, the second with at most %d characters", replacementBound))
			}
		}
	}))
	return found
}

// wordsOf lists what a variable or field may be; nil when it may be anything.
func wordsOf(env *cel.Env, e ast.Expr) []string {
	switch {
	case isIdent(e, "name"):
		return eventNames()
	case e.Kind() != ast.SelectKind || !isIdent(e.AsSelect().Operand(), "call"):
		return nil
	}
	switch e.AsSelect().FieldName() {
	case "state":
		return slices.DeleteFunc(eventNames(), func(n string) bool {
			t, _ := opencti.TypeOf(opencti.EventName(n))
			return t != opencti.TypeCallState
		})
	case "callType", "originalCallType":
		return callTypes
	case "offeredBy":
		return offers
	}
	return nil
}

// literals gives a text, or the texts of a list, that are written out.
func literals(e ast.Expr) (out []ast.Expr) {
	switch e.Kind() {
	case ast.LiteralKind:
		if _, ok := e.AsLiteral().(types.String); ok {
			return []ast.Expr{e}
		}
	case ast.ListKind:
		for _, element := range e.AsList().Elements() {
			out = append(out, literals(element)...)
		}
	}
	return out
}

// neverIs repeats a word, but never a number.
func neverIs(a, b ast.Expr, word string) string {
	field := a
	if a.Kind() != ast.SelectKind && a.Kind() != ast.IdentKind {
		field = b
	}
	called := "name"
	if field.Kind() == ast.SelectKind {
		called = "call." + field.AsSelect().FieldName()
	}
	if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return called + " is never that text"
	}
	return fmt.Sprintf("%s is never %q", called, word)
}

func suggestion(word string, of []string) string {
	if near := nearest(word, of); near != "" {
		return "did you mean " + near + "?"
	}
	return "it is one of " + strings.Join(of, ", ")
}

// bounded says whether replace() is given texts that are written out and short.
func bounded(args []ast.Expr) bool {
	for i, a := range args[:2] {
		if a.Kind() != ast.LiteralKind {
			return false
		}
		s, ok := a.AsLiteral().(types.String)
		if !ok || i == 0 && s == "" || i == 1 && len(s) > replacementBound {
			return false
		}
	}
	return true
}

// eventNames lists the names that a rule may give. LinkUp, LinkDown and RequestFailed
// are told by the runtime itself.
func eventNames() (out []string) {
	for _, n := range opencti.EventNames() {
		if t, _ := opencti.TypeOf(n); opencti.PopulateFields(t) != nil {
			out = append(out, string(n))
		}
	}
	return out
}
