package session

import (
	"context"
	"crypto/rand"
	"maps"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Call treatment: what the pool's rules make of an offered call. Its requests are not
// the desktop's, so every telephony mode allows them. They never block an event.

// work is what a treatment has to do at the CTI server.
type work struct {
	call      *call
	treatment *opencti.Treatment
	data      map[string]string
	delay     time.Duration // for AnswerAfterDelay
}

// treat lets the rules look at a call that rings and has no treatment. It gives what is
// to be done once the desktops know; nil when there is nothing. Later data may bring the
// treatment that an offer did not get.
func (s *Session) treat(c *call) *work {
	if c.inherited {
		c.inherited = false
		if c.State == opencti.Offering && c.AnsweredAt == nil && c.Treatment != nil && c.Treatment.Rule != "" {
			return s.resume(c)
		}
	}
	if c.State != opencti.Offering || s.policy.Treatments == nil || c.Treatment != nil && c.Treatment.Rule != "" {
		return nil
	}
	t, data, err := s.policy.Treatments.Of(&c.Call, s.dn, s.agentID)
	if err != nil {
		s.observer.EventDropped("EventPostProcessing")
		s.log.Warn("A call treatment failed", "device", opencti.Mask(s.dn), "error", err)
		return nil
	}
	if t == nil {
		return nil
	}
	treated := *t
	treated.Claimed = c.claimed()
	if treated.Answer == "" {
		treated.Answer = opencti.AnswerManually
	}
	c.Treatment = &treated
	return &work{c, &treated, data, time.Duration(t.DelaySeconds) * time.Second}
}

// resume goes on with the treatment that the slot's former holder gave a call which still
// rings: what it had to do may not be done. It stays what desktops were told, also where
// the rules are others now.
func (s *Session) resume(c *call) *work {
	w := &work{call: c, treatment: c.Treatment}
	w.delay = time.Until(c.Since.Add(time.Duration(c.Treatment.DelaySeconds) * time.Second))
	if s.policy.Treatments == nil {
		return w
	}
	t, data, err := s.policy.Treatments.Of(&c.Call, s.dn, s.agentID)
	if err != nil || t == nil || t.Rule != c.Treatment.Rule {
		return w // the data is nobody's any more
	}
	maps.DeleteFunc(data, func(name, value string) bool { return c.Variables[name] == value })
	w.data = data
	return w
}

// treatAnew is treat for a call that is offered anew: a transfer was completed while it
// rang, and who calls is another.
func (s *Session) treatAnew(c *call) *work {
	if c.Treatment != nil {
		c.leaveManual()
		old := c.Treatment
		c.Treatment = nil
		if old.Claimed {
			c.Treatment = &opencti.Treatment{Answer: opencti.AnswerManually, Claimed: true}
		}
	}
	return s.treat(c)
}

// start does the work of a treatment. Answering comes first: somebody waits.
func (s *Session) start(w *work) {
	answers := w.treatment.Answer == opencti.AnswerOnOffer ||
		w.treatment.Answer == opencti.AnswerOnInteraction && w.treatment.Claimed
	if w.treatment.Answer == opencti.AnswerAfterDelay {
		w.call.answer = time.AfterFunc(w.delay, func() {
			s.auto(w.call, opencti.Request{Activity: opencti.AnswerCall})
		})
	}
	if !answers && len(w.data) == 0 {
		return
	}
	go func() {
		if answers {
			s.auto(w.call, opencti.Request{Activity: opencti.AnswerCall})
		}
		if len(w.data) > 0 {
			s.auto(w.call, opencti.Request{Activity: opencti.AttachData, Variables: w.data})
		}
	}()
}

// auto performs a request of a treatment, and tells of its failure.
func (s *Session) auto(c *call, r opencti.Request) {
	ctx, cancel := context.WithTimeout(s.life, answerTimeout)
	defer cancel()
	if r.ID == "" {
		r.ID = "treatment-" + rand.Text()
	}
	start := time.Now()
	acted, err := s.autoRequest(ctx, c, r)
	if !acted || s.life.Err() != nil {
		return
	}
	err = s.done(r.Activity, start, err)
	if err == nil {
		return
	}
	s.log.Warn("A request of a call treatment failed", "activity", r.Activity, "device", opencti.Mask(s.dn), "error", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellFailure(r.ID, r.Activity, opencti.AsError(err))
}

// autoRequest sends it, unless the call has gone on meanwhile.
func (s *Session) autoRequest(ctx context.Context, c *call, r opencti.Request) (acted bool, err error) {
	if err := s.takeTurn(ctx); err != nil {
		return true, err
	}
	defer s.passTurn()
	s.mu.Lock()
	lives := s.state.calls[c.CallID] == c && byState[c.State].has(r.Activity)
	r.CallID, r.DN, r.AgentID = c.CallID, s.dn, s.agentID
	class := s.class
	s.mu.Unlock()
	if !lives {
		return false, nil
	}
	if err := class.offers(r.Activity); err != nil {
		return true, err
	}
	device, err := s.ready()
	if err != nil {
		return true, err
	}
	return true, s.hand(ctx, device, r)
}

// accept is AcceptInteraction: the first who says so has it.
func (s *Session) accept(r opencti.Request, begin func()) error {
	if err := s.mayAct(); err != nil {
		return err
	}
	begin()
	if err := s.claim(r); err != nil {
		return err
	}
	if s.recorder != nil {
		s.recorder.Claimed()
	}
	return nil
}

// claim gives the interaction of a call to a desktop.
func (s *Session) claim(r opencti.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.meant(&r)
	if err != nil {
		return err
	}
	if !s.possible(c).has(r.Activity) {
		return c.refuse(r.Activity)
	}
	claimed := opencti.Treatment{Answer: opencti.AnswerManually}
	if c.Treatment != nil {
		claimed = *c.Treatment
	}
	claimed.Claimed = true
	c.Treatment = &claimed
	now := time.Now()
	s.announceCall(&change{call: c, was: c.State, event: &Event{Name: opencti.CallInfo, CausedBy: r.ID}}, now)
	if claimed.Answer == opencti.AnswerOnInteraction && c.State == opencti.Offering {
		go s.auto(c, opencti.Request{Activity: opencti.AnswerCall, ID: r.ID})
	}
	return nil
}
