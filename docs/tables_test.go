package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestAdaptersListTheParametersOfEachDriver(t *testing.T) {
	page := read(t, "adapters.md")
	for _, d := range adapters.Drivers() {
		for _, p := range opencti.ParametersOf(d.Describe().Config()) {
			wantLine(t, page, fmt.Sprintf("| `%s` | %s | %s | %s |", p.Name, p.Type, fallback(p), p.Description))
		}
	}
}

// fallback is what holds when a link does not set the parameter.
func fallback(p opencti.Parameter) string {
	switch {
	case p.Required:
		return "required"
	case p.Secret:
		return "secret"
	case p.Default == "":
		return ""
	}
	return "`" + p.Default + "`"
}

func TestDesktopListsTheActivities(t *testing.T) {
	page := read(t, "desktop.md")
	for _, s := range opencti.Specs() {
		wantLine(t, page, fmt.Sprintf("| %s | %s | %s |", s.Activity, list(s.Required), list(s.Optional)))
	}
}

func list(properties []opencti.Property) string {
	out := make([]string, len(properties))
	for i, p := range properties {
		out[i] = string(p)
	}
	return strings.Join(out, ", ")
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantLine compares without repeated spaces, which an empty cell makes.
func wantLine(t *testing.T, page, line string) {
	t.Helper()
	line = strings.Join(strings.Fields(line), " ")
	for l := range strings.Lines(page) {
		if strings.HasPrefix(strings.Join(strings.Fields(l), " "), line) {
			return
		}
	}
	t.Errorf("the page lacks this line:\n%s", line)
}

// What admin.md says of the chart.
func TestAdminListsTheValues(t *testing.T) {
	page := read(t, "admin.md")
	for _, m := range regexp.MustCompile(`(?m)^([a-zA-Z]+):`).FindAllStringSubmatch(read(t, "../charts/ctilink-operator/values.yaml"), -1) {
		if !strings.Contains(page, "`"+m[1]+"`") && !strings.Contains(page, "`"+m[1]+".") {
			t.Errorf("admin.md does not tell of the value %s", m[1])
		}
	}
}

func TestAdminListsTheMetrics(t *testing.T) {
	code := read(t, "../cmd/runtime/metrics.go")
	var want []string
	for _, m := range regexp.MustCompile(`(?:counter|gauge|histogram|opts)\("([a-z_]+)"|metricsPrefix \+ "([a-z_]+)"`).FindAllStringSubmatch(code, -1) {
		want = append(want, "ctilink_"+m[1]+m[2])
	}
	got := submatches(t, regexp.MustCompile("(?m)^\\| `(ctilink_[a-z_]+)` \\|"), "admin.md")
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("admin.md and cmd/runtime/metrics.go (-code +page):\n%s", diff)
	}
}

func TestDesktopListsTheErrorCodesAndEvents(t *testing.T) {
	page := read(t, "desktop.md")
	for file, of := range map[string]*regexp.Regexp{
		"../runtime/opencti/errors.go": regexp.MustCompile(`ErrorCode += "([A-Za-z]+)"`),
		"../runtime/opencti/event.go":  regexp.MustCompile(`Event(?:Name|Type) += "([A-Za-z]+)"`),
	} {
		names := submatches(t, of, file)
		if len(names) == 0 {
			t.Fatalf("%s declares none", file)
		}
		for _, name := range names {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(page) {
				t.Errorf("desktop.md does not tell of %s", name)
			}
		}
	}
}

// What people see and look up must be what the code says.
func TestTroubleshootingQuotesTheCode(t *testing.T) {
	code := source(t, "../cmd", "../controllers", "../runtime")
	for _, line := range submatches(t, regexp.MustCompile("\\*\\*Log:\\*\\*\\s`([^`]+)`"), "troubleshooting.md") {
		if line = strings.Join(strings.Fields(line), " "); !strings.Contains(code, `"`+line+`"`) {
			t.Errorf("nothing logs %q", line)
		}
	}
	for _, said := range submatches(t, regexp.MustCompile(`(?m)^> (.+)$`), "troubleshooting.md") {
		if !strings.Contains(code, said) && !isMessage(func(m messages.Message) bool { return m.Text == said }) &&
			!strings.Contains(read(t, "../config/admission/policy.yaml"), strings.TrimPrefix(said, "spec.config.{key}")) {
			t.Errorf("nothing says %q", said)
		}
	}
	for _, said := range submatches(t, regexp.MustCompile("`([A-Z][a-z]+=(?:True|False|Unknown)\\s[A-Za-z]+)`"), "troubleshooting.md") {
		said = strings.Join(strings.Fields(said), " ")
		if !isMessage(func(m messages.Message) bool { return m.Condition+"="+m.Status+" "+m.Reason == said }) {
			t.Errorf("no condition says %s", said)
		}
	}
}

func isMessage(fits func(messages.Message) bool) bool {
	return slices.ContainsFunc(messages.All(), fits)
}

// source is all Go code below some folders, tests among it.
func source(t *testing.T, roots ...string) string {
	t.Helper()
	var all strings.Builder
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				all.WriteString(read(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// The files and tests that architecture.md names exist.
func TestArchitectureNamesWhatExists(t *testing.T) {
	tests := source(t, "../charts", "../cmd", "../controllers", "../hack", "../runtime", "../test")
	for _, name := range submatches(t, regexp.MustCompile(`\b(Test[A-Z][A-Za-z]+)\b`), "architecture.md") {
		if !strings.Contains(tests, "func "+name+"(t *testing.T)") {
			t.Errorf("there is no %s", name)
		}
	}
	for _, row := range submatches(t, regexp.MustCompile("(?m)^\\|[^|]+\\| (.*`[a-z0-9/]+[a-z0-9_.]*`.*) \\|$"), "architecture.md") {
		folder := "" // a file without one is beside the file before it
		for _, m := range regexp.MustCompile("`([a-z0-9_/.]+)`").FindAllStringSubmatch(row, -1) {
			path := m[1]
			if strings.Contains(path, "/") {
				folder = filepath.Dir(path)
				if filepath.Ext(path) == "" {
					folder = path
				}
			} else if strings.Contains(path, ".") {
				path = filepath.Join(folder, path)
			} else {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("architecture.md names %s: %v", path, err)
			}
		}
	}
}

// Every link between our pages leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := []string{"../README.md", "../CONTRIBUTING.md"}
	for _, pattern := range []string{"*.md", "decisions/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		for _, to := range submatches(t, regexp.MustCompile(`\]\(([^)\s+][^)\s]*)\)`), page) {
			if strings.Contains(to, "://") {
				continue
			}
			file, heading, _ := strings.Cut(to, "#")
			target := filepath.Join(filepath.Dir(page), file)
			if file == "" {
				target = page
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", page, to, err)
			} else if heading != "" && !slices.Contains(headings(t, target), heading) {
				t.Errorf("%s links to %s: there is no such heading", page, to)
			}
		}
	}
}

// headings are the anchors of a page, as forges make them.
func headings(t *testing.T, page string) (out []string) {
	t.Helper()
	odd := regexp.MustCompile(`[^a-z0-9 _-]`)
	for _, h := range submatches(t, regexp.MustCompile(`(?m)^#+ (.+)$`), page) {
		out = append(out, strings.ReplaceAll(odd.ReplaceAllString(strings.ToLower(h), ""), " ", "-"))
	}
	return out
}

// Each fault of the end-to-end test has its row, and no other claims to be one.
func TestArchitectureListsTheFaults(t *testing.T) {
	got := submatches(t, regexp.MustCompile(`(?m)^\| \*([^*]+)\*`), "architecture.md")
	want := submatches(t, regexp.MustCompile(`(?m)^\t\{name: "([^"]+)", (?:arrange|strike)`), "../test/e2e/failure_test.go")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("test/e2e/failure_test.go and architecture.md (-test +page):\n%s", diff)
	}
}
