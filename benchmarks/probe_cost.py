"""What a look of each probe of the machine costs, beside psutil reading the same: ``python benchmarks/probe_cost.py``.

CPU time of the looking thread, into the journal that a recording writes. Batches of both are interleaved; the figure is the
median of the batches, and the ratio's interval that of paired batches. The cgroup probe reads a group made for it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import psutil

from arms import keep
from godyno import registry
from godyno.capture.journal import Journal
from godyno.machine import read_machine
from godyno.machine.cgroups import Group
from godyno.stats.compare import paired
from godyno.testing import FakeTarget

HZ, BATCHES, LOOKS = 10.0, 20, 50
NAMES = (
    "cgroup",
    "system_cpu",
    "system_memory",
    "pressure",
    "disk",
    "network",
    "frequency",
    "thermal",
    "power",
)
PEERS: dict[str, Callable[[], object]] = {
    "system_cpu": lambda: (psutil.cpu_times(), psutil.cpu_stats()),
    "system_memory": lambda: (psutil.virtual_memory(), psutil.swap_memory()),
    "disk": lambda: psutil.disk_io_counters(perdisk=True),
    "network": lambda: psutil.net_io_counters(pernic=True),
}


def batch_s(act: Callable[[], object]) -> float:
    """CPU seconds of one call, over a batch."""
    began = time.thread_time_ns()
    for _ in range(LOOKS):
        act()
    return (time.thread_time_ns() - began) / LOOKS * 1e-9


def measure(name: str, group: Group | None, place: Path) -> dict[str, object]:
    """One probe and its peer."""
    probe = registry.load("probes", name)()
    available = probe.availability(read_machine())
    target = FakeTarget(cgroups=group.paths if group else {}, hz=HZ)
    journal = Journal(place / name)
    if not available:
        return {"probe": name, "not_here": available.reason}
    with probe.attach(target, journal.sink(name, place)):
        if not target.loop.looks:
            return {"probe": name, "not_here": "nothing to look at"}
        period_s, look = target.loop.looks[0]

        def once() -> None:
            look(time.monotonic_ns())
            journal.flush()

        ours, theirs = [], []
        peer = PEERS.get(name)
        for _ in range(BATCHES):
            ours.append(batch_s(once))
            if peer:
                theirs.append(batch_s(peer))
    return {"probe": name, "hz": 1 / period_s, "look_s": ours, "psutil_s": theirs}


def table(rows: list[dict[str, object]]) -> str:
    """Markdown."""
    lines = [
        "| probe | a look | Hz | of one CPU | psutil for the same | probe / psutil |",
        "|---|---|---|---|---|---|",
    ]
    together = 0.0
    for row in rows:
        if "not_here" in row:
            lines.append(f"| {row['probe']} | not here: {row['not_here']} | | | | |")
            continue
        ours, theirs, hz = row["look_s"], row["psutil_s"], float(str(row["hz"]))
        assert isinstance(ours, list) and isinstance(theirs, list)
        look = median(ours)
        together += look * hz
        psutil_s = ratio = ""
        if theirs:
            psutil_s = f"{median(theirs) * 1e6:.0f} µs"
            found = paired(theirs, ours)
            assert found.interval is not None
            ratio = f"{found.estimate:.2f} [{found.interval.low:.2f}, {found.interval.high:.2f}]"
        share = f"{look * hz * 100:.3f} %"
        lines.append(f"| {row['probe']} | {look * 1e6:.0f} µs | {hz:g} | {share} | {psutil_s} | {ratio} |")
    lines.append(f"| together | | | {together * 100:.3f} % | | |")
    return "\n".join(lines)


def main() -> None:
    group, _ = Group.create("probe-cost")
    try:
        with tempfile.TemporaryDirectory() as place:
            rows = [measure(name, group, Path(place)) for name in NAMES]
    finally:
        if group:
            group.release()
    keep("probe_cost", table(rows), rows)


if __name__ == "__main__":
    main()
