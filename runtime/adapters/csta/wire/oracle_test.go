package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
)

// errStricter is what the oracle says of documents that encoding/xml lets pass and this
// package refuses: see the table in TestStricterThanEncodingXML.
var errStricter = errors.New("this package is stricter")

// oracle decodes with encoding/xml, under a guard with the same bounds. The package's own
// decoder must not tell another story.
func oracle(body []byte) (Message, error) {
	if len(body) > MaxFrame {
		return nil, ErrTooLarge
	}
	g := newGuard(body)
	m, err := decodeByTags(xml.NewTokenDecoder(g))
	if err == nil && g.stricter {
		return nil, errStricter
	}
	return m, err
}

func decodeByTags(d *xml.Decoder) (Message, error) {
	root, err := outside(d)
	if err != nil {
		return nil, err
	}
	start, ok := root.(xml.StartElement)
	if !ok || len(start.Name.Local) > maxName {
		return nil, ErrMalformed
	}
	var m Message = &Unknown{Space: start.Name.Space, Name: start.Name.Local}
	if t, known := messages[start.Name.Local]; known {
		m = reflect.New(t.typ).Interface().(Message)
		err = d.DecodeElement(m, &start)
	} else {
		err = d.Skip()
	}
	if err != nil {
		return nil, err
	}
	if _, err := outside(d); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed
	}
	return m, nil
}

// outside gives the next token that is no white space.
func outside(d *xml.Decoder) (xml.Token, error) {
	for {
		token, err := d.Token()
		if text, ok := token.(xml.CharData); err != nil || !ok || len(bytes.TrimSpace(text)) > 0 {
			return token, err
		}
	}
}

// guard is between encoding/xml's tokens and its decoder.
type guard struct {
	raw      *xml.Decoder
	depth    int
	begins   int64 // where an XML declaration may be
	stricter bool
}

func newGuard(body []byte) *guard {
	isUTF8 := utf8.Valid(body)
	if !isUTF8 {
		body = latin1ToUTF8(body)
	}
	raw := xml.NewDecoder(bytes.NewReader(body))
	raw.CharsetReader = func(label string, rest io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "iso-8859-1", "latin1", "us-ascii":
		default:
			return nil, ErrCharset
		}
		if !isUTF8 {
			return rest, nil
		}
		text, err := io.ReadAll(rest)
		return bytes.NewReader(latin1ToUTF8(text)), err
	}
	return &guard{raw: raw, begins: int64(len(body) - len(bytes.TrimLeft(body, " \t\r\n")))}
}

// Token implements xml.TokenReader.
func (g *guard) Token() (xml.Token, error) {
	for {
		begins := g.raw.InputOffset()
		token, err := g.raw.RawToken()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if g.depth++; g.depth > maxDepth {
				return nil, ErrTooDeep
			}
			if err := boundedAttributes(t.Attr); err != nil {
				return nil, err
			}
			return t, nil
		case xml.EndElement:
			g.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, ErrDoctype
		case xml.ProcInst:
			g.stricter = g.stricter || t.Target != "xml" || begins != g.begins || !isDeclaration(string(t.Inst))
		case xml.Comment:
			g.stricter = g.stricter || bytes.ContainsFunc(t, func(r rune) bool { return !isCharacter(r) })
		}
	}
}

func boundedAttributes(attrs []xml.Attr) error {
	if len(attrs) > maxAttributes {
		return ErrAttribute
	}
	for i, a := range attrs {
		if len(a.Value) > maxAttrValue {
			return ErrAttribute
		}
		for _, b := range attrs[:i] {
			if a.Name == b.Name {
				return ErrAttribute
			}
		}
	}
	return nil
}

var declarationPart = regexp.MustCompile(`^[ \t\r\n]*(version|encoding|standalone)=(?:"([^"<&]*)"|'([^'<&]*)')`)

// isDeclaration by XML 1.0, 2.8, but that the parts may be missing or in any order.
func isDeclaration(content string) bool {
	seen := map[string]bool{}
	for strings.Trim(content, " \t\r\n") != "" {
		part := declarationPart.FindStringSubmatch(content)
		if part == nil || seen[part[1]] {
			return false
		}
		value := part[2] + part[3]
		if part[1] == "version" && value != "1.0" || part[1] == "standalone" && value != "yes" && value != "no" {
			return false
		}
		seen[part[1]], content = true, content[len(part[0]):]
	}
	return true
}

// UnmarshalXML is what text:"trimmed" says, for the oracle.
func (d *DeviceID) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	type plain DeviceID
	err := dec.DecodeElement((*plain)(d), &start)
	d.Number = strings.TrimSpace(d.Number)
	return err
}

// UnmarshalXML is what also:"callId" says, for the oracle.
func (c *ConnectionID) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = c.part(d, t)
		case xml.EndElement:
			c.CallID = strings.TrimSpace(c.CallID)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *ConnectionID) part(d *xml.Decoder, start xml.StartElement) error {
	switch start.Name.Local {
	case "callID", "callId":
		return d.DecodeElement(&c.CallID, &start)
	case "deviceID", "deviceId":
		return d.DecodeElement(&c.DeviceID, &start)
	}
	return d.Skip()
}

// agree asserts that the package decodes body as encoding/xml does, or refuses it as well.
func agree(t *testing.T, body []byte) {
	t.Helper()
	want, wantErr := oracle(body)
	got, err := Unmarshal(body)
	switch {
	case (err == nil) != (wantErr == nil):
		t.Errorf("%.300q: error %v, with encoding/xml %v", body, err, wantErr)
	case !reflect.DeepEqual(want, got) && !isReserved(want):
		t.Errorf("%.300q: (-encoding/xml +got)\n%s", body, cmp.Diff(want, got, exportAll))
	}
}

// isReserved says that a root is called xmlns, or has that prefix, which means nothing
// (Namespaces in XML, 3): in which namespace it is, nobody needs to agree on.
func isReserved(m Message) bool {
	u, unknown := m.(*Unknown)
	return unknown && (u.Name == "xmlns" || u.Space == "xmlns")
}

// A character set that is declared with white space around the = counts, which encoding/xml
// overlooks.
func TestWhiteSpaceInTheDeclaration(t *testing.T) {
	m, err := Unmarshal([]byte("<?xml version = '1.0' encoding\n=\t'latin1' ?><HeldEvent><cause>\xc3\xbc</cause></HeldEvent>"))
	want := &HeldEvent{EventData: EventData{Cause: "Ã¼"}}
	if diff := cmp.Diff(Message(want), m, exportAll); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

// documents has all that the tests have.
func documents(tb testing.TB) (all []string) {
	for _, tc := range foreign {
		all = append(all, tc.xml)
	}
	for _, m := range goldens() {
		body, err := Marshal(m, "")
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, string(body))
		for _, write := range variants {
			all = append(all, write(string(body)))
		}
	}
	for _, tc := range refused {
		all = append(all, tc.xml)
	}
	for _, tc := range refusals {
		all = append(all, tc.xml)
	}
	for _, tc := range stricter {
		all = append(all, tc)
	}
	return append(all, wellFormed...)
}

func TestDecodersAgree(t *testing.T) {
	for _, xml := range documents(t) {
		agree(t, []byte(xml))
	}
}

func FuzzDecodersAgree(f *testing.F) {
	for _, seed := range costtest.Seeds(documents(f)...) {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if spacedDeclaration.Match(body) {
			t.Skip("encoding/xml overlooks an encoding that is declared so; TestWhiteSpaceInTheDeclaration tries them")
		}
		agree(t, body)
	})
}

var spacedDeclaration = regexp.MustCompile(`^\s*<\?xml[^>]*(\s=|=\s)`)

// stricter are documents that encoding/xml lets pass.
var stricter = map[string]string{
	"a processing instruction":               `<?php?><HeldEvent/>`,
	"an instruction in the message":          `<HeldEvent><?a?></HeldEvent>`,
	"a declaration that is not before all":   `<!-- --><?xml version="1.0"?><HeldEvent/>`,
	"a declaration in the message":           `<HeldEvent><?xml version="1.0"?></HeldEvent>`,
	"a declaration of rubbish":               `<?xml rubbish?><HeldEvent/>`,
	"a declaration of something else":        `<?xml version="1.0" author="me"?><HeldEvent/>`,
	"a declaration with a reference":         `<?xml standalone="&#110;o"?><HeldEvent/>`,
	"a declaration that says a thing twice":  `<?xml version="1.0" version="1.0"?><HeldEvent/>`,
	"no version":                             `<?xml version=""?><HeldEvent/>`,
	"a control character in a comment":       "<!--\x01--><HeldEvent/>",
	"half of a noncharacter pair in comment": "<!--\uFFFE--><HeldEvent/>",
}

func TestStricterThanEncodingXML(t *testing.T) {
	for name, xml := range stricter {
		if _, err := oracle([]byte(xml)); !errors.Is(err, errStricter) {
			t.Errorf("%s: the oracle says %v", name, err)
		}
		if _, err := Unmarshal([]byte(xml)); err == nil {
			t.Errorf("%s was let pass", name)
		}
	}
}

// wellFormed are documents that look strange and are right, to be read as encoding/xml does.
var wellFormed = []string{
	nested(maxDepth), attributes(maxAttributes),
	"<?xml?><HeldEvent/>",
	" \r\n<?xml version='1.0' standalone='no' encoding=\"UTF-8\" ?>\n<HeldEvent\n/>\n<!-- after -->\n",
	"<!----><HeldEvent><!-- - > --><monitorCrossRefID>1<!---->2</monitorCrossRefID></HeldEvent>",
	"<HeldEvent><monitorCrossRefID>a\rb\r\nc\r\r\nd\n\re</monitorCrossRefID></HeldEvent>",
	"<HeldEvent><monitorCrossRefID>\r<!---->\n&#13;\n\r&#10;</monitorCrossRefID></HeldEvent>",
	"<HeldEvent><monitorCrossRefID><![CDATA[<&lt;\r\n]]]]><![CDATA[>]]>]]&gt;</monitorCrossRefID></HeldEvent>",
	"<HeldEvent><monitorCrossRefID>&lt;&gt;&amp;&apos;&quot;&#65;&#x41;&#x1F600;&#00000000000000000000000000065;&#xD800;</monitorCrossRefID></HeldEvent>",
	"<HeldEvent><monitorCrossRefID>1<a>2<b>3</b></a>4<c/>5</monitorCrossRefID></HeldEvent>",
	"<HeldEvent><monitorCrossRefID>1</monitorCrossRefID><monitorCrossRefID/></HeldEvent>",
	"<HeldEvent a='\"' b=\"'\"c='&#9;\r\n&lt;]]>'><x:y x:a='1' y:a='2'/></HeldEvent >",
	"<HeldEvent><Größe größe='1'><größe/></Größe></HeldEvent>",
	"<:/>", "<a:/>", "<_.-9/>", "<a:9/>", "<ü:ü xmlns:ü='u'/>", "<xml:a/>", "<xmlns xmlns='a'/>", "<xmlns:a xmlns:xmlns='b'/>", "<a:b xmlns:a=''/>", "<a xmlns='&amp;'/>",
	"<HeldEvent xmlns:a='b'><a:monitorCrossRefID>1</a:monitorCrossRefID><b:cause>c</b:cause></HeldEvent>",
	"<HeldEvent><connection>no field</connection><heldConnection>7<callId>1</callId><callID> 2\n</callID>" +
		"<deviceId mediaClass='voice'>3</deviceId><deviceID typeOfNumber='a'/></heldConnection></HeldEvent>",
	"<HeldEvent><heldConnection><callID>7</callID></heldConnection><heldConnection><deviceID>1</deviceID></heldConnection></HeldEvent>",
	"<HeldEvent><holdingDevice><notKnown>x<y/></notKnown></holdingDevice><holdingDevice><restricted/></holdingDevice></HeldEvent>",
	"<HeldEvent><correlatorData><string/></correlatorData><userData><string> 4x </string></userData></HeldEvent>",
	"<HeldEvent><callCharacteristics><acdCall> T </acdCall></callCharacteristics></HeldEvent>",
	"<HeldEvent><callCharacteristics><acdCall>1</acdCall><acdCall/></callCharacteristics></HeldEvent>",
	"<QueuedEvent><numberQueued> +7\n</numberQueued></QueuedEvent>", "<QueuedEvent><numberQueued/></QueuedEvent>",
	"<SnapshotDeviceResponse><crossRefIDorSnapshotData>x<serviceCrossRefID>1</serviceCrossRefID><y/></crossRefIDorSnapshotData>" +
		"<crossRefIDorSnapshotData><snapshotData><snapshotDeviceResponseInfo/><snapshotDeviceResponseInfo/></snapshotData>" +
		"</crossRefIDorSnapshotData><serviceCrossRefID>2</serviceCrossRefID></SnapshotDeviceResponse>",
	fmt.Sprintf("<HeldEvent a='%s'/>", strings.Repeat("&amp;", maxAttrValue)),
	"\u00a0<HeldEvent/>\u2003", "<![CDATA[ ]]><HeldEvent/>&#32;", "<\xe4/>", "<HeldEvent>\xef\xbf\xbd\xef\xbb\xbf</HeldEvent>",
}
