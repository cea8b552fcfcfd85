package wire

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// plan says how a type is read from an element. It is made once, of the type's tags: those of
// encoding/xml that this package's types use (name, a>b, attr, chardata, omitempty) and two
// for reading alone: also:"x" is a second spelling, text:"trimmed" drops white space around it.
type plan struct {
	typ        reflect.Type
	shape      shape
	of         *plan // of a pointer or a list
	elements   map[string]field
	attributes map[string]field
	text       *field // takes the element's text: in a struct the field with chardata, else the value itself
	trimmed    bool
}

// field is a place in the value of the plan that it stands in, and how it is read.
type field struct {
	index []int // without one it is the value itself
	plan  *plan
}

func (f field) of(v reflect.Value) reflect.Value {
	for _, i := range f.index {
		v = v.Field(i)
	}
	return v
}

type shape int

const (
	structure shape = iota
	pointer
	list
	word
	number
	truth
	ownText // implements encoding.TextUnmarshaler
)

// plans has one plan a type, for types meet in many messages.
type plans map[reflect.Type]*plan

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// of panics where a type cannot be read: that is a mistake in this package.
func (ps plans) of(t reflect.Type) *plan {
	if p, made := ps[t]; made {
		return p
	}
	p := &plan{typ: t}
	ps[t] = p
	kind := t.Kind()
	switch {
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		p.shape = ownText
	case kind == reflect.Pointer:
		p.shape, p.of = pointer, ps.of(t.Elem())
	case kind == reflect.Slice:
		p.shape, p.of = list, ps.of(t.Elem())
	case kind == reflect.Struct:
		p.shape = structure
		p.elements, p.attributes = map[string]field{}, map[string]field{}
		ps.addFields(p, t, nil)
		return p
	case kind == reflect.String:
		p.shape = word
	case kind == reflect.Int:
		p.shape = number
	case kind == reflect.Bool:
		p.shape = truth
	default:
		panic(fmt.Sprintf("%s cannot be read from XML", t))
	}
	p.text = &field{plan: p}
	return p
}

// addFields adds the fields of t, which is at index in p's type.
func (ps plans) addFields(p *plan, t reflect.Type, index []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clip(index), i)
		if sf.Anonymous {
			ps.addFields(p, sf.Type, at)
			continue
		}
		f := field{at, ps.of(sf.Type)}
		if sf.Tag.Get("text") == "trimmed" {
			f.plan = f.plan.trim()
		}
		name, options, _ := strings.Cut(sf.Tag.Get("xml"), ",")
		switch strings.TrimSuffix(options, "omitempty") {
		case "":
			p.add(strings.Split(name, ">"), f)
			if also, has := sf.Tag.Lookup("also"); has {
				p.add([]string{also}, f)
			}
		case "attr", "attr,":
			p.attributes[name] = f
		case "chardata":
			p.text = &f
		default:
			panic(fmt.Sprintf("%s.%s: a tag that cannot be read", t, sf.Name))
		}
	}
}

// add puts a field at the end of a path. The elements on the way have no value of their own:
// what is in them goes into p's.
func (p *plan) add(path []string, f field) {
	name := path[0]
	inner, taken := p.elements[name]
	if len(path) > 1 {
		if !taken {
			inner = field{plan: &plan{typ: p.typ, shape: structure, elements: map[string]field{}}}
			p.elements[name] = inner
		}
		inner.plan.add(path[1:], f)
		return
	}
	if taken || name == "" {
		panic(fmt.Sprintf("%s has no field, or two, for an element %q", p.typ, name))
	}
	p.elements[name] = f
}

func (p *plan) trim() *plan {
	if p.shape != word {
		panic(fmt.Sprintf("%s has no white space around it", p.typ))
	}
	t := *p
	t.trimmed = true
	t.text = &field{plan: &t}
	return &t
}
