"""What kept the disk from answering while the path waited for it: the program's own reads and writes, others', or the disk itself."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from godyno import units
from godyno.diagnose.processes import Process, arguments, number
from godyno.diagnose.why.attribution import Segment
from godyno.diagnose.why.states import DISK_WAITS

OTHERS, STALL = "disk_neighbours", "disk_stall"
# A file system writes its journal for who syncs, so that some bytes are nobody's; others' are believed from so many a second on, and where
# they are the most.
_LEAST_RATE, _LEAST_SHARE = 16e6, 0.5
# With fewer answers a second, and fewer bytes in them, it is not the amount of what was asked for that takes the time.
_STALLED_RATE, _STALLED_BYTES = 30.0, 1e6
_LONG_NS = 100_000_000
_REMOTE = re.compile(
    "nfs|rpc_|v9fs|p9_|fuse|ceph|cifs|smb"
)  # file systems for which this machine's disks do nothing
_MOST_NS = 2_000_000_000  # samples farther apart than this tell too little of a moment between them
# A process's own reading and writing is sampled less often than the disks: what it will have asked for so much later counts already.
_LATE_NS = 1_000_000_000

Floats = npt.NDArray[np.float64]


class Disks:
    """What the machine's disks did between two samples each: how much of it for others, and whether they answered at all. Without samples
    of the disks (and for others' share of the program's own reading and writing) nothing is known, and all is the program's.
    """

    def __init__(self, capture: Any, lives: Sequence[Process]) -> None:
        series = _series(capture)
        machine = [curve for name, _, curve in series if name == "system.disk.io"]
        self.edges = np.unique(np.concatenate([t for t, _ in machine])) if machine else np.zeros(0)
        self.rates = self.others = self.stalled = np.zeros(max(0, len(self.edges) - 1))
        self.answered = self.stalled + math.inf
        if len(self.edges) < 2:
            return
        seconds, total = np.diff(self.edges) * 1e-9, np.diff(_at(machine, self.edges))
        near = np.diff(self.edges) <= _MOST_NS
        if answers := [curve for name, _, curve in series if name == "system.disk.operations"]:
            # The larger of both, as a multiple of what a disk does at least that answers.
            answered = np.diff(_at(answers, self.edges)) / _STALLED_RATE
            self.answered = np.maximum(answered, total / _STALLED_BYTES) / seconds
            self.stalled = np.where(near & (self.answered <= 1), 1.0, 0.0)
        sampled = any(name == "process.disk.io" for name, _, _ in series)
        if sampled or any(_counted(one) is not None for one in lives):
            asked = _at(_own(series, lives), self.edges + _LATE_NS)
            own = np.diff(asked)
            own[0] += asked[0]
            others = _others(total, own)
            share = np.divide(others, total, out=np.zeros_like(total), where=total > 0)
            known = near & (others >= _LEAST_RATE * seconds) & (share >= _LEAST_SHARE)
            self.rates = np.where(known, others, 0.0) / seconds
            self.others = np.where(known, share, 0.0)

    def told(self, segments: Sequence[Segment]) -> list[Segment]:
        """The segments, with others' part of each wait for the disk, and the disk's own, as theirs; a share of bytes is one of the wait."""
        waits = [one for one in segments if one.state in DISK_WAITS]
        if not waits or not (self.others.any() or self.stalled.any()):
            return list(segments)
        starts, ends = np.array([(one.t_start_ns, one.t_end_ns) for one in waits]).T
        others, stalled, rates = (
            self._sums(starts, ends, of) for of in (self.others, self.stalled, self.others * self.rates)
        )
        # One wait that lasts so long is looked at as a whole: windows in which it began or ended hold what was answered before or after.
        if math.isfinite(self.answered.sum()):
            one_wait = np.array([not one.seen for one in waits]) & (ends - starts >= _LONG_NS)
            inside = (starts >= self.edges[0]) & (ends <= self.edges[-1])
            few = self._sums(starts, ends, self.answered) <= ends - starts
            stalled = np.where(one_wait & inside & few, ends - starts - others, stalled)
        out: list[Segment] = []
        doing = f"others read and wrote {units.show(_ratio(rates, others), 'By/s')}"
        known = zip(others.tolist(), stalled.tolist(), strict=True)
        for one in segments:
            if one.state not in DISK_WAITS:
                out.append(one)
                continue
            for_others, nobodys = next(known)
            if any(map(_REMOTE.match, one.stack)):
                nobodys = 0.0
            theirs_from = one.t_end_ns - int(for_others)
            stalled_from = theirs_from - int(nobodys)
            if stalled_from > one.t_start_ns:
                out.append(replace(one, t_end_ns=stalled_from))
            if theirs_from > stalled_from:
                out.append(
                    replace(one, t_start_ns=stalled_from, t_end_ns=theirs_from, state=STALL, within=one.state)
                )
            if theirs_from < one.t_end_ns:
                out.append(replace(one, t_start_ns=theirs_from, state=OTHERS, within=one.state, doing=doing))
        return out

    def _sums(self, starts: Floats, ends: Floats, of: Floats) -> Floats:
        """The integral of what is known of each window, over many stretches."""
        until = np.concatenate([[0.0], np.cumsum(of * np.diff(self.edges))])
        found: Floats = np.interp(ends, self.edges, until) - np.interp(starts, self.edges, until)
        return found


def _ratio(rates: Floats, others: Floats) -> float:
    """How much others read and wrote a second, while the disk was waited for because of them."""
    return float(rates.sum() / max(1.0, others.sum()))


Curve = tuple[Floats, Floats]  # nanoseconds, and what was read and written until then


def _series(capture: Any) -> list[tuple[str, str, Curve]]:
    """(name, pid, curve) of each direction of a disk or a process."""
    table = capture.sql(
        "SELECT s.name, s.labels, list(p.t_ns ORDER BY p.t_ns) AS t, list(p.value ORDER BY p.t_ns) AS v FROM series s "
        "JOIN points p USING (series_id) WHERE p.value BETWEEN 0 AND 1e18 "
        "AND s.name IN ('system.disk.io', 'system.disk.operations', 'process.disk.io') "
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
        rest = (_counted(one) or 0.0) - seen.get(str(one.pid), 0.0)
        if rest > 0:
            out.append((np.asarray([one.t_start_ns, one.t_end_ns], np.float64), np.asarray([0.0, rest])))
    return out


def _counted(one: Process) -> float | None:
    """What the kernel counted that a process read and wrote, by its end; None where it did not."""
    found = [number(one.args.get(name)) for name in ("read_bytes", "write_bytes")]
    return None if None in found else sum(value or 0.0 for value in found)


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
