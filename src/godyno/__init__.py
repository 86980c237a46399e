"""godyno: a dynamometer for Go."""

__version__ = "0.1.0"
