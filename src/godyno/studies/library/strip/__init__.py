"""What stripping a Go program saves, what is lost with it, and whether it is loaded sooner."""

from godyno.studies.library.strip.study import Strip

__all__ = ["Strip"]
