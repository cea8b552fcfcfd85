package behaviour

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parameter is a field of a behaviour's JSON body.
type Parameter struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // text, texts, number, whole number, yes or no
	What     string   `json:"what"`
	Required bool     `json:"required,omitempty"`
	Default  string   `json:"default,omitempty"`
	OneOf    []string `json:"oneOf,omitempty"`
	Min      *float64 `json:"min,omitempty"`
	Max      *float64 `json:"max,omitempty"`
}

// ParameterError says which field is wrong and how to mend it.
type ParameterError struct{ Field, Why string }

func (e *ParameterError) Error() string { return e.Field + ": " + e.Why }

func wrong(field, format string, args ...any) error {
	return &ParameterError{field, fmt.Sprintf(format, args...)}
}

// The fields that many have. Struct tags say the rest: doc, default, need
// (required), oneof, min and max.
type (
	until struct {
		Duration float64 `json:"duration" default:"60" min:"0.01" max:"3600" doc:"seconds after which it ends by itself"`
	}
	times struct {
		Count int `json:"count" default:"1" min:"1" max:"100000" doc:"how often it happens"`
		until
	}
	anywhere struct {
		DN string `json:"dn" doc:"only at this telephone"`
	}
	somewhere struct {
		DN string `json:"dn" need:"yes" doc:"the telephone"`
	}
	ofEvents struct {
		Event string `json:"event" doc:"only events of this name, such as Delivered"`
		anywhere
		times
	}
	ofRequests struct {
		Request string `json:"request" doc:"only requests of this name, such as AnswerCall"`
		anywhere
		times
	}
)

// lasting is a fault's parameters.
type lasting interface{ lasts() time.Duration }

func (u until) lasts() time.Duration { return seconds(u.Duration) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// parametersOf reads the struct tags of P.
func parametersOf[P any]() []Parameter {
	var all []Parameter
	for _, f := range fieldsOf(reflect.TypeFor[P]()) {
		p := Parameter{Name: f.Tag.Get("json"), Type: kind(f.Type), What: f.Tag.Get("doc"),
			Required: f.Tag.Get("need") != "", Default: f.Tag.Get("default"), Min: bound(f, "min"), Max: bound(f, "max")}
		if words := f.Tag.Get("oneof"); words != "" {
			p.OneOf = strings.Fields(words)
		}
		all = append(all, p)
	}
	return all
}

func fieldsOf(t reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Anonymous })
}

func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kind(t.Elem())
	case reflect.Float64:
		return "number"
	case reflect.Int:
		return "whole number"
	case reflect.Bool:
		return "yes or no"
	case reflect.Slice:
		return "texts"
	}
	return "text"
}

func bound(f reflect.StructField, name string) *float64 {
	text := f.Tag.Get(name)
	if text == "" {
		return nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(f.Name + " " + name + ": " + err.Error())
	}
	return &value
}

// withDefaults fills in what the tags say.
func withDefaults(p any) any {
	v := reflect.ValueOf(p).Elem()
	for _, f := range fieldsOf(v.Type()) {
		text := f.Tag.Get("default")
		if text == "" {
			continue
		}
		if f.Type.Kind() == reflect.String {
			text = strconv.Quote(text)
		}
		if err := json.Unmarshal([]byte(text), v.FieldByIndex(f.Index).Addr().Interface()); err != nil {
			panic(f.Name + " default: " + err.Error())
		}
	}
	return p
}

// check holds values against the tags.
func check(p any) error {
	v := reflect.ValueOf(p).Elem()
	for _, f := range fieldsOf(v.Type()) {
		if err := checkField(f, v.FieldByIndex(f.Index)); err != nil {
			return err
		}
	}
	return nil
}

func checkField(f reflect.StructField, v reflect.Value) error {
	name, words := f.Tag.Get("json"), strings.Fields(f.Tag.Get("oneof"))
	switch {
	case f.Tag.Get("need") != "" && v.IsZero():
		return wrong(name, "is needed: %s", f.Tag.Get("doc"))
	case len(words) > 0 && !v.IsZero() && !slices.Contains(words, v.String()):
		return wrong(name, "must be one of %s", strings.Join(words, ", "))
	}
	if !v.CanInt() && !v.CanFloat() {
		return nil
	}
	value := v.Convert(reflect.TypeFor[float64]()).Float()
	if low := bound(f, "min"); low != nil && value < *low {
		return wrong(name, "must be at least %v", *low)
	}
	if high := bound(f, "max"); high != nil && value > *high {
		return wrong(name, "must be at most %v", *high)
	}
	return nil
}
