package csta

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// FuzzEvents feeds a monitor with whatever the codec lets through.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		`<DeliveredEvent><connection><callID>7</callID></connection><alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice></DeliveredEvent>`,
		`<ConnectionClearedEvent><droppedConnection><deviceID>1001</deviceID></droppedConnection></ConnectionClearedEvent>`,
		`<TransferedEvent><primaryOldCall/><secondaryOldCall><callID>8</callID></secondaryOldCall><transferredConnections><connectionListItem>` +
			`<newConnection><callID>8</callID><deviceID>1001</deviceID></newConnection></connectionListItem></transferredConnections></TransferedEvent>`,
		`<ConferencedEvent><conferenceConnections><connectionListItem/></conferenceConnections></ConferencedEvent>`,
		`<AgentBusyEvent><acdGroup>a</acdGroup><pendingAgentState>x</pendingAgentState></AgentBusyEvent>`,
		`<AgentLoggedOffEvent/>`, `<CallClearedEvent/>`, `<DivertedEvent/>`, `<FailedEvent/>`, `<HeldEvent/>`, `<CallInformationEvent/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := wire.Unmarshal(body)
		if err != nil || message.Kind() != wire.Event {
			return
		}
		m := &monitor{dn: "1001", parties: newRoster("1001")}
		for range 2 { // once more, now that the call is known
			for _, raw := range m.rawEvents(message) {
				if raw.Name == "" || raw.DN != "1001" || raw.Fields == nil {
					t.Fatalf("event %+v without a name, device or fields", raw)
				}
			}
		}
	})
}
