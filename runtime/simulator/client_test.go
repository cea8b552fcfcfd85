package simulator

import (
	"bufio"
	"net"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// application is as little of a CSTA client as will do: it sends without
// waiting, and reads what comes.
type application struct {
	tb     testing.TB
	socket net.Conn
	in     *wire.Reader
	out    *wire.Writer
	sent   int
}

func connect(tb testing.TB, address string) *application {
	tb.Helper()
	socket, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = socket.Close() })
	a := &application{tb: tb, socket: socket, in: wire.NewReader(bufio.NewReader(socket)), out: wire.NewWriter(socket)}
	a.send(wire.StartApplicationSession{
		ApplicationID: "test",
		Login:         &wire.SessionLoginInfo{UserName: "ctilink", Password: "secret"},
	})
	return a
}

func (a *application) send(m wire.Message) {
	a.tb.Helper()
	body, err := wire.Marshal(m, "")
	if err != nil {
		a.tb.Fatal(err)
	}
	a.sent = a.sent%wire.MaxInvokeID + 1
	if err := a.out.WriteFrame(a.sent, body); err != nil {
		a.tb.Fatal(err)
	}
}

// next returns the next message; nil when the connection is gone.
func (a *application) next() wire.Message {
	_, body, err := a.in.ReadFrame()
	if err != nil {
		return nil
	}
	m, err := wire.Unmarshal(body)
	if err != nil {
		a.tb.Errorf("the simulator sent what the codec refuses: %v", err)
	}
	return m
}

func (a *application) watch(device string) {
	a.tb.Helper()
	d := wire.Device(device)
	a.send(wire.MonitorStart{MonitorObject: wire.MonitorObject{DeviceObject: &d}})
}

// seat makes an agent ready at a device.
func (a *application) seat(agent, device string) {
	a.tb.Helper()
	a.send(wire.SetAgentState{
		Device: wire.Device(device), AgentID: agent, Password: wire.HexBinary("secret"),
		RequestedState: wire.RequestLoggedOn,
	})
	a.send(wire.SetAgentState{Device: wire.Device(device), RequestedState: wire.RequestReady})
}
