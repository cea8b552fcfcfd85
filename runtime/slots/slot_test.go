package slots

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// slotAPI is an API server with one CTISlot.
type slotAPI struct {
	*httptest.Server
	mu      sync.Mutex
	patches []string
	watches chan []byte // events to send
	fails   bool
}

func newSlotAPI(t *testing.T) (*slotAPI, *Slot) {
	a := &slotAPI{watches: make(chan []byte, 4)}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	s, err := NewSlot(&rest.Config{Host: a.URL}, "ns", slotName, discard)
	if err != nil {
		t.Fatal(err)
	}
	return a, s
}

func slotAt(generation int64) *v1alpha1.CTISlot {
	return &v1alpha1.CTISlot{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "CTISlot"},
		ObjectMeta: metav1.ObjectMeta{Name: slotName, Namespace: "ns", Generation: generation, ResourceVersion: "1"},
	}
}

func (a *slotAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	const path = "/apis/ctilink.io/v1alpha1/namespaces/ns/ctislots"
	switch {
	case r.Method == http.MethodPatch && r.URL.Path == path+"/"+slotName+"/status":
		b, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.patches = append(a.patches, string(b))
		if a.fails {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(slotAt(1))
	case r.Method == http.MethodGet && r.URL.Path == path && r.URL.Query().Get("fieldSelector") == "metadata.name="+slotName:
		if r.URL.Query().Get("watch") == "" {
			_ = json.NewEncoder(w).Encode(v1alpha1.CTISlotList{
				TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "CTISlotList"},
				ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []v1alpha1.CTISlot{*slotAt(1)},
			})
			return
		}
		if r.URL.Query().Get("sendInitialEvents") == "true" {
			end := slotAt(1)
			end.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
			_, _ = w.Write(append(event("ADDED", slotAt(1)), event("BOOKMARK", end)...))
		}
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case b := <-a.watches:
				_, _ = w.Write(b)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// event is one line of a watch.
func event(kind string, slot *v1alpha1.CTISlot) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "object": slot})
	if err != nil {
		panic(err)
	}
	return b
}

func condition(kind string, status metav1.ConditionStatus, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: "Reason", Message: message}
}

func status(conditions ...metav1.Condition) v1alpha1.CTISlotStatus {
	return v1alpha1.CTISlotStatus{Holder: "a", Epoch: 7, Connection: v1alpha1.ConnectionConnected, Conditions: conditions}
}

func TestWriteStatus(t *testing.T) {
	a, s := newSlotAPI(t)
	first, err := s.WriteStatus(t.Context(), v1alpha1.CTISlotStatus{}, status(condition("Ready", "True", "yes"), condition("Applied", "True", "yes")))
	if err != nil || len(a.patches) != 1 {
		t.Fatalf("%v, %v", err, a.patches)
	}
	long := metav1.NewTime(time.Now().Add(-time.Hour).Truncate(time.Second))
	for i := range first.Conditions {
		first.Conditions[i].LastTransitionTime = long
	}

	same, err := s.WriteStatus(t.Context(), first, status(condition("Ready", "True", "yes"), condition("Applied", "True", "yes")))
	if err != nil || len(a.patches) != 1 {
		t.Errorf("nothing changed, and it was written: %v", a.patches)
	}
	if diff := cmp.Diff(first, same); diff != "" {
		t.Error(diff)
	}

	next, err := s.WriteStatus(t.Context(), first, status(condition("Ready", "False", "no"), condition("Applied", "True", "still")))
	if err != nil || len(a.patches) != 2 {
		t.Fatalf("%v, %v", err, a.patches)
	}
	if !next.Conditions[0].LastTransitionTime.After(long.Time) || !next.Conditions[1].LastTransitionTime.Equal(&long) {
		t.Errorf("times: %v", next.Conditions)
	}
}

// A merge patch leaves what it does not name: a status that lost a field must say so.
func TestWriteStatusNamesWhatIsEmpty(t *testing.T) {
	a, s := newSlotAPI(t)
	old := v1alpha1.CTISlotStatus{Holder: "a", Sessions: 3, SessionsByPool: []v1alpha1.PoolSessions{{Pool: "p", Sessions: 3}}}
	if _, err := s.WriteStatus(t.Context(), old, v1alpha1.CTISlotStatus{}); err != nil {
		t.Fatal(err)
	}
	var patch struct{ Status map[string]any }
	if err := json.Unmarshal([]byte(a.patches[0]), &patch); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"conditions", "observedGeneration", "holder", "epoch", "connection", "sessions", "sessionsByPool"} {
		if _, ok := patch.Status[field]; !ok {
			t.Errorf("the patch does not name %s: %s", field, a.patches[0])
		}
	}
}

func TestAStatusThatCannotBeWrittenIsNotKept(t *testing.T) {
	a, s := newSlotAPI(t)
	a.fails = true
	old := status()
	got, err := s.WriteStatus(t.Context(), old, status(condition("Ready", "True", "yes")))
	if err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff(old, got); diff != "" {
		t.Error(diff)
	}
}

func TestWatchTellsEachDocument(t *testing.T) {
	a, s := newSlotAPI(t)
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan int64, 4), make(chan struct{})
	go func() {
		defer close(ended)
		s.Watch(ctx, func(slot *v1alpha1.CTISlot) { told <- slot.Generation })
	}()
	if g := <-told; g != 1 {
		t.Errorf("first generation %d", g)
	}
	a.watches <- event("MODIFIED", slotAt(2))
	if g := <-told; g != 2 {
		t.Errorf("next generation %d", g)
	}
	stop()
	<-ended
}
