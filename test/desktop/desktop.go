// Package desktop is a small agent desktop: it speaks the JSON API the way the
// documentation says, keeps its stream alive with nothing but its tokens and
// Last-Event-ID, and knows what an agent would see. The demo and the end-to-end
// tests are written with it.
package desktop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Link is where a link's desktops connect.
type Link struct {
	URL   string
	Token string
	HTTP  *http.Client
}

// Desktop is one agent's desktop. Its methods but Events are not safe for
// concurrent use.
type Desktop struct {
	link Link
	// Session and SessionToken are what it keeps.
	Session      string
	SessionToken string
}

// Open opens a session.
func (l Link) Open(ctx context.Context, o server.OpenSession) (*Desktop, *session.Snapshot, error) {
	var opened server.Opened
	if err := l.do(ctx, http.MethodPost, "/v1/sessions", "", o, &opened); err != nil {
		return nil, nil, err
	}
	return &Desktop{link: l, Session: opened.Session, SessionToken: opened.SessionToken}, opened.Snapshot, nil
}

// Info asks what the link is and how it is.
func (l Link) Info(ctx context.Context) (*server.LinkInfo, error) {
	var info server.LinkInfo
	if err := l.do(ctx, http.MethodGet, "/v1/link", "", nil, &info); err != nil {
		return nil, err
	}
	return &info, nil
}

// do sends one request and reads its answer, or the problem.
func (l Link) do(ctx context.Context, method, path, sessionToken string, in, out any) error {
	req, err := newRequest(ctx, method, l.URL+path, in)
	if err != nil {
		return err
	}
	l.authorize(req, sessionToken)
	return exchange(l.HTTP, req, out, problemOf)
}

// newRequest makes a request with a JSON body, or none.
func newRequest(ctx context.Context, method, url string, in any) (*http.Request, error) {
	if in == nil {
		return http.NewRequestWithContext(ctx, method, url, nil)
	}
	b, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(b))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

func (l Link) authorize(req *http.Request, sessionToken string) {
	req.Header.Set("Authorization", "Bearer "+l.Token)
	if sessionToken != "" {
		req.Header.Set(server.HeaderSession, sessionToken)
	}
}

// exchange sends a request and decodes its answer; what is not an answer is made
// into an error by failed.
func exchange(client *http.Client, req *http.Request, out any, failed func(status int, body []byte) error) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return failed(resp.StatusCode, b)
	}
	if out == nil || len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("read answer of %s: %w", req.URL.Path, err)
	}
	return nil
}

func problemOf(status int, body []byte) error {
	var p server.Problem
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("HTTP %d: %.200s", status, body)
	}
	return &p
}

// Through is the same session by another way, e.g. at one pod.
func (d *Desktop) Through(l Link) *Desktop {
	return &Desktop{link: l, Session: d.Session, SessionToken: d.SessionToken}
}

// At is the link by the pod with that address (host:port).
func (l Link) At(address string) Link {
	transport := l.HTTP.Transport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
	}
	l.HTTP = &http.Client{Transport: transport}
	return l
}

// dialTimeout is for pods that are gone.
const dialTimeout = 3 * time.Second

// Do sends an activity with its properties and returns the request's id.
func (d *Desktop) Do(ctx context.Context, a opencti.Activity, properties map[string]any) (string, error) {
	if properties == nil {
		properties = map[string]any{}
	}
	var accepted server.Accepted
	err := d.link.do(ctx, http.MethodPost, "/v1/sessions/"+d.Session+"/activities/"+string(a), d.SessionToken, properties, &accepted)
	return accepted.RequestID, err
}

// Snapshot asks for the session's state.
func (d *Desktop) Snapshot(ctx context.Context) (*session.Snapshot, error) {
	var s session.Snapshot
	if err := d.link.do(ctx, http.MethodGet, "/v1/sessions/"+d.Session, d.SessionToken, nil, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// Close closes the session; with logout the agent is logged out first.
func (d *Desktop) Close(ctx context.Context, logout bool) error {
	return d.link.do(ctx, http.MethodDelete, fmt.Sprintf("/v1/sessions/%s?logout=%t", d.Session, logout), d.SessionToken, nil, nil)
}

// Event is an event of the stream with the connection that brought it.
type Event struct {
	session.Event
	// Connection counts the stream's connections from 1.
	Connection int
	// Resume is what the connection's Ctilink-Resume header said.
	Resume string
}

// reconnectPause is the longest pause between two attempts of the stream.
const reconnectPause = time.Second

// Events streams the session's events until the context ends. A connection that
// breaks is made anew with the token, the sessionToken and Last-Event-ID. The channel
// is closed at the end.
func (d *Desktop) Events(ctx context.Context) <-chan Event {
	out := make(chan Event, 64)
	go func() {
		defer close(out)
		last := ""
		for n := 1; ctx.Err() == nil; n++ {
			err := d.connect(ctx, n, &last, out)
			if err != nil && ctx.Err() == nil {
				select {
				case <-ctx.Done():
				case <-time.After(reconnectPause / 4):
				}
			}
		}
	}()
	return out
}

// connect reads one connection of the stream to its end.
func (d *Desktop) connect(ctx context.Context, n int, last *string, out chan<- Event) error {
	req, err := newRequest(ctx, http.MethodGet, d.link.URL+"/v1/sessions/"+d.Session+"/events", nil)
	if err != nil {
		return err
	}
	d.link.authorize(req, d.SessionToken)
	if *last != "" {
		req.Header.Set("Last-Event-ID", *last)
	}
	resp, err := d.link.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body) // the status says enough
		return problemOf(resp.StatusCode, b)
	}
	return readEvents(resp.Body, func(e session.Event) {
		*last = e.ID
		select {
		case out <- Event{e, n, resp.Header.Get(server.HeaderResume)}:
		case <-ctx.Done():
		}
	})
}

// readEvents reads server-sent events (HTML Standard, 9.2.6) as far as the API uses
// them: one data line an event.
func readEvents(r io.Reader, each func(session.Event)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 4<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e session.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		each(e)
	}
	return lines.Err()
}

// Watch collects a desktop's events and waits for those that a person would wait
// for. It is not safe for concurrent use.
type Watch struct {
	events <-chan Event
	// Seen are all events so far.
	Seen []Event
	// Each is called with every event as it comes; it may be nil.
	Each func(Event)
}

// NewWatch reads from a stream.
func NewWatch(events <-chan Event) *Watch { return &Watch{events: events} }

// ErrStreamEnded is what Next gives when the stream is over.
var ErrStreamEnded = errors.New("the event stream ended")

// Next waits for the next event that fits; those that do not are kept in Seen.
func (w *Watch) Next(ctx context.Context, what string, fits func(Event) bool) (Event, error) {
	for {
		select {
		case e, ok := <-w.events:
			if !ok {
				return Event{}, fmt.Errorf("waiting for %s: %w", what, ErrStreamEnded)
			}
			w.Seen = append(w.Seen, e)
			if w.Each != nil {
				w.Each(e)
			}
			if fits(e) {
				return e, nil
			}
		case <-ctx.Done():
			return Event{}, fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
}

// Named fits the events of one name.
func Named(name opencti.EventName) func(Event) bool {
	return func(e Event) bool { return e.Name == name }
}
