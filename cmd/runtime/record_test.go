package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// TestRecordedEventsCanBeTried records a call of ctisim and tries class csta on it.
func TestRecordedEventsCanBeTried(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	f := newFloor(t, func(f *floor) { f.args = []string{"--record-events", file} })
	f.arrive()
	f.available()
	f.inbound()
	f.until(opencti.Offering)

	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	events, err := readEvents(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := trial{class: "csta"}.bench()
	if err != nil {
		t.Fatal(err)
	}
	b.dn, b.agent, b.policy = "1001", "4001", v1alpha1.PoolPolicy{}
	results, err := b.try(events)
	if err != nil {
		t.Fatal(err)
	}
	offered := slices.IndexFunc(results, func(r result) bool { return r.Event == opencti.Offering && len(r.Told) > 0 })
	if offered < 0 {
		t.Fatalf("no event is an Offering: %+v", results)
	}
	call := results[offered].Told[0]["call"].(map[string]any)
	if call["ani"] != "5550100" || call["offeredBy"] != "Queue" {
		t.Errorf("the desktop gets %v", call)
	}
}
