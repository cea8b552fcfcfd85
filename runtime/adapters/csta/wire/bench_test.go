package wire

import "testing"

// BenchmarkUnmarshal decodes the event that a ringing call costs.
func BenchmarkUnmarshal(b *testing.B) {
	for _, m := range goldens() {
		if Name(m) != "DeliveredEvent" {
			continue
		}
		body, err := Marshal(m, "")
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Unmarshal(body); err != nil {
				b.Fatal(err)
			}
		}
	}
}
