package cstaserver

import (
	"bufio"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// patience is for what must come; nothing is expected to take it.
const patience = 10 * time.Second

// exchange is a switch with its server, at an address.
type exchange struct {
	*Server
	model   *switchmodel.Switch
	address string
}

func startExchange(t *testing.T, change func(*Config, *switchmodel.Config)) *exchange {
	t.Helper()
	cfg, modelConfig := DefaultConfig(), switchmodel.DefaultConfig()
	if change != nil {
		change(&cfg, &modelConfig)
	}
	model, err := switchmodel.New(modelConfig)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{Server: New(cfg, model, logr.Discard()), model: model, address: listener.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go model.Run(ctx)
	go func() { served <- x.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return x
}

// client is a small CSTA application. It waits for each answer, and keeps the
// events that come in between.
type client struct {
	t      *testing.T
	socket net.Conn
	in     *wire.Reader
	out    *wire.Writer
	lastID int
	events []wire.Message
}

func dial(t *testing.T, x *exchange) *client {
	t.Helper()
	socket, err := net.Dial("tcp", x.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return &client{t: t, socket: socket, in: wire.NewReader(bufio.NewReader(socket)), out: wire.NewWriter(socket)}
}

func login(t *testing.T, x *exchange) *client {
	t.Helper()
	c := dial(t, x)
	answerAs[*wire.StartApplicationSessionPosResponse](c, startSession("secret"))
	return c
}

func startSession(password string) wire.StartApplicationSession {
	return wire.StartApplicationSession{
		ApplicationID:    "test",
		Login:            &wire.SessionLoginInfo{UserName: "ctilink", Password: password},
		ProtocolVersions: []string{wire.NamespaceED3 + "/priv7"},
	}
}

func (c *client) write(id int, body []byte) {
	c.t.Helper()
	if err := c.out.WriteFrame(id, body); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() (id int, m wire.Message, err error) {
	c.t.Helper()
	if err := c.socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	id, body, err := c.in.ReadFrame()
	if err != nil {
		return 0, nil, err
	}
	m, err = wire.Unmarshal(body)
	return id, m, err
}

// ask sends a request and waits for its answer.
func (c *client) ask(request wire.Message) wire.Message {
	c.t.Helper()
	body, err := wire.Marshal(request, "")
	if err != nil {
		c.t.Fatal(err)
	}
	c.lastID++
	c.write(c.lastID, body)
	for {
		id, m, err := c.read()
		if err != nil {
			c.t.Fatalf("no answer to %s: %v", wire.Name(request), err)
		}
		if id == c.lastID {
			return m
		}
		c.events = append(c.events, m)
	}
}

func answerAs[T wire.Message](c *client, request wire.Message) T {
	c.t.Helper()
	answer := c.ask(request)
	m, ok := answer.(T)
	if !ok {
		c.t.Fatalf("%s was answered with %s %+v", wire.Name(request), wire.Name(answer), answer)
	}
	return m
}

// event returns the next event, which must be of this kind.
func eventAs[T wire.Message](c *client) T {
	c.t.Helper()
	if len(c.events) == 0 {
		id, m, err := c.read()
		if err != nil {
			c.t.Fatalf("no event: %v", err)
		}
		if id != wire.EventInvokeID {
			c.t.Fatalf("%s came with invoke id %d", wire.Name(m), id)
		}
		c.events = append(c.events, m)
	}
	next := c.events[0]
	c.events = c.events[1:]
	m, ok := next.(T)
	if !ok {
		c.t.Fatalf("got %s %+v", wire.Name(next), next)
	}
	return m
}

// refused sends a request that must be refused.
func (c *client) refused(request wire.Message, category, value string) {
	c.t.Helper()
	gotCategory, gotValue := answerAs[*wire.CSTAErrorCode](c, request).Value()
	if diff := cmp.Diff([]string{category, value}, []string{gotCategory, gotValue}); diff != "" {
		c.t.Errorf("%s (-want +got):\n%s", wire.Name(request), diff)
	}
}

// ends waits until the server has closed the connection.
func (c *client) ends() {
	c.t.Helper()
	for {
		_, _, err := c.read()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			c.t.Fatal("the connection is still open")
		case err != nil:
			return
		}
	}
}

func (c *client) monitor(device string) (id string) {
	c.t.Helper()
	d := wire.Device(device)
	return answerAs[*wire.MonitorStartResponse](c, wire.MonitorStart{MonitorObject: wire.MonitorObject{DeviceObject: &d}}).MonitorCrossRefID
}

func agentRequest(device string, state wire.RequestedAgentState) wire.SetAgentState {
	r := wire.SetAgentState{Device: wire.Device(device), RequestedState: state}
	if state == wire.RequestLoggedOn {
		r.AgentID, r.Password = "4001", wire.HexBinary("secret")
	}
	return r
}

func (c *client) setAgent(device string, state wire.RequestedAgentState) wire.AgentState {
	c.t.Helper()
	return answerAs[*wire.SetAgentStateResponse](c, agentRequest(device, state)).PendingState
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so in %v: %s", patience, what)
		}
	}
}
