package walk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/test/desktop"
)

// Team is two agents at work together, each with a stream of their own: a call goes
// from one to the other with its data, and a second call becomes a conference.
type Team struct {
	Alice, Bob *Walk
}

// customer is who calls the team.
var customer = desktop.NewCall{From: "+493012345678", Data: map[string]string{"customer": "4711", "topic": "invoice"}}

// Run does the whole walk. The error says which step went wrong and how.
func (t *Team) Run(ctx context.Context) error {
	defer t.Alice.Leave()
	defer t.Bob.Leave()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"begin", t.begin},
		{"warm transfer", t.WarmTransfer},
		{"conference", t.Conference},
		{"log out", t.end},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (t *Team) each(ctx context.Context, do ...func(*Walk, context.Context) error) error {
	for _, w := range []*Walk{t.Alice, t.Bob} {
		for _, f := range do {
			if err := f(w, ctx); err != nil {
				return fmt.Errorf("agent %s: %w", w.Agent.ID, err)
			}
		}
	}
	return nil
}

// begin logs both in. Alice alone is available: the call is to reach her.
func (t *Team) begin(ctx context.Context) error {
	if err := t.each(ctx, (*Walk).LogIn); err != nil {
		return err
	}
	return t.Alice.BecomeAvailable(ctx)
}

func (t *Team) end(ctx context.Context) error { return t.each(ctx, (*Walk).LogOut) }

// take lets a customer call Alice, and answers.
func (t *Team) take(ctx context.Context) (*opencti.Call, error) {
	c := customer
	c.To = t.Alice.Agent.Queue
	call, err := t.Alice.Offer(ctx, c)
	if err != nil {
		return nil, err
	}
	t.Alice.Say("→ %s answers", t.Alice.Agent.ID)
	return call, t.Alice.do(ctx, opencti.AnswerCall, map[string]any{"callId": call.CallID}, opencti.Established)
}

// WarmTransfer has Alice consult Bob and hand the customer over. Bob has the customer's
// data before he says hello, and all that Alice added.
func (t *Team) WarmTransfer(ctx context.Context) error {
	call, err := t.take(ctx)
	if err != nil {
		return err
	}
	offered, err := t.consult(ctx, opencti.TransferInitiate, call)
	if err != nil {
		return err
	}
	t.Alice.Say("→ %s hands the customer over", t.Alice.Agent.ID)
	id, err := t.Alice.desktop.Do(ctx, opencti.TransferCall, nil)
	if err != nil {
		return err
	}
	for range 2 {
		e, err := t.Alice.next(ctx, "the end of a call by transfer", desktop.Named(opencti.Transferred))
		if err != nil {
			return err
		}
		if !e.Ended || e.CausedBy != "" && e.CausedBy != id {
			return fmt.Errorf("the call %s should have ended at %s by request %s: %+v", e.Call.CallID, t.Alice.Agent.DN, id, e.Event)
		}
	}
	e, err := t.Bob.next(ctx, "the customer", desktop.Named(opencti.Transferred))
	if err != nil {
		return err
	}
	if err := t.sameCustomer(call, offered, e); err != nil {
		return err
	}
	if err := t.Bob.switchCall(ctx, e.Call.CallID, "connected"); err != nil {
		return err
	}
	t.Bob.Say("→ %s and the customer are done", t.Bob.Agent.ID)
	if err := t.Bob.do(ctx, opencti.HangUpCall, nil, opencti.Released); err != nil {
		return err
	}
	_, err = t.Alice.next(ctx, "after-call work", desktop.Named(opencti.AfterCallWork))
	return err
}

// consult holds the call, consults Bob, who answers, and checks what Bob sees.
func (t *Team) consult(ctx context.Context, by opencti.Activity, call *opencti.Call) (*opencti.Call, error) {
	t.Alice.Say("→ %s consults %s about the call, and adds what she knows", t.Alice.Agent.ID, t.Bob.Agent.ID)
	properties := map[string]any{
		"callId": call.CallID, "destinationNumber": t.Bob.Agent.DN, "variables": map[string]string{"verified": "yes"},
	}
	if err := t.Alice.do(ctx, by, properties, opencti.Held); err != nil {
		return nil, err
	}
	e, err := t.Bob.next(ctx, "the consult", desktop.Named(opencti.Offering))
	if err != nil {
		return nil, err
	}
	c := e.Call
	want := map[string]string{"customer": "4711", "topic": "invoice", "verified": "yes"}
	switch {
	case c.CallType != opencti.Consult || c.OriginalCallType != opencti.Inbound || c.OfferedBy != opencti.ByConsult:
		return nil, fmt.Errorf("the consult is %s by %s of a call that was %s; want CONSULT, Consult, INBOUND", c.CallType, c.OfferedBy, c.OriginalCallType)
	case c.InteractionID != call.InteractionID:
		return nil, fmt.Errorf("the consult is of interaction %s, the call of %s", c.InteractionID, call.InteractionID)
	case pairs(c.Variables) != pairs(want):
		return nil, fmt.Errorf("the consult has data %s; want %s", pairs(c.Variables), pairs(want))
	}
	t.Bob.Say("→ %s answers", t.Bob.Agent.ID)
	if err := t.Bob.do(ctx, opencti.AnswerCall, nil, opencti.Established); err != nil {
		return nil, err
	}
	_, err = t.Alice.next(ctx, "the consulted agent", func(e desktop.Event) bool {
		return e.Name == opencti.Established && e.Call.CallID != call.CallID
	})
	return c, err
}

// sameCustomer says whether an event tells that Bob has the customer now.
func (t *Team) sameCustomer(call, offered *opencti.Call, e desktop.Event) error {
	switch {
	case e.Ended || !slices.Contains(e.PreviousCallIDs, offered.CallID) && e.Call.CallID != offered.CallID:
		return fmt.Errorf("the consult %s should go on with the customer: %+v", offered.CallID, e.Event)
	case e.Call.InteractionID != call.InteractionID:
		return fmt.Errorf("the interaction was %s and is %s", call.InteractionID, e.Call.InteractionID)
	case !slices.Contains(dns(e.Call), customer.From):
		return fmt.Errorf("the customer is not among the parties %v", dns(e.Call))
	case e.Call.Variables["verified"] != "yes" || e.Call.Variables["customer"] != "4711":
		return fmt.Errorf("the data is %s", pairs(e.Call.Variables))
	}
	return nil
}

func dns(c *opencti.Call) []string {
	var out []string
	for _, p := range c.Parties {
		out = append(out, p.DN)
	}
	return out
}

// Conference has Alice bring Bob in, all three talk, take Bob out again and end
// the call.
func (t *Team) Conference(ctx context.Context) error {
	if err := t.Alice.BecomeAvailable(ctx); err != nil {
		return err
	}
	call, err := t.take(ctx)
	if err != nil {
		return err
	}
	if _, err := t.consult(ctx, opencti.ConferenceInitiate, call); err != nil {
		return err
	}
	t.Alice.Say("→ all three talk")
	if err := t.Alice.do(ctx, opencti.ConferenceCall, nil, opencti.Conferenced); err != nil {
		return err
	}
	e, err := t.Bob.next(ctx, "the conference", desktop.Named(opencti.Conferenced))
	if err != nil {
		return err
	}
	for _, dn := range []string{customer.From, t.Alice.Agent.DN, t.Bob.Agent.DN} {
		if !slices.Contains(dns(e.Call), dn) {
			return fmt.Errorf("%s is not in the conference, but %s", dn, strings.Join(dns(e.Call), ", "))
		}
	}
	snap, err := t.Alice.desktop.Snapshot(ctx)
	if err != nil {
		return err
	}
	if len(snap.Calls) != 1 || snap.Calls[0].InteractionID != call.InteractionID {
		return fmt.Errorf("%s should have one call, of interaction %s: %+v", t.Alice.Agent.ID, call.InteractionID, snap.Calls)
	}
	conference := snap.Calls[0].CallID
	t.Alice.Say("→ %s takes %s out", t.Alice.Agent.ID, t.Bob.Agent.ID)
	if err := t.Alice.do(ctx, opencti.DropParty, map[string]any{"callId": conference, "party": t.Bob.Agent.DN}, opencti.PartyInfo); err != nil {
		return err
	}
	if _, err := t.Bob.next(ctx, "the end", func(e desktop.Event) bool { return e.Ended }); err != nil {
		return err
	}
	t.Alice.Say("→ %s hangs up", t.Alice.Agent.ID)
	if err := t.Alice.do(ctx, opencti.HangUpCall, nil, opencti.Released); err != nil {
		return err
	}
	_, err = t.Alice.next(ctx, "after-call work", desktop.Named(opencti.AfterCallWork))
	return err
}
