"""What everyday work with Go takes."""

from godyno.studies.library.scenarios.study import Scenarios

__all__ = ["Scenarios"]
