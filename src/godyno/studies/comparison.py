"""``godyno compare``: what was measured before, by anyone: benchmark files, captures, studies; and what their history costs in trust.

Each path is a side, the first one the base. Whether runs of two sides took turns decides how far a difference can be trusted, so that is
found out where it can be (captures have times) and said.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from godyno.errors import CaptureNotFound, FormatError, UsageError
from godyno.formats import benchfmt
from godyno.model import Record
from godyno.stats import compare as statistics
from godyno.stats.compare import Verdict
from godyno.studies import trialfile
from godyno.studies.bench import comparing
from godyno.studies.bench.comparing import Row
from godyno.studies.bench.gate import Gate, judge
from godyno.studies.bench.result import Bench, Compared
from godyno.studies.factors import Arm

_TRIALS = "trials.jsonl"
_Figures = Mapping[tuple[str, str, str], list[float]]  # by package, name and unit, in order of time


@dataclass(frozen=True, slots=True)
class Side(Record):
    """What one path holds. ``machine`` is empty where that is not known; times are ns of CLOCK_MONOTONIC of one boot."""

    name: str
    kind: str  # benchmarks, captures, study
    figures: _Figures
    machine: str = ""
    boot: str = ""
    starts_ns: tuple[int, ...] = ()
    config: Mapping[str, str] = dataclasses.field(default_factory=dict)


def compare(*paths: str | os.PathLike[str], gates: Sequence[str] = (), alpha: float = 0.05) -> Compared:
    """Compares what was measured before: benchmark files, captures (a directory of them is one side), or studies of ``godyno bench``.

    The first path is the base. With one study its own arms are compared, as ``godyno bench`` did. ``alpha`` is for each row, as benchstat
    has it. Raises CaptureNotFound, FormatError, and UsageError for sides that cannot be compared.
    """
    if not 0 < alpha < 1:
        raise UsageError("alpha lies between 0 and 1")
    wanted = [Gate.parse(gate) for gate in gates]
    if len(paths) == 1 and (own := _own_result(Path(paths[0]))) is not None:
        every = [row for one in own.rows.values() for row in one]
        judged = tuple(judge(gate, every) for gate in wanted)
        return Compared(own.arms[0], own.rows, {}, judged)
    sides = [side for path in paths for side in _read(Path(path))]
    if len(sides) < 2:
        raise UsageError(
            "A comparison needs two sides",
            hint="Name two files, captures, or studies; or one study of two arms.",
        )
    if len({side.kind for side in sides}) > 1:
        kinds = ", ".join(f"{side.name} holds {side.kind}" for side in sides)
        raise UsageError(f"Unlike things cannot be compared: {kinds}", hint="Name files of one kind.")
    base, rows, trust = sides[0], {}, {}
    for other in sides[1:]:
        found = [
            Row(*key, statistics.unpaired(base.figures[key], other.figures[key], alpha=alpha))
            for key in base.figures
            if key in other.figures
        ]
        if not found:
            raise UsageError(f"{base.name} and {other.name} have no measure in common")
        said = _trust(base, other, found)
        rows[other.name] = tuple(_without_warning(row) for row in found)
        trust[other.name] = tuple(said)
    every = [row for one in rows.values() for row in one]
    return Compared(base.name, rows, trust, tuple(judge(gate, every) for gate in wanted))


# ---- reading


def _own_result(path: Path) -> Bench | None:
    """What a study of two arms or more found itself: its pairs say more than its sides."""
    if not (path / "bench.json").exists():
        return None
    found = _result(path)
    return found if len(found.arms) > 1 else None


def _read(path: Path) -> list[Side]:
    if not path.exists():
        raise CaptureNotFound(
            f"There is no file {path}", hint="Name files that `go test -bench` wrote, captures, or studies."
        )
    if path.is_dir() and (path / "bench.json").exists():
        # Of several studies the last arm of each is what one wants to compare: the new code of each.
        last = _study(path)[-1]
        return [dataclasses.replace(last, name=f"{path.name}: {last.name}")]
    if path.is_dir() and (path / _TRIALS).exists():
        return [_trials(path)]
    if path.suffix in (".dyno", ".zip") or path.is_dir():
        return [_captures(path)]
    results = list(benchfmt.read(path.read_text(encoding="utf-8", errors="replace").splitlines()))
    if not results:
        raise FormatError(
            f"{path} holds no benchmark results",
            hint="Name a file that `go test -bench` wrote, a capture, or a study.",
        )
    config = {key: results[0].config[key] for key in ("goos", "goarch", "cpu") if key in results[0].config}
    return [Side(path.name, "benchmarks", comparing.collected(results), config.get("cpu", ""), config=config)]


def _result(path: Path) -> Bench:
    try:
        return Bench.from_json(json.loads((path / "bench.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FormatError(f"{path / 'bench.json'} is no study's result: {error!r}") from error


def _study(path: Path) -> list[Side]:
    found, out = _result(path), []
    for arm in found.arms:
        figures: dict[tuple[str, str, str], list[float]] = {}
        for measure, arms in found.points.items():
            package, _, rest = measure.partition("\t")
            name, _, unit = rest.partition("\t")
            values = [value for at, value in arms.get(arm, ()) if at >= found.warm_s]
            if values:
                figures[(package, name, unit)] = values
        out.append(Side(arm, "study", figures, found.pool.split(" | ")[0]))
    return out


def _trials(path: Path) -> Side:
    """Any other study: every arm's measures, by the arm's name; a bench that has no result yet, too."""
    _, pool, trials, _ = trialfile.read(path / _TRIALS)
    figures: dict[tuple[str, str, str], list[float]] = {}
    for trial in trials:
        if trial.verdict not in ("", "pass"):
            continue
        for measure, value in trial.measures.items():
            figures.setdefault(("", Arm(trial.levels).name, measure.replace("\t", " ").strip()), []).append(
                value
            )
    return Side(path.name, "study", figures, pool.split(" | ")[0])


def _captures(path: Path) -> Side:
    from godyno.capture.reader import captures, open_capture

    places = [path]
    if path.is_dir() and not (path / "manifest.json").exists():
        places = [place for place, manifest in captures(path) if not isinstance(manifest, Exception)]
        if not places:
            raise FormatError(f"{path} holds no captures", hint="Name captures, or a directory of them.")
    figures: dict[tuple[str, str, str], list[float]] = {}
    starts, machines, boots = [], set(), set()
    opened = []
    for place in places:
        with open_capture(place) as capture:
            manifest = capture.manifest
            opened.append(
                (manifest.result.t_start_ns if manifest.result else 0, manifest, _measures(manifest))
            )
    for start, manifest, measures in sorted(opened, key=lambda one: one[0]):
        starts.append(start)
        machines.add(f"{manifest.machine.hostname} {manifest.machine.cpu.model}")
        boots.add(manifest.machine.boot_id)
        for unit, value in measures.items():
            figures.setdefault(("", "command", unit), []).append(value)
    return Side(
        path.name, "captures", figures, ", ".join(sorted(machines)), ",".join(sorted(boots)), tuple(starts)
    )


def _measures(manifest: Any) -> dict[str, float]:
    out = {}
    if manifest.result:
        out = {"sec": manifest.result.wall_s, "cpu-sec": manifest.result.user_s + manifest.result.system_s}
    if manifest.peak:
        out["peak-B"] = float(manifest.peak.value_bytes)
    return out


# ---- trust


def _trust(base: Side, other: Side, rows: Sequence[Row]) -> list[str]:
    """What the history of the runs costs, in sentences; with figures from the data where it shows them."""
    out = []
    if base.machine and other.machine and base.machine != other.machine:
        out.append(f"unlike machines: {base.machine} against {other.machine}; a difference may be theirs")
    elif base.config != other.config:
        out.append(f"unlike settings: {base.config} against {other.config}")
    fewest = min(min(row.comparison.n_old, row.comparison.n_new) for row in rows)
    if fewest < 4:
        out.append(
            f"{fewest} {'run' if fewest == 1 else 'runs'} on a side: no difference can be proven, four a side are the least"
        )
    if _took_turns(base, other):
        return out
    out.append(
        "the sides did not take turns: whatever the machine did between them looks like a change; `godyno bench` lets them take turns"
    )
    drift = _drift(base, other)
    if drift is not None:
        called = [
            row
            for row in rows
            if row.comparison.verdict in (Verdict.HIGHER, Verdict.LOWER) and row.comparison.scale == "ratio"
        ]
        below = sum(abs(row.comparison.estimate - 1) <= drift for row in called)
        text = f"within the sides alone, the later half of the runs is up to {100 * drift:.1f} % off the earlier (nine rows in ten)"
        if called:
            text += f"; {below} of the {len(called)} called differences are no larger"
        out.append(text)
    return out


def _took_turns(base: Side, other: Side) -> bool:
    """Whether runs of both sides lie between each other's in time, on one boot: then drift is shared."""
    if not base.starts_ns or not other.starts_ns or base.boot != other.boot:
        return False
    order = sorted([(start, 0) for start in base.starts_ns] + [(start, 1) for start in other.starts_ns])
    changes = sum(first[1] != second[1] for first, second in itertools.pairwise(order))
    return changes >= min(len(base.starts_ns), len(other.starts_ns)) > 1


def _drift(base: Side, other: Side) -> float | None:
    """The 90th percentile, over measures and both sides, of how far the later half's median lies from the earlier's; None for too few."""
    found = []
    for side in (base, other):
        for values in side.figures.values():
            if len(values) >= 6 and min(values) > 0:
                half = len(values) // 2
                first, second = float(np.median(values[:half])), float(np.median(values[half:]))
                found.append(abs(second / first - 1))
    return float(np.quantile(found, 0.9)) if found else None


def _without_warning(row: Row) -> Row:
    """What ``trust`` says once need not stand in every row."""
    kept = tuple(one for one in row.comparison.warnings if "not interleaved" not in one)
    return dataclasses.replace(row, comparison=dataclasses.replace(row.comparison, warnings=kept))
