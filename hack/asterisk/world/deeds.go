package world

import (
	"context"
	"fmt"

	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
)

// alive are all states of a call that somebody has.
var alive = []phone.State{phone.Talking, phone.Dialing, phone.Ringing, phone.Holding}

// telephone is what a person's hands do, to the call in one of the states.
var telephone = map[conformance.Deed]struct {
	states []phone.State
	do     func(ctx context.Context, c *phone.Call, a conformance.Act) error
}{
	conformance.Answers:   {[]phone.State{phone.Ringing}, func(_ context.Context, c *phone.Call, _ conformance.Act) error { return c.Answer() }},
	conformance.Holds:     {[]phone.State{phone.Talking}, func(ctx context.Context, c *phone.Call, _ conformance.Act) error { return c.Hold(ctx) }},
	conformance.Retrieves: {[]phone.State{phone.Holding}, func(ctx context.Context, c *phone.Call, _ conformance.Act) error { return c.Retrieve(ctx) }},
	conformance.HangsUp:   {alive, func(ctx context.Context, c *phone.Call, _ conformance.Act) error { return c.HangUp(ctx) }},
	conformance.GivesAway: {[]phone.State{phone.Ringing}, func(_ context.Context, c *phone.Call, a conformance.Act) error { return c.Deflect(a.To) }},
	conformance.LetsItRing: {[]phone.State{phone.Ringing}, func(ctx context.Context, c *phone.Call, _ conformance.Act) error {
		select {
		case <-c.Ended():
			return nil
		case <-ctx.Done():
			return fmt.Errorf("it still rings: %w", ctx.Err())
		}
	}},
}

// Do implements conformance.World.
func (w *World) Do(ctx context.Context, a conformance.Act) error {
	p, inside := w.Phones[a.Who]
	if !inside {
		p = w.Carrier
	}
	hand, byHand := telephone[a.Does]
	switch {
	case a.Does == conformance.Calls:
		_, err := p.Dial(ctx, a.To, from(a, inside), Headers(a.Data)...)
		return err
	case byHand:
		call, err := newest(ctx, p, hand.states...)
		if err != nil {
			return err
		}
		return hand.do(ctx, call, a)
	case a.Does == conformance.HeardDigits:
		return heard(ctx, p, a.Digits)
	}
	return w.doMore(ctx, p, a)
}

func from(a conformance.Act, inside bool) string {
	if inside {
		return ""
	}
	return a.Who
}

func (w *World) doMore(ctx context.Context, p *phone.Phone, a conformance.Act) error {
	switch a.Does {
	case conformance.Consults:
		call, err := p.Await(ctx, phone.Talking)
		if err != nil {
			return err
		}
		if err := call.Hold(ctx); err != nil {
			return err
		}
		_, err = p.Dial(ctx, a.To, "")
		return err
	case conformance.Transfers:
		held, err := p.Await(ctx, phone.Holding)
		if err != nil {
			return err
		}
		consult, err := p.Await(ctx, phone.Talking)
		if err != nil {
			return err
		}
		return held.TransferTo(ctx, consult)
	case conformance.SetsDoNotDisturb:
		// As FreePBX's feature code does.
		if _, err := w.PBX.CLI(ctx, "database put DND "+a.Who+" YES"); err != nil {
			return err
		}
		_, err := w.PBX.CLI(ctx, "devstate change Custom:DND"+a.Who+" BUSY")
		return err
	case conformance.IsMadeNotReady:
		_, err := w.PBX.CLI(ctx, "queue pause member "+w.member(w.deskOf(a.Who))+" queue 8001 reason supervisor")
		return err
	case conformance.LosesConnections:
		w.proxy.drop()
		return nil
	case conformance.FailsLater:
		p.SetDeaf(true)
		return nil
	}
	return conformance.ErrCannot
}

// deskOf gives the telephone of an agent.
func (w *World) deskOf(agent string) string {
	for _, a := range w.Cast().Agents {
		if a.ID == agent {
			return a.DN
		}
	}
	return agent
}

// newest waits for a call in one of the states, and gives the last that began.
func newest(ctx context.Context, p *phone.Phone, states ...phone.State) (*phone.Call, error) {
	found, err := p.Await(ctx, states...)
	if err != nil {
		return nil, err
	}
	for _, c := range p.Calls() {
		for _, s := range states {
			if c.State() == s {
				found = c
			}
		}
	}
	return found, nil
}

func heard(ctx context.Context, p *phone.Phone, digits string) error {
	c, err := newest(ctx, p, phone.Talking)
	if err == nil && c.Tones() != digits {
		err = fmt.Errorf("the digits %q were heard", c.Tones())
	}
	return err
}
