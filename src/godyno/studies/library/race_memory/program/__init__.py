"""The Go test that is raced: memory of one kind at a time."""
