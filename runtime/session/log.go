package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// logSize bounds the events that a session keeps for readers that come back. At
// the 30 calls an hour of a busy agent it holds about half an hour.
const logSize = 256

// logBytes bounds their size; the newest is kept whatever it has.
const logBytes = 1 << 20

// EventID places an event: the epoch of the slot's holder and the event's number
// in the session. Numbers of one epoch have no gaps.
type EventID struct {
	Epoch    int64
	Sequence uint64
}

// String is the form on the wire, <epoch>-<sequence>.
func (id EventID) String() string {
	b := make([]byte, 0, 32)
	b = append(strconv.AppendInt(b, id.Epoch, 10), '-')
	return string(strconv.AppendUint(b, id.Sequence, 10))
}

// ParseEventID reads a Last-Event-ID.
func ParseEventID(s string) (EventID, error) {
	e, n, ok := strings.Cut(s, "-")
	epoch, err1 := strconv.ParseInt(e, 10, 64)
	seq, err2 := strconv.ParseUint(n, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return EventID{}, fmt.Errorf("event id must be <epoch>-<sequence>")
	}
	return EventID{epoch, seq}, nil
}

// Event is a normalised event, told from one device.
type Event struct {
	ID              string               `json:"id" doc:"<epoch>-<sequence>; the id of the stream."`
	Type            opencti.EventType    `json:"type" enum:"CallState,AgentState,PartyInfo,CallInfo,LinkState,RequestFailed,Snapshot"`
	Name            opencti.EventName    `json:"name" doc:"The event, e.g. Offering, Available, LinkDown."`
	At              time.Time            `json:"at" doc:"When the event reached the pod."`
	DN              string               `json:"dn,omitempty"`
	AgentID         string               `json:"agentId,omitempty"`
	Ended           bool                 `json:"ended,omitempty" doc:"The call is over at this device; exactly one event of a call says so."`
	Cause           string               `json:"cause,omitempty" doc:"Why, in the CTI server's words."`
	CausedBy        string               `json:"causedBy,omitempty" doc:"The requestId of the request that caused this."`
	PreviousCallIDs []string             `json:"previousCallIds,omitempty" doc:"The ids under which the call was known before."`
	Role            opencti.TransferRole `json:"role,omitempty" enum:"transferring,remaining" doc:"Of Transferred: transferring, the call is over here; remaining, it goes on with other parties."`
	Call            *opencti.Call        `json:"call,omitempty"`
	// Capabilities are those of the device's other calls, where the event changed them.
	Capabilities map[string][]opencti.Activity `json:"capabilities,omitempty" doc:"Of the device's other calls, where this event changed what is possible on them: callId to activities."`
	// Activities come with the agent's state.
	Activities []opencti.Activity  `json:"activities,omitempty" doc:"With AgentState: what is possible now besides what the calls list."`
	Agent      *opencti.AgentState `json:"agent,omitempty"`
	Failed     *Failure            `json:"failed,omitempty"`
	Snapshot   *Snapshot           `json:"snapshot,omitempty"`
}

// Failure is what RequestFailed tells: a request that was accepted failed after all.
type Failure struct {
	RequestID string           `json:"requestId"`
	Activity  opencti.Activity `json:"activity"`
	Error     FailureError     `json:"error"`
}

// FailureError is an opencti.Error as events tell it.
type FailureError struct {
	Code      opencti.ErrorCode `json:"code"`
	Message   string            `json:"message" doc:"For the agent."`
	Retryable bool              `json:"retryable" doc:"The same request may succeed a little later."`
	Detail    string            `json:"detail,omitempty" doc:"The CTI server's own code and text."`
}

// Entry is an event as readers get it: encoded once for all of them.
type Entry struct {
	ID   EventID
	Type opencti.EventType
	JSON []byte
}

// Log is a bounded, numbered log of a session's events. Readers hold a cursor;
// nobody has a queue. It is safe for concurrent use.
type Log struct {
	epoch int64

	mu      sync.Mutex
	entries []Entry // at most logSize, ascending
	bytes   int     // of their JSON
	last    uint64  // number of the newest event ever
	floor   uint64  // events after this number are all in entries
	wake    chan struct{}
	ended   error // why there will be no more; nil while there may
	told    []*func()
}

// NewLog starts a log after the given number: a session that is opened again in
// the same epoch goes on counting, so that no number is used twice.
func NewLog(epoch int64, last uint64) *Log {
	return &Log{epoch: epoch, last: last, floor: last, wake: make(chan struct{})}
}

// append numbers, encodes and keeps the event, and wakes the readers.
func (l *Log) append(e *Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended != nil {
		return nil
	}
	id := EventID{l.epoch, l.last + 1}
	e.ID = id.String()
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	l.last = id.Sequence
	l.bytes += len(b)
	for len(l.entries) > 0 && (len(l.entries) >= logSize || l.bytes > logBytes) {
		l.forgetOldest()
	}
	l.entries = append(l.entries, Entry{id, e.Type, b})
	close(l.wake)
	l.wake = make(chan struct{})
	l.tell()
	return nil
}

// Notify calls f at each event, and at the end of the log, until stop. It is for who follows
// many logs and cannot wait for each. f returns at once, and does not use the log.
func (l *Log) Notify(f func()) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, &f)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.told = slices.DeleteFunc(l.told, func(g *func()) bool { return g == &f })
	}
}

// tell calls those who asked for it. The log is locked.
func (l *Log) tell() {
	for _, f := range l.told {
		(*f)()
	}
}

func (l *Log) forgetOldest() {
	l.floor = l.entries[0].ID.Sequence
	l.bytes -= len(l.entries[0].JSON)
	l.entries[0] = Entry{}
	l.entries = l.entries[1:] // append makes room from time to time
}

// Last is the id of the newest event.
func (l *Log) Last() EventID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return EventID{l.epoch, l.last}
}

// close ends all readers; they are told the first reason.
func (l *Log) close(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = why
		close(l.wake)
		l.tell()
	}
}

// Holds says whether a reader that has seen id can go on from it without a gap.
func (l *Log) Holds(id EventID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return id.Epoch == l.epoch && id.Sequence >= l.floor && id.Sequence <= l.last
}

// After gives the events after the number that the reader has seen. It waits for
// one when there is none. ok is false when the reader fell behind: it needs a
// Snapshot. Err is ErrClosed, or ErrTakenOver, when the session is over.
func (l *Log) After(ctx context.Context, seen uint64) (entries []Entry, ok bool, err error) {
	return l.AfterOr(ctx, seen, nil)
}

// ErrInterrupted is what AfterOr gives when it was interrupted.
var ErrInterrupted = errors.New("interrupted")

// AfterOr is After, which whatever comes from interrupt cuts short: a reader with a timer
// of its own needs no context for each event.
func (l *Log) AfterOr(ctx context.Context, seen uint64, interrupt <-chan time.Time) (entries []Entry, ok bool, err error) {
	for {
		l.mu.Lock()
		ended, wake := l.ended, l.wake
		if seen < l.floor {
			l.mu.Unlock()
			return nil, false, nil
		}
		if seen < l.last {
			from := len(l.entries) - int(l.last-seen)
			out := append([]Entry(nil), l.entries[from:]...)
			l.mu.Unlock()
			return out, true, nil
		}
		l.mu.Unlock()
		if ended != nil {
			return nil, true, ended
		}
		select {
		case <-ctx.Done():
			return nil, true, ctx.Err()
		case <-interrupt:
			return nil, true, ErrInterrupted
		case <-wake:
		}
	}
}
