// Package messages is the one table of what the operator tells people in conditions
// and Events: for each cause a reason, one sentence that names what to mend, and
// what to do about it. The code speaks through it and docs/conditions.md is
// generated from it, so that neither can drift from the other.
//
// It is pure text: the planner and every reconciler may use it.
package messages

import "strings"

// Kinds that conditions stand in.
const (
	Link  = "CTILink"
	Pool  = "AgentPool"
	Class = "ImplementationClass"
	Any   = "every kind"
)

// Message is one row of the table.
type Message struct {
	// Object is the kind in whose status the message stands.
	Object string
	// Condition is where it is found first; Ready repeats the first that is not
	// True. "Event" for what is told by an Event alone.
	Condition string
	// Status of that condition.
	Status string
	Reason string
	// Text has its variable parts in braces: {slot}.
	Text string
	// Stalled: nothing happens until a person does something.
	Stalled bool
	// Do says what to do; empty when there is nothing to do.
	Do string
}

// Sentence is a message with its variable parts filled in. The zero value says
// nothing.
type Sentence struct {
	Reason  string
	Text    string
	Stalled bool
}

// Say fills the variable parts in: pairs of a name and a value. A value never comes
// from a peer or from a Secret: what is said ends up in a status.
func (m Message) Say(pairs ...string) Sentence {
	filled := make([]string, len(pairs))
	for i, p := range pairs {
		if filled[i] = p; i%2 == 0 {
			filled[i] = "{" + p + "}"
		}
	}
	return Sentence{Reason: m.Reason, Text: strings.NewReplacer(filled...).Replace(m.Text), Stalled: m.Stalled}
}

// All lists the table, in the order of the documentation.
func All() []Message { return append([]Message(nil), table...) }

var table []Message

// add puts a row into the table as it is declared: package variables are
// initialised in the order of the file.
func add(m Message) Message {
	table = append(table, m)
	return m
}
