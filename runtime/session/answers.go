package session

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
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
	fingerprint []byte
	done        chan struct{} // closed when the rest is in
	answer      Answer
	err         error
}

// closed is the channel of an answer that was known from the start.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// once runs do for a new key, to its end even when ctx ends, and gives the first answer again for a known one.
// The same key with another request is an IdempotencyConflict. A failure that may be over
// a little later is forgotten where nothing was sent.
func (a *answers) once(ctx context.Context, key string, r opencti.Request, rec Recorder,
	do func(context.Context, opencti.Request, func()) (Answer, error)) (Answer, error) {
	mark := fingerprint(r)
	a.mu.Lock()
	if first, ok := a.byKey[key]; ok {
		a.mu.Unlock()
		return first.again(ctx, mark)
	}
	mine := &answer{fingerprint: mark, done: make(chan struct{})}
	a.remember(key, mine)
	a.mu.Unlock()
	// The first desktop may be cut off: the one that comes again wants the true answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	begun := false
	mine.answer, mine.err = do(ctx, r, func() {
		begun = true
		if rec != nil {
			rec.Begun(key, mark)
		}
	})
	err := opencti.AsError(mine.err)
	switch {
	case !begun && err != nil && err.Retryable():
		a.forget(key, mine)
	case begun && rec != nil:
		rec.Answered(key, mine.answer.RequestID, err)
	}
	close(mine.done)
	return mine.answer, mine.err
}

func (w *answer) again(ctx context.Context, mark []byte) (Answer, error) {
	if !slices.Equal(w.fingerprint, mark) {
		return Answer{}, opencti.Errorf(opencti.IdempotencyConflict, "this Idempotency-Key was used for another request; use a new one")
	}
	select {
	case <-w.done:
		return w.answer, w.err
	case <-ctx.Done():
		return Answer{}, opencti.AsError(ctx.Err())
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

func (a *answers) forget(key string, w *answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byKey[key] == w {
		delete(a.byKey, key)
		a.order = slices.DeleteFunc(a.order, func(k string) bool { return k == key })
	}
}

// Remember takes over what an earlier holder of the slot knew of idempotency keys: an
// answer that is known is given again, and what was begun and not answered is never
// done twice. The records are oldest first: the oldest make room.
func (s *Session) Remember(records []AnswerRecord) {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	for _, r := range records {
		if _, own := s.answers.byKey[r.Key]; own {
			continue
		}
		w := &answer{fingerprint: r.Fingerprint, done: closed, answer: Answer{RequestID: r.RequestID}}
		switch {
		case !r.Answered:
			w.err = opencti.Errorf(opencti.OutcomeUnknown,
				"another pod had this request when it stopped; whether the CTI server did it is not known, see the session's snapshot")
		case r.Error != nil:
			w.err = r.Error
		}
		s.answers.remember(r.Key, w)
	}
}

// fingerprint tells two requests apart. The request's own id does not count, nor does the
// password: fingerprints go to other pods.
func fingerprint(r opencti.Request) []byte {
	r.ID, r.AgentPassword = "", ""
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and maps of strings always encode
	}
	sum := sha256.Sum256(b)
	return sum[:]
}
