package sink

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/ctilink/ctilink-operator/runtime/server/pega"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// contentTypes of the formats.
var contentTypes = map[Format]string{
	JSON: "application/json", PegaServer: "application/json", XML: "application/xml; charset=utf-8",
}

// render tells an event, which comes in our JSON, in the sink's format.
func render(f Format, event []byte, to session.Presence) ([]byte, error) {
	switch f {
	case PegaServer:
		var e session.Event
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, fmt.Errorf("decode event: %w", err)
		}
		m, err := pega.Server(&e, to)
		return m.JSON, err
	case XML:
		return toXML(withPresence(event, to))
	}
	return withPresence(event, to), nil
}

// withPresence adds two members to an event.
func withPresence(event []byte, to session.Presence) []byte {
	var add []byte
	for _, m := range []struct{ name, value string }{{"workstation", to.Workstation}, {"clientHandle", to.ClientHandle}} {
		if m.value == "" {
			continue
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			panic(err) // texts always encode
		}
		add = append(append(fmt.Appendf(add, "%q:", m.name), value...), ',')
	}
	if add == nil {
		return event
	}
	return append(append([]byte{'{'}, add...), event[1:]...)
}

// named are the members whose own members have names that are data, not XML names.
var named = map[string]bool{"variables": true}

// toXML tells an event in XML: a member is an element of its name, a list repeats it, and
// what has a name of its own is an entry:
//
//	<event><id>…</id><call><otherDns>…</otherDns><variables><entry name="k">v</entry></variables></call></event>
func toXML(event []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var b bytes.Buffer
	b.WriteString(xml.Header)
	w := xmlWriter{d, xml.NewEncoder(&b)}
	if err := w.value(xml.StartElement{Name: xml.Name{Local: "event"}}); err != nil {
		return nil, fmt.Errorf("render event in XML: %w", err)
	}
	if err := w.out.Close(); err != nil {
		return nil, fmt.Errorf("render event in XML: %w", err)
	}
	return b.Bytes(), nil
}

type xmlWriter struct {
	in  *json.Decoder
	out *xml.Encoder
}

// value writes the next JSON value as an element.
func (w xmlWriter) value(as xml.StartElement) error {
	t, err := w.in.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		for w.in.More() {
			if err := w.value(as); err != nil {
				return err
			}
		}
		_, err := w.in.Token()
		return err
	case json.Delim('{'):
		return w.object(as)
	}
	if err := w.out.EncodeToken(as); err != nil {
		return err
	}
	if t != nil {
		if err := w.out.EncodeToken(xml.CharData(fmt.Sprint(t))); err != nil {
			return err
		}
	}
	return w.out.EncodeToken(as.End())
}

func (w xmlWriter) object(as xml.StartElement) error {
	if err := w.out.EncodeToken(as); err != nil {
		return err
	}
	for w.in.More() {
		t, err := w.in.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return io.ErrUnexpectedEOF
		}
		child := xml.StartElement{Name: xml.Name{Local: name}}
		if named[as.Name.Local] {
			child = xml.StartElement{Name: xml.Name{Local: "entry"}, Attr: []xml.Attr{{Name: xml.Name{Local: "name"}, Value: name}}}
		}
		if err := w.value(child); err != nil {
			return err
		}
	}
	if _, err := w.in.Token(); err != nil {
		return err
	}
	return w.out.EncodeToken(as.End())
}
