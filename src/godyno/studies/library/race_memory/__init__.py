"""What the race detector needs of memory."""

from godyno.studies.library.race_memory.study import RaceMemory

__all__ = ["RaceMemory"]
