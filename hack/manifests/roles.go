package main

import (
	"context"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

const (
	rbacDir       = "config/rbac"
	rulesChartDir = "charts/ctilink-operator/files/rules"
)

// roleFiles hold one Role or ClusterRole each, written by hand in config/rbac.
var roleFiles = []string{"operator.yaml", "operator-classes.yaml", "operator-namespace.yaml", "runtime.yaml", "view.yaml", "edit.yaml"}

// roles copies the rules alone to the chart, which gives them its own names.
func roles(_ context.Context, root string, all files) error {
	for _, name := range roleFiles {
		body, err := os.ReadFile(filepath.Join(root, rbacDir, name))
		if err != nil {
			return err
		}
		var role struct {
			Rules []map[string]any `json:"rules"`
		}
		if err := yaml.Unmarshal(body, &role); err != nil {
			return err
		}
		rules, err := yaml.Marshal(role.Rules)
		if err != nil {
			return err
		}
		all[rulesChartDir+"/"+name] = append([]byte("# Copied by hack/manifests from "+rbacDir+"; do not edit.\n"), rules...)
	}
	return nil
}
