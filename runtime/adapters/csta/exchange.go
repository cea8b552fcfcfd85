package csta

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// exchange is a request of ours that waits for its answer.
type exchange struct {
	errand
	// inOrder, if set, runs in the reader between the events before and after the answer.
	inOrder func(answer)
	answer  chan answer
}

// errand says for whom a request is, so that a refusal that comes late finds its way. Of
// requests that no desktop asked for it is empty.
type errand struct{ dn, requestID string }

// answer is the message and the order of the last event before it.
type answer struct {
	message wire.Message
	order   uint64
}

// givenUp is a request that nobody waits for any more.
type givenUp struct {
	errand
	monitor bool // its answer would be a monitor that nobody wants
}

// request sends a request of a service and returns its positive answer.
func (c *connection) request(ctx context.Context, m wire.Message, inOrder func(answer)) (answer, error) {
	return c.requestFor(ctx, errand{}, m, inOrder)
}

func (c *connection) requestFor(ctx context.Context, who errand, m wire.Message, inOrder func(answer)) (answer, error) {
	a, err := c.exchange(ctx, who, m, inOrder)
	if err != nil {
		return answer{}, err
	}
	if refused, ok := a.message.(*wire.CSTAErrorCode); ok {
		return answer{}, serviceError(refused)
	}
	if wire.Name(a.message) != wire.Name(m)+"Response" {
		return answer{}, unexpected(m, a.message)
	}
	return a, nil
}

// exchange sends a request and returns whatever answers it.
func (c *connection) exchange(ctx context.Context, who errand, m wire.Message, inOrder func(answer)) (answer, error) {
	leave, err := c.turn(ctx, m)
	if err != nil {
		return answer{}, err
	}
	defer leave()
	if err := ctx.Err(); err != nil { // given up before it began: nothing may come of it
		return answer{}, opencti.AsError(err).WithDetail(wire.Name(m))
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.ResponseTimeout)
	defer cancel()
	x := &exchange{errand: who, inOrder: inOrder, answer: make(chan answer, 1)}
	id, err := c.expect(x)
	if err != nil {
		return answer{}, err
	}
	defer c.forget(id)
	if err := c.send(id, m); err != nil {
		return answer{}, err
	}
	select {
	case a := <-x.answer:
		return a, nil
	case <-c.done:
		return answer{}, c.lost()
	case <-ctx.Done():
		c.giveUp(id, m)
		return answer{}, opencti.AsError(ctx.Err()).WithDetail(wire.Name(m))
	}
}

// longestTurn bounds the wait of who brings no bound along.
const longestTurn = 30 * time.Second

// turn waits until one request more may be outstanding, and may be sent: switches lose or
// refuse what comes too fast. What keeps the session waits for nobody: a place is kept for it.
func (c *connection) turn(ctx context.Context, m wire.Message) (leave func(), err error) {
	if wire.OfSession(m) {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, longestTurn)
	defer cancel()
	overloaded := opencti.Errorf(opencti.Overloaded, "too many requests wait for the switch")
	select {
	case c.slots <- struct{}{}:
	case <-c.done:
		return nil, c.lost()
	case <-ctx.Done():
		return nil, overloaded
	}
	leave = func() { <-c.slots }
	if c.config.RequestsPerSecond == 0 {
		return leave, nil
	}
	reserved := c.pace.Reserve()
	wait := time.NewTimer(reserved.Delay())
	defer wait.Stop()
	select {
	case <-wait.C:
		return leave, nil
	case <-c.done:
		err = c.lost()
	case <-ctx.Done():
		err = overloaded
	}
	reserved.Cancel()
	leave()
	return nil, err
}

// giveUp remembers a request whose late answer will matter.
func (c *connection) giveUp(id int, m wire.Message) {
	_, monitor := m.(*wire.MonitorStart)
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.pending[id] // nil: the answer has just come
	if x != nil && (monitor || x.requestID != "") {
		c.given[id] = givenUp{x.errand, monitor}
	}
}

// lost is what waits for an answer on a connection that is gone.
func (c *connection) lost() error {
	if err := opencti.AsError(c.Err()); err != nil {
		return err
	}
	return opencti.Errorf(opencti.LinkDown, "the connection to the switch was closed")
}

// expect takes a free invoke id. There always is one: slots are fewer than ids.
func (c *connection) expect(x *exchange) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) >= wire.MaxInvokeID {
		return 0, opencti.Errorf(opencti.Overloaded, "too many requests wait for the switch")
	}
	for {
		c.lastID = c.lastID%wire.MaxInvokeID + 1
		if c.pending[c.lastID] == nil {
			c.pending[c.lastID] = x
			delete(c.given, c.lastID)
			return c.lastID, nil
		}
	}
}

func (c *connection) forget(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

func (c *connection) send(id int, m wire.Message) error {
	body, err := wire.Marshal(m, c.namespace)
	if err != nil {
		return opencti.Errorf(opencti.InvalidRequest, "the request is too large for the switch").WithDetail(err.Error())
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	// A peer that does not read must not hold up everybody.
	_ = c.socket.SetWriteDeadline(time.Now().Add(c.config.ResponseTimeout))
	if err := c.frames.WriteFrame(id, body); err != nil {
		c.fail(opencti.Errorf(opencti.LinkDown, "the connection to the switch broke").WithDetail(err.Error()))
		return c.lost()
	}
	return nil
}

func (c *connection) receiveAnswer(id int, m wire.Message) {
	c.mu.Lock()
	x, given := c.pending[id], c.given[id]
	delete(c.pending, id)
	delete(c.given, id)
	c.mu.Unlock()
	if x == nil {
		c.receiveLate(m, given)
		return
	}
	a := answer{m, c.order}
	if x.inOrder != nil {
		x.inOrder(a)
	}
	x.answer <- a
}

// receiveLate takes an answer that nobody waits for any more. A monitor would stay at the
// switch, with its licence, for as long as the session lives. A refusal is told, as whoever
// asked may believe that it was done; that it was done, an event tells. Answers to what was
// never asked do nothing: a switch could make us stop monitors that are in use, or start
// goroutines without end.
func (c *connection) receiveLate(m wire.Message, given givenUp) {
	c.complain("Answer came too late", "message", wire.Name(m))
	switch r := m.(type) {
	case *wire.MonitorStartResponse:
		if given.monitor {
			c.running.Go(func() { _ = c.stopMonitor(context.Background(), r.MonitorCrossRefID) })
		}
	case *wire.CSTAErrorCode:
		if given.requestID != "" {
			c.sink.RequestFailed(given.dn, given.requestID, serviceError(r))
		}
	}
}
