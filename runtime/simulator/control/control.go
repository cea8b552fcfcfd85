// Package control is the HTTP side of ctisim, for people and tests: it plays
// the outside world (who calls, who hangs up), shows what the switch knows, and
// asks for faults. It has no authentication: it belongs to a test's own machine
// or namespace.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	sjson "sigs.k8s.io/json"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Faults is what can go wrong when asked to.
type Faults interface {
	DropConnections() int
	Silence(time.Duration)
	RefuseLogin(bool)
	NoLicences(bool)
}

// Journal remembers what applications asked for.
type Journal interface {
	Started() time.Time
	Requests(after uint64) []cstaserver.Request
}

// Census counts what applications have.
type Census interface {
	Connections() int
	Sessions() int
	Monitors() int
}

// Server is the CSTA side of the switch.
type Server interface {
	Faults
	Journal
	Census
}

type front struct {
	model    *switchmodel.Switch
	server   Server
	director *behaviour.Director
	log      logr.Logger
}

// Handler serves the control port.
func Handler(model *switchmodel.Switch, server Server, director *behaviour.Director, log logr.Logger) http.Handler {
	f := front{model, server, director, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /v1/agents", f.agents)
	mux.HandleFunc("GET /v1/queues", f.queues)
	mux.HandleFunc("GET /v1/calls", f.calls)
	mux.HandleFunc("GET /v1/calls/{id}", f.call)
	mux.HandleFunc("POST /v1/calls", f.place)
	mux.HandleFunc("POST /v1/calls/{id}/hangup", f.hangUp)
	mux.HandleFunc("GET /v1/phones/{dn}", f.phone)
	mux.HandleFunc("POST /v1/phones/{dn}/{action}", f.handle)
	mux.HandleFunc("GET /v1/applications", f.applications)
	mux.HandleFunc("GET /v1/requests", f.requests)
	mux.HandleFunc("POST /v1/faults", f.fail)
	mux.HandleFunc("GET /v1/behaviours", f.behaviours)
	mux.HandleFunc("DELETE /v1/behaviours", f.endBehaviours)
	mux.HandleFunc("POST /v1/behaviours/{name}", f.behave)
	mux.HandleFunc("DELETE /v1/behaviours/{name}", f.endBehaviour)
	return mux
}

func (f front) agents(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"agents": f.model.Agents()})
}

func (f front) queues(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"queues": f.model.Queues()})
}

func (f front) calls(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"calls": f.model.Calls()})
}

func (f front) call(w http.ResponseWriter, r *http.Request) {
	c, err := f.model.Call(switchmodel.CallID(r.PathValue("id")))
	if err != nil {
		refuse(w, http.StatusNotFound, "id", err)
		return
	}
	reply(w, http.StatusOK, c)
}

func (f front) hangUp(w http.ResponseWriter, r *http.Request) {
	if err := f.model.HangUp(switchmodel.CallID(r.PathValue("id"))); err != nil {
		refuse(w, http.StatusNotFound, "id", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// applications counts what they have, also what they have left behind.
func (f front) applications(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]int{
		"connections": f.server.Connections(), "sessions": f.server.Sessions(), "monitors": f.server.Monitors(),
	})
}

// requests lists what applications asked for, oldest first, after a number.
func (f front) requests(w http.ResponseWriter, r *http.Request) {
	after := uint64(0)
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, "after", errors.New("after: must be the number of a request"))
			return
		}
	}
	reply(w, http.StatusOK, map[string]any{"started": f.server.Started(), "requests": f.server.Requests(after)})
}

type faultRequest struct {
	DropConnections bool     `json:"dropConnections"`
	Silence         *float64 `json:"silence"` // seconds; 0 ends it
	RefuseLogin     *bool    `json:"refuseLogin"`
	NoLicences      *bool    `json:"noLicences"`
}

const maxSilence = 3600

func (f front) fail(w http.ResponseWriter, r *http.Request) {
	var wanted faultRequest
	if !decode(w, r, &wanted) {
		return
	}
	switch {
	case wanted == faultRequest{}:
		refuse(w, http.StatusUnprocessableEntity, "dropConnections", errors.New("give dropConnections, silence, refuseLogin or noLicences"))
		return
	case wanted.Silence != nil && (*wanted.Silence < 0 || *wanted.Silence > maxSilence):
		refuse(w, http.StatusUnprocessableEntity, "silence", fmt.Errorf("must be 0 to %d seconds", maxSilence))
		return
	}
	f.log.Info("Asked for a fault", "request", wanted)
	dropped := 0
	if wanted.RefuseLogin != nil {
		f.server.RefuseLogin(*wanted.RefuseLogin)
	}
	if wanted.NoLicences != nil {
		f.server.NoLicences(*wanted.NoLicences)
	}
	if wanted.Silence != nil {
		f.server.Silence(duration(*wanted.Silence))
	}
	if wanted.DropConnections {
		dropped = f.server.DropConnections()
	}
	reply(w, http.StatusOK, map[string]int{"droppedConnections": dropped})
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

const maxBody = 64 << 10

// decode reads strictly: a field that is misspelt or doubled would otherwise
// make a test pass that tests nothing.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	return decodeOr(w, r, "", into)
}

// decodeOr takes a default for a body that is empty.
func decodeOr(w http.ResponseWriter, r *http.Request, empty string, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if len(body) == 0 {
		body = []byte(empty)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "", fmt.Errorf("the body is larger than %d bytes", maxBody))
		return false
	case err != nil:
		refuse(w, http.StatusBadRequest, "", fmt.Errorf("read the body: %w", err))
		return false
	}
	strict, err := sjson.UnmarshalStrict(body, into)
	if err == nil && len(strict) > 0 {
		err = strict[0]
	}
	if err != nil {
		field, why := explain(err)
		refuse(w, http.StatusBadRequest, field, why)
		return false
	}
	return true
}

// explain finds the field that the decoder complains about.
func explain(err error) (field string, why error) {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		field := wrongType.Field[strings.LastIndexByte(wrongType.Field, '.')+1:] // without the structs that embed it
		return field, fmt.Errorf("%s: must be a %s, not a %s", field, wrongType.Type, wrongType.Value)
	}
	for _, complaint := range []string{`unknown field "`, `duplicate field "`} {
		if _, rest, found := strings.Cut(err.Error(), complaint); found {
			return strings.TrimSuffix(rest, `"`), err
		}
	}
	return "", fmt.Errorf("the body must be a JSON object: %w", err)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone, if anything
}

// problem is the answer to a bad request (RFC 9457).
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"`
}

func refuse(w http.ResponseWriter, status int, field string, why error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(problem{Title: http.StatusText(status), Status: status, Detail: why.Error(), Field: field})
}
