package link

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/session"
)

const (
	// memoryInterval is how long what happens in a session is gathered before it is
	// recorded: a pod that is killed forgets what came since.
	memoryInterval = 100 * time.Millisecond
	// recordedAtOnce is how many sessions are recorded before events have their turn.
	recordedAtOnce = 8
	// memoryBound bounds what is recorded of a session's calls, in bytes of JSON.
	memoryBound = 8 << 10
)

// encodeMemory leaves out what is too much: the data of calls first.
func encodeMemory(m session.Memory) json.RawMessage {
	if len(m.Calls) == 0 && m.Agent == nil {
		return nil
	}
	b, _ := json.Marshal(m)
	if len(b) <= memoryBound {
		return b
	}
	for i := range m.Calls {
		m.Calls[i].Variables = nil
	}
	if b, _ = json.Marshal(m); len(b) <= memoryBound {
		return b
	}
	return nil
}

// decodeMemory is of nothing where it cannot be read: a pod of another version may say it
// otherwise.
func decodeMemory(b json.RawMessage) (m session.Memory) {
	if json.Unmarshal(b, &m) != nil {
		return session.Memory{}
	}
	return m
}

// change notes that a session's memory is to be recorded.
func (j *journal) change(r *recorder) {
	j.mu.Lock()
	j.changed = append(j.changed, r)
	j.mu.Unlock()
	select {
	case j.some <- struct{}{}:
	default:
	}
}

// takeChanged empties the list.
func (j *journal) takeChanged() []*recorder {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := j.changed
	j.changed = nil
	return all
}

// keepRecords records what sessions know until the function that it gives is called, which
// records what came last.
func (l *Link) keepRecords(ctx context.Context) (end func()) {
	if l.journal.records == nil {
		return func() {}
	}
	var recording sync.WaitGroup
	recording.Go(func() { l.recordMemories(ctx) })
	return func() {
		recording.Wait()
		if number := l.recordChanged(ctx); number > 0 {
			l.journal.told(number)
		}
	}
}

// recordMemories records what sessions know, a little after it changed, until the context
// ends. At rest it does nothing.
func (l *Link) recordMemories(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.journal.some:
		}
		pause(ctx, nil, memoryInterval)
		l.recordChanged(ctx)
	}
}

// recordChanged records what is to be recorded now, and gives the number of the last. It
// makes way for events until the context ends.
func (l *Link) recordChanged(ctx context.Context) (number uint64) {
	for n, r := range l.journal.takeChanged() {
		r.noted.Store(false)
		number = max(number, l.recordMemory(r.key))
		if n%recordedAtOnce == recordedAtOnce-1 && ctx.Err() == nil {
			pause(ctx, nil, time.Millisecond) // on one processor events would wait for all of them
		}
	}
	return number
}

// recordMemory records what a session knows, unless it is over: nothing may bring it back.
func (l *Link) recordMemory(key string) (number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m, ok := l.sessions[key]; ok {
		return l.journal.says(m)
	}
	return 0
}

// Changed implements session.Recorder.
func (r *recorder) Changed() {
	if !r.noted.Swap(true) {
		r.journal.change(r)
	}
}

// Claimed implements session.Recorder. It returns when a standby knows.
func (r *recorder) Claimed() {
	if number := r.link.recordMemory(r.key); number > 0 {
		r.journal.told(number)
	}
}
