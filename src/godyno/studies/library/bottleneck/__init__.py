"""Which resource limits a build."""

from godyno.studies.library.bottleneck.study import Bottleneck

__all__ = ["Bottleneck"]
