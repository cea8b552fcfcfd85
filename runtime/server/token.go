package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// sessionTokenLife bounds how long after it was opened a session can be restored.
// It is longer than any shift.
const sessionTokenLife = 24 * time.Hour

// sessionToken is what a desktop keeps so that any pod can restore its session. It
// holds no password.
type sessionToken struct {
	Link    string              `json:"l"`
	DN      string              `json:"d"`
	AgentID string              `json:"a,omitempty"`
	Hidden  []opencti.EventType `json:"h,omitempty"`
	// Where the user sits, see session.Presence.
	Workstation  string `json:"w,omitempty"`
	ClientHandle string `json:"c,omitempty"`
	Issued       int64  `json:"t"` // Unix seconds
}

func tokenOf(s *session.Session) sessionToken {
	at := s.Presence()
	return sessionToken{DN: s.DN(), AgentID: s.AgentID(), Hidden: s.Hidden(), Workstation: at.Workstation, ClientHandle: at.ClientHandle}
}

// request is for the session that the token is of.
func (t sessionToken) request() link.Request {
	return link.Request{
		DN: t.DN, AgentID: t.AgentID, Hidden: t.Hidden, Presence: session.Presence{Workstation: t.Workstation, ClientHandle: t.ClientHandle},
		Restores: true,
	}
}

func (t sessionToken) key() string { return session.Key(t.DN, t.AgentID) }

// tokenSigner signs session tokens with a key that all pods of the link have.
type tokenSigner struct {
	key  []byte
	link string
	now  func() time.Time
}

func (s tokenSigner) mac(payload string) string {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte("ctilink session token\x00" + payload))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// sign makes the token: payload and MAC, both base64url, with a point between.
func (s tokenSigner) sign(t sessionToken) string {
	t.Link, t.Issued = s.link, s.now().Unix()
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings and a number always encode
	}
	payload := base64.RawURLEncoding.EncodeToString(b)
	return payload + "." + s.mac(payload)
}

var errSessionToken = errors.New("the Ctilink-Session token is not valid here: open the session anew with POST /v1/sessions")

// errExpired is an errSessionToken: it was good once, and is for what is open still.
var errExpired = fmt.Errorf("%w: it is older than a day", errSessionToken)

// verify reads a token that a pod of this link signed, an expired one too.
func (s tokenSigner) verify(token string) (sessionToken, error) {
	payload, mac, ok := strings.Cut(token, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(s.mac(payload))) {
		return sessionToken{}, errSessionToken
	}
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return sessionToken{}, errSessionToken
	}
	var t sessionToken
	if err := json.Unmarshal(b, &t); err != nil || t.Link != s.link {
		return sessionToken{}, errSessionToken
	}
	if s.now().Sub(time.Unix(t.Issued, 0)) > sessionTokenLife {
		return t, errExpired
	}
	return t, nil
}

// FileSecret reads a secret from a mounted file each time it is needed, so that a
// rotated one is in force at once. The trailing line end does not count.
func FileSecret(path string) func() (string, error) {
	return func() (string, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read secret: %w", err)
		}
		s := strings.TrimSpace(string(b))
		if s == "" {
			return "", fmt.Errorf("read secret: %s is empty", path)
		}
		return s, nil
	}
}

// The credentials.
const (
	credentialDesktop = "desktop"
	credentialIngest  = "ingest"
)

// credential is what a path asks for.
type credential struct {
	name  string
	what  string // for people
	token func() (string, error)
	// unreadable is the log's message when token fails.
	unreadable string
}

func (s *Server) credentialFor(r *http.Request) credential {
	if r.URL.Path == ingestPath {
		return credential{credentialIngest, "ingest token", s.o.IngestToken, "Cannot read the ingest token"}
	}
	return credential{credentialDesktop, "desktop token", s.o.Token, "Cannot read the desktop token"}
}

// authenticate lets a request pass that carries the token which its path asks for.
func (s *Server) authenticate(r *http.Request) *Problem {
	c := s.credentialFor(r)
	if c.token == nil {
		return withStatus(http.StatusForbidden, opencti.Forbidden, "this link takes no posted events: no ingest token is configured")
	}
	want, err := c.token()
	if err != nil {
		s.o.Log.Error(c.unreadable, "error", err)
		return withStatus(http.StatusServiceUnavailable, opencti.AuthenticationFailed, "the "+c.what+" of this link is not readable; look at the pod's log")
	}
	scheme, got, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") { // RFC 9110, 11.1: case does not count
		return withStatus(http.StatusUnauthorized, opencti.AuthenticationFailed, "send the link's "+c.what+": Authorization: Bearer <token>")
	}
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		return withStatus(http.StatusUnauthorized, opencti.AuthenticationFailed, "the "+c.what+" is wrong; take it from the link's Secret, key token")
	}
	return nil
}
