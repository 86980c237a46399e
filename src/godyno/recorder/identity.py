"""Who records: a process told apart from a later one that was given the same pid."""

from __future__ import annotations

import os
from pathlib import Path

from godyno.capture.manifest import Recorder
from godyno.machine.placement import start_ticks

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def present_recorder() -> Recorder:
    """This process."""
    return Recorder(os.getpid(), start_ticks(Path("/"), os.getpid()) or 0, boot_id())


def is_alive(recorder: Recorder) -> bool:
    """Whether that very process still runs."""
    return recorder.boot_id == boot_id() and start_ticks(Path("/"), recorder.pid) == recorder.start_ticks


def boot_id() -> str:
    """This boot of the kernel, as a UUID; empty where unknown."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""
