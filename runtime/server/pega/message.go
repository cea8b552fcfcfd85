package pega

import (
	"encoding/json"
	"fmt"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Message is one event in Pega's terms.
type Message struct {
	// Type is its pyEventType.
	Type string
	JSON []byte
}

// media is the one kind of interaction that we carry.
const media = "Phone"

// Link and device states of a snapshot (8.x Snapshot schema).
const (
	linkConnected    = "CONNECTED"
	linkDisconnected = "DISCONNECTED"
	deviceOpened     = "OPENED"
	deviceClosed     = "CLOSED"
)

func encode(kind string, v any) (Message, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return Message{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return Message{kind, b}, nil
}

// otherDN is the one other device that both vocabularies have room for.
func otherDN(c *opencti.Call) string {
	if len(c.OtherDNs) == 0 {
		return ""
	}
	return c.OtherDNs[0]
}

func linkState(name opencti.EventName) string {
	if name == opencti.LinkUp {
		return linkConnected
	}
	return linkDisconnected
}

// deviceState: while the CTI server is lost nobody monitors the device.
func deviceState(s *session.Snapshot) string {
	if s.Link == opencti.LinkUp {
		return deviceOpened
	}
	return deviceClosed
}
