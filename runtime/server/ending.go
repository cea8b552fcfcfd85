package server

import (
	"errors"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// endEvent is the SSE event field of what a stream says last, where coming back is in vain.
const endEvent = "End"

// sayWhy is called with why a stream ends. Whose session was taken over is told the problem
// that any further request would be answered with; else a desktop comes back and sees.
func (st *stream) sayWhy(err error) {
	if !errors.Is(err, session.ErrTakenOver) {
		return
	}
	if st.addJSON(endEvent, problem(link.ErrTakenOver)) == nil {
		_ = st.flush() // the desktop may be gone
	}
}
