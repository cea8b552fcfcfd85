package session

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// answersKept bounds the idempotency keys that a session remembers.
const answersKept = 128

// answerTimeout bounds a request with a key, which goes on without its desktop; the
// CTI server's own time-outs are shorter.
const answerTimeout = 30 * time.Second

// answers remembers what was answered to an idempotency key, so that a retried
// request reaches the CTI server once. The zero value is ready.
type answers struct {
	mu    sync.Mutex
	byKey map[string]*answer
	order []string
}

type answer struct {
	fingerprint [sha256.Size]byte
	requestID   string
	done        chan struct{}
	err         error
}

// once runs do for a new key, to its end even when ctx ends, and gives the first answer again for a known one.
// The same key with another request is an IdempotencyConflict.
func (a *answers) once(ctx context.Context, key string, r opencti.Request, do func(context.Context) error) (string, error) {
	mark := fingerprint(r)
	a.mu.Lock()
	if first, ok := a.byKey[key]; ok {
		a.mu.Unlock()
		return first.again(ctx, mark)
	}
	mine := &answer{fingerprint: mark, requestID: r.ID, done: make(chan struct{})}
	a.remember(key, mine)
	a.mu.Unlock()
	// The first desktop may be cut off: the one that comes again wants the true answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	mine.err = do(ctx)
	close(mine.done)
	return mine.requestID, mine.err
}

func (w *answer) again(ctx context.Context, mark [sha256.Size]byte) (string, error) {
	if w.fingerprint != mark {
		return "", opencti.Errorf(opencti.IdempotencyConflict, "this Idempotency-Key was used for another request; use a new one")
	}
	select {
	case <-w.done:
		return w.requestID, w.err
	case <-ctx.Done():
		return "", opencti.AsError(ctx.Err())
	}
}

func (a *answers) remember(key string, w *answer) {
	if a.byKey == nil {
		a.byKey = map[string]*answer{}
	}
	if len(a.order) == answersKept {
		delete(a.byKey, a.order[0])
		a.order = a.order[1:]
	}
	a.byKey[key] = w
	a.order = append(a.order, key)
}

// fingerprint tells two requests apart; the request's own id does not count.
func fingerprint(r opencti.Request) [sha256.Size]byte {
	r.ID = ""
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and maps of strings always encode
	}
	return sha256.Sum256(b)
}
