package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
)

func nested(levels int) string {
	return strings.Repeat("<a>", levels) + strings.Repeat("</a>", levels)
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return "<HeldEvent" + b.String() + "/>"
}

// refused holds an input for each kind of message that is refused; the fuzzer starts from
// them. docs/bad-input.md lists the kinds.
var refused = []struct {
	name string
	xml  string
	want error
}{
	{"nothing", "", ErrMalformed},
	{"white space", " \n", ErrMalformed},
	{"text", "hello", ErrMalformed},
	{"JSON", `{"HeldEvent":{}}`, ErrMalformed},
	{"text before the root", "hello<HeldEvent/>", ErrMalformed},
	{"text after the root", "<HeldEvent/>hello", ErrMalformed},
	{"two roots", "<HeldEvent/><HeldEvent/>", ErrMalformed},
	{"cut short", "<HeldEvent><monitorCrossRefID>1", ErrMalformed},
	{"cut short in a tag", "<HeldEvent><monitorCross", ErrMalformed},
	{"crossed tags", "<HeldEvent><a></HeldEvent></a>", ErrMalformed},
	{"a word for a number", "<QueuedEvent><numberQueued>many</numberQueued></QueuedEvent>", ErrMalformed},
	{"a number out of range", "<QueuedEvent><numberQueued>9223372036854775808</numberQueued></QueuedEvent>", ErrMalformed},
	{"a fraction", "<QueuedEvent><numberQueued>1.5</numberQueued></QueuedEvent>", ErrMalformed},
	{"a word for a truth", "<GetAgentStateResponse><agentStateList><agentStateEntry><loggedOnState>perhaps</loggedOnState>" +
		"</agentStateEntry></agentStateList></GetAgentStateResponse>", ErrMalformed},
	{"a long name", "<" + strings.Repeat("a", 129) + "/>", ErrMalformed},
	{"a NUL", "<HeldEvent><monitorCrossRefID>1\x00</monitorCrossRefID></HeldEvent>", ErrMalformed},
	{"a NUL as a reference", "<HeldEvent><monitorCrossRefID>&#0;</monitorCrossRefID></HeldEvent>", ErrMalformed},
	{"a control character", "<HeldEvent><monitorCrossRefID>\x1b</monitorCrossRefID></HeldEvent>", ErrMalformed},
	{"UTF-16", "\xff\xfe<\x00H\x00e\x00l\x00d\x00/\x00>\x00", ErrMalformed},
	{"document type", `<!DOCTYPE x><HeldEvent/>`, ErrDoctype},
	{"document type from elsewhere", `<!DOCTYPE x SYSTEM "file:///etc/passwd"><HeldEvent/>`, ErrDoctype},
	{"entities", `<!DOCTYPE x [<!ENTITY a "aaaa">]><HeldEvent><monitorCrossRefID>&a;</monitorCrossRefID></HeldEvent>`, ErrDoctype},
	{"entities of entities", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><HeldEvent>&c;</HeldEvent>`, ErrDoctype},
	{"entity without a document type", `<HeldEvent><monitorCrossRefID>&a;</monitorCrossRefID></HeldEvent>`, ErrMalformed},
	{"directive inside", `<HeldEvent><!ENTITY a "b"></HeldEvent>`, ErrDoctype},
	{"processing instruction", `<?xml-stylesheet href="file:///etc/passwd"?><HeldEvent/>`, ErrInstruction},
	{"XML declaration inside", `<HeldEvent><?xml version="1.0" encoding="ISO-8859-1"?></HeldEvent>`, ErrInstruction},
	{"33 levels in an unknown message", nested(33), ErrTooDeep},
	{"33 levels in an element to skip", "<HeldEvent>" + nested(32) + "</HeldEvent>", ErrTooDeep},
	{"a frame full of levels", strings.Repeat("<a>", MaxBody/3), ErrTooDeep},
	{"33 attributes", attributes(33), ErrAttribute},
	{"a frame full of attributes", attributes(6000), ErrAttribute},
	{"long attribute", `<HeldEvent a="` + strings.Repeat("x", 4097) + `"/>`, ErrAttribute},
	{"doubled attribute", `<HeldEvent a="1" a="2"/>`, ErrAttribute},
	{"other character set", `<?xml version="1.0" encoding="UTF-16"?><HeldEvent/>`, ErrCharset},
	{"character set that nobody knows", `<?xml version="1.0" encoding="x"?><HeldEvent/>`, ErrCharset},
	{"too large", "<HeldEvent>" + strings.Repeat(" ", MaxFrame) + "</HeldEvent>", ErrTooLarge},
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, tc := range refused {
		t.Run(tc.name, func(t *testing.T) {
			m, err := Unmarshal([]byte(tc.xml))
			if !errors.Is(err, tc.want) || m != nil {
				t.Errorf("Unmarshal() = %v, %v; want nil, %v", m, err, tc.want)
			}
			costtest.Bounded(t, []byte(tc.xml), unmarshal)
		})
	}
	for name, ok := range map[string]string{"32 levels": nested(32), "32 attributes": attributes(32)} {
		if _, err := Unmarshal([]byte(ok)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func unmarshal(body []byte) { _, _ = Unmarshal(body) }

// A frame that is full of one thing costs no more than its size.
func TestUnmarshalCostsWhatTheFrameIsLong(t *testing.T) {
	for name, part := range map[string]struct{ before, again, after string }{
		"elements to skip":    {"<HeldEvent>", "<a/>", "</HeldEvent>"},
		"elements that count": {"<HeldEvent>", "<cause>a</cause>", "</HeldEvent>"},
		"unknown message":     {"<x>", "<a/>", "</x>"},
		"attributes":          {"<HeldEvent", ` a=""`, "/>"},
		"full elements": {"<HeldEvent>", "<a" + strings.TrimSuffix(strings.TrimPrefix(attributes(32), "<HeldEvent"), "/>") + "/>",
			"</HeldEvent>"},
		"levels":         {"<HeldEvent>", "<a>", ""},
		"levels up":      {"<HeldEvent>", nested(30), "</HeldEvent>"},
		"references":     {"<HeldEvent><cause>", "&lt;", "</cause></HeldEvent>"},
		"comments":       {"<HeldEvent>", "<!---->", "</HeldEvent>"},
		"text in pieces": {"<HeldEvent><cause>", "a<!---->", "</cause></HeldEvent>"},
		"text by turns":  {"<HeldEvent><cause>", "a<b/>", "</cause></HeldEvent>"},
		"CDATA":          {"<HeldEvent><cause>", "<![CDATA[a]]>", "</cause></HeldEvent>"},
		"returns":        {"<HeldEvent><cause>", "\r", "</cause></HeldEvent>"},
		"names":          {"<HeldEvent>", "<ü/>", "</HeldEvent>"},
		"declaration":    {"<?xml", ` version="1.0"`, "?><HeldEvent/>"},
		"ISO-8859-1":     {"<HeldEvent><cause>", "\xfc", "</cause></HeldEvent>"},
		"namespaces":     {"<HeldEvent>", `<a xmlns:b="c"/>`, "</HeldEvent>"},
		"call data":      {"<HeldEvent><correlatorData><private><callData>", `<variable name="a"/>`, "</callData></private></correlatorData></HeldEvent>"},
		"pairs":          {"<HeldEvent><correlatorData><string>", "a=1&amp;", "</string></correlatorData></HeldEvent>"},
		"parties": {"<ConferencedEvent><conferenceConnections>", "<connectionListItem><newConnection/></connectionListItem>",
			"</conferenceConnections></ConferencedEvent>"},
	} {
		t.Run(name, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte {
				room := min(size, MaxBody) - len(part.before) - len(part.after)
				return []byte(part.before + strings.Repeat(part.again, room/len(part.again)) + part.after)
			}, func(body []byte) {
				if m, err := Unmarshal(body); err == nil {
					callData(m)
				}
			})
		})
	}
}

// callData reads what is decoded only when it is asked for.
func callData(m Message) {
	if e, ok := m.(*HeldEvent); ok {
		e.Variables()
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, tc := range foreign {
		f.Add([]byte(tc.xml))
	}
	for _, m := range goldens() {
		b, err := Marshal(m, "")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, tc := range refused {
		for _, seed := range costtest.Seeds(tc.xml) {
			f.Add([]byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		costtest.Bounded(t, body, unmarshal)
		m, err := Unmarshal(body)
		if err != nil {
			if m != nil {
				t.Fatalf("a message and an error: %v", err)
			}
			return
		}
		if len(body) > MaxFrame {
			t.Fatalf("%d bytes were read", len(body))
		}
		if _, unknown := m.(*Unknown); unknown {
			return
		}
		again, err := Marshal(m, "")
		if errors.Is(err, ErrTooLarge) {
			return // escapes may make it longer
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Unmarshal(again); err != nil {
			t.Fatalf("%s cannot be read again: %v", again, err)
		}
	})
}
