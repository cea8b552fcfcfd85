// Package names is what the Portrait front calls its requests, events and elements, and what
// a deployment's clients call them instead. It is a room of its own so that the operator can
// judge a manifest without the front; it imports nothing of ours.
package names

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Names says how a deployment's clients call what the front calls by the names of its
// table: requests, events, elements, and the values that are names, too. The zero value
// changes nothing. It is not changed once it is made.
type Names struct {
	theirs map[string]string // ours → theirs
	ours   map[string]string // theirs → ours
}

// Error says what is wrong with one name. Problem goes on from the name and repeats nothing
// that a deployment wrote but names of the table.
type Error struct {
	// Name is ours, as it was written.
	Name    string
	Problem string
}

// Error implements error.
func (e *Error) Error() string { return e.Name + " " + e.Problem }

var xmlName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]{0,63}$`)

// New makes names of a list of ours → theirs. Two of ours may not become one. Its errors are
// of type *Error, the same one whenever the list is the same.
func New(theirs map[string]string) (Names, error) {
	if len(theirs) == 0 {
		return Names{}, nil
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		switch {
		case !Known(name):
			return Names{}, &Error{short(name), "is no name of the tables in docs/portrait.md; correct it or leave it out"}
		case !xmlName.MatchString(theirs[name]):
			return Names{}, &Error{name, "cannot be called so: use letters, digits, points, hyphens and underscores, beginning with a letter, 64 at most"}
		}
	}
	n := Names{maps.Clone(theirs), map[string]string{}}
	for _, name := range table {
		called := n.Of(name)
		if other, taken := n.ours[called]; taken {
			if _, renamed := theirs[name]; !renamed {
				name, other = other, name
			}
			return Names{}, &Error{name, fmt.Sprintf("would be called the same as %s; each needs a name of its own", other)}
		}
		n.ours[called] = name
	}
	return n, nil
}

// Of is how the clients call a name.
func (n Names) Of(ours string) string {
	if theirs, ok := n.theirs[ours]; ok {
		return theirs
	}
	return ours
}

// Back is what the front calls what a client sent; empty where the table has nothing.
func (n Names) Back(theirs string) string {
	if n.ours == nil {
		return theirs
	}
	return n.ours[theirs]
}

// Changed says whether the clients call anything otherwise.
func (n Names) Changed() bool { return n.theirs != nil }

// Table lists the front's own names, sorted.
func Table() []string { return slices.Clone(table) }

// Known says whether the front has a name.
func Known(name string) bool {
	_, found := slices.BinarySearch(table, name)
	return found
}

// short is enough of a foreign name to find it.
func short(name string) string {
	const bound = 64
	if len(name) <= bound {
		return name
	}
	return strings.ToValidUTF8(name[:bound], "") + "…"
}
