package rules

import (
	"errors"
	"fmt"
	"strings"
)

// Error says what is wrong with a rule, where, and how to mend it. It never holds a
// literal of an expression or a value of an event: either may be a telephone number.
type Error struct {
	// Rule is the rule's name; empty for callId, setEventType and populate.
	Rule string
	// Field is where the expression stands below `rules`, or below `spec` of a pool:
	// identify[rings-here].when, populate.CallState.ani, callTreatment[vip].screenPop.url.
	Field string
	// Line and Column within the expression, from 1; 0 when it is not about a place.
	Line, Column int
	Problem      string
	// Hint says how to mend it; it may be empty.
	Hint string

	cause error
}

// Error implements error.
func (e *Error) Error() string { return "rules: " + e.Where() + ": " + e.What() }

// Where is the place, for people.
func (e *Error) Where() string {
	if e.Line == 0 {
		return e.Field
	}
	return fmt.Sprintf("%s, line %d, column %d", e.Field, e.Line, e.Column)
}

// What is the problem with the hint.
func (e *Error) What() string {
	if e.Hint == "" {
		return e.Problem
	}
	return e.Problem + "; " + e.Hint
}

// Unwrap gives the evaluator's own error, which may hold values: it is for those who
// have the event before them.
func (e *Error) Unwrap() error { return e.cause }

// at says where an error found by compile is.
func (e *Error) at(rule, field string) *Error {
	c := *e
	c.Rule, c.Field = rule, field
	return &c
}

// First gives the first rule error in what Compile or CompileTreatments returned; nil
// when there is none.
func First(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// failure is an evaluation's error in words that hold no value.
type failure string

// Error implements error.
func (f failure) Error() string { return string(f) }

// errNoBool: what is dyn when it is checked shows its type when it is run.
const errNoBool = failure("a condition must give true or false")

// failed makes an Error of an evaluation that went wrong.
func failed(rule, field string, err error) *Error {
	return &Error{Rule: rule, Field: field, Problem: "fails: " + kindOfFailure(err), cause: err}
}

// kindOfFailure tells what went wrong without the values with which it did.
func kindOfFailure(err error) string {
	var own failure
	if errors.As(err, &own) {
		return own.Error()
	}
	said := err.Error()
	for _, known := range []struct{ begins, means string }{
		{"operation cancelled", "it takes too many steps"},
		{"no such overload", "an operator or function is given a value of the wrong type"},
		{"division by zero", "division by zero"},
		{"modulus by zero", "division by zero"},
		{"no such key", "it reads what is not there"},
	} {
		if strings.HasPrefix(said, known.begins) {
			return known.means
		}
	}
	return "a value is not what the expression takes it for"
}
