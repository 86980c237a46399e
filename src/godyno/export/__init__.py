"""Captures in other tools' formats, one file a format; `Source` is how they read a capture."""
