package plan_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden renders testdata/*.in.yaml, manifests as people write them, and
// compares every byte that would reach a cluster with *.out.yaml. A change of the
// pod template in an .out.yaml rolls the pods of every link at the next upgrade.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no inputs: %v", err)
	}
	for _, in := range inputs {
		name := strings.TrimSuffix(filepath.Base(in), ".in.yaml")
		t.Run(name, func(t *testing.T) {
			got := render(t, readInput(t, in))
			golden := filepath.Join("testdata", name+".out.yaml")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got), run with -update if it is meant:\n%s", golden, diff)
			}
			if again := render(t, readInput(t, in)); !bytes.Equal(got, again) {
				t.Error("the same input gave other bytes")
			}
		})
	}
}

// readInput collects the documents of a file; classes come before links in none of
// them on purpose.
func readInput(t *testing.T, path string) plan.Input {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[string]*v1alpha1.ImplementationClass{}
	in := plan.Input{
		Image:     "example.test/ctilink:1",
		TLSSecret: "support-tls-0123456789",
		Classes:   func(name string) *v1alpha1.ImplementationClass { return classes[name] },
	}
	for _, doc := range strings.Split(string(body), "\n---\n") {
		var kind metav1.TypeMeta
		decode(t, doc, &kind, yaml.Unmarshal)
		switch kind.Kind {
		case "CTILink":
			in.Link = &v1alpha1.CTILink{}
			decode(t, doc, in.Link, yaml.UnmarshalStrict)
		case "AgentPool":
			var p v1alpha1.AgentPool
			decode(t, doc, &p, yaml.UnmarshalStrict)
			in.Pools = append(in.Pools, p)
		case "ImplementationClass":
			c := &v1alpha1.ImplementationClass{}
			decode(t, doc, c, yaml.UnmarshalStrict)
			classes[c.Name] = c
		default:
			t.Fatalf("%s: unexpected kind %q", path, kind.Kind)
		}
	}
	return in
}

func decode(t *testing.T, doc string, into any, unmarshal func([]byte, any, ...yaml.JSONOpt) error) {
	t.Helper()
	if err := unmarshal([]byte(doc), into); err != nil {
		t.Fatal(err)
	}
}

// render writes the problems and the children.
func render(t *testing.T, in plan.Input) []byte {
	t.Helper()
	p, problem := plan.Make(in)
	var out bytes.Buffer
	if problem != nil {
		out.WriteString("# " + problem.Error() + "\n")
	}
	for _, pool := range p.Pools {
		if pool.Problem != nil {
			out.WriteString("# AgentPool " + pool.Name + ": " + pool.Problem.Error() + "\n")
		}
	}
	for _, child := range append(p.Children, p.Pods...) {
		body, err := yaml.Marshal(child)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(body)
	}
	return out.Bytes()
}
