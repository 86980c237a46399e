"""Reads the recorded tapes: runs as columns of seconds, pieces put one after the other."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from godyno.stats.sample import without_wait

Array = np.ndarray
FACTORS = (1.0, 1.0, 1.01, 1.02, 1.03, 1.05, 1.1, 1.3)
MEASURES = ("CPU time", "wall time", "wall time without run-queue wait")


def _pieces(directory: Path, kind: str) -> list[tuple[dict[str, object], Array]]:
    found = []
    for path in sorted(directory.glob(f"{kind}-*.csv.gz")):
        with gzip.open(path, "rt") as file:
            about = json.loads(file.readline()[1:])
            file.readline()
            found.append((about, np.loadtxt(file, delimiter=",")))
    if not found:
        raise SystemExit(f"no {kind} tape in {directory}: see record.py")
    return found


def _measures(rows: Array) -> dict[str, Array]:
    """Each measure of runs whose columns are wall, cpu, wait, …, in microseconds."""
    wall, cpu, wait = (rows[..., column] / 1e6 for column in range(3))
    # CPU time comes in ticks where the kernel samples it, and may then exceed a short run's wall time.
    off_queue = without_wait(wall.ravel(), wait.ravel(), np.minimum(cpu, wall).ravel()).reshape(wall.shape)
    return dict(zip(MEASURES, (cpu, wall, off_queue), strict=True))


@dataclass(frozen=True)
class Null:
    """Identical runs in the order of time, all pieces; those of a piece that did not record the wait lack the measure without it."""

    about: dict[str, object]
    measures: dict[str, Array]
    runs: int
    neighbour: float  # share of runs begun while it was on
    waited: (
        float  # share of runs that waited for more than a tenth of their wall time, where that was recorded
    )


def null(directory: Path) -> Null:
    pieces = _pieces(directory, "null")
    rows = np.concatenate([piece for _, piece in pieces])
    known = rows[np.isfinite(rows[:, 2])]
    measures = {name: rows[:, column] / 1e6 for name, column in zip(MEASURES[:2], (1, 0), strict=True)}
    measures[MEASURES[2]] = _measures(known)[MEASURES[2]]
    waited = float((known[:, 2] > 0.1 * known[:, 0]).mean())
    return Null(pieces[0][0], measures, len(rows), float(rows[:, 5].mean()), waited)


def pairs(directory: Path, kind: str) -> dict[int, dict[str, tuple[Array, Array]]]:
    """By arm, then measure: the runs of the base and of the arm, paired, in the order of time. ``kind``: ``pairs`` or ``planted``."""
    by_arm: dict[int, list[Array]] = {}
    for _, rows in _pieces(directory, kind):
        number, arm, values = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2:]
        for other in range(1, len(FACTORS)):
            base = values[(arm == 0) & np.isin(number, number[arm == other])]
            new = values[arm == other]
            n = min(len(base), len(new))
            by_arm.setdefault(other, []).append(np.stack((base[:n], new[:n])))
    found = {}
    for arm, pieces in by_arm.items():
        both = _measures(np.concatenate(pieces, axis=1))
        found[arm] = {name: (values[0], values[1]) for name, values in both.items()}
    return found
