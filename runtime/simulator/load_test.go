package simulator

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// busyFloor is a contact centre with 2,000 agents who answer by themselves, and
// callers enough for 1,000 events a second: each call is told in eight.
func busyFloor() Settings {
	s := DefaultSettings()
	s.Extensions = []switchmodel.Range{{First: "10000", Last: "11999"}}
	s.Agents = []switchmodel.Range{{First: "40000", Last: "41999"}}
	s.SeatAgents = true
	s.AgentAnswerDelay = Duration(time.Second)
	s.WrapUpTime, s.TalkTime = Duration(time.Second), Duration(5*time.Second)
	s.CallsPerMinute = 60 * 150
	return s
}

// How many events a second reach an application that watches 2,000 agents, and how
// much memory ctisim and the application need.
//
//	go test -run=- -bench=Load -benchtime=20x ./runtime/simulator
func BenchmarkLoadOf2000Agents(b *testing.B) {
	_, csta, _ := start(b, busyFloor())
	app := connect(b, csta)
	for number := range (switchmodel.Range{First: "10000", Last: "11999"}).Numbers() {
		app.watch(number)
	}
	var heard atomic.Int64
	go app.count(&heard)
	time.Sleep(10 * time.Second) // until as many calls end as begin

	begun, before := time.Now(), heard.Load()
	for b.Loop() {
		time.Sleep(time.Second)
	}
	events, took := heard.Load()-before, time.Since(begun)
	b.ReportMetric(float64(events)/took.Seconds(), "events/s")
	b.ReportMetric(float64(heapInUse())/(1<<20), "MiB")
	b.ReportMetric(0, "ns/op") // that is the clock's
}

// count counts messages until the connection is gone.
func (a *application) count(heard *atomic.Int64) {
	for a.next() != nil {
		heard.Add(1)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Minutes of that load leave nothing behind: what ctisim remembers is bounded.
func TestLoadIsForgotten(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := busyFloor()
	model, err := switchmodel.New(s.model(), switchmodel.WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.seat(model); err != nil {
		t.Fatal(err)
	}
	live := func(calls int) (heap uint64) {
		for range calls {
			now = now.Add(time.Minute / 9000)
			if _, err := model.Inbound(switchmodel.InboundCall{From: "+4930", Queue: "support", Caller: switchmodel.Caller{TalkTime: 5 * time.Second}}); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 { // answered, over, worked up
			now = now.Add(time.Minute)
			model.CatchUp()
		}
		return heapInUse()
	}
	before := live(3000)
	after := live(30_000)
	if grown := int64(after) - int64(before); grown > 4<<20 {
		t.Errorf("calls leave %d KiB in use when they are over", grown>>10)
	}
	if calls := model.Calls(); len(calls) != 0 {
		t.Errorf("%d calls never end", len(calls))
	}
}
