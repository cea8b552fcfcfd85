package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Accepted is the answer to an activity.
type Accepted struct {
	RequestID string           `json:"requestId" doc:"Events that the request causes carry it as causedBy."`
	Activity  opencti.Activity `json:"activity"`
	Accepted  bool             `json:"accepted" doc:"The CTI server accepted; the change comes as an event."`
}

type activityInput struct {
	InSession
	Key     string `header:"Idempotency-Key" maxLength:"128" doc:"A retry with the same key gets the first answer and acts once."`
	RawBody []byte `contentType:"application/json"`
}

type activityOutput struct {
	Body Accepted
}

// properties documents the properties of the activities, and where they go in a
// Request.
var properties = map[opencti.Property]struct {
	doc   string
	field func(*opencti.Request) any
}{
	opencti.PropAgentID:           {"The agent; only that of the session.", func(r *opencti.Request) any { return &r.AgentID }},
	opencti.PropAgentPassword:     {"The agent's password at the ACD.", func(r *opencti.Request) any { return &r.AgentPassword }},
	opencti.PropQueue:             {"The queue; absent: those the ACD gives.", func(r *opencti.Request) any { return &r.Queue }},
	opencti.PropWorkMode:          {"The work mode, e.g. AFTER_CALL_WORK.", func(r *opencti.Request) any { return &r.WorkMode }},
	opencti.PropReasonCode:        {"The reason code.", func(r *opencti.Request) any { return &r.ReasonCode }},
	opencti.PropDN:                {"The device; only that of the session.", func(r *opencti.Request) any { return &r.DN }},
	opencti.PropCallID:            {"The call, by its callId.", func(r *opencti.Request) any { return &r.CallID }},
	opencti.PropHeldCallID:        {"The held call; accepted for the guide's sake, never enough.", func(r *opencti.Request) any { return &r.HeldCallID }},
	opencti.PropDestinationNumber: {"The number to dial.", func(r *opencti.Request) any { return &r.DestinationNumber }},
	opencti.PropConsultCallID:     {"The consult call.", func(r *opencti.Request) any { return &r.ConsultCallID }},
	opencti.PropDigits:            {"The tones: 0-9, *, #, A-D.", func(r *opencti.Request) any { return &r.Digits }},
	opencti.PropParty:             {"The party, by its id or its dn.", func(r *opencti.Request) any { return &r.Party }},
	opencti.PropEnabled:           {"Whether it is to be so.", func(r *opencti.Request) any { return &r.Enabled }},
	opencti.PropVariables:         {"Call data to attach.", func(r *opencti.Request) any { return &r.Variables }},
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
			Summary: spec.Description, DefaultStatus: http.StatusAccepted, MaxBodyBytes: bodyBound, Errors: errorStatuses,
			SkipValidateBody: true, RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{}},
		}, func(ctx context.Context, in *activityInput) (*activityOutput, error) {
			return s.perform(ctx, spec.Activity, schema, in)
		})
		s.api.OpenAPI().Paths[path].Post.RequestBody = &huma.RequestBody{
			Required: len(spec.Required) > 0,
			Content:  map[string]*huma.MediaType{"application/json": {Schema: schema}},
		}
	}
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
	answer, err := found.Perform(ctx, r, in.Key)
	if err != nil {
		return nil, problem(err)
	}
	return &activityOutput{Accepted{answer.RequestID, a, true}}, nil
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
			return r, newError(http.StatusBadRequest, "body."+name+" has the wrong type")
		}
	}
	return r, nil
}
