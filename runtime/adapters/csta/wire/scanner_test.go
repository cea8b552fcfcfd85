package wire

import (
	"errors"
	"strings"
	"testing"
)

// refusals has one document for each thing that the scanner refuses, and all that it says.
var refusals = []struct {
	name, xml string
	kind      error
	want      string
}{
	{"end inside an element", "<HeldEvent>\n <a>", ErrMalformed, "decode HeldEvent: malformed XML: the document ends inside an element (line 2, column 5)"},
	{"no name", "<HeldEvent>< a/></HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: no name where there must be one (line 1, column 13)"},
	{"a name that begins with a digit", "<9/>", ErrMalformed, "decode message: malformed XML: no name where there must be one (line 1, column 2)"},
	{"a name of two prefixes", "<a:b:c/>", ErrMalformed, "decode message: malformed XML: no name where there must be one (line 1, column 2)"},
	{"a name with a sign beyond ASCII", "<a×/>", ErrMalformed, "decode message: malformed XML: no name where there must be one (line 1, column 2)"},
	{"a start tag cut short", "<HeldEvent", ErrMalformed, "decode message: malformed XML: no name where there must be one (line 1, column 11)"},
	{"a slash in a start tag", "<HeldEvent / >", ErrMalformed, "decode message: malformed XML: a start tag that does not end (line 1, column 12)"},
	{"an end tag without its start", "<HeldEvent/></HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: an end tag without its start (line 1, column 13)"},
	{"another end tag", "<HeldEvent>ü</Held>", ErrMalformed, "decode HeldEvent: malformed XML: the end tag of another element (line 1, column 13)"},
	{"a longer end tag", "<HeldEvent></HeldEvents>", ErrMalformed, "decode HeldEvent: malformed XML: the end tag of another element (line 1, column 12)"},
	{"the end tag of another prefix", "<a:x></b:x>", ErrMalformed, "decode x: malformed XML: the end tag of another element (line 1, column 6)"},
	{"an attribute in an end tag", "<HeldEvent></HeldEvent a=''>", ErrMalformed, "decode HeldEvent: malformed XML: an end tag that does not end (line 1, column 24)"},
	{"an attribute without a value", "<HeldEvent a/>", ErrMalformed, "decode message: malformed XML: an attribute without a value (line 1, column 13)"},
	{"a value without quotes", "<HeldEvent a = 1/>", ErrMalformed, "decode message: malformed XML: an attribute's value without quotes (line 1, column 16)"},
	{"a value that does not end", "<HeldEvent a='1/>", ErrMalformed, "decode message: malformed XML: an attribute's value that does not end (line 1, column 15)"},
	{"a tag in a value", "<HeldEvent a='<'/>", ErrMalformed, "decode message: malformed XML: an attribute's value with a < in it (line 1, column 15)"},
	{"a reference in a value", "<HeldEvent a='1&b;'/>", ErrMalformed, "decode message: malformed XML: a reference to no character (line 1, column 16)"},
	{"an attribute twice", "<HeldEvent b='' a='1' a='2'/>", ErrAttribute, "decode message: XML has too many, too long or doubled attributes: one twice (line 1, column 23)"},
	{"too many attributes", attributes(33), ErrAttribute,
		"decode message: XML has too many, too long or doubled attributes: more than 32 on one element (line 1, column 226)"},
	{"too long a value", "<HeldEvent a='" + strings.Repeat("x", 4097) + "'/>", ErrAttribute,
		"decode message: XML has too many, too long or doubled attributes: a value of 4097 bytes, at most 4096 (line 1, column 15)"},
	{"too deep", "<HeldEvent>" + nested(32), ErrTooDeep, "decode HeldEvent: XML is nested too deep: more than 32 levels (line 1, column 105)"},
	{"a comment that does not end", "<HeldEvent><!-- -></HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a comment that does not end (line 1, column 12)"},
	{"-- in a comment", "<HeldEvent><!-- -- --></HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: -- in a comment (line 1, column 17)"},
	{"CDATA that does not end", "<HeldEvent><![CDATA[ ]]</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a CDATA section that does not end (line 1, column 12)"},
	{"]]> in text", "<HeldEvent>\na]]></HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: ]]> outside of a CDATA section (line 2, column 2)"},
	{"an entity of its own", "<HeldEvent>a&b;</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a reference to no character (line 1, column 13)"},
	{"an ampersand", "<HeldEvent>a&b</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a reference to no character (line 1, column 13)"},
	{"a number of no character", "<HeldEvent>&#x110000;</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a reference to no character (line 1, column 12)"},
	{"a number of a character that XML cannot have", "<HeldEvent>&#8;</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a reference to no character (line 1, column 12)"},
	{"a number with a sign", "<HeldEvent>&#+65;</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a reference to no character (line 1, column 12)"},
	{"a number in large hex", "<HeldEvent>&#X41;</HeldEvent>", ErrMalformed, "decode HeldEvent: malformed XML: a reference to no character (line 1, column 12)"},
	{"a control character", "<HeldEvent>\n\x01</HeldEvent>", ErrMalformed, "decode message: malformed XML: a character that XML cannot have (line 2, column 1)"},
	{"a noncharacter", "<HeldEvent>ü\uFFFF</HeldEvent>", ErrMalformed, "decode message: malformed XML: a character that XML cannot have (line 1, column 13)"},
	{"a declaration", "<!ELEMENT a ANY><HeldEvent/>", ErrDoctype, "decode message: XML with a document type or an entity is refused: a declaration (line 1, column 1)"},
	{"a processing instruction", "<HeldEvent/><?a?>", ErrInstruction,
		"decode HeldEvent: XML with a processing instruction is refused: one that is no XML declaration, or not before all else (line 1, column 13)"},
	{"an XML declaration that does not end", "<?xml version='1.0'><HeldEvent/>", ErrMalformed, "decode message: malformed XML: an XML declaration that is none (line 1, column 20)"},
	{"another version", "<?xml version='1.1'?><HeldEvent/>", ErrMalformed, "decode message: malformed XML: an XML version other than 1.0 (line 1, column 22)"},
	{"another character set", "<?xml encoding='UTF-7'?><HeldEvent/>", ErrCharset,
		"decode message: character set is neither UTF-8 nor ISO-8859-1: another is declared (line 1, column 25)"},
	{"half standalone", "<?xml standalone='half'?><HeldEvent/>", ErrMalformed,
		"decode message: malformed XML: an XML declaration that is neither standalone nor not (line 1, column 26)"},
	{"a declaration of something else", "<?xml a='b'?><HeldEvent/>", ErrMalformed,
		"decode message: malformed XML: an XML declaration of something else than version, encoding, standalone (line 1, column 14)"},
	{"no element", " <!-- -->", ErrMalformed, "decode message: malformed XML: no element (line 1, column 10)"},
	{"text before", "a<HeldEvent/>", ErrMalformed, "decode message: malformed XML: text outside of the root element (line 1, column 1)"},
	{"text after", "<HeldEvent/>\na", ErrMalformed, "decode HeldEvent: malformed XML: text outside of the root element (line 1, column 13)"},
	{"two roots", "<HeldEvent/><a/>", ErrMalformed, "decode HeldEvent: malformed XML: a second element (line 1, column 17)"},
	{"a long name", "<" + strings.Repeat("a", 129) + "/>", ErrMalformed,
		"decode message: malformed XML: a root element whose name has 129 letters, at most 128 (line 1, column 133)"},
	{"a word for a number", "<QueuedEvent><numberQueued>many</numberQueued></QueuedEvent>", ErrMalformed,
		"decode QueuedEvent: malformed XML: a value that does not fit its element (line 1, column 47)"},
}

func TestRefusalsSayWhatAndWhere(t *testing.T) {
	for _, tc := range refusals {
		t.Run(tc.name, func(t *testing.T) {
			m, err := Unmarshal([]byte(tc.xml))
			if err == nil || err.Error() != tc.want || !errors.Is(err, tc.kind) || m != nil {
				t.Errorf("Unmarshal() = %v, %v; want nil, %s", m, err, tc.want)
			}
		})
	}
}
