"""Who kept the disk busy while the path waited for it: the program's own reads and writes, or others'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from godyno import units
from godyno.diagnose.processes import Process, arguments, number
from godyno.diagnose.why.attribution import Segment

OTHERS = "disk_neighbours"
_WAITS = ("disk_read", "disk_write", "fsync", "fault_disk")
# A file system writes its journal for who syncs, so that some bytes are nobody's; others' are believed from so many a second on, and where
# they are the most.
_LEAST_RATE, _LEAST_SHARE = 16e6, 0.5
_MOST_NS = 2_000_000_000  # samples farther apart than this tell too little of a moment between them
# A process's own reading and writing is sampled less often than the disks: what it will have asked for so much later counts already.
_LATE_NS = 1_000_000_000

Floats = npt.NDArray[np.float64]


class Disks:
    """The share of others in what the machine's disks read and wrote, between two samples each. Without samples of the disks and of the
    program's own reading and writing, nothing is known, and all is the program's.
    """

    def __init__(self, capture: Any, lives: Sequence[Process]) -> None:
        self.edges: Floats = np.zeros(0)
        self.shares: Floats = np.zeros(0)
        self.rates: Floats = np.zeros(0)
        series = _series(capture)
        machine = [curve for name, _, curve in series if name == "system.disk.io"]
        counted = any(name == "process.disk.io" for name, _, _ in series) or any(
            number(one.args.get("write_bytes")) is not None for one in lives
        )
        if not machine or not counted:
            return
        edges = np.unique(np.concatenate([t for t, _ in machine]))
        if len(edges) < 2:
            return
        total = np.diff(_at(machine, edges))
        asked = _at(_own(series, lives), edges + _LATE_NS)
        own = np.diff(asked)
        own[0] += asked[0]
        seconds = np.diff(edges) * 1e-9
        others = _others(total, own)
        known = (others >= _LEAST_RATE * seconds) & (np.diff(edges) <= _MOST_NS)
        share = np.divide(others, total, out=np.zeros_like(total), where=total > 0)
        self.edges, self.rates = edges, others / seconds
        self.shares = np.where(known & (share >= _LEAST_SHARE), share, 0.0)

    def told(self, segments: Sequence[Segment]) -> list[Segment]:
        """The segments, with others' part of each wait for the disk as theirs: the share of the bytes is that of the wait."""
        if not self.shares.any():
            return list(segments)
        over = [
            self._over(one.t_start_ns, one.t_end_ns) if one.state in _WAITS else (0.0, 0.0)
            for one in segments
        ]
        waits = [one.seconds * share for one, (share, _) in zip(segments, over, strict=True)]
        if not sum(waits):
            return list(segments)
        rate = sum(wait * rate for wait, (_, rate) in zip(waits, over, strict=True)) / sum(waits)
        doing = f"others read and wrote {units.show(rate, 'By/s')}"
        out: list[Segment] = []
        for one, (share, _) in zip(segments, over, strict=True):
            cut = one.t_end_ns - int((one.t_end_ns - one.t_start_ns) * share)
            if cut > one.t_start_ns:
                out.append(replace(one, t_end_ns=cut))
            if cut < one.t_end_ns:
                out.append(replace(one, t_start_ns=cut, state=OTHERS, within=one.state, doing=doing))
        return out

    def _over(self, t_start_ns: int, t_end_ns: int) -> tuple[float, float]:
        """Others' share of the disks' work in a stretch, and the rate at which they worked."""
        first = max(0, int(np.searchsorted(self.edges, t_start_ns, "right")) - 1)
        last = int(np.searchsorted(self.edges, t_end_ns, "left"))
        if last <= first or t_end_ns <= t_start_ns:
            return 0.0, 0.0
        inside = np.minimum(self.edges[first + 1 : last + 1], t_end_ns) - np.maximum(
            self.edges[first:last], t_start_ns
        )
        weights = np.maximum(inside, 0.0) / (t_end_ns - t_start_ns)
        shares = self.shares[first:last][: len(weights)] * weights
        found = float(shares.sum())
        return found, float((self.rates[first:last][: len(weights)] * shares).sum() / found) if found else 0.0


Curve = tuple[Floats, Floats]  # nanoseconds, and what was read and written until then


def _series(capture: Any) -> list[tuple[str, str, Curve]]:
    """(name, pid, curve) of each direction of a disk or a process."""
    table = capture.sql(
        "SELECT s.name, s.labels, list(p.t_ns ORDER BY p.t_ns) AS t, list(p.value ORDER BY p.t_ns) AS v FROM series s "
        "JOIN points p USING (series_id) WHERE s.name IN ('system.disk.io', 'process.disk.io') AND isfinite(p.value) "
        "GROUP BY s.series_id, s.name, s.labels"
    )
    rows = zip(*(table[column].to_pylist() for column in ("name", "labels", "t", "v")), strict=True)
    return [
        (name, str(arguments(labels).get("pid", "")), (np.asarray(t, np.float64), np.asarray(v, np.float64)))
        for name, labels, t, v in rows
    ]


def _own(series: Sequence[tuple[str, str, Curve]], lives: Sequence[Process]) -> list[Curve]:
    """What each own process read and wrote: by samples, and up to what the kernel counted at its end."""
    out: list[Curve] = []
    seen: dict[str, float] = {}
    for name, pid, (t, v) in series:
        if name == "process.disk.io":
            out.append((t, v))
            seen[pid] = seen.get(pid, 0.0) + float(v[-1])
    for one in lives:
        counted = sum(number(one.args.get(name)) or 0.0 for name in ("read_bytes", "write_bytes"))
        rest = counted - seen.get(str(one.pid), 0.0)
        if rest > 0:
            out.append((np.asarray([one.t_start_ns, one.t_end_ns], np.float64), np.asarray([0.0, rest])))
    return out


def _at(curves: Sequence[Curve], edges: Floats) -> Floats:
    total = np.zeros(len(edges))
    for t, v in curves:
        total += np.interp(edges, t, v)
    return total


def _others(total: Floats, own: Floats) -> Floats:
    """What the disks did in each window beyond what the program asked for until then: its writes reach a disk later than it made them."""
    out, pending = np.zeros(len(total)), 0.0
    for index, (done, asked) in enumerate(zip(total.tolist(), own.tolist(), strict=True)):
        pending += max(0.0, asked)
        mine = min(pending, max(0.0, done))
        pending -= mine
        out[index] = max(0.0, done) - mine
    return out
