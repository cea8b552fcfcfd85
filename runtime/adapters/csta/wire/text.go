package wire

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// begin takes a document: it finds its character set, by its bytes and by its XML
// declaration, and refuses characters that XML cannot have (XML 1.0, 2.2).
func (s *scanner) begin(body []byte) error {
	s.body = body
	// Switches send ISO-8859-1 without saying so; such text is hardly ever valid UTF-8.
	valid := utf8.Valid(body)
	if !valid {
		s.body = latin1ToUTF8(body)
	}
	latin1, err := s.declaration()
	if err != nil {
		return err
	}
	if latin1 && valid {
		s.body = append(s.body[:s.at:s.at], latin1ToUTF8(s.body[s.at:])...)
	}
	return s.checkCharacters()
}

// declaration reads <?xml … ?> if the document begins with it (XML 1.0, 2.8), and tells
// whether it declares ISO-8859-1.
func (s *scanner) declaration() (latin1 bool, err error) {
	s.space()
	rest, begins := bytes.CutPrefix(s.body[s.at:], []byte("<?xml"))
	if !begins || len(rest) > 0 && isNameByte[rest[0]] {
		return false, nil
	}
	s.at += len("<?xml")
	from := s.at
	if err := s.readAttributes(); err != nil {
		return false, err
	}
	if !s.skip("?>") || bytes.IndexByte(s.body[from:s.at], '&') >= 0 {
		return false, s.refuse(ErrMalformed, "an XML declaration that is none")
	}
	for _, a := range s.attributes[:s.attrCount] {
		switch value := string(a.value); string(a.name) {
		case "version":
			if value != "1.0" {
				return false, s.refuse(ErrMalformed, "an XML version other than 1.0")
			}
		case "encoding":
			if latin1, err = s.isLatin1(value); err != nil {
				return false, err
			}
		case "standalone":
			if value != "yes" && value != "no" {
				return false, s.refuse(ErrMalformed, "an XML declaration that is neither standalone nor not")
			}
		default:
			return false, s.refuse(ErrMalformed, "an XML declaration of something else than version, encoding, standalone")
		}
	}
	return latin1, nil
}

func (s *scanner) isLatin1(charset string) (bool, error) {
	switch strings.ToLower(charset) {
	case "", "utf-8":
		return false, nil
	case "iso-8859-1", "latin1", "us-ascii":
		return true, nil
	}
	return false, s.refuse(ErrCharset, "another is declared")
}

func latin1ToUTF8(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

func (s *scanner) checkCharacters() error {
	for i, c := range s.body {
		if c >= ' ' && c != 0xEF || isSpace(c) {
			continue
		}
		if r, _ := utf8.DecodeRune(s.body[i:]); !isCharacter(r) {
			s.at = i
			return s.refuse(ErrMalformed, "a character that XML cannot have")
		}
	}
	return nil
}

// isCharacter leaves surrogates aside: UTF-8 has none, their numbers become U+FFFD.
func isCharacter(r rune) bool {
	return r >= ' ' && r != 0xFFFE && r != 0xFFFF || r == '\t' || r == '\n' || r == '\r'
}

// characters reads text up to the next markup.
func (s *scanner) characters() (token, error) {
	raw := s.body[s.at:]
	if length := bytes.IndexByte(raw, '<'); length >= 0 {
		raw = raw[:length]
	}
	if i := bytes.Index(raw, []byte("]]>")); i >= 0 {
		s.at += i
		return token{}, s.refuse(ErrMalformed, "]]> outside of a CDATA section")
	}
	text, err := s.resolve(raw, true)
	if err != nil {
		return token{}, err
	}
	s.at += len(raw)
	return token{kind: characters, text: text}, nil
}

func (s *scanner) cdata() (token, error) {
	inside := s.at + len("<![CDATA[")
	length := bytes.Index(s.body[inside:], []byte("]]>"))
	if length < 0 {
		return token{}, s.refuse(ErrMalformed, "a CDATA section that does not end")
	}
	s.at = inside
	text, err := s.resolve(s.body[inside:inside+length], false)
	s.at += length + len("]]>")
	return token{kind: characters, text: text}, err
}

// resolve gives what raw text, which begins at the scanner's place, means: ends of lines as \n
// and, outside of CDATA, references as their characters (XML 1.0, 2.7, 2.11, 4.6). What it
// gives has no room behind it: who appends gets a copy.
func (s *scanner) resolve(raw []byte, references bool) ([]byte, error) {
	if (!references || bytes.IndexByte(raw, '&') < 0) && bytes.IndexByte(raw, '\r') < 0 {
		return slices.Clip(raw), nil
	}
	from := len(s.resolved)
	s.resolved = slices.Grow(s.resolved, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '&' && references:
			r, length := reference(raw[i:])
			if length == 0 {
				s.at += i
				return nil, s.refuse(ErrMalformed, "a reference to no character")
			}
			s.resolved = utf8.AppendRune(s.resolved, r)
			i += length - 1
		case c == '\r':
			s.resolved = append(s.resolved, '\n')
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
		default:
			s.resolved = append(s.resolved, c)
		}
	}
	return slices.Clip(s.resolved[from:]), nil
}

// reference reads the reference that raw begins with: one of the five entities that every
// document has, or a character's number. Its length is 0 where it is none.
func reference(raw []byte) (r rune, length int) {
	end := bytes.IndexByte(raw, ';')
	if end < 0 {
		return 0, 0
	}
	length = end + 1
	switch name := raw[1:end]; string(name) {
	case "lt":
		return '<', length
	case "gt":
		return '>', length
	case "amp":
		return '&', length
	case "apos":
		return '\'', length
	case "quot":
		return '"', length
	default:
		if r, ok := numbered(string(name)); ok {
			return r, length
		}
		return 0, 0
	}
}

// numbered reads #65 and #x41.
func numbered(name string) (rune, bool) {
	digits, ok := strings.CutPrefix(name, "#")
	base := 10
	if hex, is := strings.CutPrefix(digits, "x"); is {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if !ok || err != nil || n > unicode.MaxRune || !isCharacter(rune(n)) {
		return 0, false
	}
	return rune(n), true
}
