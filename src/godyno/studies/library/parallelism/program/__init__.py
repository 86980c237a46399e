"""The Go program of which many are run at once."""
