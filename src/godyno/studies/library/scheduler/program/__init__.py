"""The Go program whose goroutines are timed."""
