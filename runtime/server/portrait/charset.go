package portrait

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Charset is how a document is written in bytes.
type Charset string

// The character sets that are read and written.
const (
	UTF8   Charset = "UTF-8"
	Latin1 Charset = "ISO-8859-1"
	ASCII  Charset = "US-ASCII"
)

var charsets = map[string]Charset{
	"utf-8": UTF8, "utf8": UTF8, "iso-8859-1": Latin1, "iso8859-1": Latin1, "latin1": Latin1, "us-ascii": ASCII, "ascii": ASCII,
}

// declaration finds the encoding in an XML declaration, which is in ASCII in all of them.
var declaration = regexp.MustCompile(`^<\?xml[^>]{0,128}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']`)

var bom = []byte("\xEF\xBB\xBF")

// charsetOf says how a document is written. A byte order mark goes before the Content-Type's
// charset, and that before the declaration (RFC 7303, 3.2).
func charsetOf(contentType string, body []byte) (Charset, error) {
	if bytes.HasPrefix(body, bom) {
		return UTF8, nil
	}
	_, params, _ := mime.ParseMediaType(contentType)
	name := params["charset"]
	if name == "" {
		if m := declaration.FindSubmatch(body); m != nil {
			name = string(m[1])
		}
	}
	if name == "" {
		return UTF8, nil
	}
	if c, ok := charsets[strings.ToLower(name)]; ok {
		return c, nil
	}
	return UTF8, mistaken("", "the encoding %s is not read here; use UTF-8, ISO-8859-1 or US-ASCII", short(name))
}

// decode gives the document in UTF-8.
func (c Charset) decode(body []byte) ([]byte, error) {
	switch c {
	case Latin1:
		out := make([]byte, 0, len(body)+len(body)/4)
		for _, b := range body {
			out = utf8.AppendRune(out, rune(b))
		}
		return out, nil
	case ASCII:
		for i, b := range body {
			if b >= utf8.RuneSelf {
				return nil, mistaken("", "the document is not US-ASCII: byte %d; use ISO-8859-1 or UTF-8", i+1)
			}
		}
		return body, nil
	}
	if body = bytes.TrimPrefix(body, bom); !utf8.Valid(body) {
		return nil, mistaken("", "the document is not UTF-8; say in its declaration how it is written, such as encoding=\"ISO-8859-1\"")
	}
	return body, nil
}

// appendRune writes a character; one that the set lacks becomes a reference (XML 1.0, 4.1).
func (c Charset) appendRune(out []byte, r rune) []byte {
	switch {
	case c == UTF8 || r < utf8.RuneSelf:
		return utf8.AppendRune(out, r)
	case c == Latin1 && r <= 0xFF:
		return append(out, byte(r))
	}
	return appendReference(out, r)
}
