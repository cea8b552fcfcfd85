package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// A CTI server that went mad does not fill the memory: calls, their ends, their data and
// the log are bounded, and what the desktop sees stays legal.
func TestACTIServerThatWentMad(t *testing.T) {
	b := newBench()
	b.BeginSync()
	b.EndSync(b.device, opencti.DeviceSnapshot{})
	blob := strings.Repeat("x", 8<<10)
	for i := range 3 * callsBound {
		id := fmt.Sprint("call", i)
		b.happen(opencti.Offering, id, with{"variables": map[string]string{"blob": blob}})
		b.happen(opencti.Established, "call0", with{"variables": map[string]string{fmt.Sprint("k", i): blob}})
	}
	if n := len(b.state.calls); n != callsBound {
		t.Errorf("%d calls, want %d", n, callsBound)
	}
	size := 0
	for k, v := range b.state.calls["call0"].Variables {
		size += len(k) + len(v)
	}
	if size > callDataBound {
		t.Errorf("%d bytes of data of a call", size)
	}
	for i := range 3 * tombsBound {
		id := fmt.Sprint("short", i)
		b.happen(opencti.Released, fmt.Sprint("call", i), nil)
		b.happen(opencti.Offering, id, nil)
		b.happen(opencti.Released, id, nil)
	}
	if n := len(b.state.tombs); n > tombsBound {
		t.Errorf("%d ends are remembered, want %d at most", n, tombsBound)
	}
}

func TestTheLogIsBoundedInBytes(t *testing.T) {
	l := NewLog(epoch, 0)
	large := &Event{Name: opencti.CallInfo, Call: &opencti.Call{Variables: map[string]string{"blob": strings.Repeat("x", logBytes/4)}}}
	for range 10 {
		if err := l.append(large); err != nil {
			t.Fatal(err)
		}
	}
	got, ok, err := l.After(t.Context(), l.floor)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if diff := cmp.Diff([]uint64{8, 9, 10}, numbers(got)); diff != "" {
		t.Errorf("events that are left (-want +got):\n%s", diff)
	}
	if _, ok, _ := l.After(t.Context(), 6); ok {
		t.Error("a reader who fell behind is not told so")
	}
	huge := &Event{Name: opencti.CallInfo, Cause: strings.Repeat("x", 2*logBytes)}
	if err := l.append(huge); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := l.After(t.Context(), 10); err != nil || !ok || len(got) != 1 {
		t.Errorf("the newest event is not there: %d, %v, %v", len(got), ok, err)
	}
}

// The data of one event costs what it is long, also where all of it is new.
func TestCallDataCostsWhatItIsLong(t *testing.T) {
	costtest.Linear(t, func(size int) []byte { return make([]byte, size) }, func(b []byte) {
		told := make(map[string]string, len(b)/64)
		for i := range len(b) / 64 {
			told[fmt.Sprint(i)] = "v"
		}
		if merged, differs := merge(nil, told); !differs || len(merged) != len(told) {
			t.Fatalf("%d of %d are taken over", len(merged), len(told))
		}
	})
}

var badEventIDs = []string{
	"", "1", "-", "1-", "-1", "1-2-3", "a-1", "1-a", "1--1", " 1-1", "1-1 ", "1-1\n", "1-18446744073709551616", "9223372036854775808-1",
	"0x1-1", "1e3-1", "1_0-1", "١-1", "1-\x00", "1.5-1", "-1-1", "1\u20131", strings.Repeat("1", 64) + "-1",
}
