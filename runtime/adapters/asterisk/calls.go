package asterisk

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Extensions of the context for calls on hold.
const (
	holdExtension = "hold" // who is on hold
	waitExtension = "wait" // the agent's channel, while it has nobody
)

var errNoRemoteControl = opencti.Errorf(opencti.NotCapable, "this telephone cannot be told to; do it at the telephone").
	WithDetail("remoteControl: none")

var errConference = opencti.Errorf(opencti.NotCapable, "Asterisk cannot do this with a conference")

// AnswerCall implements opencti.CallControl: the telephone is told to.
func (d *device) AnswerCall(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	if p.Call.State != opencti.Offering {
		return opencti.Errorf(opencti.NoAlertingCall, "the call does not ring")
	}
	if p.Carrier != "" {
		if err := d.tone(ctx, p.Leg, d.c.config.AcceptTone); err != nil {
			return err
		}
		d.instructState(r, r.CallID, opencti.Established)
		return nil
	}
	if !d.c.config.obeysNotify() {
		return errNoRemoteControl
	}
	if err := d.c.notify(ctx, p.Leg, notifyTalk); err != nil {
		return err
	}
	d.instruct(r, func(m *mirror.Mirror) bool { return m.Name(p.Call.Leg) == "" || m.Up(p.Call.Leg) })
	return nil
}

// instruct expects the telephone to do what it was told.
func (d *device) instruct(r opencti.Request, obeyed func(*mirror.Mirror) bool) {
	d.c.instruct(&instruction{dn: d.dn, requestID: r.ID, obeyed: obeyed,
		why: opencti.Errorf(opencti.Timeout, "the telephone did not do it; it may not know remote control by NOTIFY").WithDetail(string(r.Activity))})
}

// instructState expects a call to come into a state, or to end.
func (d *device) instructState(r opencti.Request, callID string, state opencti.EventName) {
	d.instruct(r, func(m *mirror.Mirror) bool {
		p, there := m.Find(d.dn, callID)
		return !there || p.Call.State == state
	})
}

// HoldCall implements opencti.CallControl.
func (d *device) HoldCall(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	switch {
	case p.Call.State == opencti.Held:
		return opencti.Errorf(opencti.SameState, "the call is on hold already")
	case d.c.config.obeysNotify():
		if err := d.c.notify(ctx, p.Leg, notifyHold); err != nil {
			return err
		}
		d.instructState(r, r.CallID, opencti.Held)
		return nil
	}
	return d.park(ctx, p)
}

// park sends the other party of a call on hold. The telephone's channel waits.
func (d *device) park(ctx context.Context, p mirror.Place) error {
	if err := onePartner(p); err != nil {
		return err
	}
	mark := mirror.HeldMark{Leg: p.Call.Leg, Call: p.Call.ID, Next: p.Next}
	if err := d.c.setVariable(ctx, p.Far[0], mirror.HeldVariable, mark.String()); err != nil {
		return err
	}
	if err := d.c.redirect(ctx, header("Channel", p.Far[0]), header("Context", d.c.config.CTIContext), header("Exten", holdExtension),
		header("Priority", "1"), header("ExtraChannel", p.Leg), header("ExtraContext", d.c.config.CTIContext), header("ExtraExten", waitExtension),
		header("ExtraPriority", "1")); err != nil {
		return err
	}
	// What is asked of Asterisk next builds on it.
	return d.c.until(ctx, "Redirect", func(m *mirror.Mirror) bool {
		now, there := m.Find(d.dn, p.Call.ID)
		return !there || len(now.Parked) > 0
	})
}

// onePartner refuses what Asterisk can do with two channels only.
func onePartner(p mirror.Place) error {
	switch {
	case p.Carrier != "":
		return opencti.Errorf(opencti.NotCapable, "a telephone that is always connected has one call at a time")
	case p.Room != "" || len(p.Far) > 1:
		return errConference
	case !p.Connected || len(p.Far) == 0:
		return opencti.Errorf(opencti.InvalidState, "the call is not connected with anybody")
	}
	return nil
}

// RetrieveCall implements opencti.CallControl.
func (d *device) RetrieveCall(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	if p.Call.State != opencti.Held {
		return opencti.Errorf(opencti.InvalidState, "the call is not on hold")
	}
	if len(p.Parked) == 0 {
		if err := d.c.notify(ctx, p.Leg, notifyTalk); err != nil {
			return err
		}
		d.instructState(r, r.CallID, opencti.Established)
		return nil
	}
	if !p.Shared {
		return d.comeBack(ctx, p)
	}
	other, ok := d.otherCall(p.Call)
	if !ok || other.Call.State != opencti.Established {
		return opencti.Errorf(opencti.InvalidState, "the telephone is calling somebody; use CancelTransfer or HangUpCall")
	}
	return d.swap(ctx, other, p)
}

// otherCall is the one that the telephone's channel has now, while a call of it waits.
func (d *device) otherCall(waiting mirror.Call) (mirror.Place, bool) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	for _, call := range d.c.mirror.Calls(d.dn) {
		if call.Leg == waiting.Leg && call.ID != waiting.ID {
			return d.c.mirror.Find(d.dn, call.ID)
		}
	}
	return mirror.Place{}, false
}

// bridge connects two channels, whatever they did before.
func (c *connection) bridge(ctx context.Context, one, other string) error {
	return c.retry(ctx, notFreeYet, func(ctx context.Context) error {
		_, err := c.request(ctx, "Bridge", header("Channel1", one), header("Channel2", other), header("Tone", "no"))
		return err
	})
}

// MakeCall implements opencti.CallControl: the agent's own telephone rings first, and is told
// to answer where it can be.
func (d *device) MakeCall(ctx context.Context, r opencti.Request) error {
	if err := d.dialable(ctx, r.DestinationNumber); err != nil {
		return err
	}
	uid := "ctilink-" + strings.ToLower(r.ID)
	if !isName(uid) {
		return opencti.Errorf(opencti.InvalidRequest, "requestId may have letters, digits and any of . _ + * # -")
	}
	headers := []ami.Header{
		header("Channel", d.c.mirror.Device(d.dn)), header("Context", d.c.config.Context), header("Exten", r.DestinationNumber),
		header("Priority", "1"), header("Async", "true"), header("ChannelId", uid), header("CallerID", d.dn),
		header("Timeout", strconv.FormatInt(d.c.config.RingTimeout.Milliseconds(), 10)),
	}
	assignments, err := d.c.assignments(r.Variables)
	if err != nil {
		return err
	}
	headers = append(headers, assignments...)
	d.c.mu.Lock()
	d.c.mirror.Expect(uid, r.DestinationNumber)
	d.c.mu.Unlock()
	x := &exchange{onSend: func(id string) { d.c.calling[id] = caller{d.dn, r.ID} }}
	if _, _, err := d.c.exchange(ctx, x, "Originate", headers...); err != nil {
		return err
	}
	if d.c.config.obeysNotify() {
		d.c.alone(func(ctx context.Context) error { return d.c.answerOwn(ctx, uid) })
	}
	return nil
}

// dialable refuses what the dialplan does not know. Where Asterisk has not the function to ask,
// the call is made, and fails.
func (d *device) dialable(ctx context.Context, number string) error {
	if !isName(number) {
		return opencti.Errorf(opencti.InvalidDestination, "destinationNumber may have letters, digits and any of . _ + * # -")
	}
	known, err := d.c.request(ctx, "Getvar", header("Variable", "DIALPLAN_EXISTS("+d.c.config.Context+","+number+",1)"))
	if e := opencti.AsError(err); e != nil && e.Code != opencti.Rejected && e.Code != opencti.Forbidden {
		return err
	}
	if known.Get("Value") == "0" {
		return opencti.Errorf(opencti.InvalidDestination, "Asterisk's dialplan has no such number").WithDetail("DIALPLAN_EXISTS: 0")
	}
	return nil
}

// answerOwn tells the agent's telephone to take the call that was made for it.
func (c *connection) answerOwn(ctx context.Context, uid string) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.RingTimeout)
	defer cancel()
	for {
		c.mu.Lock()
		name, up := c.mirror.Name(uid), c.mirror.Up(uid)
		c.mu.Unlock()
		switch {
		case up:
			return nil
		case name != "":
			err := c.notify(ctx, name, notifyTalk)
			if e := opencti.AsError(err); e != nil && e.Code == opencti.NoSuchCall {
				return nil // it is over
			}
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.done:
			return nil
		case <-ctx.Done():
			return nil // Asterisk has told why
		}
	}
}

// HangUpCall implements opencti.CallControl. A telephone's channel that another party waits for
// stays.
func (d *device) HangUpCall(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	switch {
	case p.Carrier != "": // the leg stays
		return d.c.hangUp(ctx, p.Carrier)
	case len(p.Parked) > 0 && p.Room == "":
		return d.c.hangUp(ctx, p.Parked...)
	case len(p.Parked) > 0: // the others talk on
		d.c.changed(func(m *mirror.Mirror) []mirror.Change { return m.Drop(r.CallID, mirror.Normal) })
		return d.c.mark(ctx, p.Leg, mirror.AwayVariable, "")
	case !p.Shared:
		return d.c.hangUp(ctx, p.Leg)
	case p.Failed && !p.Connected:
		d.c.changed(func(m *mirror.Mirror) []mirror.Change { return m.Drop(r.CallID, mirror.Normal) })
		return nil // the channel waits already
	}
	return d.redirect(ctx, p.Leg, d.c.config.CTIContext, waitExtension)
}

func (c *connection) hangUp(ctx context.Context, channels ...string) error {
	for _, channel := range channels {
		if _, err := c.request(ctx, "Hangup", header("Channel", channel), header("Cause", "16")); err != nil {
			return err
		}
	}
	return nil
}

// DeclineCall implements opencti.DeclineControl.
func (d *device) DeclineCall(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	if p.Call.State != opencti.Offering {
		return opencti.Errorf(opencti.NoAlertingCall, "the call does not ring")
	}
	leg, uid := p.Leg, p.Call.Leg
	if p.Carrier != "" {
		leg, uid = p.Carrier, p.Call.ID
	}
	d.c.changed(func(m *mirror.Mirror) []mirror.Change { return m.Decline(uid) })
	_, err = d.c.request(ctx, "Hangup", header("Channel", leg), header("Cause", "21"))
	return err
}

// Times of tones: how long one is, and how long after its beginning the next one comes.
const (
	toneLength = 100 * time.Millisecond
	toneGap    = 150 * time.Millisecond
)

// SendDTMF implements opencti.ToneControl: as if they had been pressed at the telephone.
func (d *device) SendDTMF(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	if strings.Trim(r.Digits, "0123456789*#ABCDabcd") != "" {
		return opencti.Errorf(opencti.InvalidRequest, "digits may be 0-9, *, # and A-D")
	}
	if len(p.Parked) > 0 || p.Call.State == opencti.Held {
		return opencti.Errorf(opencti.NotCapable, "Asterisk sends no tones to a call on hold")
	}
	ticker := time.NewTicker(toneGap)
	defer ticker.Stop()
	for i, digit := range strings.ToUpper(r.Digits) {
		if i > 0 {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := d.tone(ctx, p.Leg, string(digit)); err != nil {
			return err
		}
	}
	return nil
}

// tone plays one, as if it came from the telephone.
func (d *device) tone(ctx context.Context, leg, digit string) error {
	_, err := d.c.request(ctx, "PlayDTMF", header("Channel", leg), header("Digit", digit),
		header("Duration", strconv.FormatInt(toneLength.Milliseconds(), 10)), header("Receive", "true"))
	return err
}

// MuteCall implements opencti.MuteControl.
func (d *device) MuteCall(ctx context.Context, r opencti.Request) error {
	return d.mute(ctx, r.CallID, "on")
}

// UnmuteCall implements opencti.MuteControl.
func (d *device) UnmuteCall(ctx context.Context, r opencti.Request) error {
	return d.mute(ctx, r.CallID, "off")
}

// mute takes away what comes from the telephone. Asterisk tells it in no event, and nobody who
// asks: so a variable of the channel says it.
func (d *device) mute(ctx context.Context, callID, state string) error {
	p, err := d.place(callID)
	if err != nil {
		return err
	}
	if _, err := d.c.request(ctx, "MuteAudio", header("Channel", p.Leg), header("Direction", "in"), header("State", state)); err != nil {
		return err
	}
	muted := ""
	if state == "on" {
		muted = state
	}
	return d.c.mark(ctx, p.Leg, mirror.MutedVariable, muted)
}

// SetDoNotDisturb implements opencti.DisturbControl. Asterisk has none of its own: the dialplan
// must look into the database. The custom device's state tells everybody.
func (d *device) SetDoNotDisturb(ctx context.Context, r opencti.Request) error {
	action, state := "DBPut", "BUSY"
	if !r.Enabled {
		action, state = "DBDel", "UNAVAILABLE"
	}
	headers := []ami.Header{header("Family", d.c.config.DisturbFamily), header("Key", d.dn)}
	if r.Enabled {
		headers = append(headers, header("Val", "YES"))
	}
	_, err := d.c.request(ctx, action, headers...)
	if e := opencti.AsError(err); e != nil && !strings.Contains(e.Detail, notInDatabase) {
		return err
	}
	_, err = d.c.request(ctx, "Setvar", header("Variable", "DEVICE_STATE(Custom:DND"+d.dn+")"), header("Value", state))
	return err
}
