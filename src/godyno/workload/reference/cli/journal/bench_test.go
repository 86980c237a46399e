package journal

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	text := strings.Repeat(sample, 50)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if _, err := Parse("sample", strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
}
