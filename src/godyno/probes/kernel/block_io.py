"""Every request to a block device, from the moment it is handed to the device until the device is done. The whole machine's.

A request is often issued by a kernel thread long after the write that caused it, so requests are not assigned to the tree; the
process that issued one is told, which for reads is the one that waits.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError
from godyno.interfaces import Sink
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import Sample, Trouble, read_meta, read_records
from godyno.probes.kernel.tracepoints import tracepoint_ids, tracepoints_availability

_ISSUE, _COMPLETE = "block/block_rq_issue", "block/block_rq_complete"
# dev u32 at 8, sector u64 at 16, nr_sector u32 at 24, bytes u32 at 28 (issue) or error i32 (complete). What follows moved with
# the ioprio field of Linux 6.6, so the operation (rwbs, text) is looked for at both places.
_HEAD = struct.Struct("<8xIxxxxQIi")
_RWBS_AT = (32, 34)
_MOST_SPANS = 500_000
_SECTOR_BYTES = 512


class BlockIo(PerfProbe):
    """Requests to block devices."""

    name: ClassVar[str] = "block_io"
    summary: ClassVar[str] = "every request to a block device: bytes, latency, who issued it (whole machine)"
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.MONOTONIC}
    kernel_needed: ClassVar[bool] = True
    levels: ClassVar[tuple[str, ...]] = ("deep",)

    def scope_kinds(self) -> tuple[str, ...]:
        """A request is completed by an interrupt, in whoever's time."""
        return ("machine",)

    def availability(self, machine: Machine) -> Availability:
        """Needs tracepoints."""
        found = super().availability(machine)
        return tracepoints_availability(machine) if found else found

    def events(self) -> Sequence[pe.Event]:
        """Issue and completion."""
        numbers = tracepoint_ids([_ISSUE, _COMPLETE])
        return [
            pe.Event("issue", pe.TYPE_TRACEPOINT, numbers[_ISSUE], 1, pe.SAMPLE_RAW, kernel=True),
            pe.Event("complete", pe.TYPE_TRACEPOINT, numbers[_COMPLETE], 1, pe.SAMPLE_RAW, kernel=True),
        ]

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Spans of layer ``block_io``."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"Block I/O was not read: {error}")
            return
        if meta is None:
            return
        waiting: dict[tuple[int, int], tuple[int, int, str, int, int]] = {}
        count = lost = left_out = 0
        for record in read_records(raw, meta):
            if isinstance(record, Trouble):
                lost += record.count
            if not isinstance(record, Sample) or len(record.raw) < _HEAD.size:
                continue
            device, sector, sectors, number = _HEAD.unpack_from(record.raw)
            if record.event == "issue":
                bytes_ = number if number > 0 else sectors * _SECTOR_BYTES
                waiting[(device, sector)] = (
                    record.t_ns, bytes_, _operation(record.raw), record.pid, record.tid,
                )  # fmt: skip
                continue
            found = waiting.pop((device, sector), None)
            if found is None:
                continue
            count += 1
            if count > _MOST_SPANS:
                left_out += 1
                continue
            since, bytes_, operation, pid, tid = found
            args: dict[str, Any] = {"bytes": bytes_, "sector": sector, "flags": operation}
            if number:
                args["error"] = number
            name = f"{device >> 20}:{device & 0xFFFFF}"
            sink.span(since, record.t_ns, "block_io", name, _kind(operation), pid, tid, args)
        sink.note("requests", count)
        if left_out:
            sink.note("spans_left_out", left_out)
        if lost:
            sink.note("lost_records", lost)
            sink.warn(f"The kernel dropped {lost} records of block I/O.")


def _operation(raw: bytes) -> str:
    """rwbs: R, W, D (discard), F (flush), with S (sync), A (ahead), M (metadata) behind; linux/blktrace.c."""
    for at in _RWBS_AT:
        text = raw[at : at + 8].split(b"\0", 1)[0]
        if text and all(letter in b"RWDFNEASMU" for letter in text):
            return text.decode("ascii")
    return ""


def _kind(operation: str) -> str:
    for letter, name in (("D", "discard"), ("R", "read"), ("W", "write"), ("F", "flush")):
        if letter in operation:
            return name
    return "other"
