package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPortraitFlags(t *testing.T) {
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "names")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, tc := range map[string]struct {
		flags portraitFlags
		says  string
	}{
		"as they are":         {portraitFlags{socketTimeout: time.Minute}, ""},
		"names":               {portraitFlags{socketTimeout: time.Minute, namesFile: file("MAKECALL = MakeCall\n")}, ""},
		"names that are none": {portraitFlags{socketTimeout: time.Minute, namesFile: file("MAKECALL\n")}, "line 1: write OURS = theirs"},
		"no such file":        {portraitFlags{socketTimeout: time.Minute, namesFile: "/nothing/there"}, "--portrait-names-file"},
		"no time":             {portraitFlags{}, "--portrait-socket-timeout must be"},
	} {
		_, err := tc.flags.options()
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}
