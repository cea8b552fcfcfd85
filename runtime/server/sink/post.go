package sink

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/session"
)

// HeaderEventID names the event: the session, escaped, and the event's id in it. An event
// that is posted again has the same.
const HeaderEventID = "Ctilink-Event-Id"

// retryAfterBound is the longest pause that a receiver may ask for.
const retryAfterBound = time.Minute

// failure is a request that was not a delivery.
type failure struct {
	reason Reason
	status int           // 0: no answer
	after  time.Duration // the receiver's wish
	err    error
}

// post delivers one event; nil: the receiver took it.
func (s *Sink) post(ctx context.Context, of *session.Session, id session.EventID, event []byte) *failure {
	body, err := render(s.o.Format, event, of.Presence())
	if err != nil {
		return &failure{reason: EventRefused, err: err} // nobody can read it, now or later
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.URL, bytes.NewReader(body))
	if err != nil {
		return &failure{reason: Unreachable, err: err}
	}
	name := url.PathEscape(of.Key()) + "/" + id.String()
	r.Header.Set("Content-Type", contentTypes[s.o.Format])
	r.Header.Set("User-Agent", "ctilink")
	r.Header.Set(HeaderEventID, name)
	r.Header.Set("Idempotency-Key", name)
	if s.o.Authorization != nil {
		value, err := s.o.Authorization()
		if err != nil {
			return &failure{reason: CredentialsUnreadable, err: err}
		}
		r.Header.Set("Authorization", value)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		f := &failure{reason: reasonOf(err), err: err}
		var told *url.Error
		if errors.As(err, &told) { // it repeats the URL, which may hold a secret
			f.err = told.Err
		}
		return f
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, answerBound) // what is in it is not our business
	return judge(resp)
}

// judge says what an answer means.
func judge(resp *http.Response) *failure {
	f := &failure{status: resp.StatusCode, err: fmt.Errorf("HTTP status %d", resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		f.reason = Unauthorized
	case code < 400, code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusGone,
		code == http.StatusMisdirectedRequest:
		f.reason = NotFound
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code == http.StatusTooEarly:
		f.reason = Unavailable
	default:
		f.reason = EventRefused
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		f.after = min(time.Duration(min(seconds, 3600))*time.Second, retryAfterBound)
	}
	return f
}

// reasonOf types what net/http says.
func reasonOf(err error) Reason {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		alert        tls.AlertError
		timeout      net.Error
	)
	switch {
	case errors.Is(err, errAddress):
		return AddressRefused
	case errors.As(err, &verification), errors.As(err, &authority), errors.As(err, &alert):
		return Untrusted
	case errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut
	}
	return Unreachable
}
