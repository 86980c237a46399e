"""What a cgo call costs."""

from godyno.studies.library.cgo.study import Cgo

__all__ = ["Cgo"]
