package csta

import (
	"context"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// LoginAgent implements opencti.AgentStateControl.
func (d *device) LoginAgent(ctx context.Context, r opencti.Request) error {
	m := d.setState(r, wire.RequestLoggedOn)
	m.Password = wire.HexBinary(r.AgentPassword)
	return inUse(d.setAgent(ctx, r, m), "the agent is logged in at another device, or another agent at this one")
}

// LogoutAgent implements opencti.AgentStateControl. Some switches let an agent go only from
// not ready; of one with a call nothing else is changed when they refuse.
func (d *device) LogoutAgent(ctx context.Context, r opencti.Request) error {
	err := d.setAgent(ctx, r, d.setState(r, wire.RequestLoggedOff))
	if !hasCode(err, opencti.InvalidState) || d.phone().agentBusy() {
		return err
	}
	if notReady := d.setAgent(ctx, r, d.setState(r, wire.RequestNotReady)); notReady != nil && !hasCode(notReady, opencti.SameState) {
		return err
	}
	return d.setAgent(ctx, r, d.setState(r, wire.RequestLoggedOff))
}

// SetAgentReady implements opencti.AgentStateControl.
func (d *device) SetAgentReady(ctx context.Context, r opencti.Request) error {
	return d.setAgent(ctx, r, d.setState(r, wire.RequestReady))
}

// SetAgentNotReady implements opencti.AgentStateControl.
func (d *device) SetAgentNotReady(ctx context.Context, r opencti.Request) error {
	if r.WorkMode == opencti.AfterCallWorkMode {
		r.WorkMode = "" // it is a state of its own in CSTA
		return d.setAgent(ctx, r, d.setState(r, wire.RequestWorkingAfterCall))
	}
	return d.setAgent(ctx, r, d.setState(r, wire.RequestNotReady))
}

// wanted is the state that each request asks for.
var wanted = map[wire.RequestedAgentState]wire.AgentState{
	wire.RequestLoggedOff: wire.AgentNull, wire.RequestNotReady: wire.AgentNotReady, wire.RequestReady: wire.AgentReady,
	wire.RequestWorkingAfterCall: wire.AgentWorkingAfterCall,
}

// setAgent asks for a state. What comes when the calls are over is no promise for now, nor is
// what concerns one of several queues.
func (d *device) setAgent(ctx context.Context, r opencti.Request, m *wire.SetAgentState) error {
	p := d.phone()
	if state := wanted[m.RequestedState]; state != "" && m.Group == nil {
		p.promiseAgent(r.ID, state)
	}
	a, err := d.ask(ctx, r, m, nil)
	if accepted, ok := a.(*wire.SetAgentStateResponse); err != nil || ok && accepted.PendingState != "" {
		p.forgive(r.ID)
	}
	return err
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
