"""Which code touches memory for the first time (minor page faults) or waits for storage to bring it (major ones).

Faults are counted by a period: each sample of a minor fault stands for 64, a major fault is always kept. Where faults come from
is the first question of a slow start and of memory that grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError
from godyno.interfaces import TableSink
from godyno.model import Clock
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import Sample, Trouble, read_meta, read_records
from godyno.probes.kernel.stacks import Stacks

_FLAGS = pe.MMAP | pe.MMAP2 | pe.COMM | pe.COMM_EXEC | pe.TASK
# Not SAMPLE_PERIOD: with it the kernel keeps every single fault of a software event, whatever the period.
_SAMPLE = pe.SAMPLE_IP | pe.SAMPLE_CALLCHAIN
_LAYERS = {"minor": "minor_fault", "major": "major_fault"}


class PageFaults(PerfProbe):
    """Page faults with call chains. ``period`` is how many minor faults one sample stands for."""

    name: ClassVar[str] = "page_faults"
    summary: ClassVar[str] = "which code touches new memory (minor faults) or waits for storage (major)"
    tables: ClassVar[Mapping[str, Clock]] = {"stacks": Clock.MONOTONIC}
    level_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {"deep": {"period": 8}}

    def __init__(self, *, period: int = 64) -> None:
        self.period = max(1, period)

    def events(self) -> Sequence[pe.Event]:
        """Both kinds."""
        soft = pe.TYPE_SOFTWARE
        return [
            pe.Event("minor", soft, pe.PAGE_FAULTS_MINOR, self.period, _SAMPLE, _FLAGS, kernel=True),
            pe.Event("major", soft, pe.PAGE_FAULTS_MAJOR, 1, _SAMPLE, kernel=True),
        ]

    def settings(self) -> Mapping[str, Any]:
        """The period."""
        return {"period": self.period}

    def decode(self, raw: Path, sink: TableSink, manifest: Mapping[str, Any]) -> None:
        """Stacks of layers ``minor_fault`` and ``major_fault``, weighted in faults."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"Page faults were not read: {error}")
            return
        if meta is None:
            return
        stacks = Stacks(raw, sink, manifest)
        period = meta.settings.get("period")
        weights = {"minor": period if isinstance(period, int) and 0 < period < 1 << 32 else 1, "major": 1}
        seen = dict.fromkeys(_LAYERS, 0)
        lost = 0
        for record in read_records(raw, meta):
            if isinstance(record, Sample):
                layer, stack = _LAYERS.get(record.event), stacks.stack(record)
                if layer and stack:
                    faults = weights[record.event]
                    seen[record.event] += faults
                    sink.sample(record.t_ns, layer, stack, float(faults), record.pid, record.tid)
            elif isinstance(record, Trouble):
                lost += record.count
            else:
                stacks.apply(record)
        stacks.close()
        for kind, count in seen.items():
            sink.note(f"{kind}_sampled", count)
            if kind in meta.counts:
                sink.note(f"{kind}_counted", meta.counts[kind][0])
        if lost:
            sink.note("lost_records", lost)
            sink.warn(f"The kernel dropped {lost} page-fault samples: their shares are too small.")
