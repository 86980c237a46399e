"""The Go program that collects garbage while it serves."""
