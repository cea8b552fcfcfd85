package csta

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// read is the reading goroutine.
func (c *connection) read() {
	frames := wire.NewReader(bufio.NewReaderSize(c.socket, 64<<10))
	for {
		id, body, err := frames.ReadFrame()
		if err != nil {
			c.fail(readError(err))
			return
		}
		m, err := wire.Unmarshal(body)
		if err != nil {
			c.complain("Dropping a message that cannot be read", "error", err)
			c.sink.EventsLost("", err) // it may have been an event of any device
			continue
		}
		switch m.Kind() {
		case wire.Response:
			c.receiveAnswer(id, m)
		case wire.Request:
			c.receiveRequest(id, m)
		case wire.Event:
			c.receiveEvent(m)
		}
	}
}

// complain logs what the switch does wrong, but not without end: what it sends in a
// second would fill a disk.
func (c *connection) complain(message string, args ...any) {
	if c.complaints.Allow() {
		c.log.Warn(message, args...)
	}
}

func readError(err error) error {
	if errors.Is(err, io.EOF) {
		return opencti.Errorf(opencti.LinkDown, "the switch closed the connection")
	}
	return opencti.Errorf(opencti.LinkDown, "the connection to the switch broke").WithDetail(err.Error())
}

// receiveRequest answers what the switch asks of us.
func (c *connection) receiveRequest(id int, m wire.Message) {
	switch r := m.(type) {
	case *wire.SystemStatus:
		_ = c.send(id, &wire.SystemStatusResponse{})
		c.systemStatus(r.Status)
	case *wire.MonitorStop:
		_ = c.send(id, &wire.MonitorStopResponse{})
		c.monitorStopped(strings.TrimSpace(r.MonitorCrossRefID))
	default:
		_ = c.send(id, &wire.CSTAErrorCode{Operation: "serviceNotSupported"})
	}
}

func (c *connection) systemStatus(status wire.SystemStatusValue) {
	switch status {
	case wire.SystemMessagesLost:
		c.sink.EventsLost("", opencti.Errorf(opencti.Rejected, "the switch lost messages").WithDetail(string(wire.SystemMessagesLost)))
	case wire.SystemDisabled:
		c.fail(opencti.Errorf(opencti.LinkDown, "the switch is out of service").WithDetail(string(wire.SystemDisabled)))
	default:
		c.log.Info("Switch told its status", "status", peerText(string(status)))
	}
}

func (c *connection) monitorStopped(ref string) {
	c.mu.Lock()
	m := c.byRef[ref]
	c.mu.Unlock()
	if m == nil {
		return
	}
	m.forget()
	if m.follower.forAgents() {
		c.sink.EventsLost(m.dn, opencti.Errorf(opencti.Rejected, "the switch stopped telling events of the device").WithDetail("MonitorStop"))
	}
}

func (c *connection) receiveEvent(m wire.Message) {
	if t, ok := m.(*wire.ApplicationSessionTerminated); ok {
		if id := strings.TrimSpace(t.SessionID); id != "" && id != strings.TrimSpace(c.sessionID) {
			c.complain("The switch ended a session that is not ours")
			return
		}
		c.fail(opencti.Errorf(opencti.LinkDown, "the switch ended the session").WithDetail(peerText(t.Reason.Defined + t.Reason.Server)))
		return
	}
	c.mu.Lock()
	mon := c.byRef[wire.MonitorOf(m)]
	c.mu.Unlock()
	if mon == nil {
		// Before the answer to MonitorStart, or after MonitorStop: the snapshot that
		// follows the former contains it, nobody wants the latter.
		return
	}
	received := time.Now()
	told := mon.follower.hear(m)
	for _, raw := range told.events {
		c.order++
		raw.Order, raw.Received = c.order, received
		c.sink.HandleRaw(raw)
	}
	for _, f := range told.failed {
		c.sink.RequestFailed(mon.dn, f.requestID, f.why)
	}
	if told.lost != nil {
		c.sink.EventsLost(mon.dn, told.lost)
	}
}
