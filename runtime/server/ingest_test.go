package server

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func (p *pod) ingest(contentType, body string, headers ...header) answer {
	p.t.Helper()
	h := append([]header{{"Authorization": "Bearer " + ingestToken, "Content-Type": contentType}}, headers...)
	return p.do("POST", ingestPath, body, h...)
}

func TestPostedEvents(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	a := p.ingest("application/json", `[{"id":"e1","name":"Offering","dn":"1001","fields":{"callId":"a","ani":"4930123456"}},
		{"name":"Offering","dn":"1002"},{"id":"e1","name":"Offering","dn":"1001","fields":{"callId":"b"}}]`)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	var got Ingested
	a.into(t, &got)
	if diff := cmp.Diff([]IngestedEvent{{"e1", 1, false}, {"", 0, false}, {"e1", 1, true}}, got.Events); diff != "" {
		t.Error(diff)
	}
	if e := s.want(opencti.Offering); e.Call.CallID != "a" || e.Call.ANI != "4930123456" {
		t.Errorf("%+v", e)
	}
	a = p.ingest("text/xml; charset=utf-8", `<Established dn="1001"><callId>a</callId></Established>`)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	s.want(opencti.Established)
	got = Ingested{}
	p.ingest("application/json", `{"name":"Unavailable","agentId":"4001"}`).into(t, &got)
	if diff := cmp.Diff([]IngestedEvent{{"", 1, false}}, got.Events); diff != "" {
		t.Error(diff)
	}
	s.want(opencti.Unavailable)
	p.ingest("application/json", `[]`).into(t, &got)
	if len(got.Events) != 0 {
		t.Errorf("%+v", got)
	}
}

// A line that two sessions watch concerns both.
func TestAPostedEventOfASharedLine(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	p.openAs(`{"dn":"1001"}`)
	var got Ingested
	p.ingest("", `{"name":"Offering","dn":"1001","fields":{"callId":"a"}}`).into(t, &got)
	if diff := cmp.Diff([]IngestedEvent{{"", 2, false}}, got.Events); diff != "" {
		t.Error(diff)
	}
}

// Posts have a credential of their own, in both directions.
func TestTheIngestToken(t *testing.T) {
	const body = `{"name":"Offering","dn":"1001"}`
	p := holding(t, "a", 7)
	for name, tc := range map[string]struct {
		method, path, token string
		want                int
	}{
		"its own":                         {"POST", ingestPath, ingestToken, 200},
		"the desktop token does not do":   {"POST", ingestPath, desktopToken, 401},
		"and is not good for anything":    {"GET", "/v1/link", ingestToken, 401},
		"not for sessions either":         {"POST", "/v1/sessions", ingestToken, 401},
		"no other method":                 {"GET", ingestPath, ingestToken, 405},
		"nor by another form of the path": {"POST", "/v1//events", ingestToken, 307},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tc.method, p.url+tc.path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+tc.token)
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("%d, want %d", resp.StatusCode, tc.want)
			}
		})
	}
	none := holding(t, "a", 7, func(o *Options) { o.IngestToken = nil })
	if a := none.ingest("", body); a.StatusCode != 403 || a.problem(t).Code != opencti.Forbidden {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	broken := holding(t, "a", 7, func(o *Options) { o.IngestToken = func() (string, error) { return "", fmt.Errorf("no file") } })
	if a := broken.ingest("", body); a.StatusCode != 503 || a.problem(t).Code != opencti.AuthenticationFailed {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Mistakes in bodies: TestBadPosts. A post is refused whole.
func TestPostsAreRefusedWhole(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	for name, tc := range map[string]struct {
		kind, body string
		status     int
		says       string
	}{
		"one is wrong":        {"application/json", `[{"id":"x","name":"Offering","dn":"1001","fields":{"callId":"a"}},{"name":"` + secret + `"}]`, 400, "body[1]"},
		"doubled members":     {"application/json", `{"name":"A","name":"` + secret + `","dn":"1"}`, 400, "body.name stands there twice"},
		"doubled fields":      {"application/json", `{"name":"A","dn":"1","fields":{"a":1,"a":2}}`, 400, "body.fields.a stands there twice"},
		"too large":           {"application/json", strings.Repeat(" ", bodyBound+1), 413, "65536"},
		"too large XML":       {"application/xml", strings.Repeat(" ", bodyBound+1), 413, "65536"},
		"nothing":             {"application/json", ``, 400, "body"},
		"nothing in XML":      {"application/xml", ``, 400, "body"},
		"XML, said to be not": {"application/json", `<A dn="` + secret + `"/>`, 400, "near byte"},
		"JSON, said to be":    {"application/xml", `{"name":"` + secret + `"}`, 400, "text outside"},
		"a form":              {"application/x-www-form-urlencoded", `name=` + secret, 415, "Content-Type"},
		"no media type":       {"s3cr3t", `{}`, 415, "Content-Type"},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.ingest(tc.kind, tc.body)
			if got := a.problem(t); a.StatusCode != tc.status || !strings.Contains(got.Message, tc.says) || strings.Contains(string(a.body), secret) {
				t.Errorf("%d %s; want %d with %q", a.StatusCode, a.body, tc.status, tc.says)
			}
		})
	}
	if snap := mustSession(t, p).Snapshot(); len(snap.Calls) != 0 {
		t.Errorf("%+v", snap.Calls)
	}
	var got Ingested
	p.ingest("", `{"id":"x","name":"Offering","dn":"1001","fields":{"callId":"a"}}`).into(t, &got)
	if got.Events[0].Duplicate {
		t.Error("a refused event counts as posted")
	}
}

func TestPostsAreHandledByTheHolder(t *testing.T) {
	holder, standby := pair(t)
	holder.open()
	var got Ingested
	standby.ingest("application/xml", `<Offering dn="1001"><callId>a</callId></Offering>`).into(t, &got)
	if len(got.Events) != 1 || got.Events[0].Sessions != 1 {
		t.Errorf("%+v", got)
	}
	if a := standby.do("POST", ingestPath, `{"name":"A","dn":"1"}`); a.StatusCode != 401 {
		t.Errorf("with the desktop token by the standby: %d", a.StatusCode)
	}
}

func TestPostedIDsAreBounded(t *testing.T) {
	var p postedIDs
	for i := range idsKept + 10 {
		if _, first := p.take(fmt.Sprint(i)); !first {
			t.Fatalf("%d comes again", i)
		}
		p.done(fmt.Sprint(i), i)
	}
	if len(p.by) != idsKept || len(p.order) != idsKept {
		t.Errorf("%d, %d are kept", len(p.by), len(p.order))
	}
	if known, first := p.take(fmt.Sprint(idsKept)); first || known != idsKept {
		t.Errorf("%d %v", known, first)
	}
	if _, first := p.take("0"); !first {
		t.Error("the oldest is kept")
	}
}

// An event that comes while the session waits for its snapshot is applied on top.
func TestAPostDuringAResync(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	p.happen(opencti.Offering, "before") // the snapshot of the server has an order
	s.want(opencti.Offering)
	p.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{{CallID: "before", State: opencti.Offering}}})
	asked, goOn := make(chan struct{}), make(chan struct{})
	p.cti.OnSnapshot = func(opencti.Endpoint) { close(asked); <-goOn }
	p.cti.Connection(1).Lose("1001")
	<-asked
	p.ingest("", `{"name":"Established","dn":"1001","fields":{"callId":"before"}}`)
	close(goOn)
	s.want(opencti.SnapshotEvent, opencti.Established)
}

// FuzzPost sends any body to POST /v1/events.
func FuzzPost(f *testing.F) {
	p := holding(f, "a", 7)
	p.open()
	for _, body := range append(bodies(), `{"name":"Offering","dn":"1001","fields":{"callId":"a"}}`, `<Offering dn="1001"><callId>a</callId></Offering>`) {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, isXML bool) {
		r, err := http.NewRequestWithContext(context.Background(), "POST", ingestPath, strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", map[bool]string{true: "text/xml", false: "application/json"}[isXML])
		p.serveTest(t, r, ingestToken)
	})
}

// A posted state of the agent has no place among the CTI server's events: those that come
// after it, of either kind, count.
func TestStatesAfterAPostedOne(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	wants := func(state opencti.EventName) {
		t.Helper()
		e := s.next()
		for e.Name == opencti.SnapshotEvent { // it comes with a log-in
			e = s.next()
		}
		if e.Name != state {
			t.Fatalf("the stream says %s, want %s", e.Name, state)
		}
	}
	for _, state := range []opencti.EventName{opencti.Available, opencti.Unavailable} {
		p.ingest("application/json", `{"name":"`+string(state)+`","agentId":"4001"}`)
		wants(state)
	}
	p.cti.Connection(1).Happen("1001", opencti.Busy, nil)
	wants(opencti.Busy)
}
