package ingest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Event is a posted event.
type Event struct {
	// ID marks it: an event whose ID was there before is not handled again. It may be
	// empty.
	ID  string
	Raw opencti.RawEvent
}

// Bounds of one post.
const (
	// EventsBound is how many events one post may hold.
	EventsBound = 256
	depthBound  = 16
	idBound     = 128
	nameBound   = 128
	deviceBound = 64
)

// envelope is what an event has besides its fields.
type envelope struct{ id, name, dn, agentID string }

// event checks the envelope.
func (e envelope) event(fields map[string]any) (Event, error) {
	for _, p := range []struct {
		name, value string
		bound       int
	}{{"id", e.id, idBound}, {"name", e.name, nameBound}, {"dn", e.dn, deviceBound}, {"agentId", e.agentID, deviceBound}} {
		if len(p.value) > p.bound {
			return Event{}, within("."+p.name, mistaken("is longer than %d bytes", p.bound))
		}
	}
	if e.name == "" {
		return Event{}, mistaken("has no name; it is what the rules' `on` compares with")
	}
	if e.dn == "" && e.agentID == "" {
		return Event{}, mistaken("has neither dn nor agentId; one of them says whose event it is")
	}
	return Event{ID: e.id, Raw: opencti.RawEvent{
		Name: e.name, DN: e.dn, AgentID: e.agentID, Fields: fields,
		// It has no place among the events of the connection: what waits for a snapshot
		// is applied on top of it.
		Order: opencti.OnTop, Received: time.Now(),
	}}, nil
}

// mistake is something wrong at a place. The place is put together for errors alone: for
// each member it would cost the square of the body's size.
type mistake struct{ at, what string }

// Error implements error.
func (m *mistake) Error() string { return m.at + " " + m.what }

func mistaken(format string, args ...any) error { return &mistake{what: fmt.Sprintf(format, args...)} }

// within says that a mistake is at or below a place.
func within(place string, err error) error {
	var m *mistake
	if errors.As(err, &m) {
		return &mistake{place + m.at, m.what}
	}
	return err
}

// short is enough of a name to find it.
func short(name string) string {
	const bound = 64
	if len(name) <= bound {
		return name
	}
	return strings.ToValidUTF8(name[:bound], "") + "…"
}
