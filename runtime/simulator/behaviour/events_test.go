package behaviour

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func TestEventsReordered(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.begin("eventsReordered", `{"event":"Delivered","dn":"1001"}`)
	s.inbound("5000", nil)
	s.tells("1001: AgentBusy 4001 newCall", "1001: Delivered 1@1001 alerting distributed")

	s.begin("eventsReordered", `{"event":"Delivered"}`)
	s.inbound("1002", nil)
	s.Await("1002: Delivered 2@1002 alerting newCall") // nothing follows it
}

func TestReorderedEventsAreToldAtTheEnd(t *testing.T) {
	s := open(t, nil)
	s.begin("eventsReordered", `{}`)
	s.inbound("1001", nil)
	s.director.End("eventsReordered")
	s.tells("1001: Delivered 1@1001 alerting newCall")
}

func TestEventsDoubled(t *testing.T) {
	s := open(t, nil)
	s.begin("eventsDoubled", `{"count":2}`)
	s.inbound("1001", nil)
	s.must(s.hand("1001").Answer(switchmodel.Any))
	s.must(s.hand("1001").Hold())
	s.tells(
		"1001: Delivered 1@1001 alerting newCall", "1001: Delivered 1@1001 alerting newCall",
		"1001: Established 1@1001 connected newCall", "1001: Established 1@1001 connected newCall",
		"1001: Held 1@1001 hold normal",
	)
}

func TestEventBeforeResponse(t *testing.T) {
	s := open(t, nil)
	s.inbound("1001", nil)
	s.Told()
	answer := wire.AnswerCall{Call: wire.Connection("1", "1001")}
	s.begin("eventBeforeResponse", `{"request":"AnswerCall"}`)
	s.do(answer)
	if len(s.Events) != 1 {
		t.Errorf("%d events came before the answer, want 1", len(s.Events))
	}
	s.tells("1001: Established 1@1001 connected newCall")
	s.do(wire.HoldCall{Call: answer.Call})
	if len(s.Events) != 0 {
		t.Error("it happened again")
	}
}
