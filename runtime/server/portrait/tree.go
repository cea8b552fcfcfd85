package portrait

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// Bounds of a document.
const (
	// DocumentBound is the largest document, in bytes.
	DocumentBound = 64 << 10
	depthBound    = 32
	childrenBound = 256
)

// Mistake is something wrong with a document. Its text names elements, never values.
type Mistake struct {
	// Element is the one that is wrong, by its name on the wire; empty: the document.
	Element string
	text    string
}

// Error implements error.
func (m *Mistake) Error() string { return m.text }

func mistaken(element, format string, args ...any) *Mistake {
	return &Mistake{element, fmt.Sprintf(format, args...)}
}

// whiteSpace is what surrounds texts (XML 1.0, 2.3).
const whiteSpace = " \t\r\n"

// node is an element: its text, or its children.
type node struct {
	name     string
	text     string
	children []node
}

// parse reads a document, which may come from anybody: no document type, no processing
// instructions, no attributes, one root, bounded in every direction. Nothing is looked up or
// expanded.
func parse(body []byte) (node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	// The bytes are UTF-8 by now, whatever the declaration says.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	p := parser{d}
	root, err := p.root()
	if err != nil {
		return node{}, err
	}
	return root, p.end()
}

type parser struct{ *xml.Decoder }

// next gives the next token that matters; comments do not.
func (p parser) next() (xml.Token, error) {
	for {
		begun := p.InputOffset()
		t, err := p.RawToken()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil { // its text may repeat what was sent
			return nil, mistaken("", "the document is not XML: something is wrong near byte %d", p.InputOffset())
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, mistaken("", "the document holds a DOCTYPE or another declaration; leave it out")
		case xml.ProcInst:
			if t.Target != "xml" || begun != 0 {
				return nil, mistaken("", "the document holds a processing instruction; leave it out")
			}
			continue
		case xml.Comment:
			continue
		}
		return t, nil
	}
}

func (p parser) root() (node, error) {
	for {
		t, err := p.next()
		if errors.Is(err, io.EOF) {
			return node{}, mistaken("", "the document is empty; send one request")
		}
		if err != nil {
			return node{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return p.element(t, 1)
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return node{}, mistaken("", "there is text before the request")
			}
		default:
			return node{}, mistaken("", "the document is not XML: something is wrong near byte %d", p.InputOffset())
		}
	}
}

// end checks that nothing comes after the root.
func (p parser) end() error {
	for {
		t, err := p.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if c, ok := t.(xml.CharData); !ok || len(bytes.TrimSpace(c)) > 0 {
			return mistaken("", "there are two documents, or text after the first; send one request at a time")
		}
	}
}

// element reads an element to its end.
func (p parser) element(start xml.StartElement, depth int) (node, error) {
	n := node{name: nameOf(start.Name)}
	switch {
	case depth > depthBound:
		return n, mistaken(short(n.name), "%s is nested deeper than %d levels", short(n.name), depthBound)
	case len(start.Attr) > 0:
		a := nameOf(start.Attr[0].Name)
		return n, mistaken(short(n.name), "%s has an attribute %s; there are none here, write elements", short(n.name), short(a))
	}
	var text strings.Builder
	for {
		t, err := p.next()
		if errors.Is(err, io.EOF) {
			return n, mistaken(short(n.name), "%s is not closed: the document ends too early", short(n.name))
		}
		if err != nil {
			return n, err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			if len(n.children) == childrenBound {
				return n, mistaken(short(n.name), "%s has more than %d elements", short(n.name), childrenBound)
			}
			child, err := p.element(t, depth+1)
			if err != nil {
				return n, err
			}
			n.children = append(n.children, child)
		case xml.EndElement:
			if closed := nameOf(t.Name); closed != n.name {
				return n, mistaken(short(n.name), "%s is closed by %s", short(n.name), short(closed))
			}
			n.text = strings.Trim(text.String(), whiteSpace)
			if len(n.children) > 0 && n.text != "" {
				return n, mistaken(short(n.name), "%s has text beside its elements", short(n.name))
			}
			return n, nil
		}
	}
}

// nameOf is a name as it was written, prefix and all: there are no namespaces here.
func nameOf(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// write gives a document.
func write(root node, called names.Names, c Charset) []byte {
	out := []byte(`<?xml version="1.0" encoding="` + string(c) + `"?>` + "\n")
	return append(appendNode(out, root, called, c, 0), '\n')
}

func appendNode(out []byte, n node, called names.Names, c Charset, depth int) []byte {
	name := called.Of(n.name)
	out = append(append(append(out, strings.Repeat("  ", depth)...), '<'), name...)
	if n.text == "" && len(n.children) == 0 {
		return append(out, "/>"...)
	}
	out = appendText(append(out, '>'), n.text, c)
	for _, child := range n.children {
		out = appendNode(append(out, '\n'), child, called, c, depth+1)
	}
	if len(n.children) > 0 {
		out = append(append(out, '\n'), strings.Repeat("  ", depth)...)
	}
	return append(append(append(out, "</"...), name...), '>')
}

// appendText escapes. What XML cannot carry (XML 1.0, 2.2) becomes U+FFFD.
func appendText(out []byte, text string, c Charset) []byte {
	for _, r := range text {
		switch {
		case r == '&':
			out = append(out, "&amp;"...)
		case r == '<':
			out = append(out, "&lt;"...)
		case r == '>':
			out = append(out, "&gt;"...)
		case r == '\t' || r == '\n' || r == '\r':
			out = appendReference(out, r)
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			out = c.appendRune(out, '\uFFFD')
		default:
			out = c.appendRune(out, r)
		}
	}
	return out
}

func appendReference(out []byte, r rune) []byte {
	return append(strconv.AppendInt(append(out, "&#"...), int64(r), 10), ';')
}
