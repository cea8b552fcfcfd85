package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEnsureFillsOnce(t *testing.T) {
	c := Cache{Dir: t.TempDir()}
	var fills atomic.Int32
	fill := func(dir string) error {
		fills.Add(1)
		return os.WriteFile(filepath.Join(dir, "program"), nil, 0o755)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			dir, err := c.Ensure(t.Context(), "kube", "v1", fill)
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "program")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := fills.Load(); n != 1 {
		t.Errorf("filled %d times, want once", n)
	}
}

func TestEnsureKeepsNothingHalf(t *testing.T) {
	c := Cache{Dir: t.TempDir()}
	broken := errors.New("no network")
	_, err := c.Ensure(t.Context(), "kube", "v1", func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	if c.Has("kube", "v1") {
		t.Error("a failed entry exists")
	}
	dir, err := c.Ensure(t.Context(), "kube", "v1", func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
		t.Error("the failed attempt's file is in the entry")
	}
}

func TestLockWaitsForItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	waiting := make(chan struct{})
	got := make(chan error)
	go func() {
		again, err := Lock(t.Context(), path, func() { close(waiting) })
		if err == nil {
			again()
		}
		got <- err
	}()
	<-waiting
	select {
	case err := <-got:
		t.Fatalf("the second got the lock: %v", err)
	default:
	}
	release()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestLockGivesUpWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the time is over", err)
	}
}

func TestKeyDependsOnEveryInput(t *testing.T) {
	keys := map[string]bool{}
	for _, inputs := range [][]string{{"v1"}, {"v2"}, {"v1", "a"}, {"v1", "a", "b"}, {"v1", "ab"}, {"v1", "a", ""}} {
		keys[Key(inputs[0], inputs[1:]...)] = true
	}
	if len(keys) != 6 {
		t.Errorf("got %d keys of 6 different inputs", len(keys))
	}
}

func TestDefault(t *testing.T) {
	for _, tc := range []struct{ name, variable, want string }{
		{name: "as told", variable: "/fast/cache", want: "/fast/cache"},
		{name: "in the user's cache", want: "/xdg/ctilink"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", "/xdg")
			t.Setenv(Variable, tc.variable)
			got, err := Default()
			if err != nil || got.Dir != tc.want {
				t.Errorf("got %s %v, want %s", got.Dir, err, tc.want)
			}
		})
	}
}
