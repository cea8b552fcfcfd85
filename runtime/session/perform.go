package session

import (
	"context"
	"crypto/rand"
	"slices"
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
// that the CTI server accepted; the change comes as an event with causedBy. The
// error is an *opencti.Error. key is the idempotency key, or empty.
func (s *Session) Perform(ctx context.Context, r opencti.Request, key string) (Answer, error) {
	if r.ID == "" {
		r.ID = rand.Text()
	}
	if key == "" {
		return Answer{RequestID: r.ID}, s.perform(ctx, r)
	}
	id, err := s.answers.once(ctx, key, r, func(ctx context.Context) error { return s.perform(ctx, r) })
	return Answer{RequestID: id}, err
}

func (s *Session) perform(ctx context.Context, r opencti.Request) (err error) {
	start := time.Now()
	defer func() {
		var code opencti.ErrorCode
		if e := opencti.AsError(err); e != nil {
			if e.Activity == "" {
				c := *e
				c.Activity = r.Activity
				e = &c
			}
			code, err = e.Code, e
		}
		s.observer.ActivityDone(r.Activity, code, time.Since(start))
	}()
	// HangUpCall does not wait behind a request that is timing out.
	if r.Activity != opencti.HangUpCall {
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := s.admit(&r); err != nil {
		return err
	}
	device, err := s.ready()
	if err != nil {
		return err
	}
	s.expect(r)
	if err := opencti.Perform(ctx, device, r); err != nil {
		s.forget(r.ID)
		return err
	}
	return nil
}

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

// expectationLife bounds how long after a request an event may still be its doing.
const expectationLife = 30 * time.Second

// expectation ties the event that a request should cause to the request.
type expectation struct {
	requestID string
	callID    string // empty: any call
	events    []opencti.EventName
	until     time.Time
}

// causes lists what each activity leads to.
var causes = map[opencti.Activity][]opencti.EventName{
	opencti.LoginAgent:       {opencti.LoggedIn},
	opencti.LogoutAgent:      {opencti.LoggedOut},
	opencti.SetAgentReady:    {opencti.Available},
	opencti.SetAgentNotReady: {opencti.Unavailable, opencti.AfterCallWork},
	opencti.AnswerCall:       {opencti.Established},
	opencti.HoldCall:         {opencti.Held},
	opencti.RetrieveCall:     {opencti.Retrieved},
	opencti.MakeCall:         {opencti.Initiated, opencti.Delivered, opencti.Established, opencti.Failed},
	opencti.HangUpCall:       {opencti.Released},
}

// expect is called before the request is sent: the event may be faster than the
// answer.
func (s *Session) expect(r opencti.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = append(s.expected, expectation{r.ID, r.CallID, causes[r.Activity], time.Now().Add(expectationLife)})
}

func (s *Session) forget(requestID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = slices.DeleteFunc(s.expected, func(e expectation) bool { return e.requestID == requestID })
}

// RequestFailed tells the desktops that a request which was accepted failed after all.
func (s *Session) RequestFailed(requestID string, why error) {
	s.forget(requestID)
}

// causeOf finds the request that an event is the answer to, once.
func (s *Session) causeOf(ev *Event) string {
	now := time.Now()
	s.expected = slices.DeleteFunc(s.expected, func(e expectation) bool { return now.After(e.until) })
	for i, e := range s.expected {
		if slices.Contains(e.events, ev.Name) && (e.callID == "" || ev.Call != nil && ev.Call.CallID == e.callID) {
			s.expected = slices.Delete(s.expected, i, i+1)
			return e.requestID
		}
	}
	return ""
}
