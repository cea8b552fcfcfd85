//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/harness"
	"github.com/ctilink/ctilink-operator/test/walk"
)

var restTime = flag.Duration("rest", 90*time.Second, "how long TestAtRest counts the requests to the API server")

// countsInterval is how often a pod may write counts alone.
const countsInterval = 30 * time.Second

// While calls come and go, and nobody changes a manifest, nothing is written but
// Leases, and counts now and then. The API server's audit log is the witness.
func TestAtRest(t *testing.T) {
	const agents = 6
	holder, _ := bothPods(t)
	operator := "system:serviceaccount:" + harness.OperatorNamespace + ":" + operatorName
	runtime := "system:serviceaccount:" + namespace + ":" + holder.Spec.ServiceAccountName

	calls, stop := workload(t, agents)
	defer stop()
	untilCounted(t, agents)
	before, began := calls.Load(), time.Now()
	time.Sleep(*restTime) // what is counted is how much happens in this time
	answered := calls.Load() - before
	requests, err := h.Audit(began)
	must(t, err)
	t.Logf("%d calls answered in %s", answered, since(began))
	if answered < int64(restTime.Seconds()/2) {
		t.Errorf("%d calls answered in %s: that is no load", answered, *restTime)
	}

	got := map[string]map[string]int{operator: {}, runtime: {}}
	for _, r := range requests {
		if of := got[r.User.Username]; of != nil && (r.Writes() || r.User.Username == runtime) {
			of[r.What()]++
		}
	}
	lease := fmt.Sprintf("leases %s/%s", namespace, slotName)
	status := fmt.Sprintf("patch ctislots/status %s/%s", namespace, slotName)
	atMost := int(*restTime/countsInterval) + 1
	allow(t, "the operator", got[operator], map[string]int{"update leases " + harness.OperatorNamespace + "/" + operatorName: unbounded})
	allow(t, "the runtime", got[runtime], map[string]int{
		"get " + lease: unbounded, "update " + lease: unbounded, status: atMost,
		"watch ctislots " + namespace + "/" + slotName: unbounded, // that ended and was begun again
	})
	if len(got[operator]) == 0 || got[runtime]["update "+lease] == 0 {
		t.Error("the audit log shows not even Leases: it cannot tell anything")
	}
}

const unbounded = 1 << 30

// allow compares what was asked with what may be asked, and how often.
func allow(t *testing.T, who string, got, allowed map[string]int) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(got)) {
		t.Logf("%s: %d × %s", who, got[what], what)
		if limit := allowed[what]; got[what] > limit {
			t.Errorf("%s did %q %d times, want at most %d", who, what, got[what], limit)
		}
	}
}

// workload lets agents answer a call every half second, and counts them, until it is
// stopped.
func workload(t *testing.T, agents int) (calls *atomic.Int64, stop func()) {
	t.Helper()
	calls = new(atomic.Int64)
	ctx, cancel := context.WithCancel(t.Context())
	var working sync.WaitGroup
	var walks []*walk.Walk
	for n := range agents {
		w := newWalk(t, agent(n+1))
		w.Say = func(string, ...any) {}
		must(t, w.LogIn(ctx))
		must(t, w.BecomeAvailable(ctx))
		working.Go(func() { answerCalls(ctx, t, w, calls) })
		walks = append(walks, w)
	}
	working.Go(func() { makeCalls(ctx, t, walks[0].Switch) })
	return calls, func() {
		cancel()
		working.Wait()
		for _, w := range walks {
			w.Leave()
			must(t, w.Desktop().Close(t.Context(), true))
		}
	}
}

// answerCalls is one agent, who answers what rings and is available again after it.
func answerCalls(ctx context.Context, t *testing.T, w *walk.Walk, calls *atomic.Int64) {
	for {
		e, err := w.Watch().Next(ctx, "something to do", needsAgent)
		switch {
		case err != nil:
			return
		case e.Name == opencti.Offering:
			_, err = w.Desktop().Do(ctx, opencti.AnswerCall, map[string]any{"callId": e.Call.CallID})
			calls.Add(1)
		default:
			_, err = w.Desktop().Do(ctx, opencti.SetAgentReady, nil)
		}
		if err != nil && ctx.Err() == nil {
			t.Errorf("agent %s, after %s: %v", w.Agent.ID, e.Name, err)
		}
	}
}

func makeCalls(ctx context.Context, t *testing.T, sw desktop.Switch) {
	for n := 0; ctx.Err() == nil; n++ {
		call := desktop.NewCall{From: fmt.Sprintf("+4930%07d", n), To: "5000", TalkTime: 1.5, Patience: 30}
		if _, err := sw.Call(ctx, call); err != nil && ctx.Err() == nil {
			t.Errorf("call %d: %v", n, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func needsAgent(e desktop.Event) bool {
	return e.Name == opencti.Offering || e.Name == opencti.AfterCallWork
}

// untilCounted waits until the sessions stand in every status.
func untilCounted(t *testing.T, sessions int32) {
	t.Helper()
	eventually(t, 2*countsInterval, func(ctx context.Context) error {
		var link v1alpha1.CTILink
		var pool v1alpha1.AgentPool
		if err := h.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: linkName}, &link); err != nil {
			return err
		}
		if err := h.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "support-agents"}, &pool); err != nil {
			return err
		}
		if a, b := link.Status.Sessions, pool.Status.Sessions; a == nil || b == nil || *a != sessions || *b != sessions {
			return fmt.Errorf("link and pool do not both count %d sessions", sessions)
		}
		return nil
	})
}
