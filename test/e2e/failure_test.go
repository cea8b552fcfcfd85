//go:build e2e

package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/harness"
	"github.com/ctilink/ctilink-operator/test/walk"
)

// fault is something that goes wrong in the middle of an agent's work.
type fault struct {
	name string
	// arrange makes the cluster such that the fault can happen; it may be nil.
	arrange func(t *testing.T)
	// strike lets it happen, checks what is to be seen meanwhile, and returns when
	// nothing more goes wrong, or when the rest mends itself.
	strike func(t *testing.T, s *scene)
	// right is how long after the strike the desktop may take to be right again.
	right time.Duration
	// told are the events, in this order, that the desktop must see before that.
	told []opencti.EventName
	// mend repairs what does not repair itself; it may be nil.
	mend func(t *testing.T, s *scene)
}

// scene is one agent at work: a call on hold, another that rings, the stream open.
type scene struct {
	*walk.Walk
	*recording
	holder, standby *corev1.Pod
	process         string // the holder's identity in the Lease
	held, ringing   *opencti.Call
	struck          time.Time
}

// The limits hold on a busy machine, too: what it takes on a quiet one is in the log. A
// holder that is gone without a word is followed after its Lease (15 s) at the latest
// some seconds later; a switch that is back is met after a back-off of at most 10 s.
var faults = []fault{
	{name: "the runtime process is killed", strike: killProcess, right: 20 * time.Second},
	{name: "the pod is deleted", strike: deletePod, right: 20 * time.Second},
	{name: "the pod is deleted by force", strike: deleteByForce, right: 25 * time.Second},
	{name: "the holder is cut off from the API server", strike: cutOff, right: 25 * time.Second, mend: reconnect},
	{name: "the switch drops its connections", strike: dropConnections, right: 15 * time.Second, told: []opencti.EventName{opencti.LinkLost, opencti.LinkUp}},
	{name: "the switch accepts and is silent", strike: silence, right: 15 * time.Second, told: []opencti.EventName{opencti.LinkLost, opencti.LinkUp}},
	{name: "the operator is gone", strike: withoutOperator, right: 20 * time.Second, mend: operatorReturns},
	{name: "the API server is gone for a minute", strike: pauseAPIServer, right: 30 * time.Second},
	{name: "the node's power is cut", arrange: switchOnAnotherNode, strike: cutPower, right: 40 * time.Second, mend: powerReturns},
}

// Whatever goes wrong, the agent stays logged in, and the same desktop, which keeps
// nothing but its token, its sessionToken and the last event's id, is right again by
// itself: no event is missing, every call ends once, and no two pods ever acted at once.
func TestAgentWorksOnAfter(t *testing.T) {
	for i, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			if f.arrange != nil {
				f.arrange(t)
			}
			s := atWork(t, agent(5+i%6))
			if f.mend != nil {
				defer func() { f.mend(t, s); bothPods(t) }()
			}
			s.struck = time.Now()
			f.strike(t, s)
			struck := time.Now()
			snap := within(t, s.Walk, "the snapshot that has both calls", f.right, func(e desktop.Event) bool {
				return e.Name == opencti.SnapshotEvent && e.Snapshot.Link == opencti.LinkUp && len(e.Snapshot.Calls) == 2
			})
			t.Logf("Right again %s after the strike (limit %s), %s after its beginning", since(struck), f.right, since(s.struck))
			s.wantTold(t, f.told)
			wantCall(t, snap, s.held, opencti.Held)
			wantCall(t, snap, s.ringing, opencti.Offering)
			if a, there, err := s.Switch.Agent(t.Context(), s.Agent.ID); err != nil || !there {
				t.Errorf("the switch has lost the agent: %+v, known %v, %v", a, there, err)
			}
			finish(t, s)
			if err := desktop.CheckHistory(s.Watch().Seen); err != nil {
				t.Errorf("what the desktop saw is wrong:\n%v", err)
			}
		})
	}
}

// The switch is restarted and knows nothing any more: the calls end, the agent is
// logged out, and can log in again.
func TestSwitchIsRestarted(t *testing.T) {
	s := atWork(t, agent(5))
	s.struck = time.Now()
	killSwitch(t)
	snap := within(t, s.Walk, "the snapshot after the restart", 20*time.Second, func(e desktop.Event) bool {
		return e.Name == opencti.SnapshotEvent && e.Snapshot.Link == opencti.LinkUp
	})
	t.Logf("Right again after %s", since(s.struck))
	s.wantTold(t, []opencti.EventName{opencti.LinkLost, opencti.Released, opencti.Released, opencti.LinkUp})
	for _, e := range s.Watch().Seen {
		if e.Name == opencti.Released && e.Cause != "LostInResync" {
			t.Errorf("call %s ended with cause %q, want LostInResync", e.Call.CallID, e.Cause)
		}
	}
	if snap.Snapshot.Agent.State != opencti.LoggedOut || len(snap.Snapshot.Calls) != 0 {
		t.Errorf("the snapshot says %+v, want LoggedOut and no calls", snap.Snapshot)
	}
	_, err := s.Desktop().Do(t.Context(), opencti.LoginAgent, map[string]any{"agentPassword": s.Agent.Password})
	must(t, err)
	next(t, s.Walk, "the new log-in", desktop.Named(opencti.LoggedIn))
	must(t, s.LogOut(t.Context()))
	if err := desktop.CheckHistory(s.Watch().Seen); err != nil {
		t.Errorf("what the desktop saw is wrong:\n%v", err)
	}
}

// atWork records, logs an agent in and gives him a call on hold and one that rings.
func atWork(t *testing.T, a walk.Agent) *scene {
	t.Helper()
	s := &scene{Walk: newWalk(t, a)}
	s.holder, s.standby = bothPods(t)
	s.recording = record(t, s.Switch)
	s.process = s.recording.holder()
	t.Cleanup(func() { s.tidy(t) })
	ctx := t.Context()
	must(t, s.LogIn(ctx))
	must(t, s.BecomeAvailable(ctx))
	var err error
	s.held, err = s.Offer(ctx, desktop.NewCall{From: "+4930111111", To: a.Queue, Data: map[string]string{"customer": "11"}})
	must(t, err)
	act(t, s.Walk, opencti.AnswerCall, s.held)
	next(t, s.Walk, "the first call's answer", desktop.Named(opencti.Established))
	act(t, s.Walk, opencti.HoldCall, s.held)
	next(t, s.Walk, "the hold", desktop.Named(opencti.Held))
	s.ringing, err = s.Offer(ctx, desktop.NewCall{From: "+4930222222", To: a.DN, Data: map[string]string{"customer": "22"}})
	must(t, err)
	return s
}

// tidy leaves nothing of a test that failed to the next one.
func (s *scene) tidy(t *testing.T) {
	if !t.Failed() {
		return
	}
	ctx := context.Background()
	for _, call := range []*opencti.Call{s.held, s.ringing} {
		if call != nil {
			_ = s.Switch.HangUp(ctx, call.CallID) // it may be over
		}
	}
	s.Leave()
	if d := s.Desktop(); d != nil {
		_ = d.Close(ctx, true) // the test has failed already
	}
}

// finish works on after the fault, as the agent would.
func finish(t *testing.T, s *scene) {
	t.Helper()
	act(t, s.Walk, opencti.AnswerCall, s.ringing)
	next(t, s.Walk, "the second call's answer", desktop.Named(opencti.Established))
	act(t, s.Walk, opencti.HangUpCall, s.ringing)
	next(t, s.Walk, "the second call's end", desktop.Named(opencti.Released))
	act(t, s.Walk, opencti.RetrieveCall, s.held)
	next(t, s.Walk, "the first call back", desktop.Named(opencti.Retrieved))
	act(t, s.Walk, opencti.HangUpCall, s.held)
	next(t, s.Walk, "the first call's end", desktop.Named(opencti.Released))
	must(t, s.LogOut(t.Context()))
}

// wantTold looks for the events, in their order, among those since the strike.
func (s *scene) wantTold(t *testing.T, want []opencti.EventName) {
	t.Helper()
	var got []opencti.EventName
	for _, e := range s.Watch().Seen {
		if e.At.After(s.struck) {
			got = append(got, e.Name)
		}
	}
	rest := want
	for _, name := range got {
		if len(rest) > 0 && name == rest[0] {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		t.Errorf("the desktop was told %v, want %v in this order", got, want)
	}
}

func wantCall(t *testing.T, snap desktop.Event, want *opencti.Call, state opencti.EventName) {
	t.Helper()
	i := slices.IndexFunc(snap.Snapshot.Calls, func(c *opencti.Call) bool { return c.CallID == want.CallID })
	if i < 0 {
		t.Errorf("the snapshot lacks call %s", want.CallID)
		return
	}
	c := snap.Snapshot.Calls[i]
	if c.State != state || c.Variables["customer"] != want.Variables["customer"] || c.InteractionID != want.InteractionID || c.ANI != want.ANI {
		t.Errorf("the snapshot has call %+v, want it %s with the data of %+v", c, state, want)
	}
}

func act(t *testing.T, w *walk.Walk, a opencti.Activity, call *opencti.Call) {
	t.Helper()
	if _, err := w.Desktop().Do(t.Context(), a, map[string]any{"callId": call.CallID}); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
}

// next waits for an event that comes at once when nothing is wrong.
func next(t *testing.T, w *walk.Walk, what string, fits func(desktop.Event) bool) desktop.Event {
	t.Helper()
	return within(t, w, what, 15*time.Second, fits)
}

func within(t *testing.T, w *walk.Walk, what string, limit time.Duration, fits func(desktop.Event) bool) desktop.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	e, err := w.Watch().Next(ctx, what, fits)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func since(t time.Time) time.Duration { return time.Since(t).Round(10 * time.Millisecond) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition; the error says what is still wrong.
func eventually(t testing.TB, limit time.Duration, try func(context.Context) error) {
	t.Helper()
	if err := harness.Eventually(t.Context(), limit, try); err != nil {
		t.Fatal(err)
	}
}
