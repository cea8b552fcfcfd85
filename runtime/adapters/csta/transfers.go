package csta

import (
	"context"
	"maps"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// TransferInitiate implements opencti.TransferControl.
func (d *device) TransferInitiate(ctx context.Context, r opencti.Request) error {
	return d.consult(ctx, r)
}

// ConferenceInitiate implements opencti.ConferenceControl: a consult has no purpose in CSTA.
func (d *device) ConferenceInitiate(ctx context.Context, r opencti.Request) error {
	return d.consult(ctx, r)
}

// consult holds the call and dials. A switch without such a service is asked for both steps.
func (d *device) consult(ctx context.Context, r opencti.Request) error {
	data, err := d.complete(r)
	if err != nil {
		return err
	}
	p := d.phone()
	p.promise(r.ID, true, r.CallID)
	_, err = d.ask(ctx, r, &wire.ConsultationCall{
		ExistingCall: d.connection(r.CallID), ConsultedDevice: wire.Device(r.DestinationNumber),
		CorrelatorData: wire.NewCallData(data),
	}, func(a answer) {
		if m, ok := a.message.(*wire.ConsultationCallResponse); ok {
			p.consulting(m.InitiatedCall.CallID)
		}
	})
	if err != nil {
		p.forgive(r.ID)
	}
	if !isUnsupported(err) {
		return err
	}
	if err := d.HoldCall(ctx, r); err != nil {
		return err
	}
	return d.dial(ctx, r, data, p.consulting)
}

// TransferCall implements opencti.TransferControl.
func (d *device) TransferCall(ctx context.Context, r opencti.Request) error {
	return d.join(ctx, r, &wire.TransferCall{HeldCall: d.connection(r.HeldCallID), ActiveCall: d.connection(r.CallID)})
}

// ConferenceCall implements opencti.ConferenceControl.
func (d *device) ConferenceCall(ctx context.Context, r opencti.Request) error {
	return d.join(ctx, r, &wire.ConferenceCall{HeldCall: d.connection(r.HeldCallID), ActiveCall: d.connection(r.CallID)})
}

// join makes one call of two, and sees to it that it has the data of both: which one's
// survives is the switch's choice. It has been done when the data is attached, so that this
// fails is no failure of the request.
func (d *device) join(ctx context.Context, r opencti.Request, m wire.Message) error {
	data, err := d.complete(r)
	if err != nil {
		return err
	}
	a, err := d.change(ctx, r, m, r.CallID, r.HeldCallID)
	if err != nil {
		return err
	}
	call := d.phone().joined(a)
	if call.CallID == "" || !d.phone().lacks(call.CallID, data) {
		return nil
	}
	attach := &wire.AssociateData{ExistingCall: call, CorrelatorData: wire.NewCallData(data)}
	if _, err := d.c.request(ctx, attach, nil); err != nil {
		d.c.log.Info("Data was not attached to the call that two became", "device", opencti.Mask(d.dn), "error", err)
	}
	return nil
}

// joined is a connection of the call that two became. Not every switch names it in the
// answer; the event may have.
func (p *phone) joined(a wire.Message) wire.ConnectionID {
	var call wire.ConnectionID
	var connections []wire.ConnectionPair
	switch a := a.(type) {
	case *wire.TransferCallResponse:
		call, connections = a.TransferredCall, a.Connections
	case *wire.ConferenceCallResponse:
		call, connections = a.ConferenceCall, a.Connections
	}
	for _, c := range connections {
		if c.New != nil && call.DeviceID.Number == "" && c.New.DeviceID.Number != "" {
			call = *c.New
		}
	}
	return call
}

// lacks says whether a call that two became is without some of the data, as far as is known.
func (p *phone) lacks(callID string, data map[string]string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var has map[string]string
	if c := p.calls[callID]; c != nil {
		has = c.data
	} else if p.handed.callID == callID {
		has = p.handed.data
	}
	for name, value := range data {
		if has[name] != value {
			return true
		}
	}
	return false
}

// CancelTransfer implements opencti.TransferControl.
func (d *device) CancelTransfer(ctx context.Context, r opencti.Request) error {
	return d.reconnect(ctx, r)
}

// CancelConference implements opencti.ConferenceControl.
func (d *device) CancelConference(ctx context.Context, r opencti.Request) error {
	return d.reconnect(ctx, r)
}

// reconnect ends the consult and goes back to the first call. Where the agent has alternated
// it is the consult that is on hold, and the first call needs no retrieving.
func (d *device) reconnect(ctx context.Context, r opencti.Request) error {
	consult, first := r.CallID, r.HeldCallID
	if d.isAlternated(r) {
		_, err := d.change(ctx, r, &wire.ClearConnection{Connection: d.connection(first)}, first)
		return err
	}
	if consult != "" {
		_, err := d.change(ctx, r, &wire.ReconnectCall{ActiveCall: d.connection(consult), HeldCall: d.connection(first)}, consult, first)
		if !hasCode(err, opencti.InvalidState) && !isUnsupported(err) {
			return err
		}
		// A consult that has failed, such as a busy tone, is active for some switches only.
		if _, err := d.change(ctx, r, &wire.ClearConnection{Connection: d.connection(consult)}, consult); err != nil {
			return err
		}
	}
	_, err := d.change(ctx, r, &wire.RetrieveCall{Call: d.connection(first)}, first)
	return err
}

// isAlternated says whether it is the consult that is on hold. The session knows; without it,
// what the calls were made for tells.
func (d *device) isAlternated(r opencti.Request) bool {
	if r.ConsultCallID != "" {
		return r.ConsultCallID == r.HeldCallID
	}
	p := d.phone()
	return r.CallID != "" && p.consultsWith(r.HeldCallID) && !p.consultsWith(r.CallID)
}

// BlindTransfer implements opencti.TransferControl.
func (d *device) BlindTransfer(ctx context.Context, r opencti.Request) error {
	data, err := d.complete(r)
	if err != nil {
		return err
	}
	return d.one(ctx, r, &wire.SingleStepTransferCall{
		ActiveCall: d.connection(r.CallID), TransferredTo: wire.Device(r.DestinationNumber), CorrelatorData: wire.NewCallData(data),
	})
}

// AlternateCall implements opencti.AlternateControl.
func (d *device) AlternateCall(ctx context.Context, r opencti.Request) error {
	m := &wire.AlternateCall{HeldCall: d.connection(r.HeldCallID), ActiveCall: d.connection(r.CallID)}
	_, err := d.change(ctx, r, m, r.CallID, r.HeldCallID)
	return err
}

// DropParty implements opencti.ConferenceControl. Events do not tell the connection of who
// calls; then the call is asked for it.
func (d *device) DropParty(ctx context.Context, r opencti.Request) error {
	p := d.phone()
	connection, known := p.connectionOf(r.CallID, r.Party)
	if !known {
		if _, err := d.snapshotCall(ctx, wire.SnapshotDeviceInfo{Connection: d.connection(r.CallID)}); err != nil {
			return err
		}
		connection, known = p.connectionOf(r.CallID, r.Party)
	}
	if !known {
		return opencti.Errorf(opencti.InvalidRequest, "party is none of the call's; its parties are in the call's parties")
	}
	_, err := d.change(ctx, r, &wire.ClearConnection{Connection: connection}, r.CallID)
	return err
}

// merged is data with newer values; both stay as they are.
func merged(data, newer map[string]string) map[string]string {
	out := maps.Clone(data)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, newer)
	return out
}
