package messages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestSay(t *testing.T) {
	m := Message{Reason: "R", Text: "{a} of {b}, {a}", Stalled: true}
	if got, want := m.Say("a", "{b}", "b", "2"), (Sentence{"R", "{b} of 2, {b}", true}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

var (
	reason = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)
	braces = regexp.MustCompile(`\{[^}]*\}`)
	name   = regexp.MustCompile(`^\{[a-zA-Z]+\}$`)
)

func TestEveryRowIsASentence(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if seen[m.Text] {
			t.Errorf("twice in the table: %q", m.Text)
		}
		seen[m.Text] = true
		ends := strings.HasSuffix(m.Text, ".") || strings.HasSuffix(m.Text, "{problem}") || m.Reason == v1alpha1.ReasonPending
		if !ends || strings.ContainsAny(m.Text+m.Do, "|\n") {
			t.Errorf("no sentence for a table: %q", m.Text)
		}
		if !reason.MatchString(m.Reason) && !strings.HasPrefix(m.Reason, "(as ") {
			t.Errorf("reason %q of %q", m.Reason, m.Text)
		}
		if m.Stalled && m.Do == "" {
			t.Errorf("a person must act and is not told how: %q", m.Text)
		}
		for _, b := range braces.FindAllString(m.Text, -1) {
			if !name.MatchString(b) {
				t.Errorf("%s in %q", b, m.Text)
			}
		}
	}
}

// TestEveryRowIsSaid: a row that no code says is a promise that nobody keeps.
func TestEveryRowIsSaid(t *testing.T) {
	var code strings.Builder
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		body, err := os.ReadFile(path)
		code.Write(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			row := s.(*ast.ValueSpec).Names[0].Name
			rows++
			// Pending is the default in the schema; the API server says it.
			said := regexp.MustCompile(`messages\.` + row + `\b`).MatchString(code.String())
			if !said && row != "Pending" {
				t.Errorf("nothing says %s", row)
			}
		}
	}
	if rows != len(All()) {
		t.Errorf("%d rows are declared, %d are in the table", rows, len(All()))
	}
}
