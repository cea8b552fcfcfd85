package slots

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"
)

// RecordsPath is where the holder tells its records, on the peer port.
const RecordsPath = "/peer/records"

// lineTimeout bounds what is written to a standby at once: one that went silent without a word
// must not be waited for with each request.
var lineTimeout = 10 * time.Second

// stateBound bounds what is taken from a peer at once.
const stateBound = 64 << 20

// followAgain is the time between two tries to follow the holder.
const followAgain = 200 * time.Millisecond

// ServeHTTP tells the records to a standby for as long as it listens. What the standby
// knows of a holder before comes with its request: a process that was started again
// learns it there. Who does not hold the slot answers 421.
func (r *Records) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var offer state
	if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, stateBound)).Decode(&offer); err != nil {
		http.Error(w, "the offer cannot be read", http.StatusBadRequest)
		return
	}
	if offer.Epoch > r.snapshot().Epoch {
		r.adopt(offer)
	}
	f, first, ok := r.enter()
	if !ok {
		w.WriteHeader(http.StatusMisdirectedRequest)
		return
	}
	defer r.leave(f)
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	if writeLines(w, out, first) != nil {
		return
	}
	for {
		changes, more := r.next(req.Context(), f)
		if len(changes) > 0 {
			if writeLines(w, out, changes...) != nil {
				return
			}
			r.wrote(f, changes[len(changes)-1].number)
		}
		if !more {
			return
		}
	}
}

// writeLines sends at once what came at once.
func writeLines[V any](w io.Writer, out *http.ResponseController, lines ...V) error {
	_ = out.SetWriteDeadline(time.Now().Add(lineTimeout)) // a recorder of tests has none
	for _, v := range lines {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_ = out.SetWriteDeadline(time.Time{}) // the next line may be long in coming
	return nil
}

// enter begins a reader with the state of now.
func (r *Records) enter() (*reader, state, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.holding {
		return nil, state{}, false
	}
	f := &reader{told: r.number}
	r.readers[f] = true
	return f, state{r.epoch, maps.Clone(r.entries)}, true
}

func (r *Records) leave(f *reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.readers, f)
	r.signal()
}

func (r *Records) wrote(f *reader, number uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.told = number
	r.signal()
}

// next waits for changes; more is false when the reader must begin anew.
func (r *Records) next(ctx context.Context, f *reader) (changes []change, more bool) {
	for {
		r.mu.Lock()
		changes, lost, changed := f.queue, f.lost, r.changed
		f.queue = nil
		r.mu.Unlock()
		if lost {
			return nil, false
		}
		if len(changes) > 0 {
			return changes, true
		}
		select {
		case <-ctx.Done():
			return nil, false
		case <-changed:
		}
	}
}

// Follow keeps the records those of the slot's holder, until the context ends. While
// this process holds the slot itself, it waits.
func (r *Records) Follow(ctx context.Context, holder func() (Holder, <-chan struct{}), me string, peers http.RoundTripper) {
	for ctx.Err() == nil {
		at, looked := holder()
		if at.Address == "" || at.Identity == me {
			select {
			case <-ctx.Done():
			case <-looked:
			}
			continue
		}
		r.followWhile(ctx, at, holder, peers)
		select {
		case <-ctx.Done():
		case <-time.After(followAgain):
		}
	}
}

// followWhile follows a holder for as long as it is that.
func (r *Records) followWhile(ctx context.Context, at Holder, holder func() (Holder, <-chan struct{}), peers http.RoundTripper) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		// A stream's end is nothing to speak of: the holder has changed, or will.
		_ = r.follow(ctx, at.Address, peers)
	}()
	for {
		now, looked := holder()
		if now.Identity != at.Identity {
			stop()
		}
		select {
		case <-ended:
			return
		case <-looked:
		}
	}
}

// follow reads one stream to its end.
func (r *Records) follow(ctx context.Context, address string, peers http.RoundTripper) error {
	offer, err := json.Marshal(r.snapshot())
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+RecordsPath, bytes.NewReader(offer))
	if err != nil {
		return err
	}
	resp, err := peers.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the peer answered %s", resp.Status)
	}
	in := json.NewDecoder(bufio.NewReader(resp.Body))
	var first state
	if err := in.Decode(&first); err != nil {
		return err
	}
	r.adopt(first)
	for {
		var c change
		if err := in.Decode(&c); err != nil {
			return err
		}
		if err := r.follows(first.Epoch, c); err != nil {
			return err
		}
	}
}

var errOutdated = errors.New("another holder is known meanwhile")

// follows applies a change that the holder of an epoch told.
func (r *Records) follows(epoch int64, c change) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holding || r.epoch != epoch {
		return errOutdated
	}
	if c.Key == "" {
		return errors.New("a record without a name")
	}
	r.apply(c)
	r.signal()
	return nil
}
