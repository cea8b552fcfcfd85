package bench

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// namespace of the messages, the driver's default edition.
const namespace = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"

// cti is a CSTA switch with as many devices as anybody asks for, where nothing happens
// but what the benchmark sends. It costs next to nothing, so that what is measured is
// not its work.
type cti struct {
	listener net.Listener

	mu   sync.Mutex
	conn net.Conn
	out  *wire.Writer
}

func newCTI(tb testing.TB) *cti {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &cti{listener: l}
	go c.accept()
	tb.Cleanup(func() { _ = l.Close(); c.drop() })
	return c
}

func (c *cti) address() string { return c.listener.Addr().String() }

func (c *cti) accept() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.conn, c.out = conn, wire.NewWriter(conn)
		out := c.out
		c.mu.Unlock()
		go c.serve(conn, out)
	}
}

// drop loses the connection.
func (c *cti) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

func (c *cti) serve(conn net.Conn, out *wire.Writer) {
	in := wire.NewReader(conn)
	for {
		id, body, err := in.ReadFrame()
		if err != nil {
			return
		}
		request, err := wire.Unmarshal(body)
		if err != nil {
			return
		}
		if response := answer(request); response != nil {
			b, err := wire.Marshal(response, namespace)
			if err != nil {
				return
			}
			c.mu.Lock()
			err = out.WriteFrame(id, b)
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}
}

// answer knows what the driver asks when sessions open. A device's monitor has the
// device's number as its reference.
func answer(m wire.Message) wire.Message {
	switch r := m.(type) {
	case *wire.StartApplicationSession:
		return &wire.StartApplicationSessionPosResponse{SessionID: "1", ProtocolVersion: namespace, Duration: 3600}
	case *wire.MonitorStart:
		return &wire.MonitorStartResponse{MonitorCrossRefID: r.MonitorObject.DeviceObject.Number}
	case *wire.SnapshotDevice:
		return &wire.SnapshotDeviceResponse{}
	}
	return &wire.CSTAErrorCode{Operation: "serviceNotSupported"}
}

// The places in a frame that are another for each event.
const (
	deviceMark = "DEVICE"
	callMark   = "CALLID"
)

// frames are a call's life as one device sees it: it rings, is answered and ends. Each
// frame is one event at the desktop.
func frames(tb testing.TB) [][]byte {
	tb.Helper()
	here, there := wire.Party(deviceMark), wire.Party("+4930123456789")
	network := wire.NetworkDevices{NetworkCallingDevice: there, NetworkCalledDevice: wire.Party("+4930555000")}
	data := wire.EventData{
		CorrelatorData: wire.NewCallData(map[string]string{"customerId": "4711", "contract": "DE-2026-000815", "topic": "invoice"}),
	}
	details := wire.CallDetails{CallLinkageData: wire.GlobalCall(callMark)}
	with := func(cause wire.EventCause) wire.EventData { d := data; d.Cause = cause; return d }
	var out [][]byte
	for _, m := range []wire.Message{
		&wire.DeliveredEvent{MonitorCrossRefID: deviceMark, Connection: wire.Connection(callMark, deviceMark), AlertingDevice: here,
			CallingDevice: there, CalledDevice: here, EventData: with("newCall"), NetworkDevices: network, CallDetails: details},
		&wire.EstablishedEvent{MonitorCrossRefID: deviceMark, Connection: wire.Connection(callMark, deviceMark), AnsweringDevice: here,
			CallingDevice: there, CalledDevice: here, EventData: with("newCall"), NetworkDevices: network, CallDetails: details},
		&wire.ConnectionClearedEvent{MonitorCrossRefID: deviceMark, Connection: wire.Connection(callMark, deviceMark), ReleasingDevice: there,
			EventData: with("normalClearing"), CallDetails: details},
	} {
		b, err := wire.Marshal(m, namespace)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// emit sends the n-th event of a device.
func (c *cti) emit(frames [][]byte, device string, n int) error {
	body := bytes.ReplaceAll(frames[n%len(frames)], []byte(deviceMark), []byte(device))
	body = bytes.ReplaceAll(body, []byte(callMark), []byte(fmt.Sprintf("%s%05d", strings.TrimLeft(device, "+"), n/len(frames))))
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.WriteFrame(9999, body)
}
