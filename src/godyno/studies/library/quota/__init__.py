"""What a CPU quota does to a program that collects garbage."""

from godyno.studies.library.quota.study import Quota

__all__ = ["Quota"]
