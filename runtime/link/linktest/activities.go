package linktest

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// The server can do everything; what a request does is Driver.OnPerform's business.
var _ interface {
	opencti.Device
	opencti.AgentStatePoll
	opencti.AgentStateControl
	opencti.CallControl
	opencti.ToneControl
	opencti.TransferControl
	opencti.ConferenceControl
	opencti.CallDataControl
	opencti.AlternateControl
	opencti.DeclineControl
	opencti.MuteControl
	opencti.DisturbControl
} = (*Device)(nil)

var _ opencti.Statistics = (*Connection)(nil)

// LoginAgent implements opencti.AgentStateControl.
func (d *Device) LoginAgent(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// LogoutAgent implements opencti.AgentStateControl.
func (d *Device) LogoutAgent(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// SetAgentReady implements opencti.AgentStateControl.
func (d *Device) SetAgentReady(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// SetAgentNotReady implements opencti.AgentStateControl.
func (d *Device) SetAgentNotReady(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// AnswerCall implements opencti.CallControl.
func (d *Device) AnswerCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// HoldCall implements opencti.CallControl.
func (d *Device) HoldCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// RetrieveCall implements opencti.CallControl.
func (d *Device) RetrieveCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// MakeCall implements opencti.CallControl.
func (d *Device) MakeCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// HangUpCall implements opencti.CallControl.
func (d *Device) HangUpCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// SendDTMF implements opencti.ToneControl.
func (d *Device) SendDTMF(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// TransferInitiate implements opencti.TransferControl.
func (d *Device) TransferInitiate(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// TransferCall implements opencti.TransferControl.
func (d *Device) TransferCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// CancelTransfer implements opencti.TransferControl.
func (d *Device) CancelTransfer(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// BlindTransfer implements opencti.TransferControl.
func (d *Device) BlindTransfer(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// ConferenceInitiate implements opencti.ConferenceControl.
func (d *Device) ConferenceInitiate(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// ConferenceCall implements opencti.ConferenceControl.
func (d *Device) ConferenceCall(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// CancelConference implements opencti.ConferenceControl.
func (d *Device) CancelConference(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// DropParty implements opencti.ConferenceControl.
func (d *Device) DropParty(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// AttachData implements opencti.CallDataControl.
func (d *Device) AttachData(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// AlternateCall implements opencti.AlternateControl.
func (d *Device) AlternateCall(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// DeclineCall implements opencti.DeclineControl.
func (d *Device) DeclineCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// MuteCall implements opencti.MuteControl.
func (d *Device) MuteCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// UnmuteCall implements opencti.MuteControl.
func (d *Device) UnmuteCall(ctx context.Context, r opencti.Request) error { return d.perform(ctx, r) }

// SetDoNotDisturb implements opencti.DisturbControl.
func (d *Device) SetDoNotDisturb(ctx context.Context, r opencti.Request) error {
	return d.perform(ctx, r)
}

// PollInterval implements opencti.AgentStatePoll.
func (d *Device) PollInterval() time.Duration { return d.conn.driver.Poll }

// AgentState implements opencti.AgentStatePoll.
func (d *Device) AgentState(context.Context) (opencti.AgentState, error) {
	return d.conn.driver.snapshot(d.DN).Agent, d.conn.alive()
}

// QueueStatistics implements opencti.Statistics.
func (c *Connection) QueueStatistics(ctx context.Context, queue string) (opencti.QueueStatistics, error) {
	if err := c.alive(); err != nil {
		return opencti.QueueStatistics{}, err
	}
	if on := c.driver.OnStatistics; on != nil {
		return on(ctx, queue)
	}
	return opencti.QueueStatistics{Queue: queue, At: time.Now()}, nil
}
