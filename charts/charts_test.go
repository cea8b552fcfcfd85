// Package charts holds the Helm charts; its test renders them as a user would.
package charts

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// helm finds Helm: $HELM, or the pinned one, which is built when it is missing.
var helm = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HELM"); path != "" {
		return path, nil
	}
	cmd := exec.Command("go", "run", "./hack/cluster", "tool", "helm")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", errors.Join(errors.New("these tests need Helm: set HELM to its path"), err)
	}
	return strings.TrimSpace(string(out)), nil
})

// run runs Helm and returns what it printed, or what it complained about.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := helm()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", errors.Join(err, errors.New(stderr.String()))
	}
	return stdout.String(), nil
}

func template(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return run(t, append([]string{"template", "ctilink", "ctilink-operator", "--namespace", "ctilink-system"}, args...)...)
}

func TestLint(t *testing.T) {
	for _, chart := range []string{"ctilink-crds", "ctilink-operator"} {
		if _, err := run(t, "lint", "--strict", chart); err != nil {
			t.Error(err)
		}
	}
}

func TestGolden(t *testing.T) {
	for name, args := range map[string][]string{
		"default": nil,
		"namespaced": {"--set", "watchNamespaces={sales,support}", "--set", "classes=false",
			"--set", "runtimeImage=registry.example.test/ctilink:2", "--set", "image.repository=registry.example.test/ctilink", "--set", "image.tag=1"},
		"single": {"--set", "replicas=1", "--set", "leaderElection=false", "--set", "podDisruptionBudget=false",
			"--set", "classes=false", "--set", "clusterRoles=false", "--set", "admissionPolicy=false", "--set", "imagePullSecrets={pull}", "--set", "nodeSelector.zone=east"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := template(t, args...)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got), run with -update if it is meant:\n%s", golden, diff)
			}
			restricted(t, got)
		})
	}
}

// restricted checks the operator's pod against the Pod Security Standard.
func restricted(t *testing.T, rendered string) {
	t.Helper()
	for _, doc := range strings.Split(rendered, "\n---\n") {
		if !strings.Contains(doc, "\nkind: Deployment\n") {
			continue
		}
		var d appsv1.Deployment
		if err := yaml.UnmarshalStrict([]byte(doc), &d); err != nil {
			t.Fatal(err)
		}
		pod := d.Spec.Template.Spec
		container := pod.Containers[0].SecurityContext
		if !*pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.SeccompProfile.Type != "RuntimeDefault" ||
			*container.AllowPrivilegeEscalation || len(container.Capabilities.Drop) != 1 || container.Capabilities.Drop[0] != "ALL" {
			t.Errorf("the operator's pod is not restricted: %v %v", pod.SecurityContext, container)
		}
		return
	}
	t.Error("there is no Deployment")
}

func TestValuesThatMakeNoSense(t *testing.T) {
	for name, tc := range map[string]struct {
		set  string
		want string
	}{
		"unknown key":             {"imag.tag=1", "additional properties 'imag'"},
		"two without a leader":    {"leaderElection=false", "/leaderElection"},
		"a namespace in capitals": {"watchNamespaces={Sales}", "/watchNamespaces/0"},
		"pull policy":             {"image.pullPolicy=Sometimes", "/image/pullPolicy"},
		"no repository":           {"image.repository=", "/image/repository"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := template(t, "--set", tc.set)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want a refusal that names %s", err, tc.want)
			}
		})
	}
	if _, err := run(t, "template", "x", "ctilink-crds", "--set", "a=b"); err == nil {
		t.Error("ctilink-crds takes values that it does not have")
	}
}

// TestCRDsOutliveTheRelease: uninstalling the chart must not delete every link.
func TestCRDsOutliveTheRelease(t *testing.T) {
	got, err := run(t, "template", "x", "ctilink-crds")
	if err != nil {
		t.Fatal(err)
	}
	if kinds, kept := strings.Count(got, "\nkind: CustomResourceDefinition\n"), strings.Count(got, "helm.sh/resource-policy: keep"); kinds != 4 || kept != 4 {
		t.Errorf("%d CRDs, %d of which stay", kinds, kept)
	}
}
