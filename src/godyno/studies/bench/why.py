"""Why a benchmark changed: both arms recorded with CPU samples, in turns, and the functions whose CPU time by operation differs.

Recorded runs are others than those that were compared, and longer: sampling must not touch the figures, and needs time to see much.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from godyno.errors import GodynoError
from godyno.model import Interval
from godyno.stats import signflip
from godyno.stats.compare import Verdict
from godyno.studies.bench.comparing import Row
from godyno.studies.bench.live import Watch
from godyno.studies.bench.recorded import recording
from godyno.studies.bench.result import Bench, Cause, Why
from godyno.studies.bench.settings import Settings
from godyno.studies.bench.trials import BenchTrials
from godyno.studies.schedule import Slot

if TYPE_CHECKING:
    from godyno.studies.bench.session import Ready

RUNS = 8  # a side: with fewer than six no interval of 95 % exists
_EXPLAINED = 3  # benchmarks of each arm
_RUN_S = 1.0
_SHOWN = 8

_SELF = (
    "SELECT f.function AS function, sum(s.weight) AS seconds FROM stacks s JOIN frames f USING (stack_id) "
    "WHERE s.layer = 'cpu' AND f.depth = 0 AND isfinite(s.weight) GROUP BY f.function"
)
_TOTAL = (
    "SELECT function, sum(weight) AS seconds FROM (SELECT DISTINCT s.rowid AS id, f.function AS function, s.weight AS weight "
    "FROM (SELECT row_number() OVER () AS rowid, * FROM stacks) s JOIN frames f USING (stack_id) "
    "WHERE s.layer = 'cpu' AND isfinite(s.weight)) GROUP BY function"
)


def explain(found: Bench, ready: Ready, settings: Settings, watch: Watch) -> Bench:
    """``found`` with the causes of its largest proven changes. What cannot be recorded here becomes a warning."""
    out, warnings = [], []
    for side in ready.sides[1:]:
        changed = changed_rows(found.rows.get(side.name, ()))
        if not changed:
            warnings.append(
                f"--why: no time of {side.name} is proven to have changed, so there is nothing to explain"
            )
        for key in changed[:_EXPLAINED]:
            try:
                out.append(_explain_one(key, side.name, ready, settings, watch))
            except GodynoError as error:
                warnings.append(
                    f"--why: {key.rpartition(chr(9))[2]} of {side.name}: {error} {error.hint}".strip()
                )
    return dataclasses.replace(found, why=tuple(out), warnings=(*found.warnings, *warnings))


def changed_rows(rows: Sequence[Row]) -> list[str]:
    """The subjects whose time or CPU time is proven different, the largest change first."""
    size: dict[str, float] = {}
    for row in rows:
        proven = row.comparison.verdict in (Verdict.HIGHER, Verdict.LOWER) and row.comparison.scale == "ratio"
        if proven and row.unit in ("sec/op", "cpu-sec/op"):
            key = f"{row.package}\t{row.name}"
            size[key] = max(size.get(key, 0.0), abs(math.log(row.comparison.estimate)))
    return sorted(size, key=lambda key: -size[key])


def _explain_one(key: str, arm: str, ready: Ready, settings: Settings, watch: Watch) -> Why:
    launch = recording(ready.out / "captures", level="standard")
    subject = ready.pilot.subject(key)
    trials = ready.trials
    longer = 1
    if isinstance(trials, BenchTrials):
        run_s = max(ready.pilot.seconds.values()) / max(1, len(ready.pilot.subjects))
        longer = max(1, round(_RUN_S / max(run_s, 1e-3)))
        more = dataclasses.replace(subject, iterations=subject.iterations * subject.count * longer, count=1)
        pilot = dataclasses.replace(ready.pilot, subjects=(more,))
        trials = dataclasses.replace(trials, launch=launch, pilot=pilot)
        operations = float(more.iterations)
    else:
        trials, operations = dataclasses.replace(trials, launch=launch), 1.0
    pair = [side for side in ready.sides if side.name in (ready.sides[0].name, arm)]
    profiles: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {side.name: [] for side in pair}
    captures: list[str] = []
    samples = 0
    coins = np.random.default_rng((settings.seed, 99))
    for number in range(RUNS):
        for place in coins.permutation(2):
            side = pair[int(place)]
            watch.say(
                f"why: recording {key.rpartition(chr(9))[2]} of {side.name}, run {number + 1} of {RUNS}"
            )
            done = trials(Slot("why", number, number, side.levels, key))
            itself, whole, n = _profile(Path(done.capture))
            profiles[side.name].append(
                ({name: s / operations for name, s in itself.items()}, {name: s / operations for name, s in whole.items()})
            )  # fmt: skip
            captures.append(done.capture)
            samples += n
    if not samples:
        raise GodynoError(
            "the recordings hold no CPU samples", hint="`godyno doctor` says what would enable them."
        )
    old, new = profiles[pair[0].name], profiles[pair[1].name]
    causes = differences([one for one, _ in old], [one for one, _ in new], "self")
    causes += differences([one for _, one in old], [one for _, one in new], "with callees")
    return Why(
        arm, key.rpartition("\t")[2], RUNS, samples, _mean_total(one for one, _ in old), _mean_total(one for one, _ in new),
        tuple(causes), tuple(captures),
    )  # fmt: skip


def _profile(path: Path) -> tuple[dict[str, float], dict[str, float], int]:
    """Seconds by function itself, seconds by function with what it calls, and the number of samples."""
    from godyno.capture.reader import open_capture

    with open_capture(path) as capture:
        itself = {row["function"] or "?": row["seconds"] for row in capture.sql(_SELF).to_pylist()}
        whole = {row["function"] or "?": row["seconds"] for row in capture.sql(_TOTAL).to_pylist()}
        n = capture.sql("SELECT count(*) AS n FROM stacks WHERE layer = 'cpu'").to_pylist()[0]["n"]
    return itself, whole, int(n)


def differences(
    old: Sequence[Mapping[str, float]], new: Sequence[Mapping[str, float]], kind: str
) -> list[Cause]:
    """The functions by the size of their change of seconds by operation, paired run by run; intervals by flipping signs, 95 % each.

    With ``with callees`` those that hold everything in both arms (the benchmark itself and what runs it) are left out.
    """
    names = {name for one in (*old, *new) for name in one}
    top = [max((_mean_of(side, name) for name in names), default=0.0) for side in (old, new)]
    out = []
    for name in names:
        before, after = (np.array([one.get(name, 0.0) for one in side]) for side in (old, new))
        if kind != "self" and before.mean() > 0.9 * top[0] and after.mean() > 0.9 * top[1]:
            continue
        moved = after - before
        found = signflip.interval(moved, 0.95)
        proven = found.low > 0 or found.high < 0
        out.append(
            Cause(
                name, kind, float(before.mean()), float(after.mean()), Interval(found.low, found.high), proven
            )
        )
    out.sort(key=lambda cause: (not cause.proven, -abs(cause.new_s - cause.old_s)))
    return out[:_SHOWN]


def _mean_of(side: Sequence[Mapping[str, float]], name: str) -> float:
    return sum(one.get(name, 0.0) for one in side) / len(side)


def _mean_total(profiles: Iterable[Mapping[str, float]]) -> float:
    return float(np.mean([sum(one.values()) for one in profiles]))
