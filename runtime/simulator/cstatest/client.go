// Package cstatest is a small CSTA application for the tests of ctisim. It waits
// for each answer and keeps the events that come in between; it puts messages
// into words, so that a test can say what went over the wire.
package cstatest

import (
	"bufio"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// Patience is for what must come; nothing is expected to take it.
const Patience = 10 * time.Second

// Client is an application with one connection. It is for one goroutine.
type Client struct {
	T      testing.TB
	Socket net.Conn
	// LastID is the invoke id of the last request.
	LastID int
	// Events are those that came and were not asked for yet.
	Events []wire.Message
	// Raw is the last message as it was written.
	Raw []byte
	// SessionID is that of the session that Login opened.
	SessionID string

	in      *wire.Reader
	out     *wire.Writer
	devices map[string]string // by monitor
}

// Dial connects; the connection closes when the test ends.
func Dial(t testing.TB, address string) *Client {
	t.Helper()
	socket, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return &Client{T: t, Socket: socket, in: wire.NewReader(bufio.NewReader(socket)), out: wire.NewWriter(socket),
		devices: map[string]string{}}
}

// Login connects and opens a session.
func Login(t testing.TB, address string) *Client {
	t.Helper()
	c := Dial(t, address)
	c.SessionID = AnswerAs[*wire.StartApplicationSessionPosResponse](c, StartSession("secret")).SessionID
	return c
}

// StartSession is the request of ctisim's usual user.
func StartSession(password string) wire.StartApplicationSession {
	return wire.StartApplicationSession{
		ApplicationID:    "test",
		Login:            &wire.SessionLoginInfo{UserName: "ctilink", Password: password},
		ProtocolVersions: []string{wire.NamespaceED3 + "/priv7"},
	}
}

// Write writes any frame.
func (c *Client) Write(id int, body []byte) {
	c.T.Helper()
	if err := c.out.WriteFrame(id, body); err != nil {
		c.T.Fatal(err)
	}
}

// Send sends a request and does not wait for its answer.
func (c *Client) Send(request wire.Message) (id int) {
	c.T.Helper()
	body, err := wire.Marshal(request, "")
	if err != nil {
		c.T.Fatal(err)
	}
	c.LastID++
	c.Write(c.LastID, body)
	return c.LastID
}

// Read reads the next message, whatever it is.
func (c *Client) Read() (id int, m wire.Message, err error) {
	c.T.Helper()
	if err := c.Socket.SetReadDeadline(time.Now().Add(Patience)); err != nil {
		return 0, nil, err
	}
	id, body, err := c.in.ReadFrame()
	if err != nil {
		return 0, nil, err
	}
	c.Raw = append(c.Raw[:0], body...)
	m, err = wire.Unmarshal(body)
	return id, m, err
}

// Ask sends a request and waits for its answer.
func (c *Client) Ask(request wire.Message) wire.Message {
	c.T.Helper()
	return c.Answer(c.Send(request), wire.Name(request))
}

// Answer waits for the answer to a request that was sent.
func (c *Client) Answer(id int, name string) wire.Message {
	c.T.Helper()
	for {
		got, m, err := c.Read()
		if err != nil {
			c.T.Fatalf("no answer to %s: %v", name, err)
		}
		if got == id && m.Kind() == wire.Response {
			return m
		}
		c.Events = append(c.Events, m)
	}
}

// AnswerAs asks and wants this answer.
func AnswerAs[T wire.Message](c *Client, request wire.Message) T {
	c.T.Helper()
	answer := c.Ask(request)
	m, ok := answer.(T)
	if !ok {
		c.T.Fatalf("%s was answered with %s %+v", wire.Name(request), wire.Name(answer), answer)
	}
	return m
}

// EventAs returns the next event, which must be of this kind.
func EventAs[T wire.Message](c *Client) T {
	c.T.Helper()
	if len(c.Events) == 0 {
		id, m, err := c.Read()
		if err != nil {
			c.T.Fatalf("no event: %v", err)
		}
		if id != wire.EventInvokeID {
			c.T.Fatalf("%s came with invoke id %d", wire.Name(m), id)
		}
		c.Events = append(c.Events, m)
	}
	next := c.Events[0]
	c.Events = c.Events[1:]
	m, ok := next.(T)
	if !ok {
		c.T.Fatalf("got %s %+v", wire.Name(next), next)
	}
	return m
}

// FindEvent passes over events of other kinds.
func FindEvent[T wire.Message](c *Client) T {
	c.T.Helper()
	for {
		if m, ok := EventAs[wire.Message](c).(T); ok {
			return m
		}
	}
}

// Ends waits until the server has closed the connection.
func (c *Client) Ends() {
	c.T.Helper()
	for {
		_, _, err := c.Read()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			c.T.Fatal("the connection is still open")
		case err != nil:
			return
		}
	}
}

// Quiet says whether nothing comes for a while.
func (c *Client) Quiet(d time.Duration) bool {
	c.T.Helper()
	if err := c.Socket.SetReadDeadline(time.Now().Add(d)); err != nil {
		c.T.Fatal(err)
	}
	_, _, err := c.in.ReadFrame()
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Monitor starts a monitor.
func (c *Client) Monitor(device string) (id string) {
	c.T.Helper()
	id = AnswerAs[*wire.MonitorStartResponse](c, MonitorStart(device)).MonitorCrossRefID
	c.devices[id] = device
	return id
}

// MonitorStart is the request for a device's events.
func MonitorStart(device string) wire.MonitorStart {
	d := wire.Device(device)
	return wire.MonitorStart{MonitorObject: wire.MonitorObject{DeviceObject: &d}}
}

// AgentRequest asks for a state of agent 4001, or of whoever sits at the device.
func AgentRequest(device string, state wire.RequestedAgentState) wire.SetAgentState {
	r := wire.SetAgentState{Device: wire.Device(device), RequestedState: state}
	if state == wire.RequestLoggedOn {
		r.AgentID, r.Password = "4001", wire.HexBinary("secret")
	}
	return r
}

// SetAgent asks for a state and returns the pending one.
func (c *Client) SetAgent(device string, state wire.RequestedAgentState) wire.AgentState {
	c.T.Helper()
	return AnswerAs[*wire.SetAgentStateResponse](c, AgentRequest(device, state)).PendingState
}

// Eventually waits for a condition.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so in %v: %s", Patience, what)
		}
	}
}
