package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

const apiDescription = `A CTI session per agent: requests in, events out.

Open a session, keep its sessionToken, read its event stream, send activities.
An activity that is answered with 202 was accepted by the CTI server; the change
itself comes as an event with causedBy set to the requestId. After a lost
connection, send the token, the sessionToken and Last-Event-ID again: the stream
goes on, or starts with a Snapshot that is right.`

// register builds the API from the types of its requests and answers.
func (s *Server) register() {
	config := huma.DefaultConfig("CTILink", s.o.Version)
	config.Info.Description = apiDescription
	config.DocsPath, config.OpenAPIPath, config.SchemasPath = "", "", ""
	config.RejectUnknownQueryParameters = true // a mistyped logout would log nobody out
	config.CreateHooks = nil                   // no $schema links in the answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"ingestToken":  {Type: "http", Scheme: "bearer", Description: "The link's ingest token: for POST /v1/events, and for nothing else."},
		"desktopToken": {Type: "http", Scheme: "bearer", Description: "The link's desktop token, from its Secret, key token."},
	}
	config.Security = []map[string][]string{{"desktopToken": {}}}
	s.api = humago.New(s.work, config)

	s.registerLink()
	huma.Register(s.api, huma.Operation{
		OperationID: "openSession", Method: http.MethodPost, Path: "/v1/sessions", Tags: []string{"Session"},
		Summary: "Open a session, or join the one that the agent has at this device", DefaultStatus: http.StatusCreated,
		MaxBodyBytes: bodyBound, Errors: errorStatuses,
	}, s.openSession)
	huma.Register(s.api, huma.Operation{
		OperationID: "getSession", Method: http.MethodGet, Path: "/v1/sessions/{session}", Tags: []string{"Session"},
		Summary: "The session's snapshot", Errors: errorStatuses,
	}, s.getSession)
	huma.Register(s.api, huma.Operation{
		OperationID: "closeSession", Method: http.MethodDelete, Path: "/v1/sessions/{session}", Tags: []string{"Session"},
		Summary: "Close the session", Errors: errorStatuses,
	}, s.closeSession)
	s.registerEvents()
	s.registerActivities()
	s.registerStatistics()
	s.registerPools()
	s.registerIngest()
}

// errorStatuses are documented for every operation.
var errorStatuses = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
	http.StatusGone, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// InSession is what every request inside a session has.
type InSession struct {
	Session string `path:"session" maxLength:"64" doc:"The agent's id, or the device of a session without an agent." example:"4001"`
	Token   string `header:"Ctilink-Session" maxLength:"4096" doc:"The sessionToken. With it any pod restores the session if it does not have it."`
}

// session finds the session, or restores it from its token.
func (s *Server) session(ctx context.Context, in InSession) (*session.Session, error) {
	l := linkOf(ctx)
	found, isOpen := l.Session(in.Session)
	switch {
	case in.Token == "" && isOpen:
		recordOf(ctx).of(found)
		return found, nil
	case in.Token == "":
		return nil, withStatus(http.StatusNotFound, opencti.InvalidRequest, "there is no such session; open it with POST /v1/sessions, or send its token in "+HeaderSession)
	}
	t, err := s.signer.verify(in.Token)
	switch {
	case err != nil && (!isOpen || !errors.Is(err, errExpired)):
		return nil, withStatus(http.StatusForbidden, opencti.Forbidden, err.Error())
	case t.key() != in.Session:
		return nil, withStatus(http.StatusForbidden, opencti.Forbidden, "the "+HeaderSession+" token belongs to another session")
	case isOpen && t.DN != found.DN():
		// Somebody took the agent over at another device: this desktop must not go on with
		// what is not its own.
		return nil, problem(link.ErrTakenOver)
	case isOpen:
		recordOf(ctx).of(found)
		return found, nil
	}
	switch l.EndedSince(t.key(), time.Unix(t.Issued, 0)) {
	case link.Closed:
		return nil, withStatus(http.StatusNotFound, opencti.InvalidRequest, "the session was closed; open it anew with POST /v1/sessions")
	case link.TakenOver:
		return nil, problem(link.ErrTakenOver)
	}
	found, opened, err := l.Open(ctx, t.request())
	if err != nil {
		return nil, problem(err)
	}
	recordOf(ctx).of(found)
	if opened {
		s.o.Log.Info("Restored a session from its token", "agent", t.AgentID, "device", opencti.Mask(t.DN))
	}
	return found, nil
}
