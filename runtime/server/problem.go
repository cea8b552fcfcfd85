package server

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Problem is every error of the API: a problem document (RFC 9457) with the fields
// of an OpenCTI error.
type Problem struct {
	Type     string            `json:"type" doc:"Identifies the kind of problem; ends in the code."`
	Title    string            `json:"title" doc:"The HTTP status in words."`
	Status   int               `json:"status" doc:"The HTTP status."`
	Code     opencti.ErrorCode `json:"code" doc:"The code, of a closed set."`
	Message  string            `json:"message" doc:"What went wrong and how to mend it, for people."`
	Activity opencti.Activity  `json:"activity,omitempty" doc:"The activity that failed."`
	Severity string            `json:"severity" enum:"Fail"`
	// Retryable says whether the same request may succeed a little later.
	Retryable bool            `json:"retryable" doc:"Whether the same request may succeed a little later."`
	Detail    string          `json:"detail,omitempty" doc:"The CTI server's own code and text."`
	Errors    []InvalidMember `json:"errors,omitempty" doc:"What is wrong with the request, member by member."`
	// Snapshot is there with OutcomeUnknown, when the session is.
	Snapshot *session.Snapshot `json:"snapshot,omitempty" doc:"With OutcomeUnknown: the session's state, which shows whether it was done."`

	retryAfter int // seconds
}

// InvalidMember names one member of a request that is wrong.
type InvalidMember struct {
	Location string `json:"location" doc:"Where, e.g. body.agentId."`
	Message  string `json:"message" doc:"What is wrong with it."`
}

// Error implements error.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Message }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}, headerCode: {string(p.Code)}}
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests {
		h.Set("Retry-After", strconv.Itoa(max(p.retryAfter, 1)))
	}
	return h
}

// statusOf is the HTTP status of each code; the rest are 409 Conflict: the request
// was right, the state of agent or call forbids it.
var statusOf = map[opencti.ErrorCode]int{
	opencti.InvalidRequest:       http.StatusBadRequest,
	opencti.InvalidDestination:   http.StatusBadRequest,
	opencti.InvalidQueue:         http.StatusBadRequest,
	opencti.ReasonCodeRequired:   http.StatusBadRequest,
	opencti.InvalidReasonCode:    http.StatusBadRequest,
	opencti.NotPermittedInMode:   http.StatusForbidden,
	opencti.AuthenticationFailed: http.StatusForbidden, // the agent's, at the CTI server; the desktop's is 401
	opencti.Forbidden:            http.StatusForbidden,
	opencti.NoSuchCall:           http.StatusNotFound,
	opencti.UnknownDevice:        http.StatusNotFound,
	opencti.SessionTakenOver:     http.StatusGone,
	opencti.NotSupportedByClass:  http.StatusNotImplemented,
	opencti.LinkDown:             http.StatusServiceUnavailable,
	opencti.Overloaded:           http.StatusServiceUnavailable,
	opencti.LicenceExhausted:     http.StatusServiceUnavailable,
	opencti.DeviceOutOfService:   http.StatusServiceUnavailable,
	opencti.Timeout:              http.StatusGatewayTimeout,
	opencti.OutcomeUnknown:       http.StatusBadGateway,
}

const problemType = "https://ctilink.io/problems/"

// problem turns an error into a problem document.
func problem(err error) *Problem {
	e := opencti.AsError(err)
	status, ok := statusOf[e.Code]
	if !ok {
		status = http.StatusConflict
	}
	return &Problem{
		Type: problemType + string(e.Code), Title: http.StatusText(status), Status: status, Code: e.Code, Message: e.Message,
		Activity: e.Activity, Severity: "Fail", Retryable: e.Retryable(), Detail: e.Detail,
	}
}

// withStatus is a problem whose HTTP status is not that of its code.
func withStatus(status int, code opencti.ErrorCode, message string) *Problem {
	p := problem(opencti.Errorf(code, "%s", message))
	p.Status, p.Title = status, http.StatusText(status)
	return p
}

func init() {
	huma.ValidateStrictCasing = true
	huma.NewError = newError
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return newError(status, msg, errs...)
	}
}

// membersBound is how many wrong members an answer lists: it must not grow with the request.
const membersBound = 16

// newError is how the API framework tells of requests that it refuses.
func newError(status int, msg string, errs ...error) huma.StatusError {
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	code := opencti.InvalidRequest
	if status >= http.StatusInternalServerError {
		code = opencti.Rejected
	}
	p := withStatus(status, code, inWords(msg))
	var texts []string
	for _, err := range errs[:min(len(errs), membersBound)] {
		m := member(err)
		p.Errors = append(p.Errors, m)
		texts = append(texts, strings.TrimSpace(m.Location+" "+m.Message))
	}
	if len(texts) > 0 {
		p.Message = strings.Join(texts, "; ")
	}
	return p
}

// member names the place of one mistake. The value itself is not told: it may be a
// password.
func member(err error) InvalidMember {
	var d *huma.ErrorDetail
	if errors.As(err, &d) {
		if len(d.Location) > 2*nameBound {
			d.Location = strings.ToValidUTF8(d.Location[:2*nameBound], "") + "…"
		}
		return InvalidMember{d.Location, inWords(d.Message)}
	}
	return InvalidMember{Message: inWords(err.Error())}
}

// writeProblem answers outside the API framework.
func writeProblem(w http.ResponseWriter, p *Problem) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	maps.Copy(h, p.GetHeaders())
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="ctilink"`)
	}
	if x, ok := inXML(w); ok {
		h.Set("Content-Type", portrait.UTF8.ContentType())
		w.WriteHeader(p.Status)
		_, _ = w.Write(x.body(p)) // the client may be gone
		return
	}
	w.WriteHeader(p.Status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // people read it: <token>, not \u003ctoken\u003e
	_ = e.Encode(p)        // the client may be gone
}
