package ingest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// What no error may repeat.
const secret = "s3cr3t"

func raw(name, dn, agentID string, fields map[string]any) opencti.RawEvent {
	return opencti.RawEvent{Name: name, DN: dn, AgentID: agentID, Fields: fields, Order: math.MaxUint64}
}

func TestJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want []Event
	}{
		"one": {`{"id":"1","name":"Delivered","dn":"1001","fields":{"callId":"7"}}`,
			[]Event{{"1", raw("Delivered", "1001", "", map[string]any{"callId": "7"})}}},
		"of an agent, without fields": {`{"name":"Ready","agentId":"4001"}`, []Event{{"", raw("Ready", "", "4001", map[string]any{})}}},
		"every type": {`{"name":"E","dn":"1","fields":{"t":"a","yes":true,"n":-7,"big":9223372036854775807,"list":[1,["x"],{"a":false}],"map":{"b":{}},"gone":null}}`,
			[]Event{{"", raw("E", "1", "", map[string]any{
				"t": "a", "yes": true, "n": int64(-7), "big": int64(math.MaxInt64),
				"list": []any{int64(1), []any{"x"}, map[string]any{"a": false}}, "map": map[string]any{"b": map[string]any{}},
			})}}},
		"a list":        {`[{"name":"A","dn":"1"},{"name":"B","dn":"2"}]`, []Event{{"", raw("A", "1", "", map[string]any{})}, {"", raw("B", "2", "", map[string]any{})}}},
		"an empty list": {`[]`, []Event{}},
	} {
		t.Run(name, func(t *testing.T) { same(t, tc.want, JSON, tc.body) })
	}
}

func same(t *testing.T, want []Event, read func([]byte) ([]Event, error), body string) {
	t.Helper()
	got, err := read([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if time.Since(got[i].Raw.Received) > time.Minute {
			t.Errorf("received at %v", got[i].Raw.Received)
		}
		got[i].Raw.Received = time.Time{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestXML(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want []Event
	}{
		"an element of the CTI server's own": {`<?xml version="1.0" encoding="UTF-8"?><!-- x --><Delivered id="1" dn="1001"><callId> 7 </callId></Delivered>` + "\n",
			[]Event{{"1", raw("Delivered", "1001", "", map[string]any{"callId": "7"})}}},
		"an event with a name": {`<event name="Ready" agentId="4001"/>`, []Event{{"", raw("Ready", "", "4001", map[string]any{})}}},
		"whose it is in child elements": {`<Ready><agentId>4001</agentId><dn>1001</dn></Ready>`,
			[]Event{{"", raw("Ready", "1001", "4001", map[string]any{"agentId": "4001", "dn": "1001"})}}},
		"attributes, children, text": {`<E dn="1" cause="x"><party role="Agent">1001</party><call state="held"><id>7</id></call><empty/></E>`,
			[]Event{{"", raw("E", "1", "", map[string]any{
				"cause": "x", "party": map[string]any{"role": "Agent", "#text": "1001"},
				"call": map[string]any{"state": "held", "id": "7"}, "empty": "",
			})}}},
		"text of the event itself": {`<E dn="1"> hello </E>`, []Event{{"", raw("E", "1", "", map[string]any{"#text": "hello"})}}},
		"repeated elements": {`<E dn="1"><p>a</p><q>x</q><p><r>b</r></p><p>c</p></E>`,
			[]Event{{"", raw("E", "1", "", map[string]any{"p": []any{"a", map[string]any{"r": "b"}, "c"}, "q": "x"})}}},
		"namespaces": {`<n:E xmlns:n="urn:x" xmlns="urn:y" dn="1"><n:a n:b="c"/></n:E>`,
			[]Event{{"", raw("E", "1", "", map[string]any{"a": map[string]any{"b": "c"}})}}},
		"entities and CDATA": {`<E dn="1"><a>&lt;&#65;<![CDATA[<b>]]></a></E>`, []Event{{"", raw("E", "1", "", map[string]any{"a": "<A<b>"})}}},
		"several":            {`<events><A dn="1"/> <event name="B" dn="2"/></events>`, []Event{{"", raw("A", "1", "", map[string]any{})}, {"", raw("B", "2", "", map[string]any{})}}},
		"none":               {`<events/>`, nil},
	} {
		t.Run(name, func(t *testing.T) { same(t, tc.want, XML, tc.body) })
	}
}

// badJSON and badXML hold a body for each kind of mistake, and what the error says.
var (
	badJSON = map[string]struct{ body, says string }{
		"no JSON":              {secret, "the body is not JSON"},
		"a text":               {`"` + secret + `"`, "body is not an object"},
		"a list of texts":      {`[{"name":"A","dn":"1"},"` + secret + `"]`, "body[1] is not an object"},
		"no name":              {`{"dn":"1"}`, "body has no name"},
		"nobody's":             {`[{"name":"A"}]`, "body[0] has neither dn nor agentId"},
		"an unknown member":    {`{"name":"A","dn":"1","callId":"` + secret + `"}`, "body.callId is unknown"},
		"another case":         {`{"Name":"` + secret + `","dn":"1"}`, "body.Name is unknown"},
		"a long unknown one":   {`{"` + strings.Repeat("x", 1000) + `":1}`, "body.xxx"},
		"a number for a text":  {`{"name":7357,"dn":"1"}`, "body.name is not a text"},
		"null for a text":      {`{"name":"A","dn":null}`, "body.dn is not a text"},
		"a long name":          {`{"name":"` + strings.Repeat(secret, 30) + `","dn":"1"}`, "body.name is longer than 128"},
		"a long device":        {`{"name":"A","dn":"` + strings.Repeat(secret, 30) + `"}`, "body.dn is longer than 64"},
		"a long agent":         {`{"name":"A","agentId":"` + strings.Repeat(secret, 30) + `"}`, "body.agentId is longer than 64"},
		"a long id":            {`{"id":"` + strings.Repeat(secret, 30) + `","name":"A","dn":"1"}`, "body.id is longer than 128"},
		"fields that are none": {`{"name":"A","dn":"1","fields":["` + secret + `"]}`, "body.fields is not an object"},
		"a fraction":           {`{"name":"A","dn":"1","fields":{"a":{"b":[0,1.5]}}}`, "body.fields.a.b[1] is not a whole number"},
		"a large number":       {`{"name":"A","dn":"1","fields":{"a":9223372036854775808}}`, "body.fields.a is not a whole number of 64 bits"},
		"null in a list":       {`{"name":"A","dn":"1","fields":{"a":[null]}}`, "body.fields.a[0] is null"},
		"deep":                 {`{"name":"A","dn":"1","fields":` + strings.Repeat(`{"a":`, 17) + `1` + strings.Repeat(`}`, 18), "is nested deeper than 16"},
		"too many":             {`[` + strings.TrimSuffix(strings.Repeat(`{"name":"A","dn":"1"},`, 257), ",") + `]`, "more than 256 events"},
	}
	badXML = map[string]struct{ body, says string }{
		"nothing":                  {"", "holds no element"},
		"no XML":                   {secret, "text outside"},
		"too early an end":         {`<E dn="1"><a>` + secret, "near byte"},
		"an unclosed events":       {`<events><E dn="1"/>`, "near byte"},
		"a document type":          {`<!DOCTYPE E [<!ENTITY a "` + secret + `">]><E dn="1">&a;</E>`, "document type"},
		"one later":                {`<E dn="1"><!DOCTYPE x></E>`, "document type"},
		"an unknown entity":        {`<E dn="1">&s3cr3t;</E>`, "near byte"},
		"a processing instruction": {`<?php x?><E dn="1"/>`, "processing instruction"},
		"a declaration later":      {`<E dn="1">` + strings.Repeat(" ", 300) + `<?xml version="1.0"?></E>`, "processing instruction"},
		"another character set":    {`<?xml version="1.0" encoding="ISO-8859-1"?><E dn="1"/>`, "not XML in UTF-8"},
		"bytes of another":         {"<E dn=\"\xfc\"/>", "not UTF-8"},
		"UTF-16":                   {"\xff\xfe<\x00E\x00", "not UTF-8"},
		"a byte order mark":        {"\xef\xbb\xbf<E dn=\"1\"/>", "text outside"},
		"a control character":      {"<E dn=\"1\">\x01</E>", "near byte"},
		"two elements":             {`<E dn="1"/><E dn="` + secret + `"/>`, "more than one element"},
		"text behind":              {`<E dn="1"/>` + secret, "more than one element"},
		"an event without a name":  {`<event dn="1"/>`, "body has no name"},
		"nobody's":                 {`<events><A dn="1"/><B/></events>`, "body[1] has neither dn nor agentId"},
		"text between events":      {`<events>` + secret + `<A dn="1"/></events>`, "text between"},
		"doubled attributes":       {`<E dn="1" dn="` + secret + `"/>`, "body.dn stands there twice"},
		"of another namespace":     {`<E dn="1"><a b="1" n:b="2" xmlns:n="x"/></E>`, "body.a.b stands there twice"},
		"attribute and element":    {`<E dn="1" a="x"><a>` + secret + `</a></E>`, "body.a is both"},
		"many attributes":          {`<E dn="1"` + manyAttributes(33) + `/>`, "body has more than 32 attributes"},
		"deep":                     {`<E dn="1">` + strings.Repeat("<a>", 20), "is nested deeper than 16"},
		"a long device":            {`<E dn="` + strings.Repeat(secret, 30) + `"/>`, "body.dn is longer than 64"},
		"too many":                 {`<events>` + strings.Repeat(`<A dn="1"/>`, 257) + `</events>`, "more than 256 events"},
	}
)

func manyAttributes(n int) (out string) {
	for i := range n {
		out += fmt.Sprintf(` a%d=""`, i)
	}
	return out
}

func TestBadPosts(t *testing.T) {
	for kind, tc := range map[string]struct {
		read func([]byte) ([]Event, error)
		bad  map[string]struct{ body, says string }
	}{"JSON": {JSON, badJSON}, "XML": {XML, badXML}} {
		for name, bad := range tc.bad {
			t.Run(kind+"/"+name, func(t *testing.T) {
				_, err := tc.read([]byte(bad.body))
				if err == nil || !strings.Contains(err.Error(), bad.says) {
					t.Fatalf("%v; want it to say %q", err, bad.says)
				}
				if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "7357") || len(err.Error()) > 2000 {
					t.Errorf("it tells the value, or too much: %v", err)
				}
			})
		}
	}
}

func TestPostsCostWhatTheyAreLong(t *testing.T) {
	for name, tc := range map[string]struct {
		read                 func([]byte) ([]Event, error)
		before, again, after string
	}{
		"JSON fields":       {JSON, `{"name":"A","dn":"1","fields":{"a":1`, `,"a%d":1`, `}}`},
		"JSON lists":        {JSON, `{"name":"A","dn":"1","fields":{"a":[1`, `,1`, `]}}`},
		"JSON levels":       {JSON, `{"name":"A","dn":"1","fields":{"a":`, `[`, ``},
		"JSON, long names":  {JSON, `{"name":"A","dn":"1","fields":{"` + strings.Repeat("n", 4000) + `":{"a":1`, `,"a%d":1`, `}}}`},
		"XML elements":      {XML, `<E dn="1">`, `<a%d/>`, `</E>`},
		"XML, the same":     {XML, `<E dn="1">`, `<a/>`, `</E>`},
		"XML attributes":    {XML, `<E dn="1"`, ` a%d=""`, `/>`},
		"XML attributes in": {XML, `<E dn="1"><a`, ` a%d=""`, `/></E>`},
		"XML namespaces":    {XML, `<E dn="1"`, ` xmlns:a%d="x"`, `/>`},
		"XML levels":        {XML, `<E dn="1">`, `<a>`, ``},
		"XML text":          {XML, `<E dn="1">`, `&lt;`, `</E>`},
		"XML comments":      {XML, `<E dn="1">`, `<!---->`, `</E>`},
		"XML events":        {XML, `<events>`, `<A dn="%d"/>`, `</events>`},
	} {
		t.Run(name, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte {
				b := []byte(tc.before)
				for i := 0; len(b) < size-len(tc.after)-len(tc.again)-8; i++ {
					b = append(b, strings.Replace(tc.again, "%d", fmt.Sprint(i), 1)...)
				}
				return append(b, tc.after...)
			}, func(body []byte) { _, _ = tc.read(body) })
		})
	}
}

// fuzz reads any bytes: what passes is an event that a session can be given.
func fuzz(f *testing.F, read func([]byte) ([]Event, error), bad map[string]struct{ body, says string }) {
	for _, b := range bad {
		for _, seed := range costtest.Seeds(b.body) {
			f.Add([]byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		costtest.Bounded(t, body, func(b []byte) { _, _ = read(b) })
		events, err := read(body)
		if err != nil {
			if !strings.Contains(err.Error(), "body") || len(err.Error()) > 2000 {
				t.Errorf("%q: %q does not say where, in few words", body, err)
			}
			return
		}
		if len(events) > EventsBound {
			t.Errorf("%d events", len(events))
		}
		for _, e := range events {
			if e.Raw.Name == "" || e.Raw.DN == "" && e.Raw.AgentID == "" || e.Raw.Fields == nil {
				t.Errorf("%q passes as %+v", body, e)
			}
			for name, v := range e.Raw.Fields {
				readable(t, name, v, 0)
			}
		}
	})
}

// readable checks that a field is of the types that rules know.
func readable(t *testing.T, at string, v any, depth int) {
	t.Helper()
	if depth > depthBound {
		t.Errorf("%s is deep", at)
	}
	switch v := v.(type) {
	case string, bool, int64:
	case []any:
		for _, item := range v {
			readable(t, at, item, depth+1)
		}
	case map[string]any:
		for name, item := range v {
			readable(t, name, item, depth+1)
		}
	default:
		t.Errorf("%s is a %T", at, v)
	}
}

func FuzzPostedJSON(f *testing.F) {
	f.Add([]byte(`{"id":"1","name":"Delivered","dn":"1001","fields":{"a":[1,{"b":true}]}}`))
	fuzz(f, JSON, badJSON)
}

func FuzzPostedXML(f *testing.F) {
	f.Add([]byte(`<events><A dn="1" b="c"><d>e</d><d>f</d></A></events>`))
	fuzz(f, XML, badXML)
}
