package link

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// loggedIn lets an agent be available at a device.
func (b *bench) loggedIn(dn string) {
	b.server.Set(dn, opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
}

// logouts lets the server log agents out, and notes where; how may answer instead.
func (b *bench) logouts(how func(d *linktest.Device) error) *[]string {
	var at []string
	b.server.OnPerform = func(_ context.Context, d *linktest.Device, r opencti.Request) error {
		if r.Activity != opencti.LogoutAgent {
			return nil
		}
		at = append(at, r.AgentID+" at "+d.DN)
		if how != nil {
			return how(d)
		}
		d.Happen(opencti.LoggedOut, nil)
		return nil
	}
	return &at
}

// moves takes agent 4002 over from 2002 to 2003.
func (b *bench) moves() error {
	_, _, err := b.Open(b.t.Context(), Request{DN: "2003", AgentID: "4002", TakeOver: true})
	return err
}

func TestATakeOverLogsTheAgentOut(t *testing.T) {
	ofMode := func(m v1alpha1.TelephonyMode) []func(*v1alpha1.CTISlotSpec) {
		return []func(*v1alpha1.CTISlotSpec){policy(v1alpha1.PoolPolicy{
			TelephonyMode: m, ReasonCodes: v1alpha1.ReasonCodes{Required: []v1alpha1.ReasonRequired{v1alpha1.RequiredLogout}},
		})}
	}
	for name, tc := range map[string]struct {
		document []func(*v1alpha1.CTISlotSpec)
		roams    bool
		out      bool // nobody is logged in
		by       Request
		want     []string
	}{
		"the agent moves":               {by: Request{DN: "2003", AgentID: "4002"}, want: []string{"4002 at 2002"}},
		"a colleague takes the device":  {by: Request{DN: "2002", AgentID: "4003"}, want: []string{"4002 at 2002"}},
		"with agent states alone":       {document: ofMode(v1alpha1.ModeSimpleWithAgentState), by: Request{DN: "2003", AgentID: "4002"}, want: []string{"4002 at 2002"}},
		"the telephone logs in and out": {document: ofMode(v1alpha1.ModeSimple), by: Request{DN: "2003", AgentID: "4002"}},
		"log-ins roam":                  {roams: true, by: Request{DN: "2003", AgentID: "4002"}},
		"nobody is logged in":           {out: true, by: Request{DN: "2003", AgentID: "4002"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.server.Roams = tc.roams
				b.mustApply(document(1, append(tc.document, func(s *v1alpha1.CTISlotSpec) {
					s.Agents = append(s.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: "4003"}, Pool: "sales"})
				})...))
				b.run()
				if !tc.out {
					b.loggedIn("2002")
				}
				at := b.logouts(nil)
				old := b.mustOpen("2002", "4002")
				tc.by.TakeOver = true
				if _, _, err := b.Open(t.Context(), tc.by); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, *at); diff != "" {
					t.Errorf("log-outs (-want +got):\n%s", diff)
				}
				if _, _, err := old.Events.After(t.Context(), old.Events.Last().Sequence); !errors.Is(err, session.ErrTakenOver) {
					t.Errorf("the old stream ends with %v", err)
				}
				if len(tc.want) > 0 && old.Agent().State != opencti.LoggedOut {
					t.Errorf("the old desk last saw the agent %s", old.Agent().State)
				}
			})
		})
	}
}

// Whatever stands in the way of the log-out, the old session goes on, and who asked is told.
func TestALogoutThatFailsLeavesTheSession(t *testing.T) {
	refuse := func(code opencti.ErrorCode) func(*linktest.Device) error {
		return func(*linktest.Device) error { return opencti.Errorf(code, "no").WithDetail("17") }
	}
	for name, tc := range map[string]struct {
		how  func(*linktest.Device) error
		want opencti.ErrorCode
	}{
		"refused":                 {refuse(opencti.InvalidState), opencti.InvalidState},
		"accepted, never done":    {func(*linktest.Device) error { return nil }, opencti.InvalidState},
		"not answered":            {refuse(opencti.Timeout), opencti.Timeout},
		"was not logged in":       {refuse(opencti.NotLoggedIn), ""},
		"the device is unplugged": {refuse(opencti.DeviceOutOfService), ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				b.loggedIn("2002")
				b.logouts(tc.how)
				b.mustOpen("2002", "4002")
				err := b.moves()
				wantCode(t, err, tc.want)
				s, _ := b.Session("4002")
				if tc.want == "" {
					if s.DN() != "2003" {
						t.Errorf("the session is at %s", s.DN())
					}
					return
				}
				if s.DN() != "2002" || s.Snapshot().Link != opencti.LinkUp {
					t.Errorf("the session is at %s", s.DN())
				}
				if !strings.Contains(err.Error(), "agent 4002 cannot be logged out at device **02") {
					t.Errorf("%q does not say where", err)
				}
			})
		})
	}
}

// A log-in that was accepted is undone also when its event has not come yet.
func TestATakeOverRightAfterALogin(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("2002", "4002")
		at := b.logouts(nil)
		if _, err := s.Perform(t.Context(), opencti.Request{Activity: opencti.LoginAgent}, ""); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Second)
			b.server.Connection(1).Happen("2002", opencti.LoggedIn, nil)
		}()
		if err := b.moves(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"4002 at 2002"}, *at); diff != "" {
			t.Errorf("log-outs (-want +got):\n%s", diff)
		}
	})
}

// Of a log-in of which nothing comes nobody is logged in.
func TestATakeOverAfterALoginThatCameToNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("2002", "4002")
		at := b.logouts(nil)
		if _, err := s.Perform(t.Context(), opencti.Request{Activity: opencti.LoginAgent}, ""); err != nil {
			t.Fatal(err)
		}
		if err := b.moves(); err != nil || len(*at) > 0 {
			t.Errorf("%v, log-outs %v", err, *at)
		}
	})
}

func TestNothingIsTakenOverWithoutTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("2002", "4002")
		b.server.OnConnect = func(context.Context, linktest.Config) error { return opencti.Errorf(opencti.LinkDown, "no answer") }
		b.server.Connection(1).Break(nil)
		synctest.Wait()
		wantCode(t, b.moves(), opencti.LinkDown)
		if s, ok := b.Session("4002"); !ok || s.DN() != "2002" {
			t.Error("the session is gone")
		}
	})
}

// What a desktop still has of a session that was taken over brings it back neither here nor
// at the next holder; opened anew it is a session like any other.
func TestATakenSessionIsNotRestored(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, succeed func() *bench) {
		had := Request{DN: "2002", AgentID: "4002", Restores: true}
		b.mustOpen("2002", "4002")
		since := time.Now()
		if _, _, err := b.Open(t.Context(), Request{DN: "2002", AgentID: "4001"}); err == nil {
			t.Fatal("two agents at one device")
		}
		b.mustApply(document(2, func(s *v1alpha1.CTISlotSpec) { s.Agents[0].DNs = nil }))
		if _, _, err := b.Open(t.Context(), Request{DN: "2002", AgentID: "4001", TakeOver: true}); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.Open(t.Context(), had)
		wantCode(t, err, opencti.SessionTakenOver)
		if diff := cmp.Diff([]string{"session/4001", "taken/4002"}, n.keys()); diff != "" {
			t.Error(diff)
		}
		b.stop()

		next := succeed()
		if got := next.EndedSince("4002", since); got != TakenOver {
			t.Errorf("at the next holder it ended with %v", got)
		}
		if got := next.EndedSince("4002", time.Now().Add(time.Second)); got != "" {
			t.Errorf("a newer one ended with %v", got)
		}
		next.mustOpen("2005", "4002")
		if got := next.EndedSince("4002", since); got != "" {
			t.Errorf("opened anew it has ended with %v", got)
		}
	})
}

// A successor that has a session from the records, and has not asked the server for it yet,
// asks before it lets somebody take it over.
func TestATakeOverWhileTheSessionComesBack(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, _ *notes, succeed func() *bench) {
		b.loggedIn("2002")
		b.mustOpen("2002", "4002")
		b.stop()
		b.server.OnSubscribe = func(ctx context.Context, e opencti.Endpoint) error {
			if e.DN == "2002" {
				pause(ctx, nil, time.Second)
			}
			return ctx.Err()
		}
		at := b.logouts(nil)
		next := succeed()
		if err := next.moves(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"4002 at 2002"}, *at); diff != "" {
			t.Error(diff)
		}
		if s, ok := next.Session("4002"); !ok || s.DN() != "2003" {
			t.Error("the agent did not move")
		}
	})
}

// An agent whose telephone is gone for good must be able to work at another one.
func TestATakeOverOfADeviceThatDoesNotComeBack(t *testing.T) {
	for name, lose := range map[string]func(b *bench){
		"since the connection was lost": func(b *bench) {
			b.server.Connection(1).Break(nil)
			b.server.Connection(2)
		},
		"since events were lost": func(b *bench) { b.server.Connection(1).Lose("2002") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bench) {
				b.loggedIn("2002")
				b.mustOpen("2002", "4002")
				gone := func(_ context.Context, e opencti.Endpoint) error {
					if e.DN == "2002" {
						return opencti.Errorf(opencti.UnknownDevice, "gone")
					}
					return nil
				}
				b.server.OnOpen, b.server.OnSubscribe = gone, gone
				lose(b)
				time.Sleep(time.Minute)
				synctest.Wait()
				if err := b.moves(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
