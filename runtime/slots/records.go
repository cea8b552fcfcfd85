package slots

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
)

// Records is what the holder of a slot knows and no CTI server tells: a small map
// of named values. The holder writes it, its standbys follow, and the next holder
// goes on with it. What the values mean is the writer's business. It is safe for
// concurrent use.
type Records struct {
	mu      sync.Mutex
	epoch   int64 // of the holder that wrote them; 0: nobody yet
	holding bool  // this process is that holder
	entries map[string]json.RawMessage
	number  uint64 // of the newest change
	readers map[*reader]bool
	changed chan struct{} // closed at the next change
}

// reader is a standby that follows: how far it was told.
type reader struct {
	queue []change
	lost  bool // it fell behind, and must start anew
	told  uint64
}

// change is one entry; a null value removes it.
type change struct {
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value,omitempty"`
	number uint64
}

// state is all entries, as the first line of a stream and as a standby's offer.
type state struct {
	Epoch   int64                      `json:"epoch"`
	Entries map[string]json.RawMessage `json:"entries"`
}

// queueBound is how many changes may wait for a standby.
const queueBound = 4096

// NewRecords makes an empty map that nobody has written.
func NewRecords() *Records {
	return &Records{entries: map[string]json.RawMessage{}, readers: map[*reader]bool{}, changed: make(chan struct{})}
}

// Hold makes this process the writer, with its epoch. What was there stays when it is
// of the holder before; else it is given up: what an older holder knew may have ended
// since.
func (r *Records) Hold(epoch, before int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epoch != before {
		r.entries = map[string]json.RawMessage{}
	}
	r.epoch, r.holding = epoch, true
	r.startAnew()
}

// Release ends the writing; the entries stay.
func (r *Records) Release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holding = false
	r.startAnew()
}

// startAnew makes every reader begin with the whole state. r is locked.
func (r *Records) startAnew() {
	for f := range r.readers {
		f.lost = true
	}
	r.signal()
}

func (r *Records) signal() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Entries gives a copy of the map.
func (r *Records) Entries() map[string]json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.entries)
}

// Put sets an entry and gives the number of the change for Told.
func (r *Records) Put(key string, value any) (uint64, error) {
	b, err := json.Marshal(value)
	if err != nil {
		return 0, fmt.Errorf("record %s: %w", key, err)
	}
	return r.change(change{Key: key, Value: b}), nil
}

// Delete removes an entry.
func (r *Records) Delete(key string) { r.change(change{Key: key}) }

func (r *Records) change(c change) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	c.number = r.number
	r.apply(c)
	for f := range r.readers {
		if len(f.queue) >= queueBound {
			f.queue, f.lost = nil, true
		}
		if !f.lost {
			f.queue = append(f.queue, c)
		}
	}
	r.signal()
	return c.number
}

func (r *Records) apply(c change) {
	if len(c.Value) == 0 || string(c.Value) == "null" {
		delete(r.entries, c.Key)
		return
	}
	r.entries[c.Key] = c.Value
}

// Told waits until every standby that follows was told of the change, or the context
// ends.
func (r *Records) Told(ctx context.Context, number uint64) {
	for {
		r.mu.Lock()
		behind := false
		for f := range r.readers {
			behind = behind || f.told < number
		}
		changed := r.changed
		r.mu.Unlock()
		if !behind {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// Await waits until the entries are those of an epoch, which a standby may still
// offer, or the context ends.
func (r *Records) Await(ctx context.Context, epoch int64) {
	for {
		r.mu.Lock()
		there, changed := r.epoch >= epoch, r.changed
		r.mu.Unlock()
		if there {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// adopt takes a whole state, unless ours is newer.
func (r *Records) adopt(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holding || s.Epoch < r.epoch {
		return
	}
	r.epoch, r.entries = s.Epoch, s.Entries
	if r.entries == nil {
		r.entries = map[string]json.RawMessage{}
	}
	r.signal()
}

// snapshot is the state now.
func (r *Records) snapshot() state {
	r.mu.Lock()
	defer r.mu.Unlock()
	return state{r.epoch, maps.Clone(r.entries)}
}
