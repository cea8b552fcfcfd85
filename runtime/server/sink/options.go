package sink

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Format is how events are told.
type Format string

// The formats.
const (
	JSON       Format = "json"
	PegaServer Format = "pega-server"
	XML        Format = "xml"
)

// Options is what a Sink is made of.
type Options struct {
	// URL takes the events by POST.
	URL string
	// Format is JSON when empty.
	Format Format
	// Authorization gives the value of the header of that name for each request, see
	// Bearer and Basic; nil: none.
	Authorization func() (string, error)
	// TLS is for https; nil: the system's roots and no certificate of our own. See Files.
	TLS *tls.Config
	// AllowPlainHTTP permits http URLs: call data and tokens can be read on the way.
	AllowPlainHTTP bool
	// AllowLocal permits loopback, link-local and metadata addresses.
	AllowLocal bool
	// Refused are addresses that are refused in any case, such as the API server's.
	Refused []netip.Prefix

	// Sessions lists the open sessions, and gives a channel that is closed when some open
	// or close.
	Sessions func() (open []*session.Session, changed <-chan struct{})
	// MayAct says whether this pod still speaks for the slot.
	MayAct func() error
	Log    *slog.Logger

	// Workers is how many requests are under way at most; 8 when zero.
	Workers int
	// Timeout bounds one request; ten seconds when zero.
	Timeout time.Duration
	// Attempts is how often an event is tried; 8 when zero, over half a minute.
	Attempts int
	// FirstPause grows with each attempt up to LastPause; 250 ms and 30 s when zero.
	FirstPause, LastPause time.Duration
}

func (o *Options) setDefaults() {
	if o.Format == "" {
		o.Format = JSON
	}
	if o.Workers == 0 {
		o.Workers = 8
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Attempts == 0 {
		o.Attempts = 8
	}
	if o.FirstPause == 0 {
		o.FirstPause = 250 * time.Millisecond
	}
	if o.LastPause == 0 {
		o.LastPause = 30 * time.Second
	}
}

// Check says what is wrong with the URL or the format, by the field's name.
func (o *Options) Check() error {
	u, err := url.Parse(o.URL)
	if err != nil { // its text repeats the URL, which may hold a password
		return errors.New("url is not a URL")
	}
	switch {
	case u.Scheme == "http" && !o.AllowPlainHTTP:
		return errors.New("url must begin with https://, or plain HTTP must be allowed")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("url must begin with https://")
	case u.Hostname() == "":
		return errors.New("url has no host")
	case u.User != nil:
		return errors.New("url holds a user name; put credentials into a Secret and name it in authentication")
	case u.Fragment != "":
		return errors.New("url has a fragment, which no server sees; leave out what follows #")
	case !slices.Contains([]Format{"", JSON, PegaServer, XML}, o.Format):
		return fmt.Errorf("format must be one of %s, %s, %s", JSON, PegaServer, XML)
	}
	return nil
}

// Bearer makes the header of a token (RFC 6750), which is read for each request.
func Bearer(token func() (string, error)) func() (string, error) {
	return func() (string, error) {
		t, err := token()
		return "Bearer " + t, err
	}
}

// Basic makes the header of a user name and a password (RFC 7617), which are read for each
// request.
func Basic(user, password func() (string, error)) func() (string, error) {
	return func() (string, error) {
		u, err := user()
		if err != nil {
			return "", err
		}
		p, err := password()
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(u+":"+p)), err
	}
}
