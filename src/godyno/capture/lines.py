"""The command's output in a capture that is being sealed: from pieces as they arrived to lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from godyno.capture import journal as journals

OUTPUT_JOURNAL = "output.journal"
_MOST_LINE_BYTES = 1 << 20


def output_lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """The lines of an output journal as (t_ns at which the end arrived, stream, text); the last may lack its newline."""
    if not path.exists():
        return
    waiting: dict[str, tuple[int, bytes]] = {}
    for kind, payload in journals.frames(path):
        if kind != journals.CHUNK:
            continue
        stream, t_ns, data = journals.chunk(payload)
        data = waiting.pop(stream, (0, b""))[1] + data
        *whole, rest = data.split(b"\n")
        for line in whole:
            yield t_ns, stream, _text(line)
        while len(rest) > _MOST_LINE_BYTES:
            yield t_ns, stream, _text(rest[:_MOST_LINE_BYTES])
            rest = rest[_MOST_LINE_BYTES:]
        if rest:
            waiting[stream] = (t_ns, rest)
    for stream, (t_ns, rest) in waiting.items():
        yield t_ns, stream, _text(rest)


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "backslashreplace")
