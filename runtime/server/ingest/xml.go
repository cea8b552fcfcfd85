package ingest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// attributesBound is how many attributes an element may have.
const attributesBound = 32

// textField holds the text of an element that has attributes or children as well.
const textField = "#text"

// XML reads one event, which is the root element, or several, which are the children of a
// root called events. An event's name is its attribute name, else the element's; id, dn and
// agentId are attributes, and dn and agentId may be child elements as well. What else it
// has are its fields:
//
//   - an attribute is a text under its name,
//   - a child element with nothing but text is a text, outer white space trimmed,
//   - any other child element is a map by the same rules, its own text under "#text",
//   - child elements of the same name are a list, in their order.
//
// Namespaces and their prefixes do not count. A document type is refused, and so are
// processing instructions, other character sets than UTF-8, an attribute and a child of the
// same name, more than 16 levels or 32 attributes.
func XML(body []byte) ([]Event, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	d := &xmlReader{Decoder: xml.NewDecoder(bytes.NewReader(body))}
	root, err := d.root()
	if err != nil {
		return nil, err
	}
	var out []Event
	if root.Name.Local != "events" {
		e, err := d.event(root)
		if err != nil {
			return nil, within("body", err)
		}
		return []Event{e}, d.end()
	}
	for {
		child, err := d.child()
		if err != nil {
			return nil, err
		}
		if child == nil {
			return out, d.end()
		}
		if len(out) == EventsBound {
			return nil, fmt.Errorf("body holds more than %d events", EventsBound)
		}
		e, err := d.event(*child)
		if err != nil {
			return nil, within(fmt.Sprintf("body[%d]", len(out)), err)
		}
		out = append(out, e)
	}
}

type xmlReader struct{ *xml.Decoder }

// next gives the next token that matters. Comments do not.
func (d *xmlReader) next() (xml.Token, error) {
	for {
		t, err := d.Token()
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("the body holds a document type or another declaration")
		case xml.ProcInst:
			if t.Target != "xml" || d.InputOffset() > 256 {
				return nil, errors.New("the body holds a processing instruction")
			}
			continue
		case xml.Comment:
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil { // its text may repeat what was sent
			return nil, fmt.Errorf("the body is not XML in UTF-8: something is wrong near byte %d", d.InputOffset())
		}
		return t, nil
	}
}

func (d *xmlReader) root() (xml.StartElement, error) {
	for {
		t, err := d.next()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, errors.New("the body holds no element")
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.StartElement{}, errors.New("the body holds text outside of its element")
			}
		}
	}
}

// end checks that nothing comes after the root.
func (d *xmlReader) end() error {
	for {
		t, err := d.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if c, ok := t.(xml.CharData); !ok || len(bytes.TrimSpace(c)) > 0 {
			return errors.New("the body holds more than one element")
		}
	}
}

// child gives the next child element; nil at the end of its parent.
func (d *xmlReader) child() (*xml.StartElement, error) {
	for {
		t, err := d.next()
		if err != nil {
			return nil, d.early(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("body holds text between its events")
			}
		}
	}
}

func (d *xmlReader) early(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the body is not XML: it ends too early")
	}
	return err
}

// event reads an event's element.
func (d *xmlReader) event(start xml.StartElement) (Event, error) {
	e := envelope{name: start.Name.Local}
	if e.name == "event" {
		e.name = ""
	}
	own := map[string]*string{"id": &e.id, "name": &e.name, "dn": &e.dn, "agentId": &e.agentID}
	var rest []xml.Attr
	seen := map[string]bool{}
	for _, a := range start.Attr {
		to, ok := own[a.Name.Local]
		if !ok || a.Name.Space != "" {
			rest = append(rest, a)
			continue
		}
		if seen[a.Name.Local] {
			return Event{}, within("."+a.Name.Local, mistaken("stands there twice"))
		}
		seen[a.Name.Local], *to = true, a.Value
	}
	start.Attr = rest
	fields, err := d.fields(start, 1)
	if err != nil {
		return Event{}, err
	}
	for name, to := range map[string]*string{"dn": &e.dn, "agentId": &e.agentID} {
		if child, ok := fields[name].(string); ok && *to == "" {
			*to = child
		}
	}
	return e.event(fields)
}

// element reads an element: a text, or a map.
func (d *xmlReader) element(start xml.StartElement, depth int) (any, error) {
	fields, err := d.fields(start, depth)
	if err != nil {
		return nil, err
	}
	own, hasText := fields[textField].(string)
	if len(fields) == 0 || len(fields) == 1 && hasText {
		return own, nil
	}
	return fields, nil
}

// fields reads an element's attributes and children, to its end.
func (d *xmlReader) fields(start xml.StartElement, depth int) (map[string]any, error) {
	if depth > depthBound {
		return nil, mistaken("is nested deeper than %d levels", depthBound)
	}
	out, err := attributes(start.Attr)
	if err != nil {
		return nil, err
	}
	children := map[string]int{}
	var own strings.Builder
	for {
		t, err := d.next()
		if err != nil {
			return nil, d.early(err)
		}
		switch t := t.(type) {
		case xml.CharData:
			own.Write(t)
		case xml.StartElement:
			name := t.Name.Local
			if _, taken := out[name]; taken && children[name] == 0 {
				return nil, within("."+short(name), mistaken("is both an attribute and an element"))
			}
			v, err := d.element(t, depth+1)
			if err != nil {
				return nil, within("."+short(name), err)
			}
			children[name]++
			join(out, name, v, children[name])
		case xml.EndElement:
			if s := strings.TrimSpace(own.String()); s != "" {
				out[textField] = s
			}
			return out, nil
		}
	}
}

func attributes(list []xml.Attr) (map[string]any, error) {
	if len(list) > attributesBound {
		return nil, mistaken("has more than %d attributes", attributesBound)
	}
	out := map[string]any{}
	for _, a := range list {
		name := a.Name.Local
		if a.Name.Space == "xmlns" || a.Name.Space == "" && name == "xmlns" {
			continue
		}
		if _, taken := out[name]; taken {
			return nil, within("."+short(name), mistaken("stands there twice"))
		}
		out[name] = a.Value
	}
	return out, nil
}

// join puts a child where it belongs; those of the same name are a list.
func join(out map[string]any, name string, v any, count int) {
	switch count {
	case 1:
		out[name] = v
	case 2:
		out[name] = []any{out[name], v}
	default:
		out[name] = append(out[name].([]any), v)
	}
}
