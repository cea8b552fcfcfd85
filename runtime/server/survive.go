package server

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// survive answers a request whose handling panics with a problem document, and says where
// it was. net/http would cut the connection, and with HTTP/1.1 nobody would know why.
func (s *Server) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := &begunWriter{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == any(http.ErrAbortHandler) { // a proxied answer that broke off
				panic(cause)
			}
			s.logPanic(cause)
			if begun.yes {
				panic(http.ErrAbortHandler) // half an answer must not look like a whole one
			}
			writeProblem(w, withStatus(http.StatusInternalServerError, opencti.Rejected, "something went wrong in this pod; its log says where"))
		}()
		next.ServeHTTP(begun, r)
	})
}

// surviveStream is deferred by a stream that nobody answers for any more.
func (s *Server) surviveStream() {
	if cause := recover(); cause != nil {
		s.logPanic(cause)
	}
}

func (s *Server) logPanic(cause any) {
	s.o.Log.Error("A request made the server panic", "why", panicText(cause), "stack", string(debug.Stack()))
}

// panicText is what the runtime says; what else is thrown may hold numbers or call data.
func panicText(cause any) string {
	if e, ok := cause.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", cause)
}

// begunWriter knows whether the answer has begun.
type begunWriter struct {
	http.ResponseWriter
	yes bool
}

// WriteHeader implements http.ResponseWriter.
func (b *begunWriter) WriteHeader(status int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (b *begunWriter) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (b *begunWriter) Unwrap() http.ResponseWriter { return b.ResponseWriter }
