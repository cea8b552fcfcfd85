package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on a message from a peer; the largest that real switches send stay far below.
const (
	maxDepth      = 32
	maxAttributes = 32
	maxAttrValue  = 4096
	maxName       = 128 // of the root element, which is told in errors and logs
)

// Why a message was refused. Its frame is over: the next one can be read.
var (
	ErrMalformed   = errors.New("malformed XML")
	ErrDoctype     = errors.New("XML with a document type or an entity is refused")
	ErrInstruction = errors.New("XML with a processing instruction is refused")
	ErrTooDeep     = errors.New("XML is nested too deep")
	ErrAttribute   = errors.New("XML has too many, too long or doubled attributes")
	ErrCharset     = errors.New("character set is neither UTF-8 nor ISO-8859-1")
)

// scanner cuts a document into tags and text, in one pass and without copying, and holds it
// to XML 1.0 and to the bounds. Of namespaces it knows that names have prefixes.
type scanner struct {
	body       []byte // UTF-8
	at         int    // where the next token begins
	open       [maxDepth][]byte
	depth      int
	selfClosed bool // the tag before was <a/>: its end comes next
	attributes [maxAttributes]attribute
	attrCount  int    // of the start tag before
	resolved   []byte // the texts that are not meant as they are written
}

// attribute has its name as it is written, prefix and all.
type attribute struct{ name, value []byte }

type token struct {
	kind          tokenKind
	prefix, local []byte // of a start tag's name
	text          []byte // of characters
}

type tokenKind int

const (
	startTag tokenKind = iota
	endTag
	characters
	endOfDocument
)

// next gives the next token, whose bytes are good until the scanner's end. Comments are
// passed over; text before and after them, and CDATA, are tokens of their own.
func (s *scanner) next() (token, error) {
	if s.selfClosed {
		s.selfClosed = false
		s.depth--
		return token{kind: endTag}, nil
	}
	for {
		switch {
		case s.at == len(s.body):
			return s.end()
		case s.body[s.at] != '<':
			return s.characters()
		case s.follows("</"):
			return s.endTag()
		case s.follows("<!--"):
			if err := s.comment(); err != nil {
				return token{}, err
			}
		case s.follows("<![CDATA["):
			return s.cdata()
		case s.follows("<!"):
			return token{}, s.refuse(ErrDoctype, "a declaration")
		case s.follows("<?"):
			return token{}, s.refuse(ErrInstruction, "one that is no XML declaration, or not before all else")
		default:
			return s.startTag()
		}
	}
}

func (s *scanner) end() (token, error) {
	if s.depth > 0 {
		return token{}, s.refuse(ErrMalformed, "the document ends inside an element")
	}
	return token{kind: endOfDocument}, nil
}

func (s *scanner) startTag() (token, error) {
	if s.depth == maxDepth {
		return token{}, s.refuse(ErrTooDeep, fmt.Sprintf("more than %d levels", maxDepth))
	}
	s.at++
	name, err := s.name()
	if err != nil {
		return token{}, err
	}
	if err := s.readAttributes(); err != nil {
		return token{}, err
	}
	s.selfClosed = s.skip("/>")
	if !s.selfClosed && !s.skip(">") {
		return token{}, s.refuse(ErrMalformed, "a start tag that does not end")
	}
	s.open[s.depth] = name
	s.depth++
	prefix, local := splitName(name)
	return token{kind: startTag, prefix: prefix, local: local}, nil
}

func (s *scanner) endTag() (token, error) {
	if s.depth == 0 {
		return token{}, s.refuse(ErrMalformed, "an end tag without its start")
	}
	name := s.open[s.depth-1]
	after, fits := bytes.CutPrefix(s.body[s.at+len("</"):], name)
	if !fits || len(after) > 0 && isNameByte[after[0]] {
		return token{}, s.refuse(ErrMalformed, "the end tag of another element")
	}
	s.at += len("</") + len(name)
	s.space()
	if !s.skip(">") {
		return token{}, s.refuse(ErrMalformed, "an end tag that does not end")
	}
	s.depth--
	return token{kind: endTag}, nil
}

// readAttributes reads up to what ends the tag.
func (s *scanner) readAttributes() error {
	s.attrCount = 0
	for {
		s.space()
		if s.follows(">") || s.follows("/") || s.follows("?") {
			return nil
		}
		if s.attrCount == maxAttributes {
			return s.refuse(ErrAttribute, fmt.Sprintf("more than %d on one element", maxAttributes))
		}
		begins := s.at
		a, err := s.attribute()
		if err != nil {
			return err
		}
		for _, b := range s.attributes[:s.attrCount] {
			if bytes.Equal(a.name, b.name) {
				s.at = begins
				return s.refuse(ErrAttribute, "one twice")
			}
		}
		s.attributes[s.attrCount] = a
		s.attrCount++
	}
}

func (s *scanner) attribute() (attribute, error) {
	name, err := s.name()
	if err != nil {
		return attribute{}, err
	}
	s.space()
	if !s.skip("=") {
		return attribute{}, s.refuse(ErrMalformed, "an attribute without a value")
	}
	s.space()
	if !s.follows(`"`) && !s.follows("'") {
		return attribute{}, s.refuse(ErrMalformed, "an attribute's value without quotes")
	}
	quote := s.body[s.at]
	s.at++
	length := bytes.IndexByte(s.body[s.at:], quote)
	if length < 0 {
		return attribute{}, s.refuse(ErrMalformed, "an attribute's value that does not end")
	}
	raw := s.body[s.at : s.at+length]
	if bytes.IndexByte(raw, '<') >= 0 {
		return attribute{}, s.refuse(ErrMalformed, "an attribute's value with a < in it")
	}
	value, err := s.resolve(raw, true)
	if err != nil {
		return attribute{}, err
	}
	if len(value) > maxAttrValue {
		return attribute{}, s.refuse(ErrAttribute, fmt.Sprintf("a value of %d bytes, at most %d", len(value), maxAttrValue))
	}
	s.at += length + 1
	return attribute{name, value}, nil
}

// comment passes over a comment, in which -- must not stand (XML 1.0, 2.5).
func (s *scanner) comment() error {
	inside := s.at + len("<!--")
	length := bytes.Index(s.body[inside:], []byte("--"))
	if length < 0 {
		return s.refuse(ErrMalformed, "a comment that does not end")
	}
	s.at = inside + length
	if !s.skip("-->") {
		return s.refuse(ErrMalformed, "-- in a comment")
	}
	return nil
}

// isNameByte says which bytes a name is made of. Those beyond ASCII are looked at by name.
var isNameByte = func() (is [256]bool) {
	for c := range is {
		is[c] = c >= utf8.RuneSelf || strings.IndexByte(":-._", byte(c)) >= 0 ||
			'0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
	}
	return is
}()

// name reads a name, which has at most one colon (Namespaces in XML, 4).
func (s *scanner) name() ([]byte, error) {
	begins, beyondASCII := s.at, byte(0)
	for s.at < len(s.body) && isNameByte[s.body[s.at]] {
		beyondASCII |= s.body[s.at] & utf8.RuneSelf
		s.at++
	}
	name := s.body[begins:s.at]
	switch {
	case len(name) == 0, strings.IndexByte("-.0123456789", name[0]) >= 0, bytes.Count(name, []byte(":")) > 1,
		beyondASCII != 0 && !isNameBeyondASCII(name):
		s.at = begins
		return nil, s.refuse(ErrMalformed, "no name where there must be one")
	}
	return name, nil
}

// isNameBeyondASCII asks encoding/xml, which has the tables (XML 1.0, Appendix B). No switch
// is known to write such names.
func isNameBeyondASCII(name []byte) bool {
	tag := slices.Concat([]byte("<"), name, []byte("/>"))
	_, err := xml.NewDecoder(bytes.NewReader(tag)).RawToken()
	return err == nil
}

// splitName parts a name at its colon. A name that begins or ends with it has no prefix.
func splitName(name []byte) (prefix, local []byte) {
	colon := bytes.IndexByte(name, ':')
	if colon <= 0 || colon == len(name)-1 {
		return nil, name
	}
	return name[:colon], name[colon+1:]
}

func (s *scanner) follows(text string) bool {
	return len(s.body)-s.at >= len(text) && string(s.body[s.at:s.at+len(text)]) == text
}

// skip passes over text if it follows.
func (s *scanner) skip(text string) bool {
	if !s.follows(text) {
		return false
	}
	s.at += len(text)
	return true
}

func (s *scanner) space() {
	for s.at < len(s.body) && isSpace(s.body[s.at]) {
		s.at++
	}
}

// isSpace: XML 1.0, 2.3.
func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// refuse says what is wrong at the scanner's place. It never quotes the document, which holds
// numbers and call data.
func (s *scanner) refuse(why error, what string) error {
	before := s.body[:s.at]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("%w: %s (line %d, column %d)", why, what, line, column)
}
