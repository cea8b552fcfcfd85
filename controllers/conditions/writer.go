package conditions

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Writer writes the status of one kind's objects. It remembers what it wrote, for
// a cache may lag behind: a verdict compared with a stale status could look
// unchanged and never be written.
type Writer struct {
	Client client.Client

	mu      sync.Mutex
	written map[client.ObjectKey]string
}

// Fresh says whether an object from the cache already shows what was last written.
// If not, the event that brings it will reconcile again.
func (w *Writer) Fresh(o client.Object) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	version, ok := w.written[client.ObjectKeyFromObject(o)]
	if !ok {
		return true
	}
	order, err := resourceversion.CompareResourceVersion(o.GetResourceVersion(), version)
	return err != nil || order >= 0
}

// Patch writes the status that changed from before to after. Nothing changed:
// nothing is written.
func (w *Writer) Patch(ctx context.Context, before, after client.Object) error {
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	if err := w.Client.Status().Patch(ctx, after, client.MergeFrom(before)); err != nil {
		return client.IgnoreNotFound(err)
	}
	w.Note(after)
	return nil
}

// Note remembers an object as a write returned it.
func (w *Writer) Note(o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.written == nil {
		w.written = map[client.ObjectKey]string{}
	}
	w.written[client.ObjectKeyFromObject(o)] = o.GetResourceVersion()
}

// Forget drops what is known of an object that is gone.
func (w *Writer) Forget(key client.ObjectKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.written, key)
}

// StaleDelay is how long to wait for a cache that lags behind.
const StaleDelay = 50 * time.Millisecond
