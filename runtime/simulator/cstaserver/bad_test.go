package cstaserver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// frame makes one frame's bytes.
func frame(id int, xml string) string {
	var b bytes.Buffer
	if err := wire.NewWriter(&b).WriteFrame(id, []byte(xml)); err != nil {
		panic(err)
	}
	return b.String()
}

// badRequests holds what an application may get wrong once it has logged in, and what the
// switch says; the fuzzer starts from them.
var badRequests = map[string]struct {
	stream string
	// refused is the value of the CSTAErrorCode that answers; "" where the connection goes on
	// without an answer, closed where it ends.
	refused string
}{
	"malformed":               {frame(1, "<unfinished"), "generic"},
	"nothing":                 {frame(1, ""), "generic"},
	"JSON":                    {frame(1, "{}"), "generic"},
	"document type":           {frame(1, `<!DOCTYPE x [<!ENTITY a "b">]><HoldCall>&a;</HoldCall>`), "generic"},
	"deep":                    {frame(1, strings.Repeat("<a>", 20000)), "generic"},
	"many attributes":         {frame(1, "<HoldCall"+strings.Repeat(` a=""`, 10000)+"/>"), "generic"},
	"a NUL":                   {frame(1, "<MakeCall><calledDirectoryNumber>\x00</calledDirectoryNumber></MakeCall>"), "generic"},
	"another character set":   {frame(1, `<?xml version="1.0" encoding="UTF-16"?><HoldCall/>`), "generic"},
	"a word for a number":     {frame(1, `<ResetApplicationSessionTimer><requestedSessionDuration>soon</requestedSessionDuration></ResetApplicationSessionTimer>`), "generic"},
	"a number out of range":   {frame(1, `<ResetApplicationSessionTimer><requestedSessionDuration>9223372036854775808</requestedSessionDuration></ResetApplicationSessionTimer>`), "generic"},
	"an unknown request":      {frame(1, `<ParkCall/>`), "serviceNotSupported"},
	"a request without all":   {frame(1, `<MonitorStart/>`), "invalidObjectType"},
	"a monitor of nobody":     {frame(1, `<MonitorStop><monitorCrossRefID>4711</monitorCrossRefID></MonitorStop>`), "invalidCrossRefID"},
	"a call of nobody":        {frame(1, `<HoldCall><callToBeHeld><callID>4711</callID></callToBeHeld></HoldCall>`), "invalidCallID"},
	"a strange state":         {frame(1, `<SetAgentState><device>1001</device><requestedAgentState>x</requestedAgentState></SetAgentState>`), "invalidAgentState"},
	"an answer to nothing":    {frame(1, `<HoldCallResponse/>`), ""},
	"an event":                {frame(9999, `<HeldEvent/>`), ""},
	"no frame":                {"GET / HTTP/1.1\r\n\r\n", closed},
	"TLS":                     {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", closed},
	"a length that is short":  {"\x00\x00\x00\x070001", closed},
	"an id that is no number": {"\x00\x00\x00\x0cabcd<a/>", closed},
}

const closed = "(closed)"

func TestBadRequests(t *testing.T) {
	x := startExchange(t, nil)
	for name, tc := range badRequests {
		t.Run(name, func(t *testing.T) {
			c := login(t, x)
			defer c.Socket.Close()
			if _, err := io.WriteString(c.Socket, tc.stream); err != nil {
				t.Fatal(err)
			}
			switch tc.refused {
			case closed:
				c.Ends()
				return
			case "":
			default:
				id, m, err := c.Read()
				refusal, ok := m.(*wire.CSTAErrorCode)
				if err != nil || !ok || id != 1 {
					t.Fatalf("answer %d %v, %v", id, m, err)
				}
				if _, value := refusal.Value(); value != tc.refused {
					t.Errorf("refused with %q, want %q", value, tc.refused)
				}
			}
			c.LastID = 100
			answerAs[*wire.GetAgentStateResponse](c, wire.GetAgentState{Device: wire.Device("1001")})
		})
	}
}

// What stops in the middle of a frame leaves nothing behind.
func TestAClientThatStopsInAFrame(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	c.Monitor("1001")
	if _, err := io.WriteString(c.Socket, frame(7, "<HoldCall/>")[:12]); err != nil {
		t.Fatal(err)
	}
	if err := c.Socket.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is left", func() bool { return x.Connections() == 0 && x.Monitors() == 0 })
}

// FuzzClient lets an application that has logged in write anything.
func FuzzClient(f *testing.F) {
	for _, tc := range badRequests {
		for _, seed := range costtest.Seeds(tc.stream) {
			f.Add([]byte(seed))
		}
	}
	f.Add([]byte(frame(1, `<MonitorStart><monitorObject><deviceObject>1001</deviceObject></monitorObject></MonitorStart>`) +
		frame(2, `<MakeCall><callingDevice>1001</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber></MakeCall>`) +
		frame(3, `<SnapshotDevice><snapshotObject>1001</snapshotObject></SnapshotDevice>`)))
	start, err := wire.Marshal(startSession("secret"), "")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		costtest.Bounded(t, stream, func([]byte) { serveStream(t, append([]byte(frame(1, string(start))), stream...)) })
	})
}

func serveStream(t *testing.T, stream []byte) {
	model, err := switchmodel.New(switchmodel.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	server := New(DefaultConfig(), model, logr.Discard())
	defer model.Subscribe(server.hear)()
	ours, theirs := net.Pipe()
	server.welcome(theirs, Primary)
	go func() { _, _ = io.Copy(io.Discard, ours) }()
	if _, err := ours.Write(stream); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	_ = ours.Close()
	server.running.Wait()
	server.forgetSessions() // that wait for their application, if it asked for it
	if server.Connections() != 0 || server.Monitors() != 0 {
		t.Errorf("%d connections and %d monitors are left", server.Connections(), server.Monitors())
	}
}
