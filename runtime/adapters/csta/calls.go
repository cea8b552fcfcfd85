package csta

import (
	"context"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// AnswerCall implements opencti.CallControl.
func (d *device) AnswerCall(ctx context.Context, r opencti.Request) error {
	return d.one(ctx, r, &wire.AnswerCall{Call: d.connection(r.CallID)})
}

// HoldCall implements opencti.CallControl.
func (d *device) HoldCall(ctx context.Context, r opencti.Request) error {
	return d.one(ctx, r, &wire.HoldCall{Call: d.connection(r.CallID)})
}

// RetrieveCall implements opencti.CallControl.
func (d *device) RetrieveCall(ctx context.Context, r opencti.Request) error {
	return d.one(ctx, r, &wire.RetrieveCall{Call: d.connection(r.CallID)})
}

// HangUpCall implements opencti.CallControl: it takes this device out of the call.
func (d *device) HangUpCall(ctx context.Context, r opencti.Request) error {
	return d.one(ctx, r, &wire.ClearConnection{Connection: d.connection(r.CallID)})
}

// one does what concerns the request's one call.
func (d *device) one(ctx context.Context, r opencti.Request, m wire.Message) error {
	_, err := d.change(ctx, r, m, r.CallID)
	return err
}

// MakeCall implements opencti.CallControl.
func (d *device) MakeCall(ctx context.Context, r opencti.Request) error {
	if err := checkVariables(r.Variables); err != nil {
		return err
	}
	return d.dial(ctx, r, r.Variables, func(string) {})
}

// dial makes a call; made is told its id, before the events that follow.
func (d *device) dial(ctx context.Context, r opencti.Request, data map[string]string, made func(callID string)) error {
	m := &wire.MakeCall{
		CallingDevice: wire.Device(d.dn), CalledNumber: wire.Device(r.DestinationNumber),
		AutoOriginate: "doNotPrompt", CorrelatorData: wire.NewCallData(data),
	}
	_, err := d.ask(ctx, r, m, func(a answer) {
		if m, ok := a.message.(*wire.MakeCallResponse); ok {
			d.phone().promise(r.ID, true, m.Connection.CallID)
			made(m.Connection.CallID)
		}
	})
	return err
}

// DeclineCall implements opencti.DeclineControl: the call goes where the class says, or this
// device leaves it.
func (d *device) DeclineCall(ctx context.Context, r opencti.Request) error {
	if to := d.c.config.DeclineTo; to != "" {
		return d.one(ctx, r, &wire.DeflectCall{Call: d.connection(r.CallID), NewDestination: wire.Device(to)})
	}
	return d.one(ctx, r, &wire.ClearConnection{Connection: d.connection(r.CallID)})
}

// SendDTMF implements opencti.ToneControl.
func (d *device) SendDTMF(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, r, &wire.GenerateDigits{
		Connection: d.connection(r.CallID), DigitMode: wire.DigitModeDTMF, Characters: r.Digits,
	})
}

// MuteCall implements opencti.MuteControl. CSTA mutes telephones, not calls: the microphone
// is off for whichever call is active.
func (d *device) MuteCall(ctx context.Context, r opencti.Request) error { return d.mute(ctx, r, true) }

// UnmuteCall implements opencti.MuteControl.
func (d *device) UnmuteCall(ctx context.Context, r opencti.Request) error {
	return d.mute(ctx, r, false)
}

func (d *device) mute(ctx context.Context, r opencti.Request, off bool) error {
	return d.do(ctx, r, &wire.SetMicrophoneMute{Device: wire.Device(d.dn), Apparatus: d.c.config.Microphone, Mute: off})
}

// SetDoNotDisturb implements opencti.DisturbControl.
func (d *device) SetDoNotDisturb(ctx context.Context, r opencti.Request) error {
	return d.do(ctx, r, &wire.SetDoNotDisturb{Device: wire.Device(d.dn), On: r.Enabled})
}

// AttachData implements opencti.CallDataControl. New correlator data takes the place of what
// there was, so what is known of the call goes along.
func (d *device) AttachData(ctx context.Context, r opencti.Request) error {
	if err := checkVariables(r.Variables); err != nil {
		return err
	}
	all := merged(d.phone().dataOf(r.CallID), r.Variables)
	return d.do(ctx, r, &wire.AssociateData{ExistingCall: d.connection(r.CallID), CorrelatorData: wire.NewCallData(all)})
}
