package link

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestOpenRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		request Request
		want    opencti.ErrorCode
		says    string
	}{
		"nobody":                    {Request{}, opencti.InvalidRequest, "set agentId, dn or both"},
		"an agent of no pool":       {Request{DN: "1009", AgentID: "4009"}, opencti.Forbidden, "in no AgentPool"},
		"a device of somebody else": {Request{DN: "1002", AgentID: "4001"}, opencti.Forbidden, "**02 is not one of agent 4001"},
		"which device":              {Request{AgentID: "4002"}, opencti.InvalidRequest, "dn is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				_, _, err := b.Open(t.Context(), tc.request)
				wantCode(t, err, tc.want)
				if !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%q does not say %q", err, tc.says)
				}
			})
		})
	}
}

func TestOpenJoinsOrIsInTheWay(t *testing.T) {
	for name, tc := range map[string]struct {
		request Request
		joins   bool
		want    opencti.ErrorCode
		left    []string // devices after it
	}{
		"the same agent and device":   {Request{DN: "1001", AgentID: "4001"}, true, "", []string{"1001", "2002"}},
		"the agent's only device":     {Request{AgentID: "4001"}, true, "", []string{"1001", "2002"}},
		"the agent at another device": {Request{DN: "2003", AgentID: "4002"}, false, opencti.DeviceInUse, []string{"1001", "2002"}},
		"another agent at the device": {Request{DN: "1001", AgentID: "4002"}, false, opencti.DeviceInUse, []string{"1001", "2002"}},
		"the device alone watches it": {Request{DN: "1001"}, false, "", []string{"1001", "1001", "2002"}},
		"takes over a device":         {Request{DN: "2003", AgentID: "4002", TakeOver: true}, false, "", []string{"1001", "2003"}},
		"takes over an agent's":       {Request{DN: "1001", AgentID: "4002", TakeOver: true}, false, "", []string{"1001"}},
		"and takes nothing over":      {Request{DN: "1001", TakeOver: true}, false, "", []string{"1001", "1001", "2002"}},
		"joins, though it may take":   {Request{DN: "1001", AgentID: "4001", TakeOver: true}, true, "", []string{"1001", "2002"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				first := b.mustOpen("1001", "4001")
				b.mustOpen("2002", "4002")
				s, opened, err := b.Open(t.Context(), tc.request)
				wantCode(t, err, tc.want)
				if err == nil && opened == tc.joins {
					t.Errorf("opened is %v", opened)
				}
				if tc.joins && s != first {
					t.Error("it joined another session")
				}
				if diff := cmp.Diff(tc.left, b.server.Connection(1).Devices()); diff != "" {
					t.Error(diff)
				}
				if tc.want != "" && strings.Contains(err.Error(), "1001") {
					t.Errorf("the number is not masked: %v", err)
				}
			})
		})
	}
}

func TestADeviceMayHaveTheNameOfAnAgent(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("4002", "4002")
		_, _, err := b.Open(t.Context(), Request{DN: "4002"})
		wantCode(t, err, opencti.DeviceInUse)
	})
}

func TestClosing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		last := s.Events.Last()
		for range 2 {
			if err := b.Close(t.Context(), "4001"); err != nil {
				t.Error(err)
			}
		}
		if _, ok := b.Session("4001"); ok {
			t.Error("it is still there")
		}
		if d := b.server.Connection(1).Devices(); len(d) > 0 {
			t.Errorf("left open: %v", d)
		}
		again := b.mustOpen("1001", "4001")
		if got := again.Events.Last(); got.Sequence != last.Sequence+1 {
			t.Errorf("numbers start anew: %s after %s", got, last)
		}
	})
}

// Right after a fail-over desktops come with their tokens before the connection is up.
func TestOpenWaitsForTheConnection(t *testing.T) {
	for name, tc := range map[string]struct {
		after time.Duration
		want  opencti.ErrorCode
		took  time.Duration
	}{
		"it comes":        {3 * time.Second, "", 3 * time.Second},
		"it comes late":   {time.Minute, opencti.LinkDown, connectionWait},
		"it is there now": {0, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.server.OnConnect = func(ctx context.Context, _ linktest.Config) error {
					if !pause(ctx, nil, tc.after) && ctx.Err() != nil {
						return opencti.Errorf(opencti.LinkDown, "no answer")
					}
					return nil
				}
				b.start()
				before := time.Now()
				s, _, err := b.Open(t.Context(), Request{DN: "1001", AgentID: "4001"})
				wantCode(t, err, tc.want)
				if took := time.Since(before); took != tc.took {
					t.Errorf("it took %v", took)
				}
				if err != nil {
					return
				}
				synctest.Wait()
				if diff := cmp.Diff([]string{"Snapshot"}, names(t, s)); diff != "" {
					t.Errorf("opened once, not also by the resync:\n%s", diff)
				}
				if diff := cmp.Diff([]string{"1001"}, b.server.Connection(1).Devices()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestWhoCannotWaitGoes(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.server.OnOpen = func(ctx context.Context, _ opencti.Endpoint) error {
			pause(ctx, nil, 10*time.Second)
			return ctx.Err()
		}
		var wg sync.WaitGroup
		wg.Go(func() { b.mustOpen("1001", "4001") })
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := b.Open(hasty, Request{AgentID: "4001"})
		wantCode(t, err, opencti.Timeout)
		_, _, err = b.Open(hasty, Request{DN: "1001", AgentID: "4002", TakeOver: true})
		wantCode(t, err, opencti.Timeout)
		wantCode(t, b.Close(hasty, "4001"), opencti.Timeout)
		wg.Wait()
	})
}

func TestCloseWhileTheSessionComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("1001", "4001")
		b.server.OnSubscribe = func(ctx context.Context, _ opencti.Endpoint) error {
			pause(ctx, nil, time.Second)
			return ctx.Err()
		}
		b.server.Connection(1).Break(nil)
		b.server.Connection(2)
		synctest.Wait()
		if err := b.Close(t.Context(), "4001"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if d := b.server.Connection(2).Devices(); len(d) > 0 {
			t.Errorf("a closed session came back: %v", d)
		}
	})
}

// Opens, take-overs, closings and losses at once: at the end each device has one
// session, in step, once at the server, and nothing is left behind.
func TestRaces(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			if err := b.Apply(document(1, func(s *v1alpha1.CTISlotSpec) {
				s.Agents = nil
				for _, id := range []string{"4001", "4002", "4003"} {
					s.Agents = append(s.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: id}, Pool: "sales"})
				}
			})); err != nil {
				t.Fatal(err)
			}
			slow := func(ctx context.Context, _ opencti.Endpoint) error {
				pause(ctx, nil, time.Duration(rand.N(20))*time.Millisecond)
				return nil
			}
			b.server.OnOpen, b.server.OnSubscribe = slow, slow
			b.run()
			var wg sync.WaitGroup
			for worker := range uint64(6) {
				wg.Go(func() { b.worker(rand.New(rand.NewPCG(seed, worker))) })
			}
			wg.Wait()
			time.Sleep(time.Minute)
			synctest.Wait()
			b.wantTidy(seed)
		})
	}
}

func (b *bench) worker(r *rand.Rand) {
	for range 40 {
		agent, dn := fmt.Sprint("400", 1+r.IntN(3)), fmt.Sprint("100", 1+r.IntN(3))
		switch r.IntN(8) {
		case 0:
			_ = b.Close(b.t.Context(), agent)
		case 1:
			b.server.Connection(max(1, b.server.Connections())).Break(nil)
		case 2:
			pause(b.t.Context(), nil, time.Duration(r.IntN(500))*time.Millisecond)
		default:
			_, _, err := b.Open(b.t.Context(), Request{DN: dn, AgentID: agent, TakeOver: r.IntN(2) == 0})
			if e := opencti.AsError(err); e != nil && e.Code != opencti.DeviceInUse && e.Code != opencti.LinkDown {
				b.t.Errorf("open: %v", err)
			}
		}
	}
}

func (b *bench) wantTidy(seed uint64) {
	b.t.Helper()
	var want []string
	for _, m := range b.all() {
		want = append(want, m.DN())
		if m.gone || m.Snapshot().Link != opencti.LinkUp {
			b.t.Errorf("seed %d: session %s is not in step", seed, m.Key())
		}
		if b.sessions[m.Key()] != m || b.byDN[m.DN()][m.Key()] != m {
			b.t.Errorf("seed %d: session %s is not where it is looked for", seed, m.Key())
		}
	}
	if len(b.byDN) != len(want) {
		b.t.Errorf("seed %d: %d devices with sessions, %d sessions", seed, len(b.byDN), len(want))
	}
	if diff := cmp.Diff(sorted(append([]string{}, want...)...), b.server.Connection(b.server.Connections()).Devices()); diff != "" {
		b.t.Errorf("seed %d: at the server (-sessions +devices):\n%s", seed, diff)
	}
}

// A desktop that goes away as it closes its session leaves nothing at the server.
func TestAClosingThatIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("1001", "4001")
		ctx, leave := context.WithCancel(t.Context())
		b.server.OnClose = func(ctx context.Context) error { leave(); return ctx.Err() }
		if err := b.Close(ctx, "4001"); err != nil {
			t.Error(err)
		}
		if d := b.server.Connection(1).Devices(); len(d) > 0 {
			t.Errorf("left open: %v", d)
		}
	})
}
