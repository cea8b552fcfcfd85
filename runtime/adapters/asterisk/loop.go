package asterisk

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// loop takes messages, tasks and time, one after the other: the only place where the mirror
// changes and the sink is called.
func (c *connection) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-c.done:
			return
		case a := <-c.incoming:
			if a.err != nil {
				c.fail(c.readError(a.err))
				return
			}
			c.receive(a.message, a.at)
		case task := <-c.tasks:
			task()
		case now := <-timer.C:
			c.tick(now)
		}
		c.wake(timer)
	}
}

// wake sets the timer to when something is due.
func (c *connection) wake(timer *time.Timer) {
	c.mu.Lock()
	due := c.mirror.Next()
	for _, o := range c.instructions {
		if due.IsZero() || o.until.Before(due) {
			due = o.until
		}
	}
	c.mu.Unlock()
	if due.IsZero() {
		timer.Stop()
		return
	}
	timer.Reset(max(0, time.Until(due)))
}

func (c *connection) tick(now time.Time) {
	c.mu.Lock()
	changes := c.mirror.Tick(now)
	c.mu.Unlock()
	c.emit(changes, "", now)
	c.checkInstructions(now)
}

// do has the loop change the mirror, and waits until it has.
func (c *connection) do(change func(*mirror.Mirror) []mirror.Change) {
	finished := make(chan struct{})
	task := func() {
		defer close(finished)
		c.mu.Lock()
		changes := change(c.mirror)
		c.mu.Unlock()
		c.emit(changes, "", time.Now())
	}
	select {
	case c.tasks <- task:
	case <-c.done:
		return
	}
	select {
	case <-finished:
	case <-c.done:
	}
}

// receive takes a message: an answer, a part of one, or an event.
func (c *connection) receive(m ami.Message, at time.Time) {
	if id := m.Get("ActionID"); id != "" && c.receiveAnswer(id, m) {
		return
	}
	switch event := m.Event(); event {
	case "":
		c.complain("Answer came too late, or to nothing")
	case "Shutdown":
		c.fail(opencti.Errorf(opencti.LinkDown, "Asterisk shuts down"))
	case "FullyBooted":
		// It was still starting when we came: what it said then was not all.
		c.mu.Lock()
		c.synced = time.Time{}
		c.mu.Unlock()
		c.sink.EventsLost("", opencti.Errorf(opencti.Rejected, "Asterisk has only now started").WithDetail(event))
	case "OriginateResponse":
		c.originated(m)
	default:
		c.mu.Lock()
		changes := c.mirror.Apply(m, at)
		c.mu.Unlock()
		c.emit(changes, event, at)
	}
}

// receiveAnswer says whether the message belongs to a request that waits.
func (c *connection) receiveAnswer(id string, m ami.Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.pending[id]
	if x == nil {
		return false
	}
	switch {
	case m.Get("Response") != "" && m.Event() == "" && (!x.wantsList || m.Get("Response") == "Error"):
		x.answer <- m
	case m.Event() == "":
		return true // the list follows
	case !x.wantsList:
		return false // an event of the action, after its response
	case m.Get("EventList") == "Complete":
		x.answer <- m
	case len(x.items) < itemsBound:
		x.items = append(x.items, m)
		return true
	default:
		return true
	}
	delete(c.pending, id)
	return true
}

// emit gives changes to the sink, if somebody watches the telephone.
func (c *connection) emit(changes []mirror.Change, event string, at time.Time) {
	for _, change := range changes {
		c.mu.Lock()
		watched := c.users[change.DN] > 0
		if watched {
			c.serial++
		}
		raw := opencti.RawEvent{Name: change.Name, DN: change.DN, Fields: fieldsOf(change, event), Order: c.serial, Received: at}
		c.mu.Unlock()
		if !watched {
			continue
		}
		c.sink.HandleRaw(raw)
		if len(change.Lost) > 0 {
			c.ringBack(change)
		}
	}
	if len(changes) > 0 {
		c.checkInstructions(at)
	}
}

// alone runs a request of our own, which nobody waits for.
func (c *connection) alone(do func(context.Context) error) {
	c.running.Go(func() {
		if err := do(context.Background()); err != nil {
			c.complain("Request of our own failed", "error", err)
		}
	})
}
