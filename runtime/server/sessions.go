package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// OpenSession is the body of POST /v1/sessions.
type OpenSession struct {
	AgentID      string              `json:"agentId,omitempty" maxLength:"64" doc:"The agent at the ACD; absent for a session of a device alone." example:"4001"`
	DN           string              `json:"dn,omitempty" maxLength:"64" doc:"The device; may be absent when the pool gives the agent just one." example:"1001"`
	Login        *Login              `json:"login,omitempty" doc:"Logs the agent in as well, unless it is logged in."`
	TakeOver     bool                `json:"takeOver,omitempty" doc:"Ends the session that stands in the way: the agent's at another device, another agent's at this device. Its agent is logged out there first."`
	Workstation  string              `json:"workstation,omitempty" maxLength:"128" doc:"The user's workstation; the event sink tells it with each event." example:"pc-12"`
	ClientHandle string              `json:"clientHandle,omitempty" maxLength:"256" doc:"The desktop's own name for itself; the event sink tells it with each event."`
	Hidden       []opencti.EventType `json:"hiddenEvents,omitempty" maxItems:"8" enum:"PartyInfo,CallInfo,AgentState,CallState,LinkState" doc:"Event types that this desktop cannot show."`
}

// Login is LoginAgent within the opening of a session.
type Login struct {
	Password string `json:"password,omitempty" maxLength:"128" doc:"The agent's password at the ACD."`
	Queue    string `json:"queue,omitempty" maxLength:"64" doc:"The queue to log in to; absent: those the ACD gives."`
	WorkMode string `json:"workMode,omitempty" maxLength:"32"`
}

type openInput struct {
	Body OpenSession
}

// Opened is the answer to POST /v1/sessions.
type Opened struct {
	Session      string            `json:"session" doc:"The session's name in URLs."`
	SessionToken string            `json:"sessionToken" doc:"Keep it: with it any pod restores the session."`
	Joined       bool              `json:"joined" doc:"Whether the session was open already."`
	Snapshot     *session.Snapshot `json:"snapshot"`
}

type openOutput struct {
	Status int
	Body   Opened
}

func (s *Server) openSession(ctx context.Context, in *openInput) (*openOutput, error) {
	b := in.Body
	if b.Login != nil && b.AgentID == "" {
		return nil, withStatus(http.StatusBadRequest, opencti.InvalidRequest, "body.login needs body.agentId")
	}
	// Many a switch trims what it is asked for: the session would be another one than the
	// device's, and hear nothing.
	for name, value := range map[string]string{"dn": b.DN, "agentId": b.AgentID} {
		if strings.TrimSpace(value) != value {
			return nil, withStatus(http.StatusBadRequest, opencti.InvalidRequest, "body."+name+" begins or ends with white space; leave it out")
		}
	}
	rec := recordOf(ctx)
	rec.agent, rec.device = b.AgentID, opencti.Mask(b.DN)
	l := linkOf(ctx)
	opened, isNew, err := l.Open(ctx, link.Request{
		DN: b.DN, AgentID: b.AgentID, TakeOver: b.TakeOver, Hidden: b.Hidden,
		Presence: session.Presence{Workstation: b.Workstation, ClientHandle: b.ClientHandle},
	})
	if err != nil {
		return nil, problem(err)
	}
	rec.of(opened)
	if b.Login != nil {
		if err := login(ctx, opened, *b.Login); err != nil {
			if isNew {
				_ = l.Close(ctx, opened.Key()) // the error that counts is the login's
			}
			return nil, problem(err)
		}
	}
	out := &openOutput{Status: http.StatusCreated, Body: Opened{
		Session: opened.Key(), Joined: !isNew, Snapshot: opened.Snapshot(), SessionToken: s.signer.sign(tokenOf(opened)),
	}}
	if !isNew {
		out.Status = http.StatusOK
	}
	return out, nil
}

// login logs the agent in; one that is logged in here already is fine.
func login(ctx context.Context, s *session.Session, with Login) error {
	_, err := s.Perform(ctx, opencti.Request{
		Activity: opencti.LoginAgent, AgentPassword: with.Password, Queue: with.Queue, WorkMode: with.WorkMode,
	}, "")
	var e *opencti.Error
	if errors.As(err, &e) && e.Code == opencti.AlreadyLoggedIn && s.Agent().LoggedIn() {
		return nil
	}
	return err
}

type snapshotOutput struct {
	Body *session.Snapshot
}

func (s *Server) getSession(ctx context.Context, in *InSession) (*snapshotOutput, error) {
	found, err := s.session(ctx, *in)
	if err != nil {
		return nil, err
	}
	return &snapshotOutput{found.Snapshot()}, nil
}

type closeInput struct {
	InSession
	Logout     bool   `query:"logout" doc:"Log the agent out first."`
	ReasonCode string `query:"reasonCode" maxLength:"32" doc:"The reason for the log-out."`
}

func (s *Server) closeSession(ctx context.Context, in *closeInput) (*struct{}, error) {
	found, err := s.session(ctx, in.InSession)
	if err != nil {
		return nil, err
	}
	if in.Logout && found.Agent().LoggedIn() {
		if _, err := found.Perform(ctx, opencti.Request{Activity: opencti.LogoutAgent, ReasonCode: in.ReasonCode}, ""); err != nil {
			return nil, problem(err)
		}
	}
	if err := linkOf(ctx).Close(ctx, found.Key()); err != nil {
		return nil, problem(err)
	}
	return nil, nil
}
