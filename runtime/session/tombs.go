package session

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	// tombLife is how long a late event of an ended call is recognised as such.
	// Switches use a callId again, but not within seconds.
	tombLife = 10 * time.Second
	// earlyLife is how long the end of a call that is not known keeps out its beginning,
	// which comes late.
	earlyLife  = 2 * time.Second
	tombsBound = 1024
)

// tombs remembers the calls that ended, by callId.
type tombs map[string]tomb

type tomb struct {
	at    time.Time
	early bool // the end came before the beginning
	// abandoned is the interactionId of a call whose caller gave up: it does not ring
	// again. (A call that was diverted may well come back.)
	abandoned string
}

// keepsOut says whether the beginning of a call is a late event of the ended one; else
// the switch uses its id again.
func (t tomb) keepsOut(interactionID string, now time.Time) bool {
	return t.early && now.Sub(t.at) <= earlyLife || t.abandoned != "" && t.abandoned == interactionID
}

// bury marks a call as ended.
func (t tombs) bury(c *call, by opencti.EventName, now time.Time) {
	grave := tomb{at: now}
	if by == opencti.Abandoned && !c.provisional {
		grave.abandoned = c.InteractionID
	}
	t.put(c.CallID, grave)
}

// early marks a call as ended that has not begun yet.
func (t tombs) early(id string, now time.Time) {
	if _, buried := t[id]; !buried {
		t.put(id, tomb{at: now, early: true})
	}
}

// put makes room where there are too many: any other will do.
func (t tombs) put(id string, grave tomb) {
	for other := range t {
		if len(t) < tombsBound {
			break
		}
		delete(t, other)
	}
	t[id] = grave
}

// sweep removes those that are old enough.
func (t tombs) sweep(now time.Time) {
	for id, grave := range t {
		if now.Sub(grave.at) > tombLife {
			delete(t, id)
		}
	}
}
