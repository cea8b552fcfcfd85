package csta

import (
	"context"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// device is one session of a device.
type device struct {
	c       *connection
	dn      string
	agentID string

	mu      sync.Mutex
	monitor *monitor // nil: not subscribed
}

var (
	_ opencti.Device            = (*device)(nil)
	_ opencti.AgentStateControl = (*device)(nil)
	_ opencti.CallControl       = (*device)(nil)
)

// Subscribe implements opencti.Device.
func (d *device) Subscribe(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.monitor != nil {
		return d.monitor.again(ctx)
	}
	m := d.c.monitorOf(d.dn)
	if err := m.start(ctx); err != nil {
		return err
	}
	d.monitor = m
	return nil
}

// Detach implements opencti.Device.
func (d *device) Detach(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.monitor == nil {
		return nil
	}
	m := d.monitor
	d.monitor = nil
	return m.stop(ctx)
}

// Close implements opencti.Device. CSTA knows no more of a session than its monitor.
func (d *device) Close(ctx context.Context) error { return d.Detach(ctx) }

// LoginAgent implements opencti.AgentStateControl.
func (d *device) LoginAgent(ctx context.Context, r opencti.Request) error {
	m := d.setState(r, wire.RequestLoggedOn)
	m.Password = wire.HexBinary(r.AgentPassword)
	return d.do(ctx, m)
}

// LogoutAgent implements opencti.AgentStateControl.
func (d *device) LogoutAgent(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, d.setState(r, wire.RequestLoggedOff))
}

// SetAgentReady implements opencti.AgentStateControl.
func (d *device) SetAgentReady(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, d.setState(r, wire.RequestReady))
}

// SetAgentNotReady implements opencti.AgentStateControl.
func (d *device) SetAgentNotReady(ctx context.Context, r opencti.Request) error {
	if r.WorkMode == opencti.AfterCallWorkMode {
		r.WorkMode = "" // it is a state of its own in CSTA
		return d.do(ctx, d.setState(r, wire.RequestWorkingAfterCall))
	}
	return d.do(ctx, d.setState(r, wire.RequestNotReady))
}

func (d *device) setState(r opencti.Request, state wire.RequestedAgentState) *wire.SetAgentState {
	m := &wire.SetAgentState{
		Device: wire.Device(d.dn), RequestedState: state, AgentID: r.AgentID,
		Extensions: wire.NewAgentExtensions(wire.AgentData{WorkMode: r.WorkMode, ReasonCode: r.ReasonCode}),
	}
	if m.AgentID == "" {
		m.AgentID = d.agentID
	}
	if r.Queue != "" {
		queue := wire.Device(r.Queue)
		m.Group = &queue
	}
	return m
}

// AnswerCall implements opencti.CallControl.
func (d *device) AnswerCall(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, &wire.AnswerCall{Call: d.connection(r)})
}

// HoldCall implements opencti.CallControl.
func (d *device) HoldCall(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, &wire.HoldCall{Call: d.connection(r)})
}

// RetrieveCall implements opencti.CallControl.
func (d *device) RetrieveCall(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, &wire.RetrieveCall{Call: d.connection(r)})
}

// MakeCall implements opencti.CallControl.
func (d *device) MakeCall(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, &wire.MakeCall{
		CallingDevice: wire.Device(d.dn), CalledNumber: wire.Device(r.DestinationNumber),
		AutoOriginate: "doNotPrompt", CorrelatorData: wire.NewCallData(r.Variables),
	})
}

// HangUpCall implements opencti.CallControl: it takes this device out of the call.
func (d *device) HangUpCall(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, &wire.ClearConnection{Connection: d.connection(r)})
}

func (d *device) connection(r opencti.Request) wire.ConnectionID {
	return wire.Connection(r.CallID, d.dn)
}

func (d *device) do(ctx context.Context, m wire.Message) error {
	_, err := d.c.request(ctx, m, nil)
	return err
}
