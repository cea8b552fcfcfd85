package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func errorOf(t *testing.T, err error) opencti.Error {
	t.Helper()
	if err == nil {
		return opencti.Error{}
	}
	e, ok := err.(*opencti.Error)
	if !ok {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	return *e
}

func (b *bench) perform(t *testing.T, r opencti.Request) opencti.Error {
	t.Helper()
	_, err := b.Perform(t.Context(), r, "")
	return errorOf(t, err)
}

func TestGateRefuses(t *testing.T) {
	several := []opencti.Call{callIn("r1", opencti.Offering), callIn("r2", opencti.Offering), callIn("t1", opencti.Established), callIn("t2", opencti.Delivered)}
	for name, tc := range map[string]struct {
		state   opencti.EventName
		calls   []opencti.Call
		request opencti.Request
		code    opencti.ErrorCode
		says    string
	}{
		"no activity":              {request: opencti.Request{Activity: "Dance"}, code: opencti.InvalidRequest, says: `no activity "Dance"`},
		"another device":           {request: opencti.Request{Activity: opencti.MakeCall, DN: "1002", DestinationNumber: "1"}, code: opencti.InvalidRequest, says: "dn is not the device"},
		"another agent":            {request: opencti.Request{Activity: opencti.LoginAgent, AgentID: "4002"}, code: opencti.InvalidRequest, says: "agentId is not the agent"},
		"no destination":           {request: opencti.Request{Activity: opencti.MakeCall}, code: opencti.InvalidRequest, says: "destinationNumber is missing"},
		"logged in already":        {request: opencti.Request{Activity: opencti.LoginAgent}, code: opencti.AlreadyLoggedIn, says: "agent 4001"},
		"ready, not logged in":     {state: opencti.LoggedOut, request: opencti.Request{Activity: opencti.SetAgentReady}, code: opencti.NotLoggedIn, says: "LoginAgent first"},
		"not ready, not logged in": {state: opencti.LoggedOut, request: opencti.Request{Activity: opencti.SetAgentNotReady}, code: opencti.NotLoggedIn, says: "LoginAgent first"},
		"logout, not logged in":    {state: opencti.LoggedOut, request: opencti.Request{Activity: opencti.LogoutAgent}, code: opencti.NotLoggedIn, says: "LoginAgent first"},
		"a strange work mode":      {request: opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: "LUNCH"}, code: opencti.InvalidRequest, says: "AFTER_CALL_WORK"},
		"an unknown call":          {request: opencti.Request{Activity: opencti.HoldCall, CallID: "9"}, code: opencti.NoSuchCall, says: "callId names no call"},
		"hold which":               {calls: several, request: opencti.Request{Activity: opencti.HoldCall}, code: opencti.InvalidRequest, says: "callId is missing"},
		"heldCallId is not enough": {calls: several, request: opencti.Request{Activity: opencti.HoldCall, HeldCallID: "t1"}, code: opencti.InvalidRequest, says: "callId is missing"},
		"retrieve which":           {calls: several, request: opencti.Request{Activity: opencti.RetrieveCall, CallID: "-1"}, code: opencti.InvalidRequest, says: "callId is missing"},
		"nothing rings":            {calls: []opencti.Call{callIn("t", opencti.Established)}, request: opencti.Request{Activity: opencti.AnswerCall}, code: opencti.NoAlertingCall, says: "no call is ringing"},
		"nothing rings, by -1":     {request: opencti.Request{Activity: opencti.AnswerCall, CallID: "-1"}, code: opencti.NoAlertingCall, says: "no call is ringing"},
		"two calls ring":           {calls: several, request: opencti.Request{Activity: opencti.AnswerCall}, code: opencti.InvalidRequest, says: "set callId"},
		"answer what talks":        {calls: several, request: opencti.Request{Activity: opencti.AnswerCall, CallID: "t1"}, code: opencti.InvalidState, says: "the call is Established"},
		"nothing to hang up":       {request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.NoActiveCall, says: "no active call"},
		"hang up one of two":       {calls: several, request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.InvalidRequest, says: "set callId"},
		"never a held call": {calls: []opencti.Call{callIn("h", opencti.Held)},
			request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.NoActiveCall, says: "no active call"},
		"never a held call, by name": {calls: []opencti.Call{callIn("h", opencti.Held)},
			request: opencti.Request{Activity: opencti.HangUpCall, CallID: "h"}, code: opencti.InvalidState, says: "the call is Held"},
		"never a ringing call": {calls: []opencti.Call{callIn("r", opencti.Offering)},
			request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.NoActiveCall, says: "no active call"},
		"hold what is held": {calls: []opencti.Call{callIn("h", opencti.Held)},
			request: opencti.Request{Activity: opencti.HoldCall, CallID: "h"}, code: opencti.InvalidState, says: "the call is Held"},
		"retrieve what talks": {calls: several, request: opencti.Request{Activity: opencti.RetrieveCall, CallID: "t1"}, code: opencti.InvalidState, says: "RetrieveCall is not possible"},
	} {
		t.Run(name, func(t *testing.T) {
			snap := loggedIn(tc.calls...)
			if tc.state != "" {
				snap.Agent.State = tc.state
			}
			b := open(snap)
			e := b.perform(t, tc.request)
			if e.Code != tc.code || !strings.Contains(e.Message, tc.says) || e.Activity != tc.request.Activity {
				t.Errorf("got %s %q of %q; want %s with %q", e.Code, e.Message, e.Activity, tc.code, tc.says)
			}
			if asked := b.device.requests(); len(asked) > 0 {
				t.Errorf("it reached the CTI server: %v", asked)
			}
			if diff := cmp.Diff([]string{string(tc.request.Activity) + ":" + string(tc.code)}, b.counts.done); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGateRefusesWithoutAnAgent(t *testing.T) {
	b := open(opencti.DeviceSnapshot{}, func(o *Options) { o.AgentID = "" })
	if e := b.perform(t, opencti.Request{Activity: opencti.LoginAgent}); e.Code != opencti.InvalidRequest || !strings.Contains(e.Message, "no agent") {
		t.Errorf("%+v", e)
	}
}

func TestGateRefusesWhatTheClassDoesNotOffer(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Offering)), func(o *Options) { o.Class.Supported = []opencti.Activity{opencti.LoginAgent} })
	if e := b.perform(t, opencti.Request{Activity: opencti.AnswerCall}); e.Code != opencti.NotSupportedByClass {
		t.Errorf("%+v", e)
	}
	if c := b.Snapshot().Calls[0].Capabilities; len(c) > 0 {
		t.Errorf("the desktop is offered %v", c)
	}
}

func TestGateLetsPassAndCompletes(t *testing.T) {
	for name, tc := range map[string]struct {
		calls   []opencti.Call
		request opencti.Request
		callID  string
	}{
		"answer what rings":        {[]opencti.Call{callIn("r", opencti.Offering), callIn("h", opencti.Held)}, opencti.Request{Activity: opencti.AnswerCall}, "r"},
		"answer -1":                {[]opencti.Call{callIn("r", opencti.Offering)}, opencti.Request{Activity: opencti.AnswerCall, CallID: "-1"}, "r"},
		"answer one of two":        {[]opencti.Call{callIn("r", opencti.Offering), callIn("s", opencti.Offering)}, opencti.Request{Activity: opencti.AnswerCall, CallID: "s"}, "s"},
		"hang up what talks":       {[]opencti.Call{callIn("r", opencti.Offering), callIn("h", opencti.Held), callIn("t", opencti.Established)}, opencti.Request{Activity: opencti.HangUpCall}, "t"},
		"hang up a busy tone":      {[]opencti.Call{callIn("f", opencti.Failed)}, opencti.Request{Activity: opencti.HangUpCall, DN: dn}, "f"},
		"hang up what rings there": {[]opencti.Call{callIn("d", opencti.Delivered)}, opencti.Request{Activity: opencti.HangUpCall}, "d"},
		"hang up while waiting":    {[]opencti.Call{callIn("q", opencti.Queued)}, opencti.Request{Activity: opencti.HangUpCall}, "q"},
		"hang up the dial tone":    {[]opencti.Call{callIn("i", opencti.Initiated)}, opencti.Request{Activity: opencti.HangUpCall}, "i"},
		"hold":                     {[]opencti.Call{callIn("t", opencti.Established)}, opencti.Request{Activity: opencti.HoldCall, CallID: "t"}, "t"},
		"retrieve":                 {[]opencti.Call{callIn("h", opencti.Held)}, opencti.Request{Activity: opencti.RetrieveCall, CallID: "h"}, "h"},
		"make":                     {nil, opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1002"}, ""},
		"one more queue":           {nil, opencti.Request{Activity: opencti.LoginAgent, Queue: "5000"}, ""},
		"wrap-up":                  {nil, opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: opencti.AfterCallWorkMode}, ""},
		"with the agent's name":    {nil, opencti.Request{Activity: opencti.SetAgentNotReady, AgentID: agentID}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn(tc.calls...))
			if e := b.perform(t, tc.request); e.Code != "" {
				t.Fatal(e)
			}
			want := tc.request
			want.DN, want.AgentID, want.CallID = dn, agentID, tc.callID
			got := b.device.requests()[0]
			if got.ID == "" {
				t.Error("the request has no id")
			}
			want.ID = got.ID
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequestsNeedTheLinkAndTheSlot(t *testing.T) {
	mayAct := error(nil)
	b := open(loggedIn(), func(o *Options) { o.MayAct = func() error { return mayAct } })
	ready := opencti.Request{Activity: opencti.SetAgentNotReady}
	mayAct = opencti.Errorf(opencti.LinkDown, "not the holder")
	if e := b.perform(t, ready); e.Code != opencti.LinkDown || e.Message != "not the holder" {
		t.Errorf("%+v", e)
	}
	mayAct = nil
	b.Lost()
	if e := b.perform(t, ready); e.Code != opencti.LinkDown {
		t.Errorf("%+v", e)
	}
	b.sync(loggedIn())
	if e := b.perform(t, ready); e.Code != "" || len(b.device.requests()) != 1 {
		t.Errorf("%+v, %v", e, b.device.requests())
	}
}

func TestCausedBy(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Offering), callIn("8", opencti.Offering)))
	answer := opencti.Request{Activity: opencti.AnswerCall, CallID: "7", ID: "mine"}
	// The event is faster than the response.
	b.device.do = func(context.Context, opencti.Request) error {
		b.happen(opencti.Established, "8")
		b.happen(opencti.Established, "7")
		return nil
	}
	b.perform(t, answer)
	told := b.wantTold(t, "Established 8 Established", "Established 7 Established")
	if told[0].CausedBy != "" || told[1].CausedBy != "mine" {
		t.Errorf("causedBy: %q, %q", told[0].CausedBy, told[1].CausedBy)
	}
	b.happen(opencti.Held, "7")
	b.happen(opencti.Retrieved, "7")
	for _, e := range b.told() {
		if e.CausedBy != "" {
			t.Errorf("%s is caused by %q, once more", e.Name, e.CausedBy)
		}
	}
}

func TestCausedByComesAfterTheResponse(t *testing.T) {
	for activity, event := range map[opencti.Activity]opencti.EventName{
		opencti.SetAgentReady: opencti.Available, opencti.SetAgentNotReady: opencti.Unavailable,
		opencti.LogoutAgent: opencti.LoggedOut, opencti.MakeCall: opencti.Initiated,
	} {
		t.Run(string(activity), func(t *testing.T) {
			b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.AfterCallWork}})
			b.perform(t, opencti.Request{Activity: activity, ID: "mine", DestinationNumber: "1"})
			callID := ""
			if event == opencti.Initiated {
				callID = "7"
			}
			b.happen(event, callID)
			if e := b.told()[0]; e.Name != event || e.CausedBy != "mine" {
				t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
			}
		})
	}
}

func TestWhatDoesNotCause(t *testing.T) {
	for name, after := range map[string]func(*bench){
		"a request that failed": func(b *bench) {
			b.device.do = func(context.Context, opencti.Request) error { return errors.New("no") }
		},
		"a request of long ago":     func(*bench) { time.Sleep(causeLife + 1) },
		"a request before the loss": func(b *bench) { b.Lost(); b.sync(loggedIn()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(loggedIn())
				ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "mine"}
				if strings.Contains(name, "failed") {
					after(b)
					b.perform(t, ready)
				} else {
					b.perform(t, ready)
					after(b)
				}
				b.happen(opencti.Unavailable, "")
				told := b.told()
				if e := told[len(told)-1]; e.Name != opencti.Unavailable || e.CausedBy != "" {
					t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
				}
			})
		})
	}
}

func TestRequestsGoOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn(callIn("7", opencti.Established)))
		release := make(chan struct{})
		b.device.do = func(_ context.Context, r opencti.Request) error {
			if r.Activity == opencti.HoldCall {
				<-release
			}
			return nil
		}
		var wg sync.WaitGroup
		wg.Go(func() { b.perform(t, opencti.Request{Activity: opencti.HoldCall, CallID: "7"}) })
		synctest.Wait()
		wg.Go(func() { b.perform(t, opencti.Request{Activity: opencti.SetAgentNotReady}) })
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Perform(hasty, opencti.Request{Activity: opencti.SetAgentReady}, "")
		if e := errorOf(t, err); e.Code != opencti.Timeout {
			t.Errorf("who cannot wait: %v", err)
		}
		if e := b.perform(t, opencti.Request{Activity: opencti.HangUpCall}); e.Code != "" {
			t.Errorf("HangUpCall must not wait: %v", e)
		}
		if n := len(b.device.requests()); n != 2 {
			t.Errorf("%d requests under way; want HoldCall and HangUpCall", n)
		}
		close(release)
		wg.Wait()
		var got []opencti.Activity
		for _, r := range b.device.requests() {
			got = append(got, r.Activity)
		}
		if diff := cmp.Diff([]opencti.Activity{opencti.HoldCall, opencti.HangUpCall, opencti.SetAgentNotReady}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestIdempotency(t *testing.T) {
	ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "first"}
	again := ready
	again.ID = "second"
	t.Run("the same key acts once", func(t *testing.T) {
		b := open(loggedIn())
		for _, r := range []opencti.Request{ready, again} {
			a, err := b.Perform(t.Context(), r, "key")
			if err != nil || a.RequestID != "first" {
				t.Errorf("%q, %v", a.RequestID, err)
			}
		}
		if n := len(b.device.requests()); n != 1 {
			t.Errorf("the CTI server was asked %d times", n)
		}
	})
	t.Run("without a key it acts each time", func(t *testing.T) {
		b := open(loggedIn())
		b.perform(t, ready)
		b.perform(t, ready)
		if n := len(b.device.requests()); n != 2 {
			t.Errorf("the CTI server was asked %d times", n)
		}
	})
	t.Run("a failure is remembered", func(t *testing.T) {
		b := open(loggedIn())
		b.device.do = func(context.Context, opencti.Request) error { return opencti.Errorf(opencti.InvalidState, "busy") }
		_, first := b.Perform(t.Context(), ready, "key")
		b.device.do = nil
		_, second := b.Perform(t.Context(), ready, "key")
		if errorOf(t, first).Code != opencti.InvalidState || first != second {
			t.Errorf("%v, then %v", first, second)
		}
	})
	t.Run("another request is a conflict", func(t *testing.T) {
		b := open(loggedIn())
		_, _ = b.Perform(t.Context(), ready, "key")
		other := opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "2"}
		_, err := b.Perform(t.Context(), other, "key")
		if e := errorOf(t, err); e.Code != opencti.IdempotencyConflict {
			t.Errorf("%v", err)
		}
	})
	t.Run("old keys make room", func(t *testing.T) {
		b := open(loggedIn())
		for i := range answersKept + 1 {
			_, _ = b.Perform(t.Context(), ready, fmt.Sprint("key", i))
		}
		_, _ = b.Perform(t.Context(), ready, fmt.Sprint("key", answersKept))
		_, _ = b.Perform(t.Context(), ready, "key0")
		if n := len(b.device.requests()); n != answersKept+2 || len(b.answers.byKey) != answersKept {
			t.Errorf("asked %d times, %d kept", n, len(b.answers.byKey))
		}
	})
}

func TestIdempotencyOfConcurrentRequests(t *testing.T) {
	b := open(loggedIn())
	var acted atomic.Int32
	b.device.do = func(context.Context, opencti.Request) error {
		acted.Add(1)
		return opencti.Errorf(opencti.InvalidState, "busy")
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := b.Perform(t.Context(), opencti.Request{Activity: opencti.SetAgentNotReady}, "key")
			if e := errorOf(t, err); e.Code != opencti.InvalidState {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if n := acted.Load(); n != 1 {
		t.Errorf("acted %d times", n)
	}
}

// A desktop that gives up waiting and comes again must learn what became of its
// request, not that it gave up.
func TestAKeyedRequestGoesOnWithoutItsDesktop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn())
		b.device.do = func(ctx context.Context, _ opencti.Request) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "first"}
		gone, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = b.Perform(gone, ready, "key") })
		synctest.Wait()
		leave()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Perform(hasty, ready, "key")
		if e := errorOf(t, err); e.Code != opencti.Timeout {
			t.Errorf("who cannot wait: %v", err)
		}
		if a, err := b.Perform(t.Context(), ready, "key"); a.RequestID != "first" || err != nil {
			t.Errorf("%q, %v; the CTI server accepted", a.RequestID, err)
		}
		wg.Wait()
	})
}
