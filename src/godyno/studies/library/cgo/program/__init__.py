"""The Go program with C in it that is measured."""
