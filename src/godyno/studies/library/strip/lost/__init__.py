"""The Go program that tools are tried on."""
