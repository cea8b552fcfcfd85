package bench

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// relayStreams are the open streams of the bare relay, by device.
type relayStreams struct {
	mu      sync.Mutex
	writers map[string]http.ResponseWriter
}

func newRelayStreams() *relayStreams {
	return &relayStreams{writers: map[string]http.ResponseWriter{}}
}

// ServeHTTP opens the stream of a device: /v1/sessions/{session}/events.
func (s *relayStreams) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	device := number(index(strings.Split(r.URL.Path, "/")[3]))
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "event: Snapshot\ndata: {}\n\n")
	_ = http.NewResponseController(w).Flush()
	s.mu.Lock()
	s.writers[device] = w
	s.mu.Unlock()
	<-r.Context().Done()
}

// index is that of an agent's id.
func index(agentID string) int {
	var n int
	if _, err := fmt.Sscanf(agentID, "4%d", &n); err != nil {
		fail(err)
	}
	return n
}

// relayed is what a desktop gets of the relay: as many fields as of the product.
type relayed struct {
	ID   string            `json:"id"`
	Type opencti.EventType `json:"type"`
	Name string            `json:"name"`
	At   time.Time         `json:"at"`
	DN   string            `json:"dn"`
	Call opencti.Call      `json:"call"`
}

func (s *relayStreams) send(device string, m wire.Message) {
	s.mu.Lock()
	w := s.writers[device]
	s.mu.Unlock()
	if w == nil {
		return
	}
	e := relayed{ID: "1795201669446-4", Type: opencti.TypeCallState, Name: wire.Name(m), At: time.Now(), DN: device}
	now := time.Now()
	e.Call = opencti.Call{
		CallType: opencti.Inbound, OfferedBy: opencti.ByDirect, Since: now, StartedAt: now,
		Capabilities: []opencti.Activity{opencti.AnswerCall, opencti.DeclineCall},
		Parties:      []opencti.Party{{ID: device, DN: device, State: opencti.Established}, {ID: "2", DN: "+4930123456789", State: opencti.Established}},
	}
	switch d := m.(type) {
	case *wire.DeliveredEvent:
		e.Call.CallID, e.Call.ANI, e.Call.DNIS, e.Call.Variables = d.Connection.CallID, d.CallingDevice.Number(), d.CalledDevice.Number(), d.Variables()
	case *wire.EstablishedEvent:
		e.Call.CallID, e.Call.ANI, e.Call.DNIS, e.Call.Variables = d.Connection.CallID, d.CallingDevice.Number(), d.CalledDevice.Number(), d.Variables()
	case *wire.ConnectionClearedEvent:
		e.Call.CallID, e.Call.Variables = d.Connection.CallID, d.Variables()
	}
	b, err := json.Marshal(e)
	if err != nil {
		fail(err)
	}
	fmt.Fprintf(w, "id: %s\nevent: %s\ndata: %s\n\n", e.ID, e.Type, b)
	_ = http.NewResponseController(w).Flush()
}
