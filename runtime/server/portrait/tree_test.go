package portrait

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// Hostile or wrong: refused, by an error that names the element and never a value.
func TestDocumentsThatAreWrong(t *testing.T) {
	deep := strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)
	items := func(n int) string {
		return "<MAKECALL><CALLDATA>" + strings.Repeat("<ITEM><NAME>s3cret</NAME></ITEM>", n) + "</CALLDATA></MAKECALL>"
	}
	for name, tc := range map[string]struct{ document, element, says string }{
		"nothing":                    {"", "", "empty"},
		"white space":                {" \n", "", "empty"},
		"no XML":                     {"s3cret", "", "text before"},
		"not closed":                 {"<MAKECALL><DN>s3cret", "DN", "not closed"},
		"closed by another":          {"<MAKECALL><DN>s3cret</AGENTID></MAKECALL>", "DN", "closed by AGENTID"},
		"a document type":            {`<!DOCTYPE x [<!ENTITY a "s3cret">]><MAKECALL>&a;</MAKECALL>`, "", "DOCTYPE"},
		"a document type, in lower":  {`<!doctype x><MAKECALL/>`, "", "DOCTYPE"},
		"an entity of its own":       {"<MAKECALL>&s3cret;</MAKECALL>", "", "not XML"},
		"an external one":            {`<!DOCTYPE x SYSTEM "file:///etc/passwd"><MAKECALL/>`, "", "DOCTYPE"},
		"a processing instruction":   {"<?php s3cret?><MAKECALL/>", "", "processing instruction"},
		"a late declaration":         {"<MAKECALL/><?xml version='1.0'?>", "", "processing instruction"},
		"white space, then one":      {" <?xml version='1.0'?><MAKECALL/>", "", "processing instruction"},
		"XML 1.1":                    {"<?xml version='1.1'?><MAKECALL/>", "", "not XML"},
		"too deep":                   {deep, "a", "deeper than 32"},
		"two documents":              {"<GETEVENTS/><GETEVENTS/>", "", "two documents"},
		"text after it":              {"<GETEVENTS/>s3cret", "", "two documents"},
		"an attribute":               {"<MAKECALL s3cret='s3cret'/>", "MAKECALL", "attribute"},
		"a namespace":                {"<MAKECALL xmlns='urn:s3cret'/>", "MAKECALL", "attribute xmlns"},
		"a prefix":                   {"<a:MAKECALL/>", "a:MAKECALL", "no request"},
		"an unknown request":         {"<FORMATDISK/>", "FORMATDISK", "no request"},
		"a request in lower case":    {"<makecall/>", "makecall", "no request"},
		"an event":                   {"<INCOMINGCALL/>", "INCOMINGCALL", "no request"},
		"an answer":                  {"<RESPONSE/>", "RESPONSE", "no request"},
		"text in a request":          {"<GETEVENTS>s3cret</GETEVENTS>", "GETEVENTS", "text"},
		"text beside elements":       {"<GETEVENTS><ACK/>s3cret</GETEVENTS>", "GETEVENTS", "text"},
		"an unknown element":         {"<GETEVENTS><COLOUR>s3cret</COLOUR></GETEVENTS>", "COLOUR", "no element of GETEVENTS"},
		"one of another request":     {"<GETEVENTS><DESTINATION>s3cret</DESTINATION></GETEVENTS>", "DESTINATION", "no element of GETEVENTS"},
		"one of answers":             {"<GETEVENTS><STATUS>OK</STATUS></GETEVENTS>", "STATUS", "no element of GETEVENTS"},
		"doubled":                    {"<GETEVENTS><ACK>1</ACK><ACK>1</ACK></GETEVENTS>", "ACK", "twice"},
		"doubled and empty":          {"<GETEVENTS><ACK/><ACK/></GETEVENTS>", "ACK", "twice"},
		"elements in a text":         {"<GETEVENTS><ACK><ACK>s3cret</ACK></ACK></GETEVENTS>", "ACK", "it is a text"},
		"too long":                   {"<GETEVENTS><ACK>" + strings.Repeat("s3cret", 20) + "</ACK></GETEVENTS>", "ACK", "longer than 64"},
		"missing":                    {"<MAKECALL><CLIENTID>x</CLIENTID></MAKECALL>", "DESTINATION", "missing"},
		"missing, as it is empty":    {"<GETEVENTS><CLIENTID></CLIENTID></GETEVENTS>", "CLIENTID", "missing"},
		"a state that is none":       {"<SETAGENTSTATE><CLIENTID>x</CLIENTID><STATE>s3cret</STATE></SETAGENTSTATE>", "STATE", "AVAILABLE"},
		"no truth value":             {"<DONOTDISTURB><ENABLED>s3cret</ENABLED></DONOTDISTURB>", "ENABLED", "true or false"},
		"no number":                  {"<GETEVENTS><WAIT>s3cret</WAIT></GETEVENTS>", "WAIT", "seconds"},
		"waits too long":             {"<GETEVENTS><WAIT>31</WAIT></GETEVENTS>", "WAIT", "0 to 30"},
		"data as text":               {"<MAKECALL><CALLDATA>s3cret</CALLDATA></MAKECALL>", "CALLDATA", "text"},
		"data of another kind":       {"<MAKECALL><CALLDATA><s3cret/></CALLDATA></MAKECALL>", "s3cret", "no element of CALLDATA"},
		"data without a name":        {"<MAKECALL><CALLDATA><ITEM><VALUE>s3cret</VALUE></ITEM></CALLDATA></MAKECALL>", "ITEM", "NAME"},
		"data with two values":       {"<MAKECALL><CALLDATA><ITEM><NAME>a</NAME><VALUE/><VALUE/></ITEM></CALLDATA></MAKECALL>", "VALUE", "twice"},
		"the same data twice":        {items(2), "ITEM", "twice"},
		"too much data":              {items(65), "CALLDATA", "more than 64"},
		"far too much data":          {items(300), "CALLDATA", "more than 256"},
		"data in data":               {"<MAKECALL><CALLDATA><ITEM><NAME><NAME>s3cret</NAME></NAME></ITEM></CALLDATA></MAKECALL>", "NAME", "it is a text"},
		"data with something else":   {"<MAKECALL><CALLDATA><ITEM><KEY>s3cret</KEY></ITEM></CALLDATA></MAKECALL>", "KEY", "no element of ITEM"},
		"data with too long a value": {"<MAKECALL><CALLDATA><ITEM><NAME>a</NAME><VALUE>" + strings.Repeat("x", 257) + "</VALUE></ITEM></CALLDATA></MAKECALL>", "VALUE", "longer than 256"},
		"a control character":        {"<GETEVENTS><ACK>&#1;</ACK></GETEVENTS>", "", "not XML"},
		"not UTF-8":                  {"<GETEVENTS><ACK>\xFF</ACK></GETEVENTS>", "", "not UTF-8"},
		"too large":                  {"<GETEVENTS>" + strings.Repeat(" ", DocumentBound) + "</GETEVENTS>", "", "larger than 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Read(names.Names{}, "text/xml", []byte(tc.document))
			var m *Mistake
			if !errors.As(err, &m) || r == nil {
				t.Fatalf("%v", err)
			}
			if m.Element != tc.element || !strings.Contains(m.Error(), tc.says) || !strings.Contains(m.Error(), short(tc.element)) {
				t.Errorf("%q of %q, want %q of %q", m.Error(), m.Element, tc.says, tc.element)
			}
			if hidden := strings.ReplaceAll(m.Error(), tc.element, ""); strings.Contains(hidden, "s3cret") && !strings.Contains(tc.says, "attribute") {
				t.Errorf("the error tells a value: %s", m.Error())
			}
		})
	}
}

func TestDocumentsThatAreRight(t *testing.T) {
	for name, tc := range map[string]struct {
		document string
		want     Request
	}{
		"with everything around it": {
			"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?>\n<!-- a comment -->\n<GETEVENTS>\n <ACK> 7-1\n</ACK><!-- x --> <CLIENTID>a<!-- y -->b</CLIENTID></GETEVENTS>\n<!-- z -->\n",
			Request{Name: "GETEVENTS", ClientID: "ab", Ack: "7-1"},
		},
		"references and CDATA": {
			"<MAKECALL><CLIENTID>x</CLIENTID><DESTINATION><![CDATA[<1>]]>&amp;&#xFC;</DESTINATION></MAKECALL>",
			Request{Name: "MAKECALL", ClientID: "x", Ask: opencti.Request{DestinationNumber: "<1>&ü"}},
		},
		"an empty element says nothing": {
			"<ACCEPTCALL><CLIENTID>x</CLIENTID><CALLID/></ACCEPTCALL>", Request{Name: "ACCEPTCALL", ClientID: "x"},
		},
		"data": {
			"<MAKECALL><CLIENTID>x</CLIENTID><DESTINATION>1</DESTINATION><CALLDATA><ITEM><VALUE>1</VALUE><NAME>a</NAME></ITEM><ITEM><NAME>b</NAME></ITEM></CALLDATA></MAKECALL>",
			Request{Name: "MAKECALL", ClientID: "x", Ask: opencti.Request{DestinationNumber: "1", Variables: map[string]string{"a": "1", "b": ""}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Read(names.Names{}, "text/xml", []byte(tc.document))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, *r, cmpopts.IgnoreUnexported(Request{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCharsets(t *testing.T) {
	const text = "<MAKECALL><CLIENTID>x</CLIENTID><DESTINATION>"
	for name, tc := range map[string]struct {
		contentType, document string
		want                  string
		charset               Charset
	}{
		"UTF-8 by default":                  {"text/xml", text + "ü</DESTINATION></MAKECALL>", "ü", UTF8},
		"UTF-8 by its mark":                 {"text/xml; charset=iso-8859-1", "\xEF\xBB\xBF" + text + "ü</DESTINATION></MAKECALL>", "ü", UTF8},
		"Latin-1 by declaration":            {"text/xml", `<?xml version="1.0" encoding="ISO-8859-1"?>` + text + "\xFC</DESTINATION></MAKECALL>", "ü", Latin1},
		"Latin-1 by Content-Type":           {"text/xml; charset=ISO-8859-1", text + "\xFC</DESTINATION></MAKECALL>", "ü", Latin1},
		"the Content-Type goes first":       {"text/xml; charset=utf-8", `<?xml version="1.0" encoding="ISO-8859-1"?>` + text + "ü</DESTINATION></MAKECALL>", "ü", UTF8},
		"ASCII with a reference":            {"text/xml; charset=us-ascii", text + "&#252;</DESTINATION></MAKECALL>", "ü", ASCII},
		"ASCII by declaration, in quotes '": {"text/xml", `<?xml version='1.0' encoding='US-ASCII'?>` + text + "u</DESTINATION></MAKECALL>", "u", ASCII},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Read(names.Names{}, tc.contentType, []byte(tc.document))
			if err != nil || r.Ask.DestinationNumber != tc.want || r.charset != tc.charset {
				t.Errorf("%v: %q in %s", err, r.Ask.DestinationNumber, r.charset)
			}
		})
	}
	for name, tc := range map[string]struct{ contentType, document, says string }{
		"UTF-16":                {"text/xml; charset=utf-16", text, "UTF-16"},
		"EBCDIC":                {"text/xml", `<?xml version="1.0" encoding="IBM037"?><x/>`, "IBM037"},
		"ASCII that is not":     {"text/xml; charset=us-ascii", text + "ü", "not US-ASCII"},
		"UTF-16 without a word": {"text/xml", "\xFF\xFE<\x00x\x00", "not UTF-8"},
	} {
		if _, err := Read(names.Names{}, tc.contentType, []byte(tc.document)); err == nil || !strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(tc.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Answers come in the character set of the request, and lose nothing in it.
func TestAnswersInEachCharset(t *testing.T) {
	const told = "Müller, 5 €, 😀, <&>\r\n\x01"
	for charset, want := range map[Charset]string{
		UTF8:   "Müller, 5 €, 😀, &lt;&amp;&gt;&#13;&#10;\uFFFD",
		Latin1: "M\xFCller, 5 &#8364;, &#128512;, &lt;&amp;&gt;&#13;&#10;&#65533;",
		ASCII:  "M&#252;ller, 5 &#8364;, &#128512;, &lt;&amp;&gt;&#13;&#10;&#65533;",
	} {
		got := Write(&Answer{Failed: &Failure{Why: opencti.Errorf(opencti.Rejected, "%s", told)}}, names.Names{}, charset)
		if !bytes.Contains(got, []byte("<MESSAGE>"+want+"</MESSAGE>")) || !bytes.HasPrefix(got, []byte(`<?xml version="1.0" encoding="`+string(charset)+`"?>`)) {
			t.Errorf("%s: %q", charset, got)
		}
		valid(t, got)
	}
	b := newBench(t)
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{{CallID: "c1", State: opencti.Offering, Variables: map[string]string{"name": "Müller €"}}}})
	for charset, raw := range map[Charset]string{UTF8: "Müller €", Latin1: "M\xFCller &#8364;", ASCII: "M&#252;ller &#8364;"} {
		a := b.sendAs("text/xml; charset="+string(charset), []byte("<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>"))
		if a.Kind != "text/xml; charset="+string(charset) || !strings.Contains(a.Body, raw) || a.Snapshot.Calls[0].Data[0].Value != "Müller €" {
			t.Errorf("%s: %s %s", charset, a.Kind, a.Body)
		}
	}
}

func TestOtherContentTypes(t *testing.T) {
	b := newBench(t)
	const document = "<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>"
	for kind, want := range map[string]int{"": 200, "application/xml": 200, "text/xml; charset=utf-8": 200, "application/json": 415, "x-www-form-urlencoded": 415} {
		if a := b.sendAs(kind, []byte(document)); a.Status != want {
			t.Errorf("%q: %d %s", kind, a.Status, a.Body)
		}
	}
	if a := b.sendAs("text/xml", bytes.Repeat([]byte(" "), DocumentBound+1)); a.Status != 413 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// A document costs in proportion to its size, whatever it is made of.
func TestDocumentsCostWhatTheyAreLong(t *testing.T) {
	for name, tc := range map[string]struct{ before, again, after string }{
		"elements":    {"<MAKECALL>", "<a%d/>", "</MAKECALL>"},
		"levels":      {"", "<a>", ""},
		"long names":  {"<MAKECALL><", "a", "/></MAKECALL>"},
		"attributes":  {"<MAKECALL", " a%d=''", "/>"},
		"data":        {"<MAKECALL><CALLDATA>", "<ITEM><NAME>%d</NAME></ITEM>", "</CALLDATA></MAKECALL>"},
		"references":  {"<MAKECALL><DESTINATION>", "&lt;", "</DESTINATION></MAKECALL>"},
		"comments":    {"<MAKECALL>", "<!---->", "</MAKECALL>"},
		"white space": {"<MAKECALL>", " ", "</MAKECALL>"},
		"a DOCTYPE":   {"<!DOCTYPE x [", "<!ENTITY a%d 'x'>", "]><MAKECALL/>"},
		"CDATA":       {"<MAKECALL><DESTINATION>", "<![CDATA[x]]>", "</DESTINATION></MAKECALL>"},
	} {
		t.Run(name, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte {
				b := []byte(tc.before)
				for i := 0; len(b) < min(size, DocumentBound)-len(tc.after)-len(tc.again)-8; i++ {
					b = append(b, strings.Replace(tc.again, "%d", fmt.Sprint(i), 1)...)
				}
				return append(b, tc.after...)
			}, func(document []byte) { _, _ = Read(names.Names{}, "text/xml; charset=iso-8859-1", document) })
		})
	}
}

// Whatever is sent: no panic, an error that is told as XML, or a request that is within its
// bounds and is read the same again.
func FuzzPortraitRequest(f *testing.F) {
	for _, m := range messages {
		f.Add("text/xml", []byte(request(m.name, "x", trials[m.name].more)))
	}
	f.Add("text/xml; charset=iso-8859-1", []byte("<?xml version='1.0' encoding='x'?><GETEVENTS><ACK>\xFC</ACK></GETEVENTS>"))
	f.Add("text/xml", []byte(`<!DOCTYPE x><MAKECALL><CALLDATA><ITEM/></CALLDATA></MAKECALL>`))
	f.Fuzz(func(t *testing.T, contentType string, document []byte) {
		costtest.Bounded(t, document, func(b []byte) { _, _ = Read(names.Names{}, contentType, b) })
		r, err := Read(names.Names{}, contentType, document)
		if r == nil {
			t.Fatal("no request")
		}
		if err != nil {
			var m *Mistake
			if !errors.As(err, &m) {
				t.Fatalf("%v is no mistake", err)
			}
			if _, err := parse(Write(Refused(r, err), names.Names{}, UTF8)); err != nil {
				t.Fatalf("the refusal cannot be read: %v", err)
			}
			return
		}
		if !utf8.ValidString(r.Ask.DestinationNumber) || len(r.ClientID) > 4096 || len(r.Ask.Variables) > dataBound || r.Wait > WaitBound || messageOf(r.Name) == nil {
			t.Fatalf("%+v", r)
		}
	})
}

// Whatever a CTI server tells: what is written can be read, and is the same.
func FuzzPortraitAnswer(f *testing.F) {
	f.Add("Müller €", byte(0))
	f.Add("<&>]]>\x00\r\n\uFFFE", byte(1))
	f.Fuzz(func(t *testing.T, text string, set byte) {
		c := []Charset{UTF8, Latin1, ASCII}[set%3]
		raw := write(node{name: "A", children: []node{{name: "B", text: text}}}, names.Names{}, c)
		decoded, err := c.decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(decoded)
		if err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		if want := strings.Trim(carried(text), whiteSpace); got.children[0].text != want {
			t.Fatalf("%q became %q", want, got.children[0].text)
		}
	})
}

// carried is what XML can carry of a text.
func carried(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, string([]rune(text)))
}
