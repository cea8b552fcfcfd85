package behaviour

import (
	"context"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

const customer = "+49301234567"

// theatre is a switch with its director and an application that watches the
// telephones 1001 and 1002.
type theatre struct {
	*cstatest.Client
	t                  *testing.T
	model              *switchmodel.Switch
	server             *cstaserver.Server
	director           *Director
	address, secondary string
}

// open starts a switch where nothing happens by itself, unless change says so.
func open(t *testing.T, change func(*switchmodel.Config)) *theatre {
	t.Helper()
	cfg := switchmodel.DefaultConfig()
	cfg.RingTime, cfg.WrapUpTime, cfg.AnswerDelay = time.Hour, time.Hour, time.Hour
	cfg.Queues = append(cfg.Queues, switchmodel.QueueConfig{ID: "5001", Name: "sales", Agents: []switchmodel.Range{{First: "4003", Last: "4003"}}})
	if change != nil {
		change(&cfg)
	}
	model, err := switchmodel.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := cstaserver.New(cstaserver.DefaultConfig(), model, logr.Discard())
	s := &theatre{t: t, model: model, server: server, director: NewDirector(Stage{Model: model, Server: server})}
	s.serve()
	s.Client = s.login()
	return s
}

func (s *theatre) serve() {
	s.t.Helper()
	var listeners []net.Listener
	for _, address := range []*string{&s.address, &s.secondary} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.t.Fatal(err)
		}
		*address, listeners = listener.Addr().String(), append(listeners, listener)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { s.model.Run(ctx); ended <- nil }()
	go func() { ended <- s.server.Serve(ctx, listeners...) }()
	s.t.Cleanup(func() {
		s.director.Close()
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				s.t.Errorf("Serve: %v", err)
			}
		}
	})
}

// login is an application that watches both telephones.
func (s *theatre) login() *cstatest.Client {
	s.t.Helper()
	c := cstatest.Login(s.t, s.address)
	c.Monitor("1001")
	c.Monitor("1002")
	return c
}

// begin asks for a behaviour as the control port does.
func (s *theatre) begin(name, body string) Begun {
	s.t.Helper()
	begun, err := s.try(name, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", name, body, err)
	}
	return begun
}

func (s *theatre) try(name, body string) (Begun, error) {
	s.t.Helper()
	b, known := s.director.Find(name)
	if !known {
		s.t.Fatalf("there is no behaviour %s", name)
	}
	parameters := b.Blank()
	if err := json.Unmarshal([]byte(body), parameters); err != nil {
		s.t.Fatalf("%s %s: %v", name, body, err)
	}
	return s.director.Begin(b, parameters)
}

// left is how often a fault will still happen.
func (s *theatre) left(name string) int {
	s.t.Helper()
	for _, status := range s.director.List() {
		if status.Name == name && status.Left != nil {
			return *status.Left
		}
	}
	return -1
}

func (s *theatre) active(name string) bool {
	return slices.ContainsFunc(s.director.List(), func(b Status) bool { return b.Name == name && b.Active })
}

// seat makes an agent ready at a telephone, and forgets what was told of it.
func (s *theatre) seat(agent switchmodel.AgentID, device switchmodel.DeviceID) {
	s.t.Helper()
	for _, r := range []switchmodel.AgentRequest{
		{Agent: agent, Device: device, Password: "secret", State: switchmodel.LoggedOn},
		{Device: device, State: switchmodel.Ready},
	} {
		if _, err := s.model.SetAgentState(r); err != nil {
			s.t.Fatal(err)
		}
	}
	s.Told()
}

func (s *theatre) inbound(to string, data map[string]string) *switchmodel.Call {
	s.t.Helper()
	call, err := s.model.Inbound(switchmodel.InboundCall{From: customer, To: to, Data: data})
	if err != nil {
		s.t.Fatal(err)
	}
	return call
}

// talking lets a customer talk to the agent at 1001, and forgets what was told.
func (s *theatre) talking() (at wire.ConnectionID) {
	s.t.Helper()
	s.seat("4001", "1001")
	at = wire.Connection(string(s.inbound("5000", map[string]string{"customerId": "4711"}).ID), "1001")
	s.do(wire.AnswerCall{Call: at})
	s.Told()
	return at
}

// do asks for something that must be accepted.
func (s *theatre) do(request wire.Message) wire.Message {
	s.t.Helper()
	answer := s.Ask(request)
	if refused, ok := answer.(*wire.CSTAErrorCode); ok {
		category, value := refused.Value()
		s.t.Fatalf("%s was refused: %s %s", wire.Name(request), category, value)
	}
	return answer
}

func (s *theatre) refused(request wire.Message, value string) {
	s.t.Helper()
	if _, got := cstatest.AnswerAs[*wire.CSTAErrorCode](s.Client, request).Value(); got != value {
		s.t.Errorf("%s was refused with %s, want %s", wire.Name(request), got, value)
	}
}

// tells wants these events, and no others, to have been told.
func (s *theatre) tells(want ...string) {
	s.t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, s.Told()); diff != "" {
		s.t.Errorf("told (-want +got):\n%s", diff)
	}
}

func (s *theatre) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// hand takes a telephone into a person's hands.
func (s *theatre) hand(dn string) switchmodel.Handset {
	s.t.Helper()
	h, err := s.model.Handset(switchmodel.DeviceID(dn))
	s.must(err)
	return h
}

// raw is the message that was read last, as it stood on the wire.
func (s *theatre) raw() string { return strings.TrimSpace(string(s.Raw)) }
