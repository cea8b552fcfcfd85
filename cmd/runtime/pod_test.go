package main

import (
	"log/slog"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// Desktops are sent to a pod that serves them or knows who does.
func TestReady(t *testing.T) {
	for name, tc := range map[string]struct {
		holder  func(me string) string // in the Lease as last read
		working bool
		want    bool
	}{
		"at work":                          {holder: func(me string) string { return me }, working: true, want: true},
		"standing by":                      {holder: func(string) string { return "other/1" }, want: true},
		"nobody holds the slot":            {holder: func(string) string { return "" }},
		"cut off after it held the slot":   {holder: func(me string) string { return me }},
		"at work, the Lease is not known":  {holder: func(string) string { return "" }, working: true, want: true},
		"this pod's former process had it": {holder: func(string) string { return "uid/former" }, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "main-0"}}
			leases := fake.NewClientset(lease).CoordinationV1().Leases("ns")
			p := &pod{ownership: slots.NewOwnership(leases, "main-0", slots.Pod{Name: "pod", UID: "uid", PeerAddress: "10.0.0.1:9443"}, slog.New(slog.DiscardHandler))}
			holder := tc.holder(p.Identity())
			lease.Spec.HolderIdentity = &holder
			if _, err := leases.Update(t.Context(), lease, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := p.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tc.working {
				p.link = link.New(link.Options{})
			}
			if err := p.ready(); (err == nil) != tc.want {
				t.Errorf("ready() = %v, want ready: %t", err, tc.want)
			}
		})
	}
}

// What every pod answers by is in force in a standby, too, which holds no link.
func TestStandbyFollowsThePortraitFront(t *testing.T) {
	p := &pod{log: slog.New(slog.DiscardHandler), news: make(chan struct{})}
	document := func(generation int64, front *v1alpha1.PortraitFront) *v1alpha1.CTISlot {
		return &v1alpha1.CTISlot{ObjectMeta: metav1.ObjectMeta{Generation: generation}, Spec: v1alpha1.CTISlotSpec{Portrait: front}}
	}
	p.changed(document(1, &v1alpha1.PortraitFront{Names: map[string]v1alpha1.PortraitName{"MAKECALL": "MakeCall"}}))
	p.changed(document(2, &v1alpha1.PortraitFront{Names: map[string]v1alpha1.PortraitName{"MAKECAL": "MakeCall"}})) // of another version, perhaps
	if got := p.portrait.options().Names.Of("MAKECALL"); got != "MakeCall" {
		t.Errorf("MAKECALL is %s", got)
	}
	p.changed(document(3, nil))
	if p.portrait.options().Names.Changed() {
		t.Error("names of before are in force")
	}
}
