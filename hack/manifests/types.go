package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// controllerGen is pinned here and fetched through the module proxy.
const controllerGen = "sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0"

const (
	apiDir      = "api/v1alpha1"
	crdDir      = "config/crd"
	crdChartDir = "charts/ctilink-crds/templates"
)

// fromTypes runs controller-gen over the API types.
func fromTypes(ctx context.Context, root string, all files) (err error) {
	tmp, err := os.MkdirTemp("", "manifests")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	cmd := exec.CommandContext(ctx, "go", "run", controllerGen, "paths=./"+apiDir,
		"object", "output:object:dir="+filepath.Join(tmp, "object"),
		"crd", "output:crd:dir="+filepath.Join(tmp, "crd"))
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("controller-gen: %w\n%s", err, out)
	}
	deepcopy, err := os.ReadFile(filepath.Join(tmp, "object", "zz_generated.deepcopy.go"))
	if err != nil {
		return err
	}
	all[apiDir+"/zz_generated.deepcopy.go"] = deepcopy
	return crds(filepath.Join(tmp, "crd"), all)
}

// crds gives kustomize the CRDs as they are, and Helm a copy that outlives
// `helm uninstall`: with a CRD go all objects of its kind.
func crds(dir string, all files) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if bytes.Contains(body, []byte("{{")) {
			return fmt.Errorf("%s contains {{, which Helm would read as a template", e.Name())
		}
		name := strings.TrimPrefix(e.Name(), "ctilink.io_")
		all[crdDir+"/"+name] = body
		all[crdChartDir+"/"+name] = bytes.Replace(body,
			[]byte("  annotations:\n"), []byte("  annotations:\n    helm.sh/resource-policy: keep\n"), 1)
	}
	return nil
}
