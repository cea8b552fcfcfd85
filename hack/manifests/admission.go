package main

import (
	"context"
	"os"
	"path/filepath"
)

const (
	admissionDir      = "config/admission"
	admissionChartDir = "charts/ctilink-operator/files/admission"
)

// admission copies the admission policy to the chart, which can leave it out.
func admission(_ context.Context, root string, all files) error {
	for _, name := range []string{"policy.yaml", "binding.yaml"} {
		body, err := os.ReadFile(filepath.Join(root, admissionDir, name))
		if err != nil {
			return err
		}
		all[admissionChartDir+"/"+name] = append([]byte("# Copied by hack/manifests from "+admissionDir+"; do not edit.\n"), body...)
	}
	return nil
}
