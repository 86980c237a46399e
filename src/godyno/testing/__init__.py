"""For those who extend godyno: a machine in a directory, and the contract suite that judges every plugin."""

from __future__ import annotations

from godyno.testing.machine import FakeMachine

__all__ = ["FakeMachine"]
