package sink

import (
	"sync"
	"time"
)

// Reason is why the last request was not a delivery. It is typed: a peer's own words go
// nowhere.
type Reason string

// The reasons.
const (
	// Unreachable: no connection, or it broke.
	Unreachable Reason = "Unreachable"
	// AddressRefused: the name leads to an address that is not allowed.
	AddressRefused Reason = "AddressRefused"
	// Untrusted: the server's certificate, or ours at the server.
	Untrusted Reason = "Untrusted"
	// TimedOut: no answer in time.
	TimedOut Reason = "TimedOut"
	// CredentialsUnreadable: the mounted file cannot be read.
	CredentialsUnreadable Reason = "CredentialsUnreadable"
	// Unauthorized: 401 or 403.
	Unauthorized Reason = "Unauthorized"
	// NotFound: 404, 405, 410 or a redirect: nothing takes events at this URL.
	NotFound Reason = "NotFound"
	// Unavailable: 429 or 5xx.
	Unavailable Reason = "Unavailable"
	// EventRefused: another 4xx. The event is given up, the next is tried.
	EventRefused Reason = "EventRefused"
)

// Status is what a sink says of itself.
type Status struct {
	// Reason is empty when the last request was a delivery, or there was none yet.
	Reason Reason
	// Since is when Reason came to be what it is.
	Since time.Time
	// Delivered, Retried, Refused and Lost count events: those that the receiver took;
	// requests that were tried again; those that it refused; those that a Snapshot
	// stands for, because they were tried in vain or are no longer in the log.
	Delivered, Retried, Refused, Lost uint64
	// Waiting is how many sessions have an event that was tried in vain; Oldest is since
	// when the first of them waits.
	Waiting int
	Oldest  time.Time
}

// counts guards a Status.
type counts struct {
	mu      sync.Mutex
	status  Status
	waiting map[*reader]time.Time
	changed chan struct{}
}

func newCounts() *counts {
	return &counts{status: Status{Since: time.Now()}, waiting: map[*reader]time.Time{}, changed: make(chan struct{})}
}

// get tells the state now, and gives a channel that is closed when the reason changes or
// events are refused or lost.
func (c *counts) get() (Status, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.status
	st.Waiting = len(c.waiting)
	for _, since := range c.waiting {
		if st.Oldest.IsZero() || since.Before(st.Oldest) {
			st.Oldest = since
		}
	}
	return st, c.changed
}

func (c *counts) reason(r Reason) {
	if c.status.Reason != r {
		c.status.Reason, c.status.Since = r, time.Now()
		c.signal()
	}
}

func (c *counts) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *counts) delivered(by *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Delivered++
	delete(c.waiting, by)
	c.reason("")
}

func (c *counts) retried(by *reader, why Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Retried++
	if _, known := c.waiting[by]; !known {
		c.waiting[by] = time.Now()
	}
	c.reason(why)
}

func (c *counts) refused(by *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Refused++
	delete(c.waiting, by)
	c.reason(EventRefused)
	c.signal()
}

func (c *counts) lost(events uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Lost += events
	c.signal()
}

func (c *counts) over(by *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, by)
}
