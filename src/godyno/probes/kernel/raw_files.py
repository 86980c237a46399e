"""Raw files of a probe that are only appended to while it records."""

from __future__ import annotations

from godyno.capture.appender import Appender
from godyno.interfaces import Sink


def append_to(sink: Sink, name: str) -> Appender:
    """The raw file ``name``; where the disk is full the capture says so."""
    return Appender(
        sink.raw(name), lambda error: sink.warn(f"{name} could not be written whole: {error.strerror}")
    )
