package portrait

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// WaitBound is the longest that GETEVENTS waits.
const WaitBound = 30 * time.Second

// Bounds of attached data.
const (
	dataBound  = 64
	valueBound = 256
)

// reader reads requests under a deployment's names.
type reader struct{ names.Names }

// Read reads one request under a deployment's names. Its errors are of type *Mistake. The
// request is never nil: it says as far as it was read how to answer.
func Read(n names.Names, contentType string, body []byte) (*Request, error) {
	r := &Request{charset: UTF8, names: n, given: map[string]bool{}, seen: map[string]bool{}}
	if len(body) > DocumentBound {
		return r, mistaken("", "the document is larger than %d bytes", DocumentBound)
	}
	charset, err := charsetOf(contentType, body)
	if err != nil {
		return r, err
	}
	r.charset = charset
	decoded, err := charset.decode(body)
	if err != nil {
		return r, err
	}
	root, err := parse(decoded)
	if err != nil {
		return r, err
	}
	return r, reader{n}.fill(r, root)
}

// fill takes a document's elements into the request.
func (n reader) fill(r *Request, root node) error {
	m := messageOf(n.Back(root.name))
	if m == nil {
		return mistaken(short(root.name), "%s is no request; docs/portrait.md lists them", short(root.name))
	}
	r.Name = m.name
	if root.text != "" {
		return mistaken(root.name, "%s has text; it holds elements alone", root.name)
	}
	for _, child := range root.children {
		if err := n.take(r, m, child); err != nil {
			return err
		}
	}
	for _, name := range m.required {
		if !r.given[name] {
			return mistaken(n.Of(name), "%s is missing in %s", n.Of(name), root.name)
		}
	}
	if m.takes("ENABLED") && !r.given["ENABLED"] {
		r.Ask.Enabled = true
	}
	return nil
}

// take takes one element into the request.
func (n reader) take(r *Request, m *message, child node) error {
	name := n.Back(child.name)
	e := elementOf(name)
	switch {
	case e == nil || !m.takes(name):
		return mistaken(short(child.name), "%s is no element of %s", short(child.name), n.Of(m.name))
	case r.seen[name]:
		return mistaken(child.name, "%s stands there twice", child.name)
	case e.kind != isData && len(child.children) > 0:
		return mistaken(child.name, "%s holds elements; it is a text", child.name)
	case e.kind != isData && len(child.text) > e.bound:
		return mistaken(child.name, "%s is longer than %d bytes", child.name, e.bound)
	}
	r.seen[name] = true
	if child.text == "" && len(child.children) == 0 {
		return nil // an empty element says nothing
	}
	r.given[name] = true
	if e.kind == isData {
		values, err := n.data(child)
		*e.field(r).(*map[string]string) = values
		return err
	}
	if err := n.set(e, r, child.text); err != nil {
		return mistaken(child.name, "%s %s", child.name, err.Error())
	}
	return nil
}

// set puts a text where its element belongs. The error goes on from the element's name.
func (n reader) set(e *element, r *Request, value string) error {
	switch to := e.field(r).(type) {
	case *string:
		if e.kind == isState {
			value = n.Back(value)
			if value != available && value != unavailable && value != afterCallWork {
				return fmt.Errorf("must be %s, %s or %s", n.Of(available), n.Of(unavailable), n.Of(afterCallWork))
			}
		}
		*to = value
	case *bool:
		switch value {
		case "true", "1":
			*to = true
		case "false", "0":
			*to = false
		default:
			return fmt.Errorf("must be true or false")
		}
	case *time.Duration:
		s, err := strconv.Atoi(value)
		if err != nil || s < 0 || time.Duration(s)*time.Second > WaitBound {
			return fmt.Errorf("must be a number of seconds from 0 to %d", int(WaitBound/time.Second))
		}
		*to = time.Duration(s) * time.Second
	}
	return nil
}

// data reads attached data: ITEM elements of NAME and VALUE.
func (n reader) data(of node) (map[string]string, error) {
	if of.text != "" {
		return nil, mistaken(of.name, "%s has text; it holds %s elements", of.name, n.Of("ITEM"))
	}
	if len(of.children) > dataBound {
		return nil, mistaken(of.name, "%s has more than %d elements", of.name, dataBound)
	}
	out := map[string]string{}
	for _, child := range of.children {
		if n.Back(child.name) != "ITEM" {
			return nil, mistaken(short(child.name), "%s is no element of %s", short(child.name), of.name)
		}
		name, value, err := n.item(child)
		if err != nil {
			return nil, err
		}
		if _, there := out[name]; there {
			return nil, mistaken(child.name, "%s names the same twice in %s", child.name, of.name)
		}
		out[name] = value
	}
	return out, nil
}

func (n reader) item(of node) (name, value string, err error) {
	seen := map[string]string{}
	for _, child := range of.children {
		part := n.Back(child.name)
		_, twice := seen[part]
		switch {
		case part != "NAME" && part != "VALUE":
			return "", "", mistaken(short(child.name), "%s is no element of %s", short(child.name), of.name)
		case twice:
			return "", "", mistaken(child.name, "%s stands there twice", child.name)
		case len(child.children) > 0:
			return "", "", mistaken(child.name, "%s holds elements; it is a text", child.name)
		case utf8.RuneCountInString(child.text) > valueBound:
			return "", "", mistaken(child.name, "%s is longer than %d characters", child.name, valueBound)
		}
		seen[part] = child.text
	}
	if of.text != "" || seen["NAME"] == "" {
		return "", "", mistaken(of.name, "%s needs the elements %s and %s", of.name, n.Of("NAME"), n.Of("VALUE"))
	}
	return seen["NAME"], seen["VALUE"], nil
}

// short is enough of a foreign name to find it.
func short(name string) string {
	const bound = 64
	if len(name) <= bound {
		return name
	}
	return strings.ToValidUTF8(name[:bound], "") + "…"
}
