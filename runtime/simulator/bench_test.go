package simulator

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

const (
	benchAgents = 2000
	benchPeriod = time.Second / 50 // 50 calls a second
)

// How long it takes from a call's arrival until an application that watches
// 2,000 agents, and answers and ends each call, has decoded the offer.
//
//	go test -run=- -bench=Offer -benchtime=250x ./runtime/simulator
func BenchmarkOfferAmong2000Agents(b *testing.B) {
	s := DefaultSettings()
	s.Extensions = []switchmodel.Range{{First: "10000", Last: "11999"}}
	s.Agents = []switchmodel.Range{{First: "40000", Last: "41999"}}
	s.WrapUpTime = Duration(time.Second)
	sim, csta, _ := start(b, s)
	app := connect(b, csta)
	offers, ready := make(chan time.Time, 1), make(chan struct{}, benchAgents)
	go app.serve(offers, ready)
	for i := range benchAgents {
		device := fmt.Sprint(10000 + i)
		app.watch(device)
		app.seat(fmt.Sprint(40000+i), device)
		<-ready
	}

	var delays []time.Duration
	tick := time.NewTicker(benchPeriod)
	defer tick.Stop()
	for b.Loop() {
		<-tick.C
		start := time.Now()
		in := switchmodel.InboundCall{From: "+4930123456", Queue: "support", Data: map[string]string{"customerId": "4711"}}
		if _, err := sim.Switch.Inbound(in); err != nil {
			b.Fatal(err)
		}
		delays = append(delays, (<-offers).Sub(start))
	}
	slices.Sort(delays)
	b.ReportMetric(delays[len(delays)/2].Seconds()*1e6, "p50-µs")
	b.ReportMetric(delays[len(delays)*99/100].Seconds()*1e6, "p99-µs")
	b.ReportMetric(0, "ns/op") // that is the ticker's
}

// serve answers and ends every call that is offered.
func (a *application) serve(offers chan<- time.Time, ready chan<- struct{}) {
	for {
		switch m := a.next().(type) {
		case nil:
			return
		case *wire.DeliveredEvent:
			offers <- time.Now()
			a.send(wire.AnswerCall{Call: m.Connection})
			a.send(wire.ClearConnection{Connection: m.Connection})
		case *wire.AgentReadyEvent:
			select {
			case ready <- struct{}{}:
			default:
			}
		}
	}
}
