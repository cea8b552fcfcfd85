package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// What no answer may repeat.
const (
	secret       = "s3cr3t"
	secretNumber = "73571"
)

// badRequests holds a request for each kind of mistake, with the status and what the answer
// says; the fuzzers start from the bodies.
var badRequests = map[string]struct {
	path, body string
	status     int
	says       string
}{
	"too large":                          {"/v1/sessions", `{"agentId":"` + strings.Repeat("x", bodyBound) + `"}`, 413, "65536"},
	"too large, activity":                {"/v1/sessions/4001/activities/MakeCall", strings.Repeat(" ", bodyBound+1), 413, "65536"},
	"unknown member":                     {"/v1/sessions", `{"agentId":"4001","pasword":"` + secret + `"}`, 400, "body.pasword is not known here"},
	"unknown member, activity":           {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1","number":"` + secret + `"}`, 400, "number"},
	"duplicate":                          {"/v1/sessions", `{"agentId":"4001","agentId":"` + secret + `"}`, 400, "body.agentId"},
	"duplicate within":                   {"/v1/sessions", `{"agentId":"4001","login":{"password":"a","password":"` + secret + `"}}`, 400, "body.login.password"},
	"duplicate, escaped":                 {"/v1/sessions", `{"agentId":"4001","\u0061gentId":"` + secret + `"}`, 400, "body.agentId"},
	"another case":                       {"/v1/sessions", `{"AgentId":"` + secret + `"}`, 400, "AgentId"},
	"another case, activity":             {"/v1/sessions/4001/activities/MakeCall", `{"DestinationNumber":"` + secret + `"}`, 400, "DestinationNumber"},
	"wrong type":                         {"/v1/sessions", `{"agentId":["` + secret + `"]}`, 400, "body.agentId must be a text in quotes"},
	"wrong type within":                  {"/v1/sessions", `{"agentId":"4001","login":{"password":73571}}`, 400, "body.login.password"},
	"wrong type, activity":               {"/v1/sessions/4001/activities/LoginAgent", `{"agentPassword":["` + secret + `"]}`, 400, "body.agentPassword"},
	"null, activity":                     {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":null}`, 400, "body.destinationNumber"},
	"wrong type in a map":                {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1","variables":{"a":1}}`, 400, "body.variables"},
	"missing, activity":                  {"/v1/sessions/4001/activities/MakeCall", `{}`, 400, "body lacks destinationNumber"},
	"no body, activity":                  {"/v1/sessions/4001/activities/HoldCall", ``, 400, "the body is missing"},
	"a list":                             {"/v1/sessions", `["` + secret + `"]`, 400, "body"},
	"a list, activity":                   {"/v1/sessions/4001/activities/MakeCall", `["` + secret + `"]`, 400, "body"},
	"two values":                         {"/v1/sessions", `{"agentId":"4001"} {"agentId":"` + secret + `"}`, 400, "more than one"},
	"deep":                               {"/v1/sessions", strings.Repeat(`{"a":`, depthBound+1) + "1" + strings.Repeat("}", depthBound+1), 400, "nested deeper than 16"},
	"too early an end":                   {"/v1/sessions", `{"agentId":"` + secret, 400, "ends too early"},
	"no JSON":                            {"/v1/sessions", `agent=` + secret, 400, "near byte"},
	"too long":                           {"/v1/sessions", `{"agentId":"` + strings.Repeat(secret, 20) + `"}`, 400, "body.agentId"},
	"too long, activity":                 {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"` + strings.Repeat(secret, 60) + `"}`, 400, "body.destinationNumber"},
	"no such kind of event":              {"/v1/sessions", `{"dn":"1","hiddenEvents":["` + secret + `"]}`, 400, `body.hiddenEvents[0] must be one of "PartyInfo, CallInfo`},
	"login without an agent":             {"/v1/sessions", `{"dn":"1","login":{}}`, 400, "body.agentId"},
	"nobody":                             {"/v1/sessions", `{}`, 400, "agentId"},
	"no such activity":                   {"/v1/sessions/4001/activities/Dance", `{}`, 404, "no such activity"},
	"a wrong path":                       {"/v1/session", `{}`, 404, "/docs"},
	"a wrong method":                     {"/v1/link", `{}`, 405, "use GET"},
	"a session with a long name":         {"/v1/sessions/" + strings.Repeat("x", 65) + "/activities/HangUpCall", `{}`, 400, "path.session"},
	"unknown members, very many":         {"/v1/sessions", `{"agentId":"4001"` + manyMembers(5000) + `}`, 400, "body.m"},
	"an unknown member with a long name": {"/v1/sessions", `{"agentId":"4001","` + strings.Repeat("x", 60000) + `":1}`, 400, "body.xxx"},
	"duplicate with a long name":         {"/v1/sessions", `{"` + strings.Repeat("x", 30000) + `":1,"` + strings.Repeat("x", 30000) + `":1}`, 400, "body.xxx"},
	"a number out of range":              {"/v1/sessions", `{"agentId":` + secretNumber + `e999}`, 400, "near byte"},
	"a number of many digits":            {"/v1/sessions", `{"agentId":` + secretNumber + strings.Repeat("0", 60000) + `}`, 400, "near byte"},
	"a number for a truth":               {"/v1/sessions", `{"agentId":"4001","takeOver":1}`, 400, "body.takeOver must be true or false"},
	"a device with a blank":              {"/v1/sessions", `{"dn":"1001 "}`, 400, "body.dn begins or ends with white space"},
	"an agent with a line break":         {"/v1/sessions", `{"agentId":"\n4001"}`, 400, "body.agentId begins or ends with white space"},
	"null":                               {"/v1/sessions", `null`, 400, "body"},
	"null for all, activity":             {"/v1/sessions/4001/activities/HangUpCall", `null`, 400, "body"},
	"deep lists":                         {"/v1/sessions", strings.Repeat("[", bodyBound), 400, "nested deeper than 16"},
	"deep, where anything goes":          {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1","variables":` + strings.Repeat(`{"a":`, 10000), 400, "nested deeper than 16"},
	"a NUL":                              {"/v1/sessions", "{\"dn\":\"10\x0001\"}", 400, "near byte"},
	"a NUL, escaped":                     {"/v1/sessions", `{"dn":"10\u000001"}`, 400, "body.dn holds a control character"},
	"a control character":                {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1\u001b"}`, 400, "body.destinationNumber holds"},
	"half a character":                   {"/v1/sessions/4001/activities/LoginAgent", `{"agentPassword":"` + secret + `\ud800"}`, 400, "body.agentPassword holds"},
	"a control character in a name":      {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1","variables":{"a\u0000":"b"}}`, 400, "body.variables"},
	"ISO-8859-1":                         {"/v1/sessions/4001/activities/LoginAgent", "{\"agentPassword\":\"" + secret + "\xfc\"}", 400, "not UTF-8"},
	"UTF-16":                             {"/v1/sessions", "\xff\xfe{\x00}\x00", 400, "not UTF-8"},
	"a byte order mark":                  {"/v1/sessions", "\xef\xbb\xbf{}", 400, "near byte"},
	"XML":                                {"/v1/sessions", `<!DOCTYPE x [<!ENTITY a "` + secret + `">]><a>&a;</a>`, 400, "near byte"},
	"too many variables":                 {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1","variables":{"a":"b"` + strings.ReplaceAll(manyMembers(64), ":1", `:"1"`) + `}}`, 400, "body.variables"},
}

// bodies are those of badRequests, for fuzzers.
func bodies() []string {
	var all []string
	for _, tc := range badRequests {
		all = append(all, tc.body)
	}
	return costtest.Seeds(all...)
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"m%d":1`, i)
	}
	return b.String()
}

func TestBodiesAreStrict(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	for name, tc := range badRequests {
		t.Run(name, func(t *testing.T) {
			a := p.do("POST", tc.path, tc.body)
			got := a.problem(t)
			if a.StatusCode != tc.status || !strings.Contains(got.Message, tc.says) {
				t.Errorf("%d %.300q; want %d with %q", a.StatusCode, got.Message, tc.status, tc.says)
			}
			if strings.Contains(string(a.body), secret) || strings.Contains(string(a.body), secretNumber) {
				t.Errorf("it tells the value: %.300s", a.body)
			}
			if len(a.body) > 16<<10 {
				t.Errorf("the answer has %d bytes", len(a.body))
			}
		})
	}
}

func TestHeadersAreStrict(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	for name, tc := range map[string]struct {
		header header
		says   string
	}{
		"no event id":     {header{"Last-Event-ID": "s3cr3t"}, "Last-Event-ID"},
		"a long event id": {header{"Last-Event-ID": strings.Repeat("9", 65)}, "Last-Event-ID"},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.do("GET", "/v1/sessions/4001/events", "", tc.header)
			if got := a.problem(t); a.StatusCode != 400 || !strings.Contains(got.Message, tc.says) || strings.Contains(got.Message, "s3cr3t") {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
}

func TestOtherMistakes(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	for name, tc := range map[string]struct {
		method, path string
		header       header
		status       int
		says         string
	}{
		"a mistyped parameter":      {"DELETE", "/v1/sessions/4001?logOut=true", nil, 400, "query.logOut is not known here"},
		"a parameter of no meaning": {"DELETE", "/v1/sessions/4001?logout=maybe", nil, 400, "query.logout must be true or false"},
		"a method of none":          {"PUT", "/v1/sessions/4001", nil, 405, "use GET or DELETE on this path"},
		"another content type":      {"POST", "/v1/sessions", header{"Content-Type": "text/plain"}, 415, "sent with Content-Type: application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.do(tc.method, tc.path, `{}`, tc.header)
			if got := a.problem(t); a.StatusCode != tc.status || !strings.Contains(got.Message, tc.says) {
				t.Errorf("%d %s; want %d with %q", a.StatusCode, got.Message, tc.status, tc.says)
			}
		})
	}
}

func TestBodiesCostWhatTheyAreLong(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	name := strings.Repeat("n", 4000)
	for what, tc := range map[string]struct{ path, before, again, after string }{
		"unknown members":        {"/v1/sessions", `{"dn":"1"`, `,"a%d":1`, `}`},
		"members of a long name": {"/v1/sessions", `{"` + name + `":{"a":1`, `,"a%d":1`, `}}`},
		"levels of long names":   {"/v1/sessions", strings.Repeat(`{"`+name[:400]+`":`, 10) + `{"a":1`, `,"a%d":1`, strings.Repeat("}", 11)},
		"lists":                  {"/v1/sessions", `{"hiddenEvents":["CallInfo"`, `,"CallInfo"`, `]}`},
		"levels":                 {"/v1/sessions", `{"a":`, `[`, ``},
		"escapes":                {"/v1/sessions", `{"dn":"`, `\u0041`, `"}`},
		"variables":              {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1","variables":{"a":"b"`, `,"a%d":"b"`, `}}`},
		"members of an activity": {"/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1"`, `,"a%d":"b"`, `}`},
		"white space":            {"/v1/sessions", `{`, ` `, `}`},
		"digits":                 {"/v1/sessions", `{"dn":1`, `1`, `}`},
	} {
		t.Run(what, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte {
				b := []byte(tc.before)
				for i := 0; len(b) < min(size, bodyBound)-len(tc.after)-len(tc.again)-8; i++ {
					b = append(b, strings.Replace(tc.again, "%d", fmt.Sprint(i), 1)...)
				}
				return append(b, tc.after...)
			}, func(body []byte) { p.post(t, tc.path, body) })
		})
	}
}

// post sends a body to the handler.
func (p *pod) post(t testing.TB, path string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	return p.serveTest(t, httptest.NewRequest("POST", path, strings.NewReader(string(body))), desktopToken)
}

// serveTest gives a request to the handler; a refusal must be a problem document.
func (p *pod) serveTest(t testing.TB, r *http.Request, token string) *httptest.ResponseRecorder {
	t.Helper()
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	p.Desktop().ServeHTTP(w, r)
	if w.Code >= http.StatusBadRequest {
		(answer{w.Result(), w.Body.Bytes()}).problem(t)
	}
	if w.Code == http.StatusInternalServerError {
		t.Errorf("%s: %s", r.URL.Path, w.Body)
	}
	return w
}

// FuzzBody sends any body to whatever takes one.
func FuzzBody(f *testing.F) {
	p := holding(f, "a", 7)
	p.open()
	for _, body := range bodies() {
		f.Add([]byte(body))
	}
	for _, body := range []string{`{"agentId":"4001"}`, `{"dn":"1001"}`, `{"callId":"1","options":{"a":"b"}}`, `{"destinationNumber":"1","variables":{"a":"b"}}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, spec := range opencti.Specs() {
			path := "/v1/sessions/4001/activities/" + string(spec.Activity)
			costtest.Bounded(t, body, func([]byte) { p.post(t, path, body) })
		}
		costtest.Bounded(t, body, func([]byte) { p.openAndClose(t, body) })
	})
}

// openAndClose sends a body to POST /v1/sessions and leaves no session behind.
func (p *pod) openAndClose(t *testing.T, body []byte) {
	w := p.post(t, "/v1/sessions", body)
	if w.Code != http.StatusCreated {
		return
	}
	var opened Opened
	if err := json.Unmarshal(w.Body.Bytes(), &opened); err != nil {
		t.Fatal(err)
	}
	if err := p.routing.link.Close(t.Context(), opened.Session); err != nil {
		t.Fatal(err)
	}
}

func FuzzCheckJSON(f *testing.F) {
	for _, body := range bodies() {
		f.Add([]byte(body))
	}
	for _, s := range []string{`{}`, `{"a":[1,{"b":null}]}`, `{"a":1,"a":2}`, `[[[[`, `{} {}`, "{\"\xff\":1}", `1e999`, `{"a"`, `"`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		costtest.Bounded(t, b, func(b []byte) { _ = checkJSON(b) })
		err := checkJSON(b)
		if err == nil && !json.Valid(b) {
			t.Errorf("%q is not JSON", b)
		}
		if err != nil && (!strings.Contains(err.Error(), "body") || len(err.Error()) > 2000) {
			t.Errorf("%q: %q does not say where, in few words", b, err)
		}
	})
}

// badTokens holds a session token for each kind of mistake; the fuzzer starts from them.
func badTokens() map[string]string {
	now := time.Now
	same := tokenSigner{[]byte("key of the link"), "main", now}
	mine := sessionToken{DN: "1001", AgentID: "4001"}
	good := same.sign(mine)
	payload, mac, _ := strings.Cut(good, ".")
	old := tokenSigner{same.key, same.link, func() time.Time { return now().Add(-sessionTokenLife - time.Minute) }}
	return map[string]string{
		"tampered":                "A" + good,
		"cut short":               good[:len(good)-1],
		"longer":                  good + "A",
		"without a signature":     payload,
		"with an empty signature": payload + ".",
		"the signature alone":     "." + mac,
		"two points":              payload + "." + mac + "." + mac,
		"padded":                  payload + "=." + mac,
		"no base64":               "%%%." + mac,
		"a signature of nothing":  "." + same.mac(""),
		"signed, and no JSON":     "AAAA." + same.mac("AAAA"),
		"signed, and no base64":   "%." + same.mac("%"),
		"a JWT":                   "eyJhbGciOiJub25lIn0.e30.",
		"upper case":              strings.ToUpper(good),
		"expired":                 old.sign(mine),
		"of another link":         tokenSigner{same.key, "other", now}.sign(mine),
		"of another session":      same.sign(sessionToken{DN: "1002", AgentID: "4002"}),
		"of an agent who is gone": same.sign(sessionToken{DN: "1009", AgentID: "4009"}),
		"of another key":          tokenSigner{[]byte("x"), "main", now}.sign(mine),
		"very long":               strings.Repeat("A", 4000) + "." + mac,
	}
}

func TestSessionTokensThatAreWrong(t *testing.T) {
	p, busy := holding(t, "a", 7), holding(t, "b", 8)
	busy.open()
	for name, token := range badTokens() {
		t.Run(name, func(t *testing.T) {
			a := p.do("GET", "/v1/sessions/4001", "", header{HeaderSession: token})
			if got := a.problem(t); a.StatusCode != http.StatusForbidden || got.Code != opencti.Forbidden {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
			if strings.Contains(string(a.body), token) {
				t.Error("the token is told")
			}
			// A desktop learns of it before the pod does not know the session any more. What
			// has only grown old is good while the session is open.
			want := http.StatusForbidden
			if name == "expired" {
				want = http.StatusOK
			}
			if a := busy.do("GET", "/v1/sessions/4001", "", header{HeaderSession: token}); a.StatusCode != want {
				t.Errorf("while the session is open: %d %s, want %d", a.StatusCode, a.body, want)
			}
		})
	}
	if a := p.do("GET", "/v1/sessions/4001", "", header{HeaderSession: strings.Repeat("A", 4097)}); a.StatusCode != http.StatusBadRequest ||
		!strings.Contains(a.problem(t).Message, HeaderSession) {
		t.Errorf("too long: %d %s", a.StatusCode, a.body)
	}
}

func FuzzSessionToken(f *testing.F) {
	s := tokenSigner{[]byte("key of the link"), "main", time.Now}
	good := s.sign(sessionToken{DN: "1001", AgentID: "4001"})
	f.Add(good)
	for _, token := range costtest.Seeds(slices.Collect(maps.Values(badTokens()))...) {
		f.Add(token)
	}
	forged := tokenSigner{[]byte("not the key"), "main", time.Now}
	f.Fuzz(func(t *testing.T, token string) {
		costtest.Bounded(t, []byte(token), func([]byte) { _, _ = s.verify(token) })
		if _, err := forged.verify(token); err == nil {
			t.Errorf("%q passes without the key", token)
		}
		if got, err := s.verify(token); err == nil && token != good && got.Link != "main" {
			t.Errorf("%q is of link %q", token, got.Link)
		}
	})
}

// A request that makes the server panic gets a problem document; half an answer is cut off.
func TestAPanicIsAProblem(t *testing.T) {
	var log strings.Builder
	p := holding(t, "a", 7, func(o *Options) {
		o.Token = func() (string, error) { panic(errors.New(secret)) }
		o.Log = logTo(&log)
	})
	a := p.do("GET", "/v1/link", "")
	if got := a.problem(t); a.StatusCode != http.StatusInternalServerError || got.Code != opencti.Rejected || got.Retryable {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if text := log.String(); !strings.Contains(text, "panic") || !strings.Contains(text, "authenticate") || strings.Contains(text, secret) {
		t.Errorf("the log does not say where, or says too much: %s", text)
	}
	begun := httptest.NewServer(p.survive(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		panic("later")
	})))
	defer begun.Close()
	if resp, err := http.Get(begun.URL); err == nil {
		defer resp.Body.Close()
		t.Errorf("half an answer looks whole: %d", resp.StatusCode)
	}
}
