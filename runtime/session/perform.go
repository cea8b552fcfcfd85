package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Answer is what a desktop is told of a request that was accepted.
type Answer struct {
	RequestID string
	// Statistics is the answer to GetStatistics.
	Statistics *opencti.QueueStatistics
}

// Perform takes a request through the gate to the CTI server. A nil error means
// that the CTI server accepted; the change comes as an event with causedBy, or, where
// nothing comes of it, RequestFailed. The error is an *opencti.Error. key is the
// idempotency key, or empty; what changes nothing needs none.
func (s *Session) Perform(ctx context.Context, r opencti.Request, key string) (Answer, error) {
	if r.ID == "" {
		r.ID = rand.Text()
	}
	if key == "" || r.Activity == opencti.GetStatistics || r.Activity == opencti.Resync {
		return s.perform(ctx, r, func() {})
	}
	return s.answers.once(ctx, key, r, s.recorder, s.perform)
}

// perform is Perform without a key. begin is called before anything is sent to the CTI
// server or changed here.
func (s *Session) perform(ctx context.Context, r opencti.Request, begin func()) (a Answer, err error) {
	start := time.Now()
	defer func() { err = s.done(r.Activity, start, err) }()
	a.RequestID = r.ID
	if err := s.permit(&r); err != nil {
		return a, err
	}
	switch r.Activity {
	case opencti.AcceptInteraction:
		return a, s.accept(r, begin)
	case opencti.Resync:
		return a, s.ask(ctx, r)
	case opencti.GetStatistics:
		if _, err := s.ready(); err != nil {
			return a, err
		}
		statistics, err := s.backstage.QueueStatistics(ctx, r.Queue)
		a.Statistics = &statistics
		return a, err
	}
	return a, s.request(ctx, r, begin)
}

// done counts a request and makes its error what desktops are told.
func (s *Session) done(a opencti.Activity, start time.Time, err error) error {
	var code opencti.ErrorCode
	if e := opencti.AsError(err); e != nil {
		if e.Activity == "" {
			c := *e
			c.Activity = a
			e = &c
		}
		code, err = e.Code, e
	}
	s.observer.ActivityDone(a, code, time.Since(start))
	return err
}

// request takes a request to the device.
func (s *Session) request(ctx context.Context, r opencti.Request, begin func()) error {
	// HangUpCall does not wait behind a request that is timing out.
	if r.Activity != opencti.HangUpCall {
		if err := s.takeTurn(ctx); err != nil {
			return err
		}
		defer s.passTurn()
	}
	device, err := s.ready()
	if err != nil {
		return err
	}
	s.mu.Lock()
	steps, err := s.admit(r)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	begin()
	if len(steps) > 1 {
		return s.sendEach(ctx, device, steps)
	}
	return s.hand(ctx, device, steps[0])
}

func (s *Session) takeTurn(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Session) passTurn() { <-s.turn }

// ready gives the device when this pod may act and the CTI server can be reached.
func (s *Session) ready() (opencti.Device, error) {
	if err := s.mayAct(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return nil, opencti.Errorf(opencti.LinkDown, "the CTI server cannot be reached now")
	}
	return s.device, nil
}

// hand gives one request to the device. The event may be faster than the answer.
func (s *Session) hand(ctx context.Context, device opencti.Device, r opencti.Request) error {
	u := s.expect(r)
	err := opencti.Perform(ctx, device, r)
	s.answered(u, err == nil)
	return err
}

// sendEach logs the agent in to one queue after the other. A queue where the agent is
// already is no error; one that fails leaves the others alone, and is named.
func (s *Session) sendEach(ctx context.Context, device opencti.Device, steps []opencti.Request) error {
	var first *opencti.Error
	var failed []string
	for _, r := range steps {
		e := opencti.AsError(s.hand(ctx, device, r))
		if e == nil || e.Code == opencti.AlreadyLoggedIn {
			continue
		}
		if first == nil {
			first = e
		}
		failed = append(failed, fmt.Sprintf("queue %s: %s", r.Queue, e.Message))
		if e.Code == opencti.LinkDown || e.Code == opencti.Timeout {
			break
		}
	}
	if first == nil {
		return nil
	}
	return opencti.Errorf(first.Code, "%s", strings.Join(failed, "; ")).WithDetail(first.Detail)
}

// ask brings everything anew from the CTI server.
func (s *Session) ask(ctx context.Context, r opencti.Request) error {
	if _, err := s.ready(); err != nil {
		return err
	}
	u := s.expect(r)
	err := s.backstage.Resync(ctx, s)
	s.answered(u, err == nil)
	return err
}
