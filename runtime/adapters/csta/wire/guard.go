package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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
	ErrMalformed = errors.New("malformed XML")
	ErrDoctype   = errors.New("XML with a document type or an entity is refused")
	ErrTooDeep   = errors.New("XML is nested too deep")
	ErrAttribute = errors.New("XML has too many, too long or doubled attributes")
	ErrCharset   = errors.New("character set is neither UTF-8 nor ISO-8859-1")
)

// guard is the token stream between the bytes of a peer and the decoder: it enforces
// the bounds in the same pass that decodes.
type guard struct {
	raw   *xml.Decoder
	depth int
}

func newGuard(body []byte) *guard {
	// Switches send ISO-8859-1 without saying so; such text is hardly ever valid UTF-8.
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
	return &guard{raw: raw}
}

// Token implements xml.TokenReader.
func (g *guard) Token() (xml.Token, error) {
	for {
		token, err := g.raw.RawToken()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			g.depth++
			if g.depth > maxDepth {
				return nil, fmt.Errorf("%w: more than %d levels", ErrTooDeep, maxDepth)
			}
			if err := checkAttributes(t.Attr); err != nil {
				return nil, err
			}
			return t, nil
		case xml.EndElement:
			g.depth--
			return t, nil
		case xml.Directive:
			return nil, ErrDoctype
		case xml.CharData:
			return t, nil
		}
	}
}

func checkAttributes(attrs []xml.Attr) error {
	if len(attrs) > maxAttributes {
		return fmt.Errorf("%w: %d on one element", ErrAttribute, len(attrs))
	}
	for i, a := range attrs {
		if len(a.Value) > maxAttrValue {
			return fmt.Errorf("%w: a value of %d bytes", ErrAttribute, len(a.Value))
		}
		for _, b := range attrs[:i] {
			if a.Name == b.Name {
				return fmt.Errorf("%w: one twice", ErrAttribute)
			}
		}
	}
	return nil
}

func latin1ToUTF8(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}
