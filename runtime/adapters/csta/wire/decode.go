package wire

import (
	"bytes"
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// decoder fills a message from a document, as the plan of the message's type says.
type decoder struct {
	scanner
	texts
}

// root reads up to the root element and its start tag.
func (d *decoder) root(body []byte) (token, error) {
	if err := d.begin(body); err != nil {
		return token{}, err
	}
	root, err := d.markup()
	if err != nil {
		return token{}, err
	}
	switch {
	case root.kind == endOfDocument:
		return token{}, d.refuse(ErrMalformed, "no element")
	case len(root.local) > maxName:
		return token{}, d.refuse(ErrMalformed, fmt.Sprintf("a root element whose name has %d letters, at most %d", len(root.local), maxName))
	}
	return root, nil
}

// message reads the rest of a document, whose root's start tag was read.
func (d *decoder) message(root token) (Message, error) {
	m, err := d.rootElement(root)
	if err != nil {
		return nil, err
	}
	if after, err := d.markup(); err != nil || after.kind != endOfDocument {
		return nil, cmp.Or(err, d.refuse(ErrMalformed, "a second element"))
	}
	return m, nil
}

func (d *decoder) rootElement(root token) (Message, error) {
	t, known := messages[string(root.local)]
	if !known {
		return &Unknown{Space: d.namespace(root.prefix), Name: string(root.local)}, d.pass()
	}
	v := reflect.New(t.typ)
	return v.Interface().(Message), d.element(t.plan, v.Elem())
}

// markup gives the next token outside of the root element, where there is no text.
func (d *decoder) markup() (token, error) {
	for {
		begins := d.at
		t, err := d.next()
		if err != nil || t.kind != characters {
			return t, err
		}
		if len(bytes.TrimSpace(t.text)) > 0 {
			d.at = begins
			return token{}, d.refuse(ErrMalformed, "text outside of the root element")
		}
	}
}

// namespace is what the start tag before declares for a prefix; the prefix itself if nothing.
func (d *decoder) namespace(prefix []byte) string {
	declaration := "xmlns"
	switch {
	case string(prefix) == "xml":
		return "http://www.w3.org/XML/1998/namespace" // Namespaces in XML, 3
	case len(prefix) > 0:
		declaration += ":" + string(prefix)
	}
	for _, a := range d.attributes[:d.attrCount] {
		if string(a.name) == declaration {
			return string(a.value)
		}
	}
	return string(prefix)
}

// element reads into v the element whose start tag was read.
func (d *decoder) element(p *plan, v reflect.Value) error {
	switch p.shape {
	case pointer:
		if v.IsNil() {
			v.Set(reflect.New(p.of.typ))
		}
		return d.element(p.of, v.Elem())
	case list:
		n := v.Len()
		v.Grow(1)
		v.SetLen(n + 1)
		return d.element(p.of, v.Index(n))
	}
	if err := d.attributesOf(p, v); err != nil {
		return err
	}
	return d.content(p, v)
}

// attributesOf goes by names without their prefixes, as all of this package does.
func (d *decoder) attributesOf(p *plan, v reflect.Value) error {
	if len(p.attributes) == 0 {
		return nil
	}
	for _, a := range d.attributes[:d.attrCount] {
		_, local := splitName(a.name)
		if f, known := p.attributes[string(local)]; known {
			if err := d.set(f.plan, f.of(v), a.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// content reads up to the end tag. Text that children interrupt is one text.
func (d *decoder) content(p *plan, v reflect.Value) error {
	var text []byte
	for {
		t, err := d.next()
		if err != nil {
			return err
		}
		switch t.kind {
		case startTag:
			if err := d.child(p, v, t); err != nil {
				return err
			}
		case characters:
			switch {
			case p.text == nil:
			case text == nil:
				text = t.text
			default:
				text = append(text, t.text...)
			}
		default:
			if p.text == nil {
				return nil
			}
			return d.set(p.text.plan, p.text.of(v), text)
		}
	}
}

func (d *decoder) child(p *plan, v reflect.Value, start token) error {
	f, known := p.elements[string(start.local)]
	if !known {
		return d.pass()
	}
	return d.element(f.plan, f.of(v))
}

// pass passes over the element whose start tag was read.
func (d *decoder) pass() error {
	for around := d.depth - 1; d.depth > around; {
		if _, err := d.next(); err != nil {
			return err
		}
	}
	return nil
}

// set puts a text into v. An empty one is the number 0 and no truth.
func (d *decoder) set(p *plan, v reflect.Value, text []byte) (err error) {
	if p.trimmed {
		text = bytes.TrimSpace(text)
	}
	switch p.shape {
	case ownText:
		err = v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text)
	case number:
		var n int64
		if len(text) > 0 {
			n, err = strconv.ParseInt(string(bytes.TrimSpace(text)), 10, p.typ.Bits())
		}
		v.SetInt(n)
	case truth:
		var is bool
		if len(text) > 0 {
			is, err = strconv.ParseBool(string(bytes.TrimSpace(text)))
		}
		v.SetBool(is)
	default:
		v.SetString(d.keep(text))
	}
	if err != nil { // it quotes the value
		return d.refuse(ErrMalformed, "a value that does not fit its element")
	}
	return nil
}

// texts makes strings that share memory: one allocation for the twenty of an event. A string
// that somebody keeps holds all of its block, so blocks are small, and never the frame.
type texts struct{ block strings.Builder }

const blockSize = 256

func (t *texts) keep(text []byte) string {
	if len(text) == 0 || len(text) > blockSize {
		return string(text)
	}
	if t.block.Cap()-t.block.Len() < len(text) {
		t.block = strings.Builder{}
		t.block.Grow(blockSize)
	}
	begins := t.block.Len()
	t.block.Write(text)
	return t.block.String()[begins:]
}
