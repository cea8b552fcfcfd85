package asterisk

import (
	"context"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// instruction is what a telephone was told to do, which it may leave undone: Asterisk's success says
// only that it was told.
type instruction struct {
	dn, requestID string
	until         time.Time
	obeyed        func(*mirror.Mirror) bool
	why           *opencti.Error
}

func (c *connection) instruct(o *instruction) {
	o.until = time.Now().Add(c.config.PhoneTimeout)
	c.do(func(*mirror.Mirror) []mirror.Change { // the loop sets its timer afterwards
		c.instructions = append(c.instructions, o)
		return nil
	})
}

// checkInstructions tells of those that were not obeyed in time, and forgets the others.
func (c *connection) checkInstructions(now time.Time) {
	c.mu.Lock()
	var failed []*instruction
	c.instructions = slices.DeleteFunc(c.instructions, func(o *instruction) bool {
		if o.obeyed(c.mirror) {
			return true
		}
		late := !now.Before(o.until)
		if late {
			failed = append(failed, o)
		}
		return late
	})
	c.mu.Unlock()
	for _, o := range failed {
		if o.requestID != "" {
			c.sink.RequestFailed(o.dn, o.requestID, o.why)
		}
	}
}

// Events of NOTIFY that remote control consists of (BroadSoft; Polycom, Yealink, Snom,
// Grandstream and others know them).
const (
	notifyTalk = "talk"
	notifyHold = "hold"
)

// patience is how long Asterisk may need until a channel is ready for what is asked of it.
const patience = 2 * time.Second

// Refusals that mean: not yet.
const (
	// For some milliseconds after the INVITE a channel has no SIP dialog that could be told.
	noDialogYet = "PJSIPNotify: Channel not found"
	// A channel that was sent somewhere is on its way.
	notUpYet = "Redirect: Redirect failed, channel not up"
	// A channel that was sent elsewhere is still leaving. Of the second one it would mean that the first
	// is in a bridge by now.
	notFreeYet = "Bridge: Unable to add Channel1"
)

// retry asks again while Asterisk says not yet.
func (c *connection) retry(ctx context.Context, notYet string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ask(ctx)
		if e := opencti.AsError(err); e == nil || e.Detail != notYet {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-c.done:
			return c.lost()
		case <-ctx.Done():
			return err
		}
	}
}

// until waits until events have told what an action has begun.
func (c *connection) until(ctx context.Context, action string, is func(*mirror.Mirror) bool) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.ResponseTimeout)
	defer cancel()
	for {
		c.mu.Lock()
		done := is(c.mirror)
		c.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-c.done:
			return c.lost()
		case <-ctx.Done():
			return opencti.AsError(ctx.Err()).WithDetail(action)
		}
	}
}

// notify tells a telephone something about the call of a channel.
func (c *connection) notify(ctx context.Context, channel, event string) error {
	return c.retry(ctx, noDialogYet, func(ctx context.Context) error {
		_, err := c.request(ctx, "PJSIPNotify", header("Channel", channel), header("Variable", "Event="+event))
		return err
	})
}

// caller is who waits for the outcome of a MakeCall.
type caller struct{ dn, requestID string }

// originateReasons say why the agent's own telephone did not take part (channel's frames, in
// OriginateResponse).
var originateReasons = map[string]*opencti.Error{
	"0": opencti.Errorf(opencti.DeviceOutOfService, "the agent's telephone cannot be reached"),
	"1": opencti.Errorf(opencti.Rejected, "the agent's telephone hung up"),
	"3": opencti.Errorf(opencti.Timeout, "the agent's telephone was not answered"),
	"5": opencti.Errorf(opencti.DeviceInUse, "the agent's telephone is busy"),
	"8": opencti.Errorf(opencti.DeviceOutOfService, "the agent's telephone cannot be reached"),
}

// originated is the outcome of the agent's own leg.
func (c *connection) originated(m ami.Message) {
	id := m.Get("ActionID")
	c.mu.Lock()
	who, known := c.calling[id]
	delete(c.calling, id)
	c.mu.Unlock()
	if !known || m.Get("Response") == "Success" {
		return
	}
	why, ok := originateReasons[m.Get("Reason")]
	if !ok {
		why = opencti.Errorf(opencti.Rejected, "the call was not made")
	}
	c.sink.RequestFailed(who.dn, who.requestID, why.WithDetail("OriginateResponse: Reason "+peerText(m.Get("Reason"))))
}
