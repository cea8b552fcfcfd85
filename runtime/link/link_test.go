package link

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counts is an Observer.
type counts struct {
	mu        sync.Mutex
	connected []bool
	resynced  []int
	dropped   []string
}

func (c *counts) EventHandled(opencti.EventName, time.Duration)                   {}
func (c *counts) ActivityDone(opencti.Activity, opencti.ErrorCode, time.Duration) {}
func (c *counts) note(do func())                                                  { c.mu.Lock(); defer c.mu.Unlock(); do() }
func (c *counts) EventDropped(step string)                                        { c.note(func() { c.dropped = append(c.dropped, step) }) }
func (c *counts) ConnectionChanged(yes bool) {
	c.note(func() { c.connected = append(c.connected, yes) })
}
func (c *counts) Resynced(n int, _ time.Duration) {
	c.note(func() { c.resynced = append(c.resynced, n) })
}

// bench is a link with its scripted server.
type bench struct {
	*Link
	t       *testing.T
	server  *linktest.Driver
	counts  *counts
	mayAct  func() error
	mounted atomic.Pointer[map[string]string]
	stop    context.CancelFunc
	ran     chan struct{}
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, server: linktest.New(), counts: &counts{}, mayAct: func() error { return nil }, ran: make(chan struct{})}
	b.mounted.Store(&map[string]string{})
	b.Link = New(Options{
		Epoch: 7, MayAct: func() error { return b.mayAct() }, Drivers: func(name string) (opencti.Driver, bool) { return b.server.Find(name) },
		Mounted: func() (map[string]string, error) { return *b.mounted.Load(), nil }, Observer: b.counts, Log: slog.New(slog.DiscardHandler),
	})
	return b
}

// document has agent 4001 at 1001 and 4002 without a device of its own.
func document(generation int64, more ...func(*v1alpha1.CTISlotSpec)) Document {
	spec := v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "test", Driver: linktest.Name, Config: map[string]string{"address": "switch:1"},
		Agents: []v1alpha1.SlotAgent{
			{Agent: v1alpha1.Agent{ID: "4001", DNs: []string{"1001"}, Queues: []string{"east"}}, Pool: "sales"}, {Agent: v1alpha1.Agent{ID: "4002"}, Pool: "sales"},
		},
		Pools: []v1alpha1.SlotPool{{Name: "sales"}},
	}
	for _, m := range more {
		m(&spec)
	}
	return Document{Generation: generation, Spec: spec}
}

func address(a string) func(*v1alpha1.CTISlotSpec) {
	return func(s *v1alpha1.CTISlotSpec) { s.Config = map[string]string{"address": a} }
}

// start applies a document and runs the link until the test ends.
func (b *bench) start() {
	b.t.Helper()
	b.mustApply(document(1))
	b.run()
}

func (b *bench) run() {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = func() { stop(); <-b.ran }
	go func() { defer close(b.ran); b.Run(ctx) }()
	b.t.Cleanup(b.stop)
}

// inBubble runs a test with a link at work, on the bubble's clock.
func inBubble(t *testing.T, test func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.start()
		synctest.Wait()
		test(t, b)
	})
}

func (b *bench) mustOpen(dn, agentID string) *session.Session {
	b.t.Helper()
	s, _, err := b.Open(b.t.Context(), Request{DN: dn, AgentID: agentID})
	if err != nil {
		b.t.Fatalf("open %s at %s: %v", agentID, dn, err)
	}
	return s
}

func (b *bench) wantState(want v1alpha1.ConnectionState) Status {
	b.t.Helper()
	st, _ := b.Status()
	if st.Connection != want {
		b.t.Errorf("the connection is %s (%v), want %s", st.Connection, st.Problem, want)
	}
	return st
}

// names are the events of a session, from the first.
func names(t *testing.T, s *session.Session) []string {
	t.Helper()
	var out []string
	entries, ok, err := s.Events.After(t.Context(), 0)
	if !ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	for _, e := range entries {
		_, rest, _ := strings.Cut(string(e.JSON), `"name":"`)
		name, _, _ := strings.Cut(rest, `"`)
		out = append(out, name)
	}
	return out
}

func wantCode(t *testing.T, err error, want opencti.ErrorCode) {
	t.Helper()
	if e := opencti.AsError(err); e == nil && want != "" || e != nil && e.Code != want {
		t.Errorf("%v, want %q", err, want)
	}
}

func onHold(id string) opencti.DeviceSnapshot {
	return opencti.DeviceSnapshot{
		Agent: opencti.AgentState{State: opencti.Busy}, Calls: []opencti.Call{{CallID: id, State: opencti.Held}},
	}
}

func TestConnectingBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var at []time.Duration
		start := time.Now()
		b.server.OnConnect = func(context.Context, linktest.Config) error {
			at = append(at, time.Since(start))
			if len(at) < 10 {
				return opencti.Errorf(opencti.AuthenticationFailed, "no")
			}
			return nil
		}
		b.start()
		synctest.Wait()
		wantCode(t, b.wantState(v1alpha1.ConnectionDisconnected).Problem, opencti.AuthenticationFailed)
		b.server.Connection(1)
		synctest.Wait()
		if st := b.wantState(v1alpha1.ConnectionConnected); st.Problem != nil {
			t.Errorf("connected, with the problem %v", st.Problem)
		}
		for i := 1; i < len(at); i++ {
			gap, most := at[i]-at[i-1], min(firstBackoff<<(i-1), lastBackoff)
			if gap < most/2 || gap > most {
				t.Errorf("attempt %d came %v after the one before, want %v to %v", i+1, gap, most/2, most)
			}
		}
	})
}

func TestANewDocumentDoesNotWaitForTheBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.server.OnConnect = func(_ context.Context, c linktest.Config) error {
			if c.Address != "right:1" {
				return opencti.Errorf(opencti.LinkDown, "no answer")
			}
			return nil
		}
		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		before := time.Now()
		if err := b.Apply(document(2, address("right:1"))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if st := b.wantState(v1alpha1.ConnectionConnected); st.Generation != 2 || !time.Now().Equal(before) {
			t.Errorf("generation %d after %v", st.Generation, time.Since(before))
		}
	})
}

func TestMountedKeysWin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var got linktest.Config
		b.server.OnConnect = func(_ context.Context, c linktest.Config) error { got = c; return nil }
		b.mounted.Store(&map[string]string{"address": "mounted:1", "password": "secret"})
		b.start()
		synctest.Wait()
		if diff := cmp.Diff(linktest.Config{Address: "mounted:1", Password: "secret"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAMissingKeyMayBeMountedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.Apply(document(1, func(s *v1alpha1.CTISlotSpec) { s.Config = nil })); err != nil {
			t.Fatal(err)
		}
		b.run()
		synctest.Wait()
		if _, ok := b.wantState(v1alpha1.ConnectionDisconnected).Problem.(*opencti.ConfigError); !ok {
			t.Error("the problem does not name the key that is missing")
		}
		b.mounted.Store(&map[string]string{"address": "mounted:1"})
		b.server.Connection(1)
	})
}

func TestALossBringsAllSessionsBack(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.server.Set("1001", onHold("7"))
		agent, phone := b.mustOpen("1001", "4001"), b.mustOpen("2001", "")
		b.server.Set("1001", onHold("8"))
		b.server.Connection(1).Break(opencti.Errorf(opencti.LinkDown, "cut"))
		b.server.Connection(2)
		synctest.Wait()
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "Released", "LinkUp", "Snapshot"}, names(t, agent)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "LinkUp", "Snapshot"}, names(t, phone)); diff != "" {
			t.Error(diff)
		}
		if calls := agent.Snapshot().Calls; len(calls) != 1 || calls[0].CallID != "8" {
			t.Errorf("%v", calls)
		}
		if diff := cmp.Diff([]string{"1001", "2001"}, b.server.Connection(2).Devices()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int{2}, b.counts.resynced); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]bool{true, false, true}, b.counts.connected); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALossDuringResync(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		b.server.OnSubscribe = func(context.Context, opencti.Endpoint) error {
			if n := b.server.Connections(); n < 4 {
				b.server.Connection(n).Break(opencti.Errorf(opencti.LinkDown, "cut again"))
			}
			return nil
		}
		b.server.Connection(1).Break(nil)
		b.server.Connection(4)
		synctest.Wait()
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "LinkUp", "Snapshot"}, names(t, s)); diff != "" {
			t.Error(diff)
		}
		if s.Snapshot().Link != opencti.LinkUp {
			t.Error("the session is not in step")
		}
	})
}

// The loss comes between the server's snapshot and the session that takes it over.
func TestALossJustBeforeTheSessionIsInStep(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		b.server.OnSnapshot = func(opencti.Endpoint) {
			if b.server.Connections() == 2 {
				b.server.Connection(2).Break(nil)
				time.Sleep(time.Millisecond)
			}
		}
		b.server.Connection(1).Break(nil)
		b.server.Connection(3)
		synctest.Wait()
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "LinkUp", "Snapshot", "LinkDown", "LinkUp", "Snapshot"}, names(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

// More sessions that cannot come back than are tried at once must not keep the
// others away, nor block whoever closes them.
func TestSessionsThatCannotComeBackHoldUpNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		for i := range resyncWidth + 4 {
			b.mustOpen("bad"+string(rune('a'+i)), "")
		}
		good := b.mustOpen("good", "")
		refuse := true
		var mu sync.Mutex
		b.server.OnOpen = func(_ context.Context, e opencti.Endpoint) error {
			mu.Lock()
			defer mu.Unlock()
			if refuse && e.DN != "good" {
				return opencti.Errorf(opencti.UnknownDevice, "gone")
			}
			return nil
		}
		b.server.Connection(1).Break(nil)
		b.server.Connection(2)
		synctest.Wait()
		if good.Snapshot().Link != opencti.LinkUp {
			t.Error("one that could come back was kept away")
		}
		before := time.Now()
		if err := b.Close(t.Context(), "bada"); err != nil || time.Since(before) > 0 {
			t.Errorf("closing took %v: %v", time.Since(before), err)
		}
		s, opened, err := b.Open(t.Context(), Request{DN: "badb"})
		if err != nil || opened || s.Snapshot().Link != opencti.LinkLost {
			t.Errorf("joining one that is behind: opened %v, %v", opened, err)
		}
		mu.Lock()
		refuse = false
		mu.Unlock()
		time.Sleep(2 * lastBackoff)
		synctest.Wait()
		if n := len(b.server.Connection(2).Devices()); n != resyncWidth+4 {
			t.Errorf("%d devices are back, want all but the closed one", n)
		}
	})
}

func TestADeviceThatCannotSubscribeIsClosed(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.server.OnSubscribe = func(context.Context, opencti.Endpoint) error {
			return opencti.Errorf(opencti.LicenceExhausted, "none left")
		}
		_, _, err := b.Open(t.Context(), Request{DN: "1001"})
		wantCode(t, err, opencti.LicenceExhausted)
		if d := b.server.Connection(1).Devices(); len(d) > 0 {
			t.Errorf("left open: %v", d)
		}
		if st, _ := b.Status(); st.Sessions != 0 {
			t.Errorf("%d sessions", st.Sessions)
		}
	})
}

func TestAnotherConfigurationReconnectsAndKeepsTheSessions(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		if err := b.Apply(document(2, address("other:1"))); err != nil {
			t.Fatal(err)
		}
		b.server.Connection(2)
		synctest.Wait()
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "LinkUp", "Snapshot"}, names(t, s)); diff != "" {
			t.Error(diff)
		}
		if b.server.Connection(1).Err() != nil {
			t.Error("the first connection was not closed in an orderly way")
		}
	})
}

func TestAgentsAreHot(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		_, _, err := b.Open(t.Context(), Request{DN: "3001", AgentID: "4003"})
		wantCode(t, err, opencti.Forbidden)
		err = b.Apply(document(2, func(s *v1alpha1.CTISlotSpec) {
			s.Agents = append(s.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: "4003"}, Pool: "new"})
		}))
		if err != nil {
			t.Fatal(err)
		}
		if s := b.mustOpen("3001", "4003"); s.Pool() != "new" {
			t.Errorf("pool %q", s.Pool())
		}
		synctest.Wait()
		if b.server.Connections() != 1 {
			t.Error("an agent more cut the connection")
		}
		st, _ := b.Status()
		if diff := cmp.Diff(Status{Generation: 2, Connection: v1alpha1.ConnectionConnected, Sessions: 1, SessionsByPool: map[string]int{"new": 1}}, st); diff != "" {
			t.Error(diff)
		}
	})
}

func TestABadDocumentIsRefusedWhole(t *testing.T) {
	for name, bad := range map[string]func(*v1alpha1.CTISlotSpec){
		"a driver that is not here": func(s *v1alpha1.CTISlotSpec) { s.Driver = "other" },
		"a malformed value":         address("no port"),
		"an unknown key":            func(s *v1alpha1.CTISlotSpec) { s.Config["adress"] = "a:1" },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				s := b.mustOpen("1001", "4001")
				doc := document(2, bad, func(s *v1alpha1.CTISlotSpec) { s.Agents = nil })
				if err := b.Apply(doc); err == nil {
					t.Error("it is in force")
				}
				synctest.Wait()
				if st := b.wantState(v1alpha1.ConnectionConnected); st.Generation != 1 || b.server.Connections() != 1 {
					t.Errorf("generation %d, %d connections", st.Generation, b.server.Connections())
				}
				if s.Snapshot().Link != opencti.LinkUp {
					t.Error("the session was lost")
				}
				b.mustOpen("1002", "4002")
			})
		})
	}
}

func TestALinkWithoutADocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.run()
		synctest.Wait()
		_, _, err := b.Open(t.Context(), Request{DN: "1001"})
		wantCode(t, err, opencti.LinkDown)
		if name, _, class := b.Class(); name != "" || class.Supported != nil {
			t.Errorf("%q %v", name, class)
		}
		b.mustApply(document(1))
		b.server.Connection(1)
		if name, driver, class := b.Class(); name != "test" || driver != linktest.Name || len(class.Supported) != len(opencti.Specs()) {
			t.Errorf("%q %q %v", name, driver, class)
		}
	})
}

func (b *bench) mustApply(doc Document) {
	b.t.Helper()
	if err := b.Apply(doc); err != nil {
		b.t.Fatal(err)
	}
}

func TestTheEndDetaches(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		b.stop()
		if err := b.server.Connection(1).Err(); err != nil {
			t.Errorf("not in an orderly way: %v", err)
		}
		if got := names(t, s); got[len(got)-1] != "LinkDown" {
			t.Errorf("%v", got)
		}
		b.CloseReaders()
		if _, _, err := s.Events.After(t.Context(), s.Events.Last().Sequence); err != session.ErrClosed {
			t.Errorf("%v", err)
		}
		before := time.Now()
		_, _, err := b.Open(t.Context(), Request{DN: "2001"})
		wantCode(t, err, opencti.LinkDown)
		if time.Since(before) > 0 {
			t.Error("opening waits for a link that will not come back")
		}
	})
}

func TestTheEndWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.server.OnConnect = func(ctx context.Context, _ linktest.Config) error { <-ctx.Done(); return ctx.Err() }
		b.start()
		synctest.Wait()
		before := time.Now()
		b.stop()
		if time.Since(before) > 0 {
			t.Errorf("it took %v", time.Since(before))
		}
	})
}

func TestAConnectionThatComesAtTheEndIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.server.OnConnect = func(ctx context.Context, _ linktest.Config) error { <-ctx.Done(); return nil }
		b.start()
		synctest.Wait()
		b.stop()
		select {
		case <-b.server.Connection(1).Done():
		default:
			t.Error("the connection stays open without an owner")
		}
	})
}

func TestWithoutTheSlotNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		lost := opencti.Errorf(opencti.LinkDown, "not the holder")
		b.mayAct = func() error { return lost }
		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := b.server.Connections(); n > 0 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestEventsFindTheirSessions(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		agent, phone := b.mustOpen("1001", "4001"), b.mustOpen("2001", "")
		c := b.server.Connection(1)
		c.Happen("1001", opencti.Offering, map[string]any{"callId": "7"})
		c.Happen("2001", opencti.Initiated, map[string]any{"callId": "8"})
		c.HappenToAgent("4001", opencti.Available)
		c.HappenToAgent("4009", opencti.Available)
		c.Happen("3001", opencti.Offering, map[string]any{"callId": "9"})
		// A state that only who is logged in has is a login.
		if diff := cmp.Diff([]string{"Snapshot", "Offering", "Available", "Snapshot"}, names(t, agent)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"Snapshot", "Initiated"}, names(t, phone)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"RetrieveDevicePresence", "RetrieveDevicePresence"}, b.counts.dropped); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStatusTellsOfChanges(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		changes := 0
		for _, change := range []func(){
			func() { b.mustOpen("1001", "4001") },
			func() { _ = b.Close(t.Context(), "4001") },
			func() { _ = b.Apply(document(2)) },
			func() { b.server.Connection(1).Break(nil) },
		} {
			_, changed := b.Status()
			change()
			synctest.Wait()
			select {
			case <-changed:
				changes++
			default:
				t.Errorf("change %d was not told", changes)
			}
		}
	})
}

func sorted(in ...string) []string { slices.Sort(in); return in }

// A server that takes the connection and ends it at once, such as one that another client
// of the same user is at, is not knocked at without a pause.
func TestAServerThatEndsEachConnectionAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		const most = 1000
		b.server.OnConnect = func(context.Context, linktest.Config) error {
			n := b.server.Connections()
			if n >= most {
				return opencti.Errorf(opencti.LinkDown, "no more")
			}
			go func() { b.server.Connection(n + 1).Break(opencti.Errorf(opencti.LinkDown, "somebody else is here")) }()
			return nil
		}
		b.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := b.server.Connections(); n < 5 || n > 40 {
			t.Errorf("%d connections in a minute", n)
		}
	})
}
