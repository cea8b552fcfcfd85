package server

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ctilink/ctilink-operator/runtime/server/ingest"
)

// ingestPath is the one path with a credential of its own.
const ingestPath = "/v1/events"

// idsKept bounds the ids of posted events that are remembered.
const idsKept = 4096

type ingestInput struct {
	ContentType string `header:"Content-Type" doc:"application/json or application/xml."`
	RawBody     []byte `contentType:"application/json"`
}

type ingestOutput struct {
	Body Ingested
}

// Ingested is the answer to POST /v1/events.
type Ingested struct {
	Events []IngestedEvent `json:"events" doc:"One for each event, in the order of the request."`
}

// IngestedEvent says what became of one event.
type IngestedEvent struct {
	ID        string `json:"id,omitempty"`
	Sessions  int    `json:"sessions" doc:"How many sessions it concerned; what they make of it is the rules' business."`
	Duplicate bool   `json:"duplicate,omitempty" doc:"The id was there before; nothing was done again."`
}

// PostedEvent documents an event that is posted in JSON.
type PostedEvent struct {
	ID      string         `json:"id,omitempty" maxLength:"128" doc:"Marks the event: a second one with the same id does nothing." example:"evt-1"`
	Name    string         `json:"name" maxLength:"128" doc:"The CTI server's name of the event, with which the rules' on compares." example:"Delivered"`
	DN      string         `json:"dn,omitempty" maxLength:"64" doc:"Whose event it is: a device. dn or agentId must be there." example:"1001"`
	AgentID string         `json:"agentId,omitempty" maxLength:"64" doc:"Whose event it is: an agent." example:"4001"`
	Fields  map[string]any `json:"fields,omitempty" doc:"What the rules read as event: texts, booleans, whole numbers, lists and objects of these."`
}

func (s *Server) registerIngest() {
	one := s.api.OpenAPI().Components.Schemas.Schema(typeOf[PostedEvent](), true, "PostedEvent")
	bound := ingest.EventsBound
	body := &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {
			Schema:  &huma.Schema{OneOf: []*huma.Schema{one, {Type: huma.TypeArray, Items: one, MaxItems: &bound}}},
			Example: map[string]any{"id": "evt-1", "name": "Delivered", "dn": "1001", "fields": map[string]any{"callId": "7"}},
		},
		"application/xml": {
			Schema:  &huma.Schema{Type: huma.TypeString, Description: "An event's element, or events with several."},
			Example: `<Delivered id="evt-1" dn="1001"><callId>7</callId></Delivered>`,
		},
	}}
	huma.Register(s.api, huma.Operation{
		OperationID: "postEvents", Method: http.MethodPost, Path: ingestPath, Tags: []string{"Ingest"},
		Summary: "Raw events from a CTI server or a connector",
		Description: "One event or a list of at most 256, in the CTI server's own terms, for the class's rules (the guide's integration " +
			"service). It has a credential of its own; the desktop token does not do. A post is taken whole or refused whole.",
		MaxBodyBytes: bodyBound, Errors: append(append([]int{}, errorStatuses...), http.StatusUnsupportedMediaType),
		SkipValidateBody: true, RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{}},
		Security: []map[string][]string{{"ingestToken": {}}},
	}, s.postEvents)
	s.api.OpenAPI().Paths[ingestPath].Post.RequestBody = body
}

func (s *Server) postEvents(ctx context.Context, in *ingestInput) (*ingestOutput, error) {
	read := ingest.JSON
	if isXML(in.ContentType) {
		read = ingest.XML
	}
	events, err := read(in.RawBody)
	if err != nil {
		return nil, newError(http.StatusBadRequest, err.Error())
	}
	if err := s.o.MayAct(); err != nil {
		return nil, problem(err)
	}
	l, out := linkOf(ctx), &ingestOutput{Body: Ingested{Events: []IngestedEvent{}}}
	for _, e := range events {
		done := IngestedEvent{ID: e.ID}
		if known, first := s.posted.take(e.ID); first {
			done.Sessions = l.Deliver(e.Raw)
			s.posted.done(e.ID, done.Sessions)
		} else {
			done.Sessions, done.Duplicate = known, true
		}
		out.Body.Events = append(out.Body.Events, done)
	}
	return out, nil
}

// isXML says whether a body is XML by its media type.
func isXML(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "application/xml" || kind == "text/xml" || strings.HasSuffix(kind, "+xml")
}

// isJSON says whether a body is JSON by its media type. Nothing said is JSON.
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return contentType == "" || err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// postedIDs remembers the ids of posted events. The zero value is ready; it is safe for
// concurrent use.
type postedIDs struct {
	mu    sync.Mutex
	by    map[string]int // sessions by id
	order []string
}

// take says whether an id comes for the first time, else how many sessions it concerned
// then. Without an id every event is the first.
func (p *postedIDs) take(id string) (known int, first bool) {
	if id == "" {
		return 0, true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, again := p.by[id]; again {
		return known, false
	}
	if p.by == nil {
		p.by = map[string]int{}
	}
	if len(p.order) == idsKept {
		delete(p.by, p.order[0])
		p.order = p.order[1:]
	}
	p.by[id] = 0
	p.order = append(p.order, id)
	return 0, true
}

func (p *postedIDs) done(id string, sessions int) {
	if id == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, still := p.by[id]; still {
		p.by[id] = sessions
	}
}
