package costtest

import (
	"bytes"
	"testing"
)

func spaces(size int) []byte { return bytes.Repeat([]byte(" "), size) }

// The checks are believed because they fail on what is wrong.
func TestTheChecksCanFail(t *testing.T) {
	var kept [][]byte
	for name, tc := range map[string]struct {
		parse func([]byte)
		fails bool
	}{
		"a copy": {func(b []byte) { kept = append(kept[:0], bytes.Clone(b)) }, false},
		"a look": {func(b []byte) { bytes.Count(b, []byte("  ")) }, false},
		"square memory": {func(b []byte) {
			for i := range len(b) / 16 {
				kept = append(kept[:0], bytes.Clone(b[:16*i]))
			}
		}, true},
		"square time": {func(b []byte) {
			for i := range b {
				bytes.IndexByte(b[i:], 'x')
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			judged := &testing.T{}
			Linear(judged, spaces, tc.parse)
			if judged.Failed() != tc.fails {
				t.Errorf("failed is %v, want %v", judged.Failed(), tc.fails)
			}
		})
	}
}
