package portrait

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Two thousand agents' clients wait in GETEVENTS; a call rings at each. What is measured is
// the time from the CTI server's event to the client's answer, over HTTP on loopback, the
// clients in the same process; and the memory of a client that waits, both ends of its
// connection included.
func BenchmarkTwoThousandClientsWait(b *testing.B) {
	const clients = 2000
	agents := make([]v1alpha1.SlotAgent, clients)
	for i := range agents {
		agents[i] = v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: fmt.Sprint(10000 + i), DNs: []string{fmt.Sprint(20000 + i)}}, Pool: "sales"}
	}
	rig := newBench(b)
	rig.wide = clients
	if err := rig.link.Apply(link.Document{Generation: 2, Spec: v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "test", Driver: linktest.Name, Config: map[string]string{"address": "a:1"},
		Pools: []v1alpha1.SlotPool{{Name: "sales"}}, Agents: agents,
	}}); err != nil {
		b.Fatal(err)
	}
	ids := make([]string, clients)
	for i := range ids {
		ids[i] = rig.sendAs("text/xml", []byte("<CTICLIENTINITIALIZE><AGENTID>"+agents[i].ID+"</AGENTID></CTICLIENTINITIALIZE>")).ClientID
		rig.sendAs("text/xml", []byte(request("GETEVENTS", ids[i], "")))
	}
	before := heap()
	var took []time.Duration
	var memory uint64
	for b.Loop() {
		var wg sync.WaitGroup
		var mu sync.Mutex
		rang := make([]time.Time, clients)
		for i, id := range ids {
			wg.Go(func() {
				a := rig.sendAs("text/xml", []byte(request("GETEVENTS", id, "<WAIT>30</WAIT>")))
				mu.Lock()
				defer mu.Unlock()
				if took = append(took, time.Since(rang[i])); len(a.Events) == 0 {
					b.Errorf("%s", a.Body)
				}
			})
		}
		rig.waiting(clients)
		memory = heap() - before
		for i, a := range agents {
			mu.Lock()
			rang[i] = time.Now()
			mu.Unlock()
			rig.cti.Connection(1).Happen(a.DNs[0], opencti.Offering, map[string]any{"callId": fmt.Sprint("c", len(took), "-", i), "ani": "0301234567"})
			time.Sleep(500 * time.Microsecond) // 2,000 calls a second
		}
		wg.Wait()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(memory)/clients/1024, "KiB/client")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// waiting waits until so many clients wait.
func (b *bench) waiting(clients int) {
	for busy := 0; busy < clients; {
		busy = 0
		b.front.clients.mu.Lock()
		for _, c := range b.front.clients.by {
			busy += c.busy
		}
		b.front.clients.mu.Unlock()
		runtime.Gosched()
	}
}
