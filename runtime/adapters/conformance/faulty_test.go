package conformance_test

import (
	"context"
	"maps"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// faulty is a driver that does something wrong. Each hook may be nil.
type faulty struct {
	opencti.Driver
	// connect comes before the driver's own.
	connect func(ctx context.Context) error
	// raw takes an event instead of the sink; it hands on what it likes.
	raw func(e opencti.RawEvent, tell func(opencti.RawEvent))
	// perform takes a request instead of the device.
	perform func(ctx context.Context, r opencti.Request, do func(context.Context, opencti.Request) error) error
	// snapshot changes what the CTI server says.
	snapshot func(*opencti.DeviceSnapshot)
	// detach and subscribe take the place of the device's own.
	detach    func(ctx context.Context, d opencti.Device) error
	subscribe func(ctx context.Context, d opencti.Device) error
	// rules changes the class's rules.
	rules func(*opencti.RuleSet)
	// deaf: what the CTI server says of lost events and late failures is not told.
	deaf bool
	// done takes the place of the connection's.
	done chan struct{}
}

func (f *faulty) Describe() opencti.Description {
	d := f.Driver.Describe()
	d.Device = (*faultyDevice)(nil)
	if f.rules != nil {
		d.Rules.Identify = slices.Clone(d.Rules.Identify)
		d.Rules.Populate = maps.Clone(d.Rules.Populate)
		f.rules(&d.Rules)
	}
	return d
}

func (f *faulty) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	if f.connect != nil {
		if err := f.connect(ctx); err != nil {
			return nil, err
		}
	}
	if f.raw != nil || f.deaf {
		env.Sink = &faultySink{env.Sink, f}
	}
	c, err := f.Driver.Connect(ctx, env)
	if err != nil {
		return nil, err
	}
	return &faultyConnection{c, f}, nil
}

type faultySink struct {
	opencti.Sink
	f *faulty
}

func (s *faultySink) HandleRaw(e opencti.RawEvent) {
	if s.f.raw != nil {
		s.f.raw(e, s.Sink.HandleRaw)
		return
	}
	s.Sink.HandleRaw(e)
}

func (s *faultySink) EventsLost(dn string, why error) {
	if !s.f.deaf {
		s.Sink.EventsLost(dn, why)
	}
}

func (s *faultySink) RequestFailed(dn, requestID string, why error) {
	if !s.f.deaf {
		s.Sink.RequestFailed(dn, requestID, why)
	}
}

type faultyConnection struct {
	opencti.Connection
	f *faulty
}

func (c *faultyConnection) Open(ctx context.Context, e opencti.Endpoint) (opencti.Device, error) {
	d, err := c.Connection.Open(ctx, e)
	return &faultyDevice{d, c.f}, err
}

func (c *faultyConnection) Done() <-chan struct{} {
	if c.f.done != nil {
		return c.f.done
	}
	return c.Connection.Done()
}

func (c *faultyConnection) QueueStatistics(ctx context.Context, queue string) (opencti.QueueStatistics, error) {
	return c.Connection.(opencti.Statistics).QueueStatistics(ctx, queue)
}

type faultyDevice struct {
	opencti.Device
	f *faulty
}

func (d *faultyDevice) Snapshot(ctx context.Context) (opencti.DeviceSnapshot, error) {
	s, err := d.Device.Snapshot(ctx)
	if d.f.snapshot != nil {
		d.f.snapshot(&s)
	}
	return s, err
}

func (d *faultyDevice) Detach(ctx context.Context) error {
	if d.f.detach != nil {
		return d.f.detach(ctx, d.Device)
	}
	return d.Device.Detach(ctx)
}

func (d *faultyDevice) Subscribe(ctx context.Context) error {
	if d.f.subscribe != nil {
		return d.f.subscribe(ctx, d.Device)
	}
	return d.Device.Subscribe(ctx)
}

func (d *faultyDevice) do(ctx context.Context, r opencti.Request) error {
	do := func(ctx context.Context, r opencti.Request) error { return opencti.Perform(ctx, d.Device, r) }
	if d.f.perform != nil {
		return d.f.perform(ctx, r, do)
	}
	return do(ctx, r)
}

func (d *faultyDevice) LoginAgent(c context.Context, r opencti.Request) error    { return d.do(c, r) }
func (d *faultyDevice) LogoutAgent(c context.Context, r opencti.Request) error   { return d.do(c, r) }
func (d *faultyDevice) SetAgentReady(c context.Context, r opencti.Request) error { return d.do(c, r) }
func (d *faultyDevice) SetAgentNotReady(c context.Context, r opencti.Request) error {
	return d.do(c, r)
}
func (d *faultyDevice) AnswerCall(c context.Context, r opencti.Request) error   { return d.do(c, r) }
func (d *faultyDevice) HoldCall(c context.Context, r opencti.Request) error     { return d.do(c, r) }
func (d *faultyDevice) RetrieveCall(c context.Context, r opencti.Request) error { return d.do(c, r) }
func (d *faultyDevice) MakeCall(c context.Context, r opencti.Request) error     { return d.do(c, r) }
func (d *faultyDevice) HangUpCall(c context.Context, r opencti.Request) error   { return d.do(c, r) }
func (d *faultyDevice) SendDTMF(c context.Context, r opencti.Request) error     { return d.do(c, r) }
func (d *faultyDevice) TransferInitiate(c context.Context, r opencti.Request) error {
	return d.do(c, r)
}
func (d *faultyDevice) TransferCall(c context.Context, r opencti.Request) error   { return d.do(c, r) }
func (d *faultyDevice) CancelTransfer(c context.Context, r opencti.Request) error { return d.do(c, r) }
func (d *faultyDevice) BlindTransfer(c context.Context, r opencti.Request) error  { return d.do(c, r) }
func (d *faultyDevice) ConferenceInitiate(c context.Context, r opencti.Request) error {
	return d.do(c, r)
}
func (d *faultyDevice) ConferenceCall(c context.Context, r opencti.Request) error { return d.do(c, r) }
func (d *faultyDevice) CancelConference(c context.Context, r opencti.Request) error {
	return d.do(c, r)
}
func (d *faultyDevice) DropParty(c context.Context, r opencti.Request) error       { return d.do(c, r) }
func (d *faultyDevice) AttachData(c context.Context, r opencti.Request) error      { return d.do(c, r) }
func (d *faultyDevice) AlternateCall(c context.Context, r opencti.Request) error   { return d.do(c, r) }
func (d *faultyDevice) DeclineCall(c context.Context, r opencti.Request) error     { return d.do(c, r) }
func (d *faultyDevice) MuteCall(c context.Context, r opencti.Request) error        { return d.do(c, r) }
func (d *faultyDevice) UnmuteCall(c context.Context, r opencti.Request) error      { return d.do(c, r) }
func (d *faultyDevice) SetDoNotDisturb(c context.Context, r opencti.Request) error { return d.do(c, r) }
