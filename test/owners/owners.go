// Package owners judges a slot's history: did two pods ever act at once, or one
// without the right to? It takes what the Lease said and what reached the CTI server,
// both from clocks of the same machine, and nothing of what the pods say themselves.
package owners

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Version is one version of the slot's Lease.
type Version struct {
	// Holder is empty while nobody holds the slot.
	Holder  string
	Address string // of the holder, without the port
	Epoch   int64
	Renewed time.Time
}

// Act is a request that reached the CTI server.
type Act struct {
	At         time.Time
	Connection uint64
	Peer       string // address without the port
	Name       string
}

// keeping are the requests that keep an application session and do nothing with it
// (ECMA-354). One that ends after the deadline is as it should be.
var keeping = []string{"StartApplicationSession", "ResetApplicationSessionTimer", "StopApplicationSession"}

// Rules of the design.
type Rules struct {
	// Deadline is how long after its last renewal a holder may act.
	Deadline time.Duration
	// Lease is how long another waits after it.
	Lease time.Duration
	// Travel is how long a request may be under way to the CTI server.
	Travel time.Duration
}

// Term is one acquisition of the slot.
type Term struct {
	Version
	From     time.Time // when the acquirer decided to take it
	Released bool      // given back by its holder
	renewals []time.Time
}

// last is the newest renewal until then.
func (t Term) last(until time.Time) time.Time {
	last := t.From
	for _, r := range t.renewals {
		if !r.After(until) {
			last = r
		}
	}
	return last
}

// Terms reads the acquisitions from the Lease's versions, oldest first.
func Terms(versions []Version) []Term {
	var out []Term
	for _, v := range versions {
		switch newest := len(out) - 1; {
		case v.Holder == "" && newest >= 0:
			out[newest].Released = true
		case v.Holder == "":
		case newest < 0, out[newest].Holder != v.Holder, out[newest].Epoch != v.Epoch:
			out = append(out, Term{Version: v, From: v.Renewed, renewals: []time.Time{v.Renewed}})
		default:
			out[newest].renewals = append(out[newest].renewals, v.Renewed)
		}
	}
	return out
}

// Check looks for what must never be. What came before the first version is not
// judged.
func Check(rules Rules, versions []Version, acts []Act) error {
	terms := Terms(versions)
	found := rules.successions(terms)
	born := map[uint64]int{} // connection: the term that it is of
	for _, a := range acts {
		i := termAt(terms, a.At)
		if i < 0 {
			born[a.Connection] = 0
			continue
		}
		if _, known := born[a.Connection]; !known {
			born[a.Connection] = i
		}
		if slices.Contains(keeping, a.Name) {
			continue
		}
		if why := rules.judge(terms[i], a, born[a.Connection] == i || terms[born[a.Connection]].Holder == terms[i].Holder); why != "" {
			found = append(found, fmt.Errorf("%s by %s on connection %d at %s: %s", a.Name, a.Peer, a.Connection, stamp(a.At), why))
		}
	}
	return errors.Join(found...)
}

// termAt is the term that has begun last at a time; -1: none.
func termAt(terms []Term, at time.Time) int {
	i := -1
	for n, t := range terms {
		if !t.From.After(at) {
			i = n
		}
	}
	return i
}

// judge says why an act must not have been; its connection is of the term or not.
func (r Rules) judge(t Term, a Act, itsOwn bool) string {
	switch {
	case a.Peer != t.Address:
		return fmt.Sprintf("the slot is held by %s since %s", t.Address, stamp(t.From))
	case !itsOwn:
		return fmt.Sprintf("the connection is of a process before the one that holds the slot since %s", stamp(t.From))
	case a.At.Sub(t.last(a.At)) > r.Deadline+r.Travel:
		return fmt.Sprintf("its last renewal was %s ago", a.At.Sub(t.last(a.At)).Round(time.Millisecond))
	}
	return ""
}

// successions checks each acquisition against the one before.
func (r Rules) successions(terms []Term) (found []error) {
	for i := 1; i < len(terms); i++ {
		old, now := terms[i-1], terms[i]
		waited := now.From.Sub(old.last(now.From))
		switch {
		case now.Epoch <= old.Epoch:
			found = append(found, fmt.Errorf("epoch %d of %s came after epoch %d", now.Epoch, now.Holder, old.Epoch))
		case now.Address != old.Address && !old.Released && waited < r.Lease:
			found = append(found, fmt.Errorf("%s took the slot %s after the last renewal of %s", now.Address, waited.Round(time.Millisecond), old.Address))
		}
	}
	return found
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000") }
