package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// TestSchemasOnlyGrow: what the version before accepted and wrote must be good for
// this one, and the version before must find all it knows in what this one writes.
// testdata/crd-VERSION is what a release has; the next one adds a folder.
func TestSchemasOnlyGrow(t *testing.T) {
	released, err := filepath.Glob("testdata/crd-*/*.yaml")
	if err != nil || len(released) == 0 {
		t.Fatalf("no released schemas: %v", err)
	}
	for _, path := range released {
		t.Run(strings.TrimPrefix(path, "testdata/"), func(t *testing.T) {
			old, now := readTree(t, path), readTree(t, filepath.Join(root, crdDir, filepath.Base(path)))
			for _, problem := range shrunk("", old, now) {
				t.Error(problem)
			}
		})
	}
}

func readTree(t *testing.T, path string) map[string]any {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := yaml.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	spec := out["spec"].(map[string]any)
	versions := spec["versions"].([]any)
	delete(spec, "versions")
	for _, v := range versions {
		v := v.(map[string]any)
		spec["version "+v["name"].(string)] = v
	}
	return spec
}

// free may change at will: words for people, what is shown, and defaults, of which
// there are none but those of a fresh status.
var free = []string{"description", "default", "additionalPrinterColumns", "shortNames", "categories"}

// shrunk lists what a schema accepts or has no more.
func shrunk(path string, old, now map[string]any) (out []string) {
	say := func(key, what string) { out = append(out, fmt.Sprintf("%s.%s %s", path, key, what)) }
	for _, key := range slices.Sorted(maps.Keys(old)) {
		was, is := old[key], now[key]
		switch {
		case slices.Contains(free, key):
		case key == "required", key == "x-kubernetes-validations":
			// Less is more here; below.
		case is == nil && isBound(key):
		case is == nil:
			say(key, "is gone")
		case key == "enum":
			for _, v := range was.([]any) {
				if !slices.Contains(is.([]any), v) {
					say(key, fmt.Sprintf("lost %v", v))
				}
			}
		case key == "properties":
			out = append(out, fewer(path+"."+key, was.(map[string]any), is.(map[string]any))...)
		case reflect.TypeOf(was) == reflect.TypeFor[map[string]any]():
			out = append(out, shrunk(path+"."+key, was.(map[string]any), is.(map[string]any))...)
		case strings.HasPrefix(key, "max") && is.(float64) > was.(float64), strings.HasPrefix(key, "min") && is.(float64) < was.(float64):
		case !reflect.DeepEqual(was, is):
			say(key, fmt.Sprintf("was %v and is %v", was, is))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(now)) {
		was, is := old[key], now[key]
		switch {
		case key == "required", key == "x-kubernetes-validations":
			for _, v := range more(was, is) {
				say(key, fmt.Sprintf("asks for more: %v", v))
			}
		case was == nil && (isBound(key) || key == "enum"):
			say(key, "is new")
		}
	}
	return out
}

// fewer lists the fields that are gone or accept less. Fields may be called like
// keywords of a schema.
func fewer(path string, old, now map[string]any) (out []string) {
	for _, field := range slices.Sorted(maps.Keys(old)) {
		is, ok := now[field].(map[string]any)
		if !ok {
			out = append(out, fmt.Sprintf("%s.%s is gone", path, field))
			continue
		}
		out = append(out, shrunk(path+"."+field, old[field].(map[string]any), is)...)
	}
	return out
}

// isBound says whether a schema without the keyword accepts more.
func isBound(key string) bool {
	return key == "pattern" || key == "format" || strings.HasPrefix(key, "max") || strings.HasPrefix(key, "min")
}

// more lists what b has and a lacks; of a rule only the expression counts.
func more(a, b any) (out []any) {
	rules := func(list any) (out []any) {
		l, _ := list.([]any)
		for _, v := range l {
			if rule, ok := v.(map[string]any); ok {
				v = rule["rule"]
			}
			out = append(out, v)
		}
		return out
	}
	for _, v := range rules(b) {
		if !slices.Contains(rules(a), v) {
			out = append(out, v)
		}
	}
	return out
}

// TestShrunk seeds each fault, and what is none.
func TestShrunk(t *testing.T) {
	const old = `{type: object, required: [a], properties: {
		a: {type: string, pattern: ^x, maxLength: 5, minLength: 1, enum: [x, w]},
		b: {type: array, maxItems: 3, x-kubernetes-list-type: set, items: {type: string}}},
		x-kubernetes-validations: [{rule: r, message: m}]}`
	parse := func(text string) (out map[string]any) {
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(text, "\t", " ")), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, tc := range map[string]struct{ from, to, want string }{
		"nothing":                {"", "", ""},
		"field added":            {"b: {", "c: {type: string, pattern: x}, b: {", ""},
		"bound raised":           {"maxLength: 5", "maxLength: 6", ""},
		"bound dropped":          {"pattern: ^x, ", "", ""},
		"enum value added":       {"[x, w]", "[x, w, z]", ""},
		"no longer required":     {"required: [a]", "required: []", ""},
		"rule dropped":           {"{rule: r, message: m}", "", ""},
		"rule in other words":    {"message: m", "message: n", ""},
		"field removed":          {"b: {", "c: {", ".properties.b is gone"},
		"field retyped":          {"b: {type: array", "b: {type: object", ".properties.b.type was array and is object"},
		"item retyped":           {"items: {type: string", "items: {type: integer", ".properties.b.items.type was string and is integer"},
		"newly required":         {"required: [a]", "required: [a, b]", ".required asks for more: b"},
		"pattern changed":        {"^x", "^xx", ".properties.a.pattern was ^x and is ^xx"},
		"pattern new":            {"items: {", "items: {pattern: x, ", ".properties.b.items.pattern is new"},
		"bound lowered":          {"maxItems: 3", "maxItems: 2", ".properties.b.maxItems was 3 and is 2"},
		"lower bound raised":     {"minLength: 1", "minLength: 2", ".properties.a.minLength was 1 and is 2"},
		"enum value removed":     {"[x, w]", "[x]", ".properties.a.enum lost w"},
		"enum new":               {"items: {", "items: {enum: [a], ", ".properties.b.items.enum is new"},
		"rule added":             {"message: m}", "message: m}, {rule: s}", ".x-kubernetes-validations asks for more: s"},
		"list merges otherwise":  {"type: set", "type: atomic", ".properties.b.x-kubernetes-list-type was set and is atomic"},
		"list key no longer set": {"x-kubernetes-list-type: set, ", "", ".properties.b.x-kubernetes-list-type is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(old, tc.from) {
				t.Fatal("the case changes nothing")
			}
			got := shrunk("", parse(old), parse(strings.Replace(old, tc.from, tc.to, 1)))
			if diff := cmp.Diff(tc.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
