package asterisk

import (
	"context"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// TransferInitiate implements opencti.TransferControl: the other party waits on hold in the
// dialplan, and the telephone's channel calls.
func (d *device) TransferInitiate(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	if p.Call.State == opencti.Held || p.Shared {
		return opencti.Errorf(opencti.InvalidState, "retrieve the call first; one consult at a time")
	}
	if err := d.dialable(ctx, r.DestinationNumber); err != nil {
		return err
	}
	if p.Carrier != "" {
		return onePartner(p)
	}
	if err := d.leaveForConsult(ctx, p); err != nil {
		return err
	}
	if err := d.c.attach(ctx, merged(p.Call.Data, r.Variables), p.Leg); err != nil {
		return err
	}
	if err := d.c.handOn(ctx, p.Leg, opencti.ByConsult, original(r, p.Call)); err != nil {
		return err
	}
	return d.redirect(ctx, p.Leg, d.c.config.consultContext(), r.DestinationNumber)
}

// leaveForConsult has the other party wait; those of a conference go on without this telephone,
// and its channel says where it comes back to.
func (d *device) leaveForConsult(ctx context.Context, p mirror.Place) error {
	if p.Room == "" {
		return d.park(ctx, p)
	}
	return d.c.mark(ctx, p.Leg, mirror.AwayVariable, mirror.AwayMark{Room: p.Room, Call: p.Call.ID, Next: p.Next}.String())
}

// original is the type of the call that is handed on.
func original(r opencti.Request, call mirror.Call) opencti.CallType {
	if r.Lineage.CallType != "" {
		return r.Lineage.CallType
	}
	if t := callType(call); t != opencti.Consult {
		return t
	}
	return call.Original
}

// ConferenceInitiate implements opencti.ConferenceControl: a consult is a consult.
func (d *device) ConferenceInitiate(ctx context.Context, r opencti.Request) error {
	return d.TransferInitiate(ctx, r)
}

// pair is a call on hold and the consult for it. Of a telephone that does by itself what it
// can, each has a channel of its own.
type pair struct{ held, consult mirror.Place }

func (d *device) pair(r opencti.Request) (pair, error) {
	var out pair
	var err error
	if out.consult, err = d.place(r.CallID); err != nil {
		return out, err
	}
	out.held, err = d.place(r.HeldCallID)
	if err == nil && out.held.Call.State != opencti.Held {
		err = opencti.Errorf(opencti.InvalidState, "the first call is not on hold")
	}
	return out, err
}

func (p pair) oneLeg() bool { return p.held.Leg == p.consult.Leg }

// waiting is the party of the call on hold; of a conference there is none.
func (p pair) waiting() (string, error) {
	for _, channels := range [][]string{p.held.Parked, p.held.Far} {
		if len(channels) == 1 && p.held.Room == "" {
			return channels[0], nil
		}
	}
	return "", errConference
}

// TransferCall implements opencti.TransferControl: the parties of both calls are connected, also
// where the consulted one only rings or waits in a queue, and the telephone leaves. To a
// conference that waits, the consulted one is sent.
func (d *device) TransferCall(ctx context.Context, r opencti.Request) error {
	p, err := d.pair(r)
	if err != nil {
		return err
	}
	data := merged(p.held.Call.Data, merged(p.consult.Call.Data, r.Variables))
	if p.held.Room != "" {
		if err := d.join(ctx, p.consult, p.held.Room); err != nil {
			return err
		}
		return d.leaveCalls(ctx, p)
	}
	waiting, err := p.waiting()
	if err != nil {
		return err
	}
	if err := d.c.attach(ctx, data, append([]string{waiting}, p.consult.Far...)...); err != nil {
		return err
	}
	switch {
	case p.consult.Call.State == opencti.Established:
		if err := onePartner(p.consult); err != nil {
			return err
		}
		err = d.c.bridge(ctx, waiting, p.consult.Far[0])
	case !p.oneLeg():
		return d.transferByHand(ctx, r, p, waiting)
	case len(p.consult.Direct) != 1:
		return opencti.Errorf(opencti.InvalidState, "the consult reaches nobody")
	default:
		err = d.c.bridge(ctx, waiting, p.consult.Direct[0])
	}
	if err != nil {
		return err
	}
	return d.leaveCalls(ctx, p)
}

// leaveCalls hangs the telephone up.
func (d *device) leaveCalls(ctx context.Context, p pair) error {
	for _, leg := range []string{p.consult.Leg, p.held.Leg} {
		err := d.c.hangUp(ctx, leg)
		if e := opencti.AsError(err); e != nil && e.Code != opencti.NoSuchCall {
			return err
		}
		if p.oneLeg() {
			break
		}
	}
	return nil
}

// transferByHand: a consult that was dialled at the telephone, and rings, is called again for
// the other party.
func (d *device) transferByHand(ctx context.Context, r opencti.Request, p pair, waiting string) error {
	if err := d.c.handOn(ctx, waiting, opencti.ByTransfer, original(r, p.held.Call)); err != nil {
		return err
	}
	if err := d.c.hangUp(ctx, p.consult.Leg); err != nil {
		return err
	}
	return d.blindTransfer(ctx, p.held.Leg, p.consult.Call.DNIS)
}

func (d *device) redirect(ctx context.Context, channel, dialplan, extension string) error {
	return d.c.redirect(ctx, header("Channel", channel), header("Context", dialplan), header("Exten", extension), header("Priority", "1"))
}

func (c *connection) redirect(ctx context.Context, to ...ami.Header) error {
	return c.retry(ctx, notUpYet, func(ctx context.Context) error {
		_, err := c.request(ctx, "Redirect", to...)
		return err
	})
}

// comeBack connects the telephone's channel with those who wait for it.
func (d *device) comeBack(ctx context.Context, held mirror.Place) error {
	if held.Room != "" {
		return d.redirect(ctx, held.Leg, d.c.config.roomContext(), held.Room)
	}
	return d.c.bridge(ctx, held.Leg, held.Parked[0])
}

// CancelTransfer implements opencti.TransferControl.
func (d *device) CancelTransfer(ctx context.Context, r opencti.Request) error {
	held, err := d.place(r.HeldCallID)
	if err != nil {
		return err
	}
	if len(held.Parked) > 0 {
		return d.comeBack(ctx, held) // which ends the consult
	}
	if r.CallID != "" {
		consult, err := d.place(r.CallID)
		if err != nil {
			return err
		}
		if err := d.c.hangUp(ctx, consult.Leg); err != nil {
			return err
		}
	}
	return d.RetrieveCall(ctx, opencti.Request{Activity: r.Activity, ID: r.ID, CallID: r.HeldCallID})
}

// CancelConference implements opencti.ConferenceControl.
func (d *device) CancelConference(ctx context.Context, r opencti.Request) error {
	return d.CancelTransfer(ctx, r)
}

// BlindTransfer implements opencti.TransferControl.
func (d *device) BlindTransfer(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	if err := d.dialable(ctx, r.DestinationNumber); err != nil {
		return err
	}
	waiting, err := pair{held: p}.waiting()
	if err != nil {
		return err
	}
	if err := d.c.attach(ctx, merged(p.Call.Data, r.Variables), waiting); err != nil {
		return err
	}
	if err := d.c.handOn(ctx, waiting, opencti.ByBlindTransfer, original(r, p.Call)); err != nil {
		return err
	}
	if len(p.Parked) == 0 {
		return d.blindTransfer(ctx, p.Leg, r.DestinationNumber)
	}
	if err := d.redirect(ctx, waiting, d.c.config.Context, r.DestinationNumber); err != nil {
		return err
	}
	d.c.changed(func(m *mirror.Mirror) []mirror.Change { return m.Drop(r.CallID, mirror.Transferred) })
	if p.Shared {
		return nil
	}
	return d.c.hangUp(ctx, p.Leg)
}

func (d *device) blindTransfer(ctx context.Context, leg, number string) error {
	_, err := d.c.request(ctx, "BlindTransfer", header("Channel", leg), header("Context", d.c.config.Context), header("Exten", number))
	return err
}

// AlternateCall implements opencti.AlternateControl.
func (d *device) AlternateCall(ctx context.Context, r opencti.Request) error {
	p, err := d.pair(r)
	if err != nil {
		return err
	}
	switch {
	case p.oneLeg():
		return d.swap(ctx, p.consult, p.held)
	case !d.c.config.obeysNotify():
		return errNoRemoteControl
	}
	if err := d.c.notify(ctx, p.consult.Leg, notifyHold); err != nil {
		return err
	}
	if err := d.c.notify(ctx, p.held.Leg, notifyTalk); err != nil {
		return err
	}
	d.instructState(r, r.HeldCallID, opencti.Established)
	return nil
}

// swap puts the call of a telephone's channel on hold, and takes the one back that waits.
func (d *device) swap(ctx context.Context, talking, waiting mirror.Place) error {
	if err := d.park(ctx, talking); err != nil {
		return err
	}
	return d.comeBack(ctx, waiting)
}

// ringBack calls the telephone for those who wait on hold for a channel of it that is gone:
// nobody else knows of them.
func (c *connection) ringBack(lost mirror.Change) {
	for _, uid := range lost.Lost {
		c.alone(func(ctx context.Context) error {
			c.mu.Lock()
			name := c.mirror.Name(uid)
			c.mu.Unlock()
			if name == "" {
				return nil
			}
			return c.redirect(ctx, header("Channel", name), header("Context", c.config.Context), header("Exten", lost.DN), header("Priority", "1"))
		})
	}
}
