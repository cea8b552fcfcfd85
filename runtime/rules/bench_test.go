package rules_test

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// cstaEvents are raw events as the CSTA driver makes them.
var cstaEvents = map[string]opencti.RawEvent{
	"Delivered": {Name: "Delivered", DN: "1001", Fields: map[string]any{
		"callID": "71", "deviceID": "1001", "alertingDevice": "1001", "callingDevice": "+4930123456", "calledDevice": "5000",
		"lastRedirectionDevice": "5000", "networkCallingDevice": "+4930123456", "networkCalledDevice": "+49301000",
		"localConnectionInfo": "alerting", "cause": "distributed", "acdCall": true, "globalCallID": "00001000711700000000",
		"variables": map[string]string{"customer": "C-1", "intent": "billing"},
		"parties": []map[string]string{
			{"id": "+4930123456", "dn": "+4930123456", "state": "Established", "role": "Customer"},
			{"id": "1001", "dn": "1001", "state": "Offering", "role": "Agent"},
		},
	}},
	"Cleared": {Name: "ConnectionCleared", DN: "1001", Fields: map[string]any{
		"callID": "71", "deviceID": "1001", "releasingDevice": "+4930123456", "localConnectionInfo": "null", "cause": "normalClearing",
	}},
	"AgentReady": {Name: "AgentReady", DN: "1001", AgentID: "4001", Fields: map[string]any{
		"agentDevice": "1001", "agentID": "4001", "agentState": "agentReady", "queues": []map[string]string{{"name": "5000"}},
	}},
}

// BenchmarkHandle is what rules cost one event of the csta class: callId, Identify,
// Filter, Populate.
func BenchmarkHandle(b *testing.B) {
	set, err := rules.Compile(csta.Driver{}.Describe().Rules)
	if err != nil {
		b.Fatal(err)
	}
	for name, raw := range cstaEvents {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in := &rules.Input{Raw: raw, DN: "1001", AgentID: "4001", State: opencti.Established}
				in.Call = set.CallID(in)
				event, ok, err := set.Identify(in)
				if err != nil || !ok {
					b.Fatal(event, ok, err)
				}
				if drops, err := set.Drops(in, event); drops || err != nil {
					b.Fatal(drops, err)
				}
				t, _ := opencti.TypeOf(event)
				if _, err := set.Populate(in, t, event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
