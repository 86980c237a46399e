"""From samples with call chains to stacks of a capture: what the probes that sample chains share when sealing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from godyno.clock import REALTIME
from godyno.interfaces import TableSink
from godyno.probes.kernel.perf_records import Found, Sample
from godyno.probes.kernel.symbols import Spaces, Symbolizer, recorded_here

MAPS = "maps.jsonl"
HOLDER = (
    "cpu_samples"  # the probe in whose folder mappings that were there before, and copies of programs, lie
)

_MOST_KNOWN = 1 << 16


class Stacks:
    """Gives each sample's chain its id in ``sink``. ``raw`` is the probe's folder. Records must come in order of time."""

    def __init__(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        self.sink = sink
        self.spaces = Spaces()
        self._symbols = Symbolizer(
            raw, raw.parent / HOLDER / "binaries", recorded_here(manifest), began_s(manifest)
        )
        self._known: dict[tuple[int, bytes], int] = {}
        _known_mappings(raw.parent / HOLDER / MAPS, self.spaces)

    def apply(self, record: Found) -> None:
        """Mappings, execs, forks: where code lies from now on."""
        self.spaces.apply(record)

    def stack(self, sample: Sample) -> int:
        """The stack's id; 0 where the sample has no address at all."""
        space = self.spaces.of(sample.pid)
        chain = sample.chain or sample.ip.to_bytes(8, "little")
        key = (space.version, chain)
        found = self._known.get(key)
        if found is None:
            frames = self._symbols.ids(chain, space, self.sink.frame_ids)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()  # chains come again soon or never, and those of a large build take half a gigabyte
            found = self._known[key] = self.sink.stack_of(frames) if frames else 0
        return found

    def close(self) -> None:
        """Says which programs' functions have no names, and why."""
        self._symbols.close()
        if self._symbols.missing:
            self.sink.note("unnamed", dict(list(self._symbols.missing.items())[:50]))


def _known_mappings(file: Path, spaces: Spaces) -> None:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            pid, start, length, offset, inode, path = json.loads(line)
            spaces.map(int(pid), int(start), int(length), int(offset), str(path), int(inode))
        except (ValueError, TypeError, RecursionError):
            continue


def began_s(manifest: Mapping[str, Any]) -> float:
    """When the recording began, REALTIME seconds; 0 where it does not say."""
    brackets = manifest.get("brackets")
    for bracket in brackets if isinstance(brackets, list | tuple) else ():
        if isinstance(bracket, dict) and bracket.get("clock") == REALTIME:
            t_ns, offset_ns = bracket.get("t_ns"), bracket.get("offset_ns")
            if isinstance(t_ns, int) and isinstance(offset_ns, int):
                return (t_ns + offset_ns) * 1e-9
    return 0.0


def end_ns(manifest: Mapping[str, Any]) -> int:
    """When the command ended, MONOTONIC ns; 0 where it does not say."""
    result = manifest.get("result")
    found = result.get("t_end_ns") if isinstance(result, dict) else 0
    return found if isinstance(found, int) else 0
