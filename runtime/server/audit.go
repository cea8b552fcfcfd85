package server

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// headerClient tells the holder from where a request came to the pod that passes it on.
const headerClient = "Ctilink-Client"

// headerCode carries a problem's code to the audit line; it never leaves the pod.
const headerCode = "Ctilink-Audit-Code"

// record is what the audit line says of a request: who, what, and how it ended. It belongs
// to the request's goroutine.
type record struct {
	begun     time.Time
	client    string
	who       string // the credential; empty: none that is right
	agent     string
	device    string // masked
	operation string
	requestID string
	passedOn  bool // the holder writes the line
	silent    bool // a client asks by itself, and is answered: nobody's request
}

type recordKey struct{}

// recordOf gives the request's record; a request that is not audited has one that nobody
// reads.
func recordOf(ctx context.Context) *record {
	if r, ok := ctx.Value(recordKey{}).(*record); ok {
		return r
	}
	return &record{}
}

// of says in whose session the request is.
func (r *record) of(s *session.Session) { r.agent, r.device = s.AgentID(), opencti.Mask(s.DN()) }

// audit writes a line for each request of the API when its answer begins: a stream may last
// all day.
func (s *Server) audit(client func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/") && !isPortrait(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		rec := &record{begun: time.Now(), client: client(r), operation: operationOf(r)}
		aw := http.ResponseWriter(&auditWriter{ResponseWriter: w, record: rec, log: s.line})
		if isPortrait(r.URL.Path) {
			aw = &xmlProblems{aw, s.portrait.NamesFor(r)}
		}
		next.ServeHTTP(aw, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec)))
	})
}

// operationOf is an activity's name, or the method and the path without the names in it.
func operationOf(r *http.Request) string {
	if isPortrait(r.URL.Path) { // the path may hold a token
		return r.Method + " " + portraitPath
	}
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) > 3 && (parts[2] == "sessions" || parts[2] == "pools") {
		parts[3] = "*"
	}
	if len(parts) > 5 && parts[4] == "activities" {
		if _, ok := opencti.SpecOf(opencti.Activity(parts[5])); ok {
			return parts[5]
		}
	}
	known := strings.Join(parts, "/")
	switch known {
	case "/v1/link", "/v1/sessions", "/v1/sessions/*", "/v1/sessions/*/events", "/v1/pools/*/events", "/v1/statistics",
		"/v1/statistics/events", ingestPath:
		return r.Method + " " + known
	}
	return r.Method + " unknown"
}

// refusalsLogged bounds the lines about requests that were turned away at the door: a flood
// of them must not flood the log.
var refusalsLogged = rate.Limit(10)

// auditLog writes the lines.
type auditLog struct {
	refusals *rate.Limiter
	unlogged atomic.Int64 // refusals without a line
}

// line writes a request's line.
func (s *Server) line(rec *record, status int, code string) {
	if rec.passedOn || rec.silent {
		return
	}
	what := []any{
		"who", rec.who, "client", rec.client, "agent", rec.agent, "device", rec.device, "operation", rec.operation,
		"status", status, "code", code, "requestId", rec.requestID, "took", time.Since(rec.begun).Round(time.Microsecond),
	}
	if status == http.StatusUnauthorized || status == http.StatusTooManyRequests {
		if !s.auditLog.refusals.Allow() {
			s.auditLog.unlogged.Add(1)
			return
		}
		what = append(what, "unlogged", s.auditLog.unlogged.Swap(0))
	}
	s.o.Log.Info("Request", what...)
}

// auditWriter writes the line when the answer begins.
type auditWriter struct {
	http.ResponseWriter
	record *record
	log    func(rec *record, status int, code string)
	done   bool
}

// WriteHeader implements http.ResponseWriter.
func (a *auditWriter) WriteHeader(status int) {
	if !a.done && status >= http.StatusOK {
		a.done = true
		h := a.Header()
		a.log(a.record, status, h.Get(headerCode))
		h.Del(headerCode)
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (a *auditWriter) Write(b []byte) (int, error) {
	if !a.done {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (a *auditWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }
