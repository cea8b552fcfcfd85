package wire

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The reader of frames reads the next one into the same bytes. Nor are they written to.
func TestUnmarshalHoldsNothingOfTheFrame(t *testing.T) {
	for _, xml := range documents(t) {
		body := []byte(xml)
		m, err := Unmarshal(body)
		if string(body) != xml {
			t.Errorf("%.300q: became %.300q", xml, body)
		}
		if err != nil {
			continue
		}
		for i := range body {
			body[i] = '#'
		}
		if again, _ := Unmarshal([]byte(xml)); !reflect.DeepEqual(again, m) {
			t.Errorf("%.300q: changed with its frame\n%s", xml, cmp.Diff(again, m, exportAll))
		}
	}
}

func TestTextsShareBlocks(t *testing.T) {
	var kept []string
	long := strings.Repeat("l", blockSize+1)
	var all texts
	want := []string{"", "7", "1001", long, "sales", strings.Repeat("x", blockSize-5), "alerting", "", "y"}
	for _, text := range want {
		kept = append(kept, all.keep([]byte(text)))
		if all.block.Cap() > blockSize {
			t.Errorf("with %.10q the block has %d bytes", text, all.block.Cap())
		}
	}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	allocations := testing.AllocsPerRun(10, func() {
		var all texts
		for range 20 {
			all.keep([]byte("alerting"))
		}
	})
	if allocations > 1 {
		t.Errorf("20 short texts took %v allocations", allocations)
	}
}

func TestPlansRefuseWhatTheyCannotRead(t *testing.T) {
	for name, value := range map[string]any{
		"a kind of value": struct {
			A float64 `xml:"a"`
		}{},
		"a mode": struct {
			A string `xml:",innerxml"`
		}{},
		"no name": struct{ A string }{},
		"a trimmed number": struct {
			A int `xml:"a" text:"trimmed"`
		}{},
		"one name for two": struct {
			A string `xml:"a"`
			B string `xml:"b" also:"a"`
		}{},
		"a path through a value": struct {
			A string `xml:"a"`
			B string `xml:"a>b"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a plan was made")
				}
			}()
			plans{}.of(reflect.TypeOf(value))
		})
	}
}

// What a message costs is bounded, not measured: see the benchmarks for the time.
func TestUnmarshalAllocatesLittle(t *testing.T) {
	body := ringing(t)
	if n := testing.AllocsPerRun(100, func() { unmarshal(body) }); n > 30 {
		t.Errorf("an event took %v allocations", n)
	}
	pretty := bytes.ReplaceAll(body, []byte("><"), []byte(">\n  <"))
	if n := testing.AllocsPerRun(100, func() { unmarshal(pretty) }); n > 30 {
		t.Errorf("a pretty-printed event took %v allocations", n)
	}
}
