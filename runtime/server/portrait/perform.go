package portrait

import (
	"context"
	"errors"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// answer does a request. The session is there for errors, too, once it is known.
func (f *Front) answer(ctx context.Context, r *Request) (*Answer, *session.Session, error) {
	if r.Name == initialize {
		return f.initialize(ctx, r)
	}
	id, extra, token, err := parseHandle(r.ClientID)
	if err != nil {
		return nil, nil, err
	}
	c, done := f.clients.enter(id)
	defer done()
	switch r.Name {
	case uninitialize:
		return f.uninitialize(ctx, r, c, id, token)
	case reconnect:
		return f.reconnect(ctx, r, c, id, extra, token)
	}
	if c == nil {
		return nil, nil, first(reconnect, "the client is not registered here: it was silent for too long, or another pod has taken over")
	}
	s := c.in()
	if !f.o.Sessions.Current(ctx, s) {
		return nil, nil, first(reconnect, "the session is not here any more")
	}
	switch r.Name {
	case getEvents:
		told, last, err := c.poll(ctx, r.Wait, r.Ack)
		return &Answer{Request: r.Name, RequestID: r.Ask.ID, Events: &Events{told}, Last: last}, s, err
	case "AGENTINITIALIZE":
		return f.logOn(ctx, r, c)
	}
	a, err := f.perform(ctx, r, s)
	return a, s, err
}

func (f *Front) initialize(ctx context.Context, r *Request) (*Answer, *session.Session, error) {
	s, err := f.open(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	c := newClient(newID(), r.ExtraEvents, s)
	if err := f.clients.add(c); err != nil {
		return nil, s, err
	}
	return f.registered(r, c), s, nil
}

// open opens the session that a client names, or finds the one that its token is of.
func (f *Front) open(ctx context.Context, r *Request) (*session.Session, error) {
	if r.SessionToken == "" {
		s, _, err := f.o.Sessions.Open(ctx, Opening{r.Ask.DN, r.Ask.AgentID, r.TakeOver, r.Workstation, r.ClientHandle})
		return s, err
	}
	for _, beside := range []string{"DN", "AGENTID", "TAKEOVER", "WORKSTATION", "CLIENTHANDLE"} {
		if r.given[beside] {
			return nil, &Failure{Element: beside, Why: opencti.Errorf(opencti.InvalidRequest,
				"%s and SESSIONTOKEN exclude each other: the token says whose session it is", beside)}
		}
	}
	s, _, err := f.o.Sessions.Restore(ctx, r.SessionToken)
	return s, err
}

// registered is the answer to who is registered now.
func (f *Front) registered(r *Request, c *client) *Answer {
	s := c.in()
	return &Answer{
		Request: r.Name, RequestID: r.Ask.ID, ClientID: handle(c, f.o.Sessions.Token(s)), Snapshot: s.Snapshot(), Last: fromTheStart,
	}
}

// uninitialize ends a registration. One that is not there is ended.
func (f *Front) uninitialize(ctx context.Context, r *Request, c *client, id, token string) (*Answer, *session.Session, error) {
	s := f.o.Sessions.Find(ctx, token)
	if c != nil {
		s = c.in()
		c.leave()
	}
	a := &Answer{Request: r.Name, RequestID: r.Ask.ID}
	others := f.clients.remove(id, s)
	if s == nil || others || !f.o.Sessions.Current(ctx, s) {
		return a, s, nil
	}
	return a, s, f.o.Sessions.Close(ctx, s)
}

// reconnect registers a client again, and brings everything anew from the CTI server.
func (f *Front) reconnect(ctx context.Context, r *Request, c *client, id string, extra bool, token string) (*Answer, *session.Session, error) {
	opened := false
	if c == nil || !f.o.Sessions.Current(ctx, c.in()) {
		s, isNew, err := f.o.Sessions.Restore(ctx, token)
		if err == nil && s.AgentID() == "" && r.Ask.AgentID != "" {
			s, isNew, err = f.o.Sessions.Open(ctx, Opening{DN: s.DN(), AgentID: r.Ask.AgentID})
		}
		if err != nil {
			return nil, nil, err
		}
		c, opened = newClient(id, extra, s), isNew
		if err := f.clients.add(c); err != nil {
			return nil, s, err
		}
	}
	s := c.in()
	if !opened {
		if _, err := s.Perform(ctx, opencti.Request{Activity: opencti.Resync, ID: r.Ask.ID}, ""); err != nil {
			return nil, s, err
		}
	}
	c.again()
	return f.registered(r, c), s, nil
}

// logOn logs the agent on. A client that is registered for a device alone becomes that of
// the agent at this device. An agent who is logged on already is fine: pages are reloaded.
func (f *Front) logOn(ctx context.Context, r *Request, c *client) (*Answer, *session.Session, error) {
	was := c.in()
	s, opened := was, false
	if was.AgentID() == "" && r.Ask.AgentID != "" {
		var err error
		if s, opened, err = f.o.Sessions.Open(ctx, Opening{DN: was.DN(), AgentID: r.Ask.AgentID, TakeOver: r.TakeOver}); err != nil {
			return nil, was, err
		}
	}
	a, err := f.perform(ctx, r, s)
	if code := opencti.AsError(err); code != nil && code.Code == opencti.AlreadyLoggedIn {
		a, err = &Answer{Request: r.Name, RequestID: r.Ask.ID}, nil
	}
	if err != nil {
		if opened {
			err = errors.Join(err, f.o.Sessions.Close(ctx, s))
		}
		return nil, s, err
	}
	if s != was {
		c.move(s)
		if !f.clients.has(was) {
			if err := f.o.Sessions.Close(ctx, was); err != nil {
				f.o.Log.Warn("Closing the session of a device alone failed", "device", opencti.Mask(was.DN()), "error", err)
			}
		}
		a.ClientID = handle(c, f.o.Sessions.Token(s))
	}
	return a, s, nil
}

// perform takes a request to the session.
func (f *Front) perform(ctx context.Context, r *Request, s *session.Session) (*Answer, error) {
	m := messageOf(r.Name)
	ask := r.Ask
	ask.Activity = m.activity
	switch {
	case r.Name == "SETAGENTSTATE" && r.State != available:
		ask.Activity = opencti.SetAgentNotReady
		if r.State == afterCallWork {
			ask.WorkMode = opencti.AfterCallWorkMode
		}
	case r.Name == "MUTECALL":
		if !ask.Enabled {
			ask.Activity = opencti.UnmuteCall
		}
		ask.Enabled = false // of DONOTDISTURB alone
	}
	if m.alone != "" && (ask.CallID == "" || ask.CallID == anyCall) {
		ask.CallID = onlyCall(s, m.alone)
	}
	given, err := s.Perform(ctx, ask, r.Key)
	if given.RequestID != "" {
		r.Ask.ID = given.RequestID
	}
	return &Answer{Request: r.Name, RequestID: r.Ask.ID, Statistics: given.Statistics}, err
}

// anyCall is the callId of who means the only call there is, as in Pega's guide ("AnswerCall").
const anyCall = "-1"

// onlyCall is the one call in a state; empty where there is none or more than one, and the
// session says so.
func onlyCall(s *session.Session, state opencti.EventName) (id string) {
	for _, c := range s.Snapshot().Calls {
		if c.State != state {
			continue
		}
		if id != "" {
			return ""
		}
		id = c.CallID
	}
	return id
}
