package phone

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// State is that of a call at the telephone.
type State string

// The states. Dialing lasts until the far end answers.
const (
	Ringing State = "ringing"
	Dialing State = "dialing"
	Talking State = "talking"
	Holding State = "holding"
	Ended   State = "ended"
)

// Call is one call at a telephone.
type Call struct {
	// Far is the other party's number, as the telephone shows it.
	Far string
	// Invite is the request that began the call.
	Invite *sip.Request
	// Dialled is the number that was called.
	Dialled string

	phone  *Phone
	id     string
	state  State // under phone.mu
	ended  chan struct{}
	media  *media
	dialog dialog
	cancel context.CancelCauseFunc
	// progress of a transfer, as the server tells it; the status alone.
	progress chan int
	server   *sipgo.DialogServerSession // of a call that came in
	client   *sipgo.DialogClientSession // of a call that was dialled
}

// dialog is what both kinds of sessions of the library can.
type dialog interface {
	Do(ctx context.Context, req *sip.Request) (*sip.Response, error)
	WriteRequest(req *sip.Request) error
	Bye(ctx context.Context) error
	ReadBye(req *sip.Request, tx sip.ServerTransaction) error
}

// State is the call's state now.
func (c *Call) State() State {
	c.phone.mu.Lock()
	defer c.phone.mu.Unlock()
	return c.state
}

// Ended is closed when the call is over.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// Tones are the digits that were heard.
func (c *Call) Tones() string { return c.media.heard() }

// Dial calls a number; from is who it says it is, empty: itself. It returns when the request is sent.
func (p *Phone) Dial(ctx context.Context, number, from string, headers ...sip.Header) (*Call, error) {
	if from == "" {
		from = p.Number
	}
	m, err := newMedia()
	if err != nil {
		return nil, err
	}
	req := sip.NewRequest(sip.INVITE, p.uri(number))
	sender := &sip.FromHeader{DisplayName: from, Address: p.uri(from), Params: sip.NewParams()}
	sender.Params.Add("tag", sip.GenerateTagN(16))
	req.AppendHeader(sender)
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	for _, h := range headers {
		req.AppendHeader(h)
	}
	req.SetBody(m.offer(sendRecv))
	session, err := p.dialogs.WriteInvite(ctx, req)
	if err != nil {
		m.close()
		return nil, fmt.Errorf("phone %s: dial: %w", p.Number, err)
	}
	answering, cancel := context.WithCancelCause(context.Background())
	c := &Call{Far: number, Dialled: number, Invite: req, phone: p, id: req.CallID().Value(), state: Dialing, ended: make(chan struct{}), media: m,
		dialog: session, client: session, cancel: cancel, progress: make(chan int, 8)}
	if !p.add(c) {
		cancel(nil)
		m.close()
		return nil, fmt.Errorf("phone %s is unplugged", p.Number)
	}
	p.sending.Go(func() { c.waitAnswer(answering) })
	return c, nil
}

func (c *Call) waitAnswer(ctx context.Context) {
	err := c.client.WaitAnswer(ctx, sipgo.AnswerOptions{Username: c.phone.Number, Password: c.phone.Password})
	if err == nil {
		err = c.client.Ack(ctx)
	}
	if err != nil {
		c.phone.change(c, Ended)
		return
	}
	c.media.to(c.client.InviteResponse.Body())
	c.phone.change(c, Talking)
}

// onInvite is a new call, or a change of one that is known.
func (p *Phone) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if c := p.find(req); c != nil {
		c.media.to(req.Body())
		res := sip.NewSDPResponseFromRequest(req, c.media.offer(c.direction()))
		res.AppendHeader(sip.HeaderClone(&p.dialogs.ContactHDR))
		_ = tx.Respond(res)
		return
	}
	session, err := p.dialogs.ReadInvite(req, tx)
	if err != nil {
		return
	}
	m, err := newMedia()
	if err != nil {
		return
	}
	m.to(req.Body())
	c := &Call{Far: req.From().Address.User, Dialled: req.Recipient.User, Invite: req, phone: p, id: req.CallID().Value(), state: Ringing,
		ended: make(chan struct{}), media: m, dialog: session, server: session, cancel: func(error) {},
		progress: make(chan int, 8)}
	if p.Refuses != nil {
		if status := p.Refuses(c.Dialled); status != 0 {
			_ = session.Respond(status, "Refused", nil)
			m.close()
			return
		}
	}
	if err := session.Respond(sip.StatusRinging, "Ringing", nil); err != nil || !p.add(c) {
		m.close()
		return
	}
	p.change(c, Ringing)
	if p.OnRing != nil {
		p.running.Go(func() { p.OnRing(c) })
	}
	p.ring(c)
}

// ring lasts until the call is answered or over. The library ends the transaction when its
// handler returns.
func (p *Phone) ring(c *Call) {
	for {
		p.mu.Lock()
		ringing, changed := c.state == Ringing, p.changed
		p.mu.Unlock()
		if !ringing {
			return
		}
		select {
		case <-changed:
		case <-c.server.Context().Done(): // cancelled
			p.change(c, Ended)
		}
	}
}

func (c *Call) direction() string {
	if c.State() == Holding {
		return sendOnly
	}
	return sendRecv
}

func (p *Phone) onAck(req *sip.Request, tx sip.ServerTransaction) {
	if c := p.find(req); c != nil && c.server != nil {
		_ = c.server.ReadAck(req, tx)
	}
}

func (p *Phone) onBye(req *sip.Request, tx sip.ServerTransaction) {
	c := p.find(req)
	if c == nil {
		_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusCallTransactionDoesNotExists, "No Such Call", nil))
		return
	}
	_ = c.dialog.ReadBye(req, tx)
	p.change(c, Ended)
}

// onNotify is remote control, or the progress of a transfer.
func (p *Phone) onNotify(req *sip.Request, tx sip.ServerTransaction) {
	ok(req, tx)
	c, event := p.findSoon(req), req.GetHeader("Event")
	if c == nil || event == nil {
		return
	}
	if event.Value() == "refer" {
		c.follow(req.Body())
		return
	}
	if p.isDeaf() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	switch event.Value() {
	case "talk":
		if c.state == Ringing {
			p.running.Go(func() { _ = c.Answer() })
		} else {
			p.obey(c.Retrieve)
		}
	case "hold":
		p.obey(c.Hold)
	}
}

// obey does what NOTIFY said, unless the telephone is unplugged first.
func (p *Phone) obey(do func(context.Context) error) {
	p.sending.Go(func() {
		ctx, cancel := context.WithTimeout(p.plugged, patience)
		defer cancel()
		_ = do(ctx)
	})
}

// Answer picks up.
func (c *Call) Answer() error {
	if c.server == nil {
		return fmt.Errorf("phone %s: the call did not come in", c.phone.Number)
	}
	if err := c.server.RespondSDP(c.media.offer(sendRecv)); err != nil {
		return fmt.Errorf("phone %s: answer: %w", c.phone.Number, err)
	}
	c.phone.change(c, Talking)
	return nil
}

// Refuse turns a ringing call away: 486 busy, 603 declined.
func (c *Call) Refuse(status int) error {
	if c.server == nil {
		return fmt.Errorf("phone %s: the call did not come in", c.phone.Number)
	}
	err := c.server.Respond(status, "Refused", nil)
	c.phone.change(c, Ended)
	return err
}

// HangUp ends the call, whatever its state.
func (c *Call) HangUp(ctx context.Context) error {
	ctx, cancel := c.phone.patient(ctx, "hang up")
	defer cancel()
	switch c.State() {
	case Ended:
		return nil
	case Ringing:
		return c.Refuse(int(sip.StatusBusyHere))
	case Dialing:
		if over, err := c.giveUp(ctx); over {
			return err
		}
	}
	err := c.dialog.Bye(ctx)
	c.phone.change(c, Ended)
	if err != nil {
		err = fmt.Errorf("phone %s: hang up: %w", c.phone.Number, reason(ctx, err))
	}
	return err
}

// Deflect sends a ringing call to another number of the server.
func (c *Call) Deflect(number string) error {
	if c.server == nil {
		return fmt.Errorf("phone %s: the call did not come in", c.phone.Number)
	}
	to := c.phone.uri(number)
	err := c.server.Respond(sip.StatusMovedTemporarily, "Moved Temporarily", nil, &sip.ContactHeader{Address: to})
	c.phone.change(c, Ended)
	return err
}

// giveUp ends a call that is not answered; unless it is, in this moment: nobody hangs up faster.
func (c *Call) giveUp(ctx context.Context) (over bool, err error) {
	answered, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	for answered.Err() == nil && c.State() == Dialing {
		select {
		case <-time.After(time.Millisecond):
		case <-answered.Done():
		}
	}
	if c.State() != Dialing {
		return false, nil
	}
	c.cancel(nil)
	select {
	case <-c.ended:
		return true, nil
	case <-ctx.Done():
		return true, context.Cause(ctx)
	}
}

// Hold puts the call on hold.
func (c *Call) Hold(ctx context.Context) error { return c.reinvite(ctx, sendOnly, Holding) }

// Retrieve ends the hold.
func (c *Call) Retrieve(ctx context.Context) error { return c.reinvite(ctx, sendRecv, Talking) }

func (c *Call) reinvite(ctx context.Context, direction string, then State) error {
	ctx, cancel := c.phone.patient(ctx, "re-invite")
	defer cancel()
	req := sip.NewRequest(sip.INVITE, c.target())
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(c.media.offer(direction))
	res, err := c.dialog.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("phone %s: re-invite: %w", c.phone.Number, reason(ctx, err))
	}
	if !res.IsSuccess() {
		return fmt.Errorf("phone %s: re-invite: %s", c.phone.Number, res.StartLine())
	}
	if err := c.dialog.WriteRequest(sip.NewRequest(sip.ACK, c.target())); err != nil {
		return err
	}
	c.phone.change(c, then)
	return nil
}

// target is where requests within the dialog go.
func (c *Call) target() sip.Uri {
	if c.server != nil {
		return *c.Invite.Contact().Address.Clone()
	}
	return *c.client.InviteResponse.Contact().Address.Clone()
}

// Transfer sends the other party to a number, without a consult.
func (c *Call) Transfer(ctx context.Context, number string) error {
	to := c.phone.uri(number)
	return c.refer(ctx, to.String())
}

// TransferTo connects the other parties of two calls.
func (c *Call) TransferTo(ctx context.Context, consult *Call) error {
	replaces := url.QueryEscape(fmt.Sprintf("%s;to-tag=%s;from-tag=%s", consult.id, consult.farTag(), consult.ownTag()))
	to := c.phone.uri(consult.Far)
	return c.refer(ctx, to.String()+"?Replaces="+replaces)
}

// follow takes what the server tells of a transfer (RFC 3515, 2.4.5), but that it tries.
func (c *Call) follow(fragment []byte) {
	var version string
	var status int
	if _, err := fmt.Sscan(string(fragment), &version, &status); err != nil || status == int(sip.StatusTrying) {
		return
	}
	select {
	case c.progress <- status:
	default:
	}
}

// refer transfers, again and again while the switch says no: it may not have connected the
// parties yet.
func (c *Call) refer(ctx context.Context, to string) error {
	ctx, cancel := c.phone.patient(ctx, "refer")
	defer cancel()
	for {
		if err := c.referOnce(ctx, to); err != nil {
			return err
		}
		select {
		case status := <-c.progress:
			if status < 300 {
				return c.HangUp(ctx) // what is left of the call is the telephone's to end
			}
		case <-c.ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("phone %s: refer: %w", c.phone.Number, context.Cause(ctx))
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (c *Call) referOnce(ctx context.Context, to string) error {
	req := sip.NewRequest(sip.REFER, c.target())
	own := c.phone.uri(c.phone.Number)
	req.AppendHeader(sip.NewHeader("Refer-To", "<"+to+">"))
	req.AppendHeader(sip.NewHeader("Referred-By", "<"+own.String()+">"))
	res, err := c.dialog.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("phone %s: refer: %w", c.phone.Number, err)
	}
	if res.StatusCode != sip.StatusAccepted {
		return fmt.Errorf("phone %s: refer: %s", c.phone.Number, res.StartLine())
	}
	return nil
}

func (c *Call) farTag() string {
	if c.server != nil {
		return tag(c.Invite.From().Params)
	}
	return tag(c.client.InviteResponse.To().Params)
}

func (c *Call) ownTag() string {
	if c.server != nil {
		return tag(c.server.InviteResponse.To().Params)
	}
	return tag(c.Invite.From().Params)
}

func tag(p sip.HeaderParams) string { t, _ := p.Get("tag"); return t }

// Press sends tones.
func (c *Call) Press(ctx context.Context, digits string) error { return c.media.press(ctx, digits) }
