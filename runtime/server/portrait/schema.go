package portrait

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// Schema is the XML schema of the front under a deployment's names, from the tables that
// reading and telling go by. docs/portrait.xsd is that of the front's own names.
func Schema(n names.Names) []byte {
	s := schema{names: n}
	s.line(0, `<?xml version="1.0" encoding="UTF-8"?>`)
	s.line(0, `<!-- Generated from the tables of runtime/server/portrait. docs/portrait.md says what it means. -->`)
	s.line(0, `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">`)
	s.requests()
	s.answers()
	s.line(0, `</xs:schema>`)
	return []byte(s.String())
}

type schema struct {
	strings.Builder
	names names.Names
}

func (s *schema) line(depth int, format string, args ...any) {
	s.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(s, format, args...)
	s.WriteByte('\n')
}

func (s *schema) doc(depth int, text string) {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text)
	s.line(depth, `<xs:annotation><xs:documentation>%s</xs:documentation></xs:annotation>`, text)
}

// requests are root elements whose children may come in any order.
func (s *schema) requests() {
	for _, m := range messages {
		s.line(1, `<xs:element name="%s">`, s.names.Of(m.name))
		s.doc(2, m.doc)
		s.line(2, `<xs:complexType><xs:all>`)
		for _, list := range [][]string{m.required, m.optional, everywhere} {
			for _, name := range list {
				s.parameter(name, slices.Contains(m.required, name))
			}
		}
		s.line(2, `</xs:all></xs:complexType>`)
		s.line(1, `</xs:element>`)
	}
	for _, e := range elements {
		s.parameterType(e)
	}
}

func (s *schema) parameter(name string, required bool) {
	least := ` minOccurs="0"`
	if required {
		least = ""
	}
	s.line(3, `<xs:element name="%s" type="%s"%s/>`, s.names.Of(name), typeOf(*elementOf(name)), least)
}

// typeOf names the type of an element of requests.
func typeOf(e element) string { return "Asked." + e.name }

func (s *schema) parameterType(e element) {
	if e.kind == isData {
		s.line(1, `<xs:complexType name="%s">`, typeOf(e))
		s.doc(2, e.doc)
		s.line(2, `<xs:complexContent><xs:extension base="Data"/></xs:complexContent>`)
		s.line(1, `</xs:complexType>`)
		return
	}
	s.line(1, `<xs:simpleType name="%s">`, typeOf(e))
	s.doc(2, e.doc)
	switch e.kind {
	case isFlag:
		s.line(2, `<xs:restriction base="xs:boolean"/>`)
	case isSeconds:
		s.line(2, `<xs:restriction base="xs:integer"><xs:minInclusive value="0"/><xs:maxInclusive value="%d"/></xs:restriction>`, int(WaitBound.Seconds()))
	case isState:
		s.enumeration(states)
	default:
		s.line(2, `<xs:restriction base="xs:string"><xs:maxLength value="%d"/></xs:restriction>`, e.bound)
	}
	s.line(1, `</xs:simpleType>`)
}

func (s *schema) enumeration(values []string) {
	s.line(2, `<xs:restriction base="xs:string">`)
	for _, v := range values {
		s.line(3, `<xs:enumeration value="%s"/>`, s.names.Of(v))
	}
	s.line(2, `</xs:restriction>`)
}

// answers are one root element, and the types of what is in it.
func (s *schema) answers() {
	s.line(1, `<xs:element name="%s" type="Response"/>`, s.names.Of("RESPONSE"))
	s.line(1, `<xs:simpleType name="Name">`)
	s.doc(2, "A name of this schema.")
	s.line(2, `<xs:restriction base="xs:NCName"/>`)
	s.line(1, `</xs:simpleType>`)
	sequence(s, "Item", itemFields)
	s.line(1, `<xs:complexType name="Data"><xs:sequence>`)
	s.line(2, `<xs:element name="%s" type="Item" minOccurs="0" maxOccurs="unbounded"/>`, s.names.Of("ITEM"))
	s.line(1, `</xs:sequence></xs:complexType>`)
	sequence(s, "Party", partyFields)
	sequence(s, "ScreenPop", popFields)
	sequence(s, "Treatment", treatmentFields)
	sequence(s, "Call", callFields)
	sequence(s, "OtherCall", otherFields)
	sequence(s, "QueueState", queueFields)
	sequence(s, "Agent", agentFields)
	sequence(s, "Reason", reasonFields)
	sequence(s, "Snapshot", snapshotFields)
	sequence(s, "Statistics", statisticsFields)
	sequence(s, "Error", errorFields)
	sequence(s, "Response", answerFields)
	sequence(s, "Event", eventFields)
	s.line(1, `<xs:complexType name="Events"><xs:choice minOccurs="0" maxOccurs="unbounded">`)
	for _, e := range events {
		s.line(2, `<xs:element name="%s" type="Event">`, s.names.Of(e.name))
		text := e.doc
		if e.extra {
			text += " Only for clients that asked with EXTRAEVENTS."
		}
		s.doc(3, text)
		s.line(2, `</xs:element>`)
	}
	s.line(1, `</xs:choice></xs:complexType>`)
}

// needed are fields that are always told.
var needed = map[string]bool{
	"NAME": true, "VALUE": true, "CALLID": true, "CALLSTATE": true, "CALLTYPE": true, "AGENTSTATE": true, "STATUS": true, "CODE": true,
	"SEVERITY": true, "RETRYABLE": true, "MESSAGE": true, "EVENTID": true, "EVENT": true, "LINKSTATE": true, "MODE": true,
}

func sequence[T any](s *schema, name string, fields []field[T]) {
	s.line(1, `<xs:complexType name="%s"><xs:sequence>`, name)
	for _, f := range fields {
		occurs := ` minOccurs="0"`
		if needed[f.name] {
			occurs = ""
		}
		if f.many {
			occurs += ` maxOccurs="unbounded"`
		}
		s.line(2, `<xs:element name="%s" type="%s"%s/>`, s.names.Of(f.name), f.typ, occurs)
	}
	s.line(1, `</xs:sequence></xs:complexType>`)
}
