package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
)

// FuzzManifests reads any file as a manifest, and plans the slot of what is in it.
func FuzzManifests(f *testing.F) {
	for _, seed := range append(costtest.Seeds(laughs), fmt.Sprintf(manifestsFor, "a:1", "x", "1001"), "{a: [", "---\n---\n", "a: \x00",
		"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: '%%%'}\n",
		"apiVersion: ctilink.io/v1alpha1\nkind: CTILink\nmetadata: {name: a}\nspec: {implementationClass: simulator, configFrom: [{}]}\n",
		"apiVersion: ctilink.io/v1alpha1\nkind: CTILink\n", "apiVersion: v1\nkind: List\nitems: [{}]\n", strings.Repeat("- ", 100)) {
		f.Add([]byte(seed))
	}
	decoder := strictDecoder()
	f.Fuzz(func(t *testing.T, file []byte) {
		m := newManifests()
		if err := m.read(decoder, file); err != nil {
			return
		}
		if slot, err := m.slot(); err == nil {
			if _, err := m.mounted(); err != nil || slot.Spec.LinkName == "" {
				t.Errorf("slot %+v, mounted: %v", slot.Spec, err)
			}
		}
	})
}
