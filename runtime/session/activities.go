package session

import (
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// activities is a set of activities; the n-th bit is the n-th of opencti.Specs. Sets are
// compared and intersected with every event, lists are only told.
type activities uint64

var bits = func() map[opencti.Activity]activities {
	out := map[opencti.Activity]activities{}
	for i, s := range opencti.Specs() {
		out[s.Activity] = 1 << i
	}
	return out
}()

func setOf(list ...opencti.Activity) activities {
	var out activities
	for _, a := range list {
		out |= bits[a]
	}
	return out
}

func (s activities) has(a opencti.Activity) bool { return s&bits[a] != 0 }

// lists holds the lists of the sets that there were: few, and each is told often.
var lists sync.Map // activities → []opencti.Activity

// list is in the documented order. It belongs to the readers of all sessions: nobody
// changes it.
func (s activities) list() []opencti.Activity {
	if known, ok := lists.Load(s); ok {
		return known.([]opencti.Activity)
	}
	out := []opencti.Activity{}
	for _, spec := range opencti.Specs() {
		if s.has(spec.Activity) {
			out = append(out, spec.Activity)
		}
	}
	lists.Store(s, out)
	return out
}
