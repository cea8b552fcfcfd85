package link

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// mountedValueBound bounds a value that comes from a file.
const mountedValueBound = 64 << 10

// Mounted reads configuration keys from the directories below dir, in the order of
// their names; a later one wins. A key is a file's name; a value is its content
// without the line's end. Kubernetes' own entries (..data) are passed over. A
// directory that is not there has no keys: the Secret may come later.
func Mounted(dir string) func() (map[string]string, error) {
	return func() (map[string]string, error) {
		out := map[string]string{}
		sources, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read mounted configuration: %w", err)
		}
		sort.Slice(sources, func(i, j int) bool { return sources[i].Name() < sources[j].Name() })
		for _, source := range sources {
			if err := readKeys(filepath.Join(dir, source.Name()), out); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
}

func readKeys(dir string, out map[string]string) error {
	keys, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read mounted configuration: %w", err)
	}
	for _, k := range keys {
		if strings.HasPrefix(k.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, k.Name())
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if info.Size() > mountedValueBound {
			return fmt.Errorf("mounted configuration key %q is larger than %d bytes", k.Name(), mountedValueBound)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read mounted configuration key %q: %w", k.Name(), err)
		}
		out[k.Name()] = strings.TrimRight(string(b), "\r\n")
	}
	return nil
}
