package control

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// badBodies holds a body for each kind of mistake, with the status and the field that the
// answer names; the fuzzer starts from them.
var badBodies = map[string]struct {
	path, body string
	status     int
	field      string
}{
	"misspelt":              {"/v1/calls", `{"from":"+49","que":"support"}`, 400, "que"},
	"other case":            {"/v1/calls", `{"From":"+49","queue":"support"}`, 400, "From"},
	"twice":                 {"/v1/calls", `{"from":"+49","from":"+43"}`, 400, "from"},
	"number for text":       {"/v1/calls", `{"from":49}`, 400, "from"},
	"text for a number":     {"/v1/faults", `{"silence":"1"}`, 400, "silence"},
	"number out of range":   {"/v1/faults", `{"silence":1e400}`, 400, "silence"},
	"a list":                {"/v1/calls", `[]`, 400, ""},
	"a list for an object":  {"/v1/calls", `{"from":"+49","queue":"support","data":[]}`, 400, "data"},
	"deep":                  {"/v1/calls", strings.Repeat(`{"data":`, 8000), 400, ""},
	"deep lists":            {"/v1/calls", strings.Repeat("[", maxBody), 400, ""},
	"no JSON":               {"/v1/calls", `from=+49`, 400, ""},
	"nothing":               {"/v1/calls", ``, 400, ""},
	"cut short":             {"/v1/calls", `{"from":"+49`, 400, ""},
	"two values":            {"/v1/calls", `{"from":"+49"}{"from":"+43"}`, 400, ""},
	"a NUL":                 {"/v1/calls", "{\"from\":\"+4\x009\"}", 400, ""},
	"UTF-16":                {"/v1/calls", "\xff\xfe{\x00}\x00", 400, ""},
	"nobody calls":          {"/v1/calls", `{"queue":"support"}`, 422, "from"},
	"null":                  {"/v1/calls", `null`, 422, "from"},
	"nobody is called":      {"/v1/calls", `{"from":"+49"}`, 422, "to"},
	"no such queue":         {"/v1/calls", `{"from":"+49","queue":"sales"}`, 422, "queue"},
	"no such destination":   {"/v1/calls", `{"from":"+49","to":"1999"}`, 422, "to"},
	"an agent is no phone":  {"/v1/calls", `{"from":"4001","to":"1001"}`, 422, "from"},
	"impossible patience":   {"/v1/calls", `{"from":"+49","queue":"support","patience":-1}`, 422, "patience"},
	"endless talk":          {"/v1/calls", `{"from":"+49","queue":"support","talkTime":1e9}`, 422, "talkTime"},
	"no fault":              {"/v1/faults", `{}`, 422, "dropConnections"},
	"silence into the past": {"/v1/faults", `{"silence":-1}`, 422, "silence"},
	"too large":             {"/v1/calls", `{"from":"` + strings.Repeat("1", maxBody) + `"}`, 413, ""},
	"hang up nothing":       {"/v1/calls/7/hangup", ``, 404, "id"},

	"no such behaviour":         {"/v1/behaviours/rage", `{}`, 404, "name"},
	"a misspelt parameter":      {"/v1/behaviours/pacing", `{"intervall":1}`, 400, "intervall"},
	"a parameter of another":    {"/v1/behaviours/pacing", `{"dn":"1001"}`, 400, "dn"},
	"a parameter's type":        {"/v1/behaviours/pacing", `{"interval":"1"}`, 400, "interval"},
	"half a whole number":       {"/v1/behaviours/eventsDoubled", `{"count":1.5}`, 400, "count"},
	"a parameter is missing":    {"/v1/behaviours/transferWhileRinging", `{"to":"1002"}`, 422, "dn"},
	"a parameter is too small":  {"/v1/behaviours/eventsDoubled", `{"count":0}`, 422, "count"},
	"a parameter is too large":  {"/v1/behaviours/latin1", `{"duration":1e9}`, 422, "duration"},
	"an unknown event":          {"/v1/behaviours/eventsDoubled", `{"event":"Rings"}`, 422, "event"},
	"a state that forbids it":   {"/v1/behaviours/transferWhileRinging", `{"dn":"1001","to":"1002"}`, 409, ""},
	"none of a parameter's set": {"/v1/behaviours/survivingLinkage", `{"side":"both"}`, 422, "side"},
}

func TestBadRequestsNameTheField(t *testing.T) {
	for name, tc := range badBodies {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			var got problem
			header := p.ask("POST", tc.path, tc.body, tc.status, &got)
			if got.Field != tc.field || got.Detail == "" || got.Status != tc.status {
				t.Errorf("got %+v, want field %q", got, tc.field)
			}
			if header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", header.Get("Content-Type"))
			}
		})
	}
}

func TestBodiesCostWhatTheyAreLong(t *testing.T) {
	p := open(t)
	for name, part := range map[string]struct{ before, again, after string }{
		"unknown members": {`{"from":"+49"`, `,"a":1`, `}`},
		"call data":       {`{"from":"x","data":{"a":"b"`, `,"a":"b"`, `}}`},
		"levels":          {`{"data":`, `[`, ``},
		"numbers":         {`{"data":[1`, `,1`, `]}`},
	} {
		t.Run(name, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte {
				room := min(size, maxBody) - len(part.before) - len(part.after)
				return []byte(part.before + strings.Repeat(part.again, room/len(part.again)) + part.after)
			}, func(body []byte) { post(t, p, "/v1/calls", string(body)) })
		})
	}
}

// post sends a body and checks that a refusal is a problem document.
func post(t *testing.T, h http.Handler, path, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(body)))
	if w.Code >= 500 {
		t.Errorf("%s: %d %s", path, w.Code, w.Body)
	}
	if w.Code < 400 {
		return
	}
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Detail == "" || p.Status != w.Code {
		t.Errorf("%s: %d %s is no problem document", path, w.Code, w.Body)
	}
}

// FuzzControl sends any body to the paths that take one.
func FuzzControl(f *testing.F) {
	for _, tc := range badBodies {
		for _, seed := range costtest.Seeds(tc.body) {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, body string) {
		costtest.Bounded(t, []byte(body), func([]byte) {
			model, err := switchmodel.New(switchmodel.DefaultConfig())
			if err != nil {
				t.Fatal(err)
			}
			h := handler(t, model, &badDay{})
			for _, path := range []string{"/v1/calls", "/v1/faults", "/v1/behaviours/eventsDoubled", "/v1/behaviours/handset"} {
				post(t, h, path, body)
			}
		})
	})
}
