//go:build asterisk

package debian_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/hack/asterisk/debian"
	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

func TestFetchRuns(t *testing.T) {
	store, err := cache.Default()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tree, err := debian.Fetch(ctx, store, t.Logf)
	if errors.Is(err, debian.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := tree.Command(ctx, "usr/sbin/asterisk", "-V").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "Asterisk 2") {
		t.Errorf("asterisk -V: %v\n%s", err, out)
	}
}
