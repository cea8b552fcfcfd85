package csta

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	// queueIdle is how long a queue's monitor is kept for whoever asks next.
	queueIdle = 2 * time.Minute
	// askedBound is more queues than a contact centre has.
	askedBound = 256
)

var _ opencti.Statistics = (*connection)(nil)

// QueueStatistics implements opencti.Statistics. CSTA has no such service: the queue's device
// is monitored, from when it is first asked for, to know when calls came; SnapshotDevice says
// who waits, and GetAgentState of the queue's device lists its agents.
func (c *connection) QueueStatistics(ctx context.Context, name string) (opencti.QueueStatistics, error) {
	if name == "" {
		return opencti.QueueStatistics{}, opencti.Errorf(opencti.InvalidQueue, "queue is empty; name the queue's device")
	}
	for {
		q, err := c.queueOf(name)
		if err != nil {
			return opencti.QueueStatistics{}, err
		}
		select {
		case q.turn <- struct{}{}:
		case <-c.done:
			return opencti.QueueStatistics{}, c.lost()
		case <-ctx.Done():
			return opencti.QueueStatistics{}, opencti.AsError(ctx.Err())
		}
		if q.ended { // it was let go in between
			<-q.turn
			continue
		}
		out, err := c.statistics(ctx, q)
		<-q.turn
		return out, queueError(err)
	}
}

// queueError: who asks for a queue does not know its device.
func queueError(err error) error {
	if e := opencti.AsError(err); e != nil && e.Code == opencti.UnknownDevice {
		return opencti.Errorf(opencti.InvalidQueue, "the switch does not know the queue").WithDetail(e.Detail)
	}
	return err
}

// statistics asks for a queue; its turn is held.
func (c *connection) statistics(ctx context.Context, q *queue) (opencti.QueueStatistics, error) {
	if err := q.monitor.again(ctx); err != nil {
		c.dropQueue(q)
		return opencti.QueueStatistics{}, err
	}
	out := opencti.QueueStatistics{Queue: q.monitor.dn}
	_, err := c.request(ctx, &wire.SnapshotDevice{SnapshotObject: wire.Device(q.monitor.dn)}, func(a answer) {
		if r, ok := a.message.(*wire.SnapshotDeviceResponse); ok {
			var since time.Time
			out.CallsWaiting, since = q.waiting(r.Snapshot.Calls)
			out.At = time.Now()
			out.LongestWaitSeconds = int(out.At.Sub(since).Seconds())
		}
	})
	if err != nil {
		return opencti.QueueStatistics{}, err
	}
	m, err := c.optional(ctx, &wire.GetAgentState{Device: wire.Device(q.monitor.dn)}, nil)
	if err != nil {
		return opencti.QueueStatistics{}, err
	}
	if r, ok := m.(*wire.GetAgentStateResponse); ok {
		countAgents(&out, r.Agents)
	}
	q.asked = time.Now()
	return out, nil
}

// countAgents counts by each agent's state in this queue.
func countAgents(out *opencti.QueueStatistics, agents []wire.AgentStateEntry) {
	for _, entry := range agents {
		if !entry.LoggedOn {
			continue
		}
		out.AgentsLoggedIn++
		switch agentStateOf(inQueue(entry, out.Queue), wire.AgentData{}).State {
		case opencti.Available:
			out.AgentsAvailable++
		case opencti.Busy, opencti.AfterCallWork:
			out.AgentsBusy++
		case opencti.Unavailable:
			out.AgentsUnavailable++
		}
	}
}

// inQueue leaves of an agent's states that of the queue, if it is told.
func inQueue(entry wire.AgentStateEntry, queue string) wire.AgentStateEntry {
	for _, info := range entry.Info {
		if info.Group != nil && info.Group.Number == queue {
			return wire.AgentStateEntry{AgentID: entry.AgentID, LoggedOn: true, Info: []wire.AgentInfo{info}}
		}
	}
	return entry
}

// queueOf returns what is known of a queue, and sees to it that it is let go one day.
func (c *connection) queueOf(name string) (*queue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q := c.queues[name]; q != nil {
		return q, nil
	}
	switch {
	case c.over:
		return nil, opencti.Errorf(opencti.LinkDown, "the connection to the switch was closed")
	case len(c.queues) >= askedBound:
		return nil, opencti.Errorf(opencti.Overloaded, "too many queues are asked for")
	}
	q := &queue{turn: make(chan struct{}, 1), gone: make(chan struct{}), calls: map[string]arrival{}, asked: time.Now()}
	q.monitor = &monitor{c: c, dn: name, follower: q}
	c.queues[name] = q
	c.running.Go(func() { c.keepQueue(q) })
	return q, nil
}

// keepQueue lets a queue go when it is not asked for any more.
func (c *connection) keepQueue(q *queue) {
	timer := time.NewTimer(queueIdle)
	defer timer.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-q.gone:
			return
		case <-timer.C:
		}
		select {
		case <-c.done:
			return
		case q.turn <- struct{}{}:
		}
		rest := queueIdle - time.Since(q.asked)
		if rest <= 0 && !q.ended {
			c.dropQueue(q)
			c.stopQueue(context.Background(), q)
		}
		<-q.turn
		timer.Reset(max(rest, time.Second))
	}
}

// dropQueue forgets a queue, whose turn is held: the next who asks begins anew.
func (c *connection) dropQueue(q *queue) {
	q.ended = true
	close(q.gone)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.queues, q.monitor.dn)
}

func (c *connection) stopQueue(ctx context.Context, q *queue) {
	if ref := q.monitor.forget(); ref != "" {
		if err := c.stopMonitor(ctx, ref); err != nil {
			c.log.Info("The monitor of a queue was not stopped", "queue", opencti.Mask(q.monitor.dn), "error", err)
		}
	}
}

// releaseQueues stops the monitors of all queues.
func (c *connection) releaseQueues(ctx context.Context) {
	c.mu.Lock()
	var queues []*queue
	for _, q := range c.queues {
		queues = append(queues, q)
	}
	c.mu.Unlock()
	for _, q := range queues {
		c.stopQueue(ctx, q)
	}
}
