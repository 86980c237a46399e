"""For those who extend godyno: a machine in a directory, a recorder in memory, and the suite that judges
every plugin."""

from __future__ import annotations

from godyno.testing.machine import FakeMachine
from godyno.testing.recording import FakeLoop, FakeSink, FakeTarget, watching

__all__ = ["FakeLoop", "FakeMachine", "FakeSink", "FakeTarget", "watching"]
