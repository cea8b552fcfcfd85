// Package cache keeps what takes long to build, by name and version, outside the source tree.
// An entry is a directory that appears whole or not at all.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// Cache is a directory of entries.
type Cache struct{ Dir string }

// Variable is the environment variable that says where the cache is.
const Variable = "CTILINK_CACHE"

// Default is $CTILINK_CACHE, or ctilink in the user's cache directory.
func Default() (Cache, error) {
	if dir := os.Getenv(Variable); dir != "" {
		abs, err := filepath.Abs(dir)
		return Cache{Dir: abs}, err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return Cache{}, fmt.Errorf("cache: %w (set %s)", err, Variable)
	}
	return Cache{Dir: filepath.Join(dir, "ctilink")}, nil
}

// Path is where the entry is, or will be.
func (c Cache) Path(name, key string) string { return filepath.Join(c.Dir, name, key) }

// Has says whether the entry exists.
func (c Cache) Has(name, key string) bool {
	_, err := os.Stat(c.Path(name, key))
	return err == nil
}

// Ensure returns the entry's directory and calls fill to make it when it is missing. Of several processes one fills.
func (c Cache) Ensure(ctx context.Context, name, key string, fill func(dir string) error) (string, error) {
	dir := c.Path(name, key)
	if c.Has(name, key) {
		return dir, nil
	}
	release, err := Lock(ctx, filepath.Join(c.Dir, "locks", name), nil)
	if err != nil {
		return "", err
	}
	defer release()
	if c.Has(name, key) {
		return dir, nil
	}
	partial := filepath.Join(c.Dir, name, ".partial-"+key)
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("cache %s: %w", name, err)
	}
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return "", fmt.Errorf("cache %s: %w", name, err)
	}
	if err := fill(partial); err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	if err := os.Rename(partial, dir); err != nil {
		return "", fmt.Errorf("cache %s: %w", name, err)
	}
	return dir, nil
}

// Key makes an entry's key: the version for people, and a digest of everything else that the entry depends on.
func Key(version string, inputs ...string) string {
	digest := sha256.New()
	for _, input := range inputs {
		fmt.Fprintf(digest, "%d:%s", len(input), input)
	}
	return version + "-" + hex.EncodeToString(digest.Sum(nil))[:8]
}
