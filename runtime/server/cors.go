package server

import (
	"net/http"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// cors lets pages of the allowed origins read the answers (Fetch standard, 3.2). Nothing is
// allowed to all origins, and credentials of the browser are not asked for: a page sends
// the token itself.
func (s *Server) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Origin")
		allowed := slices.Contains(s.o.AllowedOrigins, origin)
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", HeaderResume+", Retry-After")
		}
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		if !allowed {
			writeProblem(w, withStatus(http.StatusForbidden, opencti.Forbidden, "pages of this origin may not use the link; add the origin to its list"))
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, "+HeaderSession)
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
