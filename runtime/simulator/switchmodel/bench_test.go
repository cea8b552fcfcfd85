package switchmodel

import (
	"fmt"
	"testing"
	"time"
)

// A whole call with 2,000 agents logged on; 50 calls/s leave 20 ms for each.
func BenchmarkCallWithManyAgents(b *testing.B) {
	agents := []Range{{First: "40000", Last: "41999"}}
	cfg := DefaultConfig()
	cfg.Extensions = []Range{{First: "10000", Last: "11999"}}
	cfg.Agents = agents
	cfg.Queues[0].Agents = agents
	cfg.WrapUpTime = 0
	d := newDesk(b, cfg)
	for i := range 2000 {
		d.seat(AgentID(fmt.Sprint(40000+i)), DeviceID(fmt.Sprint(10000+i)), Ready)
	}
	for b.Loop() {
		d.advance(time.Millisecond)
		c := d.call(InboundCall{From: "+4930123", Queue: "support"})
		phone := c.Connections[1].Device
		at := ConnectionID{Call: c.ID, Device: phone}
		if err := d.Answer(at); err != nil {
			b.Fatal(err)
		}
		if err := d.Clear(at); err != nil {
			b.Fatal(err)
		}
		d.events = d.events[:0]
	}
}
