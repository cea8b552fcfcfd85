package session

import (
	"context"
	"sync"
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
