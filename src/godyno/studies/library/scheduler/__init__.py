"""How long goroutines wait."""

from godyno.studies.library.scheduler.study import Scheduler

__all__ = ["Scheduler"]
