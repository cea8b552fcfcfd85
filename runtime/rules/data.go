package rules

import (
	"reflect"

	"cel.dev/cel-go/common/types"
)

// Data is what Populate made of a raw event. A field of another type than the one that
// is asked for counts as absent.
type Data struct {
	fields []string
	values []any
}

func (d Data) value(name string) any {
	for i, f := range d.fields {
		if f == name {
			return d.values[i]
		}
	}
	return nil
}

// String reads a field as text; "" when it is absent.
func (d Data) String(name string) string {
	s, _ := d.value(name).(string)
	return s
}

// Bool reads a truth; ok says whether it is there.
func (d Data) Bool(name string) (value, ok bool) {
	value, ok = d.value(name).(bool)
	return value, ok
}

// Strings reads a list of texts.
func (d Data) Strings(name string) []string {
	out, _ := native[[]string](d.value(name))
	return out
}

// Map reads a map of texts.
func (d Data) Map(name string) map[string]string {
	out, _ := native[map[string]string](d.value(name))
	return out
}

// Maps reads a list of maps of texts.
func (d Data) Maps(name string) []map[string]string {
	out, _ := native[[]map[string]string](d.value(name))
	return out
}

// native turns what came through CEL, which may be CEL's own values or the
// driver's, into a Go type.
func native[T any](v any) (T, bool) {
	var zero T
	if v == nil {
		return zero, false
	}
	if t, ok := v.(T); ok {
		return t, true
	}
	r, err := types.DefaultTypeAdapter.NativeToValue(v).ConvertToNative(reflect.TypeFor[T]())
	if err != nil {
		return zero, false
	}
	t, ok := r.(T)
	return t, ok
}
