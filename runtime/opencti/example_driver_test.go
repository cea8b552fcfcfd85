package opencti_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// bellConfig is the key-value configuration of the class.
type bellConfig struct {
	Address string        `cti:"address,required" type:"hostPort" doc:"Host and port of the bell server."`
	Timeout time.Duration `cti:"responseTimeout,default=5s" doc:"How long the server may take to accept a connection."`
}

// bellDriver speaks to a CTI server that was made up for this example. It sends lines
// such as "RING 1001 7 +4930123456": event, device, call, caller.
type bellDriver struct{}

func (bellDriver) Describe() opencti.Description {
	return opencti.Description{
		Name:     "bell",
		Summary:  "An example: one line of text for each event.",
		Config:   func() any { return new(bellConfig) },
		Device:   (*bellDevice)(nil),                                         // what it implements is what the class supports,
		Without:  []opencti.Activity{opencti.HoldCall, opencti.RetrieveCall}, // but for these
		Handover: opencti.Overlap,
		Rules: opencti.RuleSet{
			CallID: "event.call",
			Identify: []opencti.Rule{
				{Name: "rings", On: "RING", Then: opencti.Offering},
				{Name: "answered", On: "UP", Then: opencti.Established},
				{Name: "abandoned", On: "DOWN", When: "call.state == 'Offering'", Then: opencti.Abandoned},
				{Name: "ended", On: "DOWN", Then: opencti.Released},
			},
			Populate: map[opencti.EventType]map[string]string{
				opencti.TypeCallState: {"callId": "event.call", "ani": "event.caller", "callType": "'INBOUND'"},
			},
		},
	}
}

func (bellDriver) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	config := env.Config.(*bellConfig)
	ctx, cancel := context.WithTimeout(ctx, config.Timeout)
	defer cancel()
	socket, err := new(net.Dialer).DialContext(ctx, "tcp", config.Address)
	if err != nil {
		return nil, opencti.Errorf(opencti.LinkDown, "the bell server cannot be reached").WithDetail(err.Error())
	}
	c := &bellConnection{socket: socket, done: make(chan struct{})}
	go c.read(env.Sink)
	return c, nil
}

type bellConnection struct {
	socket net.Conn
	done   chan struct{}

	mu     sync.Mutex
	closed bool
	err    error
}

// read is the one goroutine that calls the sink. It ends with the connection; the link
// above connects anew.
func (c *bellConnection) read(sink opencti.Sink) {
	defer close(c.done)
	lines := bufio.NewScanner(c.socket)
	for order := uint64(1); lines.Scan(); order++ {
		f := strings.Fields(lines.Text())
		if len(f) < 3 {
			continue // foreign bytes: never trust, never crash
		}
		fields := map[string]any{"call": f[2]}
		if len(f) > 3 {
			fields["caller"] = f[3] // absent is absent, not ""
		}
		sink.HandleRaw(opencti.RawEvent{Name: f[0], DN: f[1], Fields: fields, Order: order, Received: time.Now()})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.err = errors.Join(errors.New("the bell server has hung up"), lines.Err())
	}
}

func (c *bellConnection) Open(_ context.Context, e opencti.Endpoint) (opencti.Device, error) {
	return &bellDevice{c, e.DN}, nil
}

func (c *bellConnection) Done() <-chan struct{} { return c.done }

func (c *bellConnection) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *bellConnection) Close(context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	err := c.socket.Close()
	<-c.done
	return err
}

// send is a request. A server that answers would be waited for here, within the context.
func (c *bellConnection) send(ctx context.Context, words ...string) error {
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.socket.SetWriteDeadline(deadline) // a closed socket fails below
	}
	if _, err := fmt.Fprintln(c.socket, strings.Join(words, " ")); err != nil {
		return opencti.Errorf(opencti.LinkDown, "the bell server cannot be reached").WithDetail(err.Error())
	}
	return nil
}

type bellDevice struct {
	c  *bellConnection
	dn string
}

var (
	_ opencti.Driver      = bellDriver{}
	_ opencti.Device      = (*bellDevice)(nil)
	_ opencti.CallControl = (*bellDevice)(nil)
)

func (d *bellDevice) Subscribe(ctx context.Context) error { return d.c.send(ctx, "WATCH", d.dn) }
func (d *bellDevice) Detach(ctx context.Context) error    { return d.c.send(ctx, "IGNORE", d.dn) }
func (d *bellDevice) Close(ctx context.Context) error     { return d.Detach(ctx) }

// Snapshot would ask for the calls. This server cannot tell, and knows no agents.
func (d *bellDevice) Snapshot(context.Context) (opencti.DeviceSnapshot, error) {
	return opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Unknown}}, nil
}

func (d *bellDevice) AnswerCall(ctx context.Context, r opencti.Request) error {
	return d.c.send(ctx, "ANSWER", d.dn, r.CallID)
}

func (d *bellDevice) HangUpCall(ctx context.Context, r opencti.Request) error {
	return d.c.send(ctx, "HANGUP", d.dn, r.CallID)
}

func (d *bellDevice) MakeCall(ctx context.Context, r opencti.Request) error {
	return d.c.send(ctx, "DIAL", d.dn, r.DestinationNumber)
}

func (d *bellDevice) HoldCall(context.Context, opencti.Request) error     { return errNoHold }
func (d *bellDevice) RetrieveCall(context.Context, opencti.Request) error { return errNoHold }

var errNoHold = opencti.Errorf(opencti.NotCapable, "a bell cannot hold calls")

// A whole driver: docs/adapters.md explains its parts.
func ExampleDriver() {
	about := bellDriver{}.Describe()
	for _, p := range opencti.ParametersOf(about.Config()) {
		fmt.Printf("%s: %s, required %t, default %q\n", p.Name, p.Type, p.Required, p.Default)
	}
	fmt.Println(about.Activities())
	if _, err := rules.Compile(about.Rules); err != nil {
		fmt.Println(err)
	}

	server, address := bellServer()
	config := about.Config()
	if err := opencti.DecodeConfig(map[string]string{"address": address}, config); err != nil {
		fmt.Println(err)
	}
	events := make(bellSink, 1)
	ctx := context.Background()
	link, err := bellDriver{}.Connect(ctx, opencti.Environment{Config: config, Sink: events})
	if err != nil {
		fmt.Println(err)
		return
	}
	device, _ := link.Open(ctx, opencti.Endpoint{DN: "1001"})
	_ = device.Subscribe(ctx)
	select {
	case e := <-events:
		fmt.Println("event", e.Name, e.DN, e.Fields["caller"])
	case <-link.Done():
		fmt.Println(link.Err())
	}
	_ = opencti.Perform(ctx, device, opencti.Request{Activity: opencti.AnswerCall, CallID: "7"})
	fmt.Println("server got", <-server, "and", <-server)
	fmt.Println(link.Close(ctx), link.Err())
	// Output:
	// address: hostPort, required true, default ""
	// responseTimeout: duration, required false, default "5s"
	// [AcceptInteraction AnswerCall MakeCall HangUpCall Resync]
	// event RING 1001 +4930123456
	// server got WATCH 1001 and ANSWER 1001 7
	// <nil> <nil>
}

type bellSink chan opencti.RawEvent

func (s bellSink) HandleRaw(e opencti.RawEvent) { s <- e }
func (s bellSink) EventsLost(string, error)     {}

func (s bellSink) RequestFailed(string, string, error) {}

// bellServer rings 1001 once, and gives what it was sent.
func bellServer() (<-chan string, string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	got := make(chan string, 2)
	go func() {
		socket, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		defer listener.Close()
		defer socket.Close()
		defer close(got)
		fmt.Fprintln(socket, "RING 1001 7 +4930123456")
		for lines := bufio.NewScanner(socket); lines.Scan(); {
			got <- lines.Text()
		}
	}()
	return got, listener.Addr().String()
}
