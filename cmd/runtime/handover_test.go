package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// holder is a pod that may hold the slot: a link with its records, and their port.
type holder struct {
	t       *testing.T
	link    *link.Link
	records *slots.Records
	port    *httptest.Server
}

func newHolder(t *testing.T) *holder {
	h := &holder{t: t, records: slots.NewRecords()}
	h.port = httptest.NewTLSServer(h.records)
	t.Cleanup(h.port.Close)
	return h
}

// holds makes it the holder; the pods before it are as if killed: they write nothing more.
func (h *holder) holds(f *floor, epoch, before int64) {
	h.t.Helper()
	h.records.Hold(epoch, before)
	h.link = link.New(link.Options{
		Epoch: epoch, MayAct: func() error { return nil }, Drivers: adapters.Find, Records: h.records, Observer: newMetrics(), Log: slog.New(slog.DiscardHandler),
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	spec := v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "simulator", Driver: "csta", Config: map[string]string{"address": f.at, "username": f.settings.Application.User, "password": f.settings.Application.Password},
		Agents: []v1alpha1.SlotAgent{{Agent: v1alpha1.Agent{ID: "4001", DNs: []string{"1001"}}, Pool: "sales"}},
		Pools: []v1alpha1.SlotPool{{Name: "sales", PoolPolicy: v1alpha1.PoolPolicy{CallTreatment: []v1alpha1.TreatmentRule{
			{Name: "pops", ScreenPop: &v1alpha1.ScreenPop{Interaction: "Service"}}}}}},
	}
	if err := h.link.Apply(link.Document{Generation: 1, Spec: spec}); err != nil {
		h.t.Fatal(err)
	}
	h.link.Inherit(h.records.Entries())
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); h.link.Run(ctx) }()
	h.t.Cleanup(func() { stop(); <-ran })
}

// follow makes it the standby of another; end lets it know nothing more.
func (h *holder) follow(other *holder) (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		is := slots.Holder{Identity: "other", Address: strings.TrimPrefix(other.port.URL, "https://")}
		h.records.Follow(ctx, func() (slots.Holder, <-chan struct{}) { return is, ctx.Done() }, "me", other.port.Client().Transport)
	}()
	end = func() { stop(); <-ended }
	h.t.Cleanup(end)
	return end
}

func (h *holder) session() *session.Session {
	h.t.Helper()
	s, _, err := h.link.Open(h.t.Context(), link.Request{AgentID: "4001"})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// theCall waits until the session's only call is in a state.
func (h *holder) theCall(state opencti.EventName) (c *opencti.Call) {
	h.t.Helper()
	s := h.session()
	eventually(h.t, fmt.Sprint("the call is ", state), func() bool {
		calls := s.Snapshot().Calls
		if len(calls) != 1 || calls[0].State != state {
			return false
		}
		c = calls[0]
		return true
	})
	return c
}

// Of a call that goes on when its pod is killed, the next holder knows since when, and that
// its screen pop is claimed. A call that is over by then does not come back.
func TestCallsAfterAHandOver(t *testing.T) {
	f := &floor{t: t, at: free(t), settings: settings()}
	f.startSim()
	t.Cleanup(func() { f.stopSim() })
	killed, next, last := newHolder(t), newHolder(t), newHolder(t)
	killed.holds(f, 100, 0)
	end := next.follow(killed)
	killed.session()
	if _, err := f.sim.Switch.Inbound(switchmodel.InboundCall{From: "5550100", To: "1001", Data: map[string]string{"customer": "42"}}); err != nil {
		t.Fatal(err)
	}
	offer := killed.theCall(opencti.Offering)
	for _, r := range []opencti.Request{
		{Activity: opencti.AcceptInteraction, CallID: offer.CallID}, {Activity: opencti.AnswerCall, CallID: offer.CallID},
	} {
		if _, err := killed.session().Perform(t.Context(), r, ""); err != nil {
			t.Fatal(err)
		}
	}
	want := killed.theCall(opencti.Established)
	eventually(t, "the standby knows", func() bool {
		return strings.Contains(string(next.records.Entries()["session/4001"]), `"answeredAt"`)
	})
	end()

	next.holds(f, 200, 100)
	got := next.theCall(opencti.Established)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if got.Treatment == nil || got.Treatment.Rule != "pops" || !got.Treatment.Claimed {
		t.Errorf("it may pop again: %+v", got.Treatment)
	}

	end = last.follow(next)
	eventually(t, "the next standby knows", func() bool { return len(last.records.Entries()) > 0 })
	end()
	if _, err := next.session().Perform(t.Context(), opencti.Request{Activity: opencti.HangUpCall}, ""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call is over", func() bool { return len(next.session().Snapshot().Calls) == 0 })
	last.holds(f, 300, 200)
	if calls := last.session().Snapshot().Calls; len(calls) > 0 {
		t.Errorf("%+v is back", calls[0])
	}
}
