package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The API's document does not list the codes of errors and the names of events, so the
// client does; here they are held equal.
func TestClientKnowsTheClosedSets(t *testing.T) {
	names := read(t, "client/src/names.ts")
	for _, tc := range []struct{ file, goType string }{
		{"../runtime/opencti/event.go", "EventName"},
		{"../runtime/opencti/errors.go", "ErrorCode"},
	} {
		union := regexp.MustCompile(`(?s)export type ` + tc.goType + ` =(.*?);`).FindStringSubmatch(names)
		if union == nil {
			t.Fatalf("client/src/names.ts has no type %s", tc.goType)
		}
		var got []string
		for _, m := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(union[1], -1) {
			got = append(got, m[1])
		}
		want := constants(t, tc.file, tc.goType)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of client/src/names.ts (-%s +the client):\n%s", tc.goType, tc.file, diff)
		}
	}
}

// constants gives the values of a file's constants of a type.
func constants(t *testing.T, file, goType string) (values []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != goType {
			return false
		}
		for _, v := range spec.Values {
			if lit, ok := v.(*ast.BasicLit); ok {
				value, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
		}
		return false
	})
	if len(values) == 0 {
		t.Fatalf("%s has no constants of the type %s", file, goType)
	}
	return values
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
