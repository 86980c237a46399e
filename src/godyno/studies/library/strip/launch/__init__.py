"""The Go program that starts programs."""
