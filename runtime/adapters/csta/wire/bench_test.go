package wire

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkUnmarshal decodes the event that a ringing call costs.
func BenchmarkUnmarshal(b *testing.B) {
	body := ringing(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Unmarshal(body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAgainstEncodingXML decodes the same event with both decoders in turns: the ratio
// of their medians holds on a machine that is busy with something else.
func BenchmarkAgainstEncodingXML(b *testing.B) {
	body := ringing(b)
	var own, baseline []time.Duration
	for b.Loop() {
		own = append(own, took(b, Unmarshal, body))
		baseline = append(baseline, took(b, oracle, body))
	}
	b.ReportMetric(float64(median(baseline))/float64(median(own)), "times-faster")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func took(b *testing.B, decode func([]byte) (Message, error), body []byte) time.Duration {
	start := time.Now()
	if _, err := decode(body); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func ringing(tb testing.TB) []byte {
	for _, m := range goldens() {
		if _, is := m.(*DeliveredEvent); is {
			body, err := Marshal(m, "")
			if err != nil {
				tb.Fatal(err)
			}
			return body
		}
	}
	tb.Fatal("no DeliveredEvent among the golden messages")
	return nil
}
