package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Accepted is the answer to an activity.
type Accepted struct {
	RequestID string           `json:"requestId" doc:"Events that the request causes carry it as causedBy."`
	Activity  opencti.Activity `json:"activity"`
	Accepted  bool             `json:"accepted" doc:"The CTI server accepted; the change comes as an event."`
	// Statistics is there with GetStatistics alone.
	Statistics *opencti.QueueStatistics `json:"statistics,omitempty" doc:"The answer to GetStatistics, which causes no event."`
}

type activityInput struct {
	InSession
	Key     string `header:"Idempotency-Key" maxLength:"128" doc:"A retry with the same key gets the first answer and acts once."`
	RawBody []byte `contentType:"application/json"`
}

type activityOutput struct {
	Status int
	Body   Accepted
}

// properties documents the properties of the activities, and where they go in a
// Request.
var properties = map[opencti.Property]struct {
	doc     string
	example any
	field   func(*opencti.Request) any
}{
	opencti.PropAgentID:           {"The agent; only that of the session.", "4001", func(r *opencti.Request) any { return &r.AgentID }},
	opencti.PropAgentPassword:     {"The agent's password at the ACD.", "secret", func(r *opencti.Request) any { return &r.AgentPassword }},
	opencti.PropQueue:             {"The queue; absent: those of the agent, or those the ACD gives.", "support", func(r *opencti.Request) any { return &r.Queue }},
	opencti.PropWorkMode:          {"The work mode; AFTER_CALL_WORK of SetAgentNotReady starts after-call work.", opencti.AfterCallWorkMode, func(r *opencti.Request) any { return &r.WorkMode }},
	opencti.PropReasonCode:        {"The reason code, one of those in the Snapshot; required where the pool says so.", "1", func(r *opencti.Request) any { return &r.ReasonCode }},
	opencti.PropDN:                {"The device; only that of the session.", "1001", func(r *opencti.Request) any { return &r.DN }},
	opencti.PropCallID:            {"The call, by its callId.", "7", func(r *opencti.Request) any { return &r.CallID }},
	opencti.PropHeldCallID:        {"The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake.", "6", func(r *opencti.Request) any { return &r.HeldCallID }},
	opencti.PropConsultCallID:     {"The consult call, of an activity with two calls.", "7", func(r *opencti.Request) any { return &r.ConsultCallID }},
	opencti.PropDestinationNumber: {"A number, an agent or a queue to call.", "1002", func(r *opencti.Request) any { return &r.DestinationNumber }},
	opencti.PropDigits:            {"The tones: 0-9, *, #, A-D.", "42#", func(r *opencti.Request) any { return &r.Digits }},
	opencti.PropParty:             {"The party, by its id or its dn.", "1002", func(r *opencti.Request) any { return &r.Party }},
	opencti.PropEnabled:           {"Whether it is to be so.", true, func(r *opencti.Request) any { return &r.Enabled }},
	opencti.PropVariables:         {"Call data to attach.", map[string]string{"customerId": "4711"}, func(r *opencti.Request) any { return &r.Variables }},
}

// telling are the optional properties that an example shows: without them it would not say
// what the activity is for.
var telling = map[opencti.Activity][]opencti.Property{
	opencti.LoginAgent: {opencti.PropAgentPassword}, opencti.LogoutAgent: {opencti.PropReasonCode},
	opencti.SetAgentNotReady: {opencti.PropReasonCode}, opencti.MakeCall: {opencti.PropVariables},
	opencti.AnswerCall: {opencti.PropCallID}, opencti.HangUpCall: {opencti.PropCallID}, opencti.DeclineCall: {opencti.PropCallID},
	opencti.MuteCall: {opencti.PropCallID}, opencti.UnmuteCall: {opencti.PropCallID},
	opencti.TransferCall: {opencti.PropCallID, opencti.PropHeldCallID}, opencti.ConferenceCall: {opencti.PropCallID, opencti.PropHeldCallID},
	opencti.CancelTransfer: {opencti.PropCallID, opencti.PropHeldCallID}, opencti.CancelConference: {opencti.PropCallID, opencti.PropHeldCallID},
	opencti.AlternateCall: {opencti.PropCallID, opencti.PropHeldCallID},
}

// exampleOf is a body for an activity.
func exampleOf(spec opencti.Spec) map[string]any {
	out := map[string]any{}
	for _, p := range slices.Concat(spec.Required, telling[spec.Activity]) {
		out[string(p)] = properties[p].example
	}
	return out
}

// describe says in which modes an activity is permitted and what it needs.
func describe(spec opencti.Spec) string {
	modes := make([]string, len(spec.Modes))
	for i, m := range spec.Modes {
		modes[i] = string(m)
	}
	text := "Telephony modes: " + strings.Join(modes, ", ") + "."
	if len(spec.Required) > 0 {
		needs := make([]string, len(spec.Required))
		for i, p := range spec.Required {
			needs[i] = "`" + string(p) + "`"
		}
		text += " Needs " + strings.Join(needs, " and ") + "."
	}
	switch {
	case spec.Activity == opencti.GetStatistics:
		text += " Answered with 200 and the statistics."
	case spec.BySession():
		text += " Every class has it."
	}
	return text
}

func text(doc string) *huma.Schema {
	bound := 256
	return &huma.Schema{Type: huma.TypeString, Description: doc, MaxLength: &bound}
}

func texts(doc string) *huma.Schema {
	bound := 64
	return &huma.Schema{Type: huma.TypeObject, Description: doc, MaxProperties: &bound, AdditionalProperties: text("")}
}

// schemaOf is the schema of an activity's body, from the one table of activities.
func schemaOf(spec opencti.Spec) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{
		"requestId": text("Marks the request; made up when absent."),
		"options":   texts("What the class knows beyond this table."),
	}}
	for _, p := range slices.Concat(spec.Required, spec.Optional) {
		switch p {
		case opencti.PropVariables:
			s.Properties[string(p)] = texts(properties[p].doc)
		case opencti.PropEnabled:
			s.Properties[string(p)] = &huma.Schema{Type: huma.TypeBoolean, Description: properties[p].doc}
		default:
			s.Properties[string(p)] = text(properties[p].doc)
		}
	}
	for _, p := range spec.Required {
		s.Required = append(s.Required, string(p))
	}
	s.PrecomputeMessages()
	return s
}

func (s *Server) registerActivities() {
	for _, spec := range opencti.Specs() {
		path := "/v1/sessions/{session}/activities/" + string(spec.Activity)
		schema := schemaOf(spec)
		huma.Register(s.api, huma.Operation{
			OperationID: string(spec.Activity), Method: http.MethodPost, Path: path, Tags: []string{"Activities"},
			Summary: spec.Description, Description: describe(spec), DefaultStatus: statusOfSuccess(spec.Activity),
			MaxBodyBytes: bodyBound, Errors: append(slices.Clone(errorStatuses), http.StatusNotImplemented, http.StatusBadGateway),
			SkipValidateBody: true, RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{}},
		}, func(ctx context.Context, in *activityInput) (*activityOutput, error) {
			return s.perform(ctx, spec.Activity, schema, in)
		})
		s.api.OpenAPI().Paths[path].Post.RequestBody = &huma.RequestBody{
			Required: len(spec.Required) > 0,
			Content:  map[string]*huma.MediaType{"application/json": {Schema: schema, Example: exampleOf(spec)}},
		}
	}
}

// statusOfSuccess: what is accepted shows later, by an event; statistics are there at once.
func statusOfSuccess(a opencti.Activity) int {
	if a == opencti.GetStatistics {
		return http.StatusOK
	}
	return http.StatusAccepted
}

func (s *Server) perform(ctx context.Context, a opencti.Activity, schema *huma.Schema, in *activityInput) (*activityOutput, error) {
	r, err := s.decode(schema, in.RawBody)
	if err != nil {
		return nil, err
	}
	r.Activity = a
	found, err := s.session(ctx, in.InSession)
	if err != nil {
		return nil, err
	}
	rec := recordOf(ctx)
	rec.requestID = r.ID
	given, err := found.Perform(ctx, r, in.Key)
	if given.RequestID != "" {
		rec.requestID = given.RequestID
	}
	if err != nil {
		return nil, refused(err, found)
	}
	return &activityOutput{statusOfSuccess(a), Accepted{given.RequestID, a, true, given.Statistics}}, nil
}

// refused is the problem of a request that was not done. Whoever does not know whether it
// was gets the state, to see for itself.
func refused(err error, by *session.Session) *Problem {
	p := problem(err)
	if p.Code == opencti.OutcomeUnknown {
		p.Status, p.Title = http.StatusConflict, http.StatusText(http.StatusConflict)
		p.Snapshot = by.Snapshot()
	}
	return p
}

// decode checks an activity's body against its schema and makes the request of it.
func (s *Server) decode(schema *huma.Schema, body []byte) (opencti.Request, error) {
	var r opencti.Request
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return r, newError(http.StatusBadRequest, "the body is not JSON")
	}
	result := &huma.ValidateResult{}
	path := huma.NewPathBuffer([]byte("body"), len("body"))
	huma.Validate(s.api.OpenAPI().Components.Schemas, schema, path, huma.ModeWriteToServer, value, result)
	if len(result.Errors) > 0 {
		return r, newError(http.StatusBadRequest, "the body is not valid", result.Errors...)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return r, newError(http.StatusBadRequest, "the body is not a JSON object")
	}
	targets := map[string]any{"requestId": &r.ID, "options": &r.Options}
	for p, d := range properties {
		targets[string(p)] = d.field(&r)
	}
	for name, raw := range members {
		if err := json.Unmarshal(raw, targets[name]); err != nil {
			return r, newError(http.StatusBadRequest, fmt.Sprintf("body.%s has the wrong type", name))
		}
	}
	return r, nil
}
