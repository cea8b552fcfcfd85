// Command manifests generates what is checked in but written elsewhere: deep copies
// and CRDs from api/v1alpha1, the built-in ImplementationClasses from the drivers'
// declarations, the chart's copies of what is written by hand in config/, Argo CD's
// health check, and docs/conditions.md from the table of messages.
//
//	go run ./hack/manifests
//
// Its test says when a generated file is out of date.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// files are generated contents by path below the module's root.
type files map[string][]byte

func main() {
	root := flag.String("root", ".", "root of the module")
	flag.Parse()
	if err := run(context.Background(), *root); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string) error {
	all, err := generate(ctx, root)
	if err != nil {
		return err
	}
	for path, content := range all {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate makes every file without writing one.
func generate(ctx context.Context, root string) (files, error) {
	all := files{}
	for _, step := range []func(context.Context, string, files) error{fromTypes, classes, roles, admission, argocd, conditions} {
		if err := step(ctx, root, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}
