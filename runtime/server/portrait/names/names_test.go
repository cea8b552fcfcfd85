package names

import (
	"slices"
	"strings"
	"testing"
)

func TestTableIsSorted(t *testing.T) {
	if !slices.IsSorted(table) || len(slices.Compact(slices.Clone(table))) != len(table) {
		t.Error("Known searches the table: sort it, each name once")
	}
}

func TestNamesThatAreWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		theirs map[string]string
		says   string
	}{
		"no name of ours":      {map[string]string{"MAKECAL": "x"}, "MAKECAL is no name"},
		"a long one":           {map[string]string{strings.Repeat("x", 70): "a"}, "…"},
		"begins with a digit":  {map[string]string{"MAKECALL": "1x"}, "MAKECALL cannot be called so"},
		"with a blank":         {map[string]string{"MAKECALL": "a b"}, "cannot be called so"},
		"with a prefix":        {map[string]string{"MAKECALL": "a:b"}, "cannot be called so"},
		"empty":                {map[string]string{"MAKECALL": ""}, "cannot be called so"},
		"two become one":       {map[string]string{"MAKECALL": "x", "ACCEPTCALL": "x"}, "ACCEPTCALL"},
		"one becomes another":  {map[string]string{"MAKECALL": "ACCEPTCALL"}, "MAKECALL would be called the same as ACCEPTCALL"},
		"the other way round":  {map[string]string{"ACCEPTCALL": "MAKECALL"}, "ACCEPTCALL would be called the same as MAKECALL"},
		"an element, a value":  {map[string]string{"DESTINATION": "OK"}, "DESTINATION would be called the same as OK"},
		"the first in order":   {map[string]string{"WAIT": "-", "ACK": "-"}, "ACK cannot"},
		"values are not shown": {map[string]string{"MAKECALL": "4930123456"}, "MAKECALL cannot be called so: use letters, digits, points, hyphens and underscores, beginning with a letter, 64 at most"},
	} {
		if _, err := New(tc.theirs); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}

func TestNamesMayChangePlaces(t *testing.T) {
	n, err := New(map[string]string{"MAKECALL": "ACCEPTCALL", "ACCEPTCALL": "MAKECALL"})
	if err != nil || n.Of("MAKECALL") != "ACCEPTCALL" || n.Back("ACCEPTCALL") != "MAKECALL" || !n.Changed() {
		t.Errorf("%v %v", n, err)
	}
}

func TestNoNames(t *testing.T) {
	n, err := New(nil)
	if err != nil || n.Changed() || n.Of("MAKECALL") != "MAKECALL" || n.Back("MAKECALL") != "MAKECALL" {
		t.Errorf("%v %v", n, err)
	}
}
