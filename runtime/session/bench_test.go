package session

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// day is a call from offer to end, as raw events.
func day(id string) []opencti.RawEvent {
	var out []opencti.RawEvent
	for _, s := range []step{
		{opencti.Offering, id, with{"ani": "555", "dnis": "800", "queue": "5000", "callType": "INBOUND", "interactionId": "g" + id,
			"variables": map[string]string{"customer": "42", "topic": "invoice"},
			"parties":   []map[string]string{{"id": "1", "dn": "555", "role": "Customer"}, {"id": "2", "dn": dn}}}},
		{opencti.Busy, "", nil}, {opencti.Established, id, nil}, {opencti.Held, id, nil}, {opencti.Retrieved, id, nil},
		{opencti.Released, id, with{"cause": "normalClearing"}}, {opencti.AfterCallWork, "", nil}, {opencti.Available, "", nil},
	} {
		e := opencti.RawEvent{Name: string(s.event), DN: dn, Fields: map[string]any{}, Received: time.Now()}
		if s.call != "" {
			e.Fields["callId"] = s.call
		}
		for k, v := range s.more {
			e.Fields[k] = v
		}
		out = append(out, e)
	}
	return out
}

// What an event costs in a session: rules, state, capabilities, encoding.
func BenchmarkHandleEvent(b *testing.B) {
	desk := open(loggedIn())
	defer desk.Close()
	var events []opencti.RawEvent
	for i := range 16 {
		events = append(events, day(fmt.Sprint(i))...)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		desk.HandleEvent(events[i%len(events)])
	}
}

// What the events of a consult cost, which change what is possible on two calls.
func BenchmarkHandleEventOfTwoCalls(b *testing.B) {
	desk := open(loggedIn(callIn("1", opencti.Held)))
	defer desk.Close()
	events := day("2")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		desk.HandleEvent(events[i%len(events)])
	}
}

// What a session takes in memory, with a call that talks and a day of events in its log.
func BenchmarkMemory(b *testing.B) {
	const sessions = 500
	for name, events := range map[string]int{"at rest": 0, "with a call": 3, "with a log that is full": logSize} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				before := heap()
				all := make([]*bench, sessions)
				for i := range all {
					all[i] = open(loggedIn())
					for n := range events {
						one := day(fmt.Sprint(n / 8))
						all[i].HandleEvent(one[n%8])
					}
				}
				b.ReportMetric(float64(heap()-before)/sessions/1024, "KiB/session")
				for _, s := range all {
					s.Close()
				}
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
