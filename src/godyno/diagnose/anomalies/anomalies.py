"""Did something happen while it ran: where did a figure leave its usual range, and what else changed at that moment?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from godyno import units
from godyno.diagnose.anomalies.causes import ADVICE, SHOWN_IN, TITLES, Suspect, suspects
from godyno.diagnose.anomalies.signals import Signal, Signals, signals
from godyno.formats.gocommand import go_command
from godyno.model import Confidence, Estimate, Evidence, Finding
from godyno.stats.episodes import Episode, episodes
from godyno.stats.sample import Floats

_FACTOR = {"CPU time": 2.0}
_SURE = 2.0  # the first suspect is this much stronger than the second
_LATE_S = 1.0  # a cause may be seen this much after its effect: half-second steps
_SHIFT = 0.3  # of the recording: longer, or until the end, is a shift


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One happening: the figure that shows it best, all that do, and what changed with it."""

    signal: Signal
    episode: Episode
    also: tuple[tuple[Signal, Episode], ...]
    suspects: tuple[Suspect, ...]
    t_start_ns: int
    t_end_ns: int
    kind: str  # spike, shift


class Anomalies:
    """Spikes and shifts in latency, throughput, errors and CPU time, each with its likeliest cause."""

    name: ClassVar[str] = "anomalies"
    summary: ClassVar[str] = "What happened while it ran"
    needs: ClassVar[tuple[str, ...]] = ("points",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for each, the gravest first. Nothing for a build, whose figures have no usual level, or less than 17 s."""
        command = go_command(capture.manifest.workload.argv)
        if command is not None and command.subcommand != "run":
            return []
        grid = signals(capture)
        return [] if grid is None else [_finding(self.name, grid, one) for one in anomalies(grid)]


def anomalies(grid: Signals) -> list[Anomaly]:
    """What happened, the gravest first: episodes of all figures that overlap are one happening."""
    found: list[tuple[Signal, Episode]] = []
    for signal in grid.symptoms:
        if len(grid.symptoms) > 1 and signal.title == "CPU time":
            continue  # where a service tells how it does, its CPU time is no symptom
        if not signal.values.size or not np.isfinite(signal.values).any():
            continue
        found += [
            (signal, one)
            for one in episodes(signal.values, factor=_FACTOR.get(signal.title, 1.5), low=signal.low)
        ]
    groups: list[list[tuple[Signal, Episode]]] = []
    for signal, one in sorted(found, key=lambda row: row[1].start):
        if groups and one.start <= max(member.end for _, member in groups[-1]) + 1:
            groups[-1].append((signal, one))
        else:
            groups.append([(signal, one)])
    steps = grid.edges_ns.size - 1
    odd = np.zeros(steps)
    for group in groups:
        odd[min(one.start for _, one in group) : max(one.end for _, one in group)] = 1
    if odd.mean() > 0.5:
        odd = np.zeros(steps)
    out = [_anomaly(grid, group, odd) for group in groups]
    return sorted(out, key=lambda one: -one.episode.score * (one.t_end_ns - one.t_start_ns) ** 0.5)


def _anomaly(grid: Signals, group: list[tuple[Signal, Episode]], odd: Floats) -> Anomaly:
    group.sort(key=lambda row: -row[1].score)
    signal, main = group[0]
    start, end = min(one.start for _, one in group), max(one.end for _, one in group)
    steps = grid.edges_ns.size - 1
    long = end - start > _SHIFT * steps or (end >= steps - 1 and end - start > 8)
    return Anomaly(
        signal, main, tuple(group[1:]), tuple(suspects(grid.layers, start, end, grid.step_s, odd)), int(grid.edges_ns[start]),
        int(grid.edges_ns[end]), "shift" if long else "spike",
    )  # fmt: skip


def _finding(source: str, grid: Signals, one: Anomaly) -> Finding:
    since = (one.t_start_ns - int(grid.edges_ns[0])) * 1e-9 + 2.0
    lasted = (one.t_end_ns - one.t_start_ns) * 1e-9
    before, during = (
        units.show(value, one.signal.unit) for value in (one.episode.before, one.episode.during)
    )
    verb = "shifted" if one.kind == "shift" else "fell" if one.signal.low else "rose"
    what = f"After {units.show_seconds(since)}, for {units.show_seconds(lasted)}, {one.signal.title} {verb} from {before} to {during}"
    first, rest = (one.suspects[0], one.suspects[1:]) if one.suspects else (None, ())
    if first is None:
        because, confidence = "no layer that was recorded changed with it", Confidence.LOW
    else:
        when = (
            f"{units.show_seconds(first.lag_s)} before" if first.lag_s > grid.step_s / 2
            else "at the same moment" if first.lag_s > -_LATE_S else f"{units.show_seconds(-first.lag_s)} after"
        )  # fmt: skip
        because = (
            f"{TITLES[first.name]} ({units.show_ratio(first.share)} of the time more than usual, from {when})"
        )
        alone = not rest or first.score >= _SURE * rest[0].score
        confidence = (
            Confidence.HIGH
            if alone and first.lag_s >= -_LATE_S
            else Confidence.MEDIUM
            if alone
            else Confidence.LOW
        )
    evidence = [Evidence(one.signal.table, one.t_start_ns, one.t_end_ns, one.signal.sql)]
    if first is not None:
        evidence.append(_evidence(first.name, one))
    doubts = [
        f"{TITLES[other.name]}, too ({units.show_ratio(other.share)} of the time more than usual)"
        for other in rest[:3]
    ]
    return Finding(
        source=source,
        kind=f"anomaly-{one.kind}",
        claim=f"{what}: {because}",
        estimate=Estimate(one.episode.during, one.signal.unit, n=one.episode.end - one.episode.start, method="median within"),
        method="scan over windows of all lengths against the median; causes by what else left its usual range in it",
        assumption="what changes at the same moment and holds requests up is why; a cause that no layer shows is not seen",
        confidence=confidence,
        evidence=tuple(evidence),
        advice=ADVICE[first.name] if first else "",
        tried="Not tried." if first else "",
        warnings=tuple(doubts),
        severity="warning" if one.episode.score > 20 else "note",
        data={
            "signal": one.signal.title, "before": one.episode.before, "during": one.episode.during, "score": one.episode.score,
            "t_start_ns": one.t_start_ns, "t_end_ns": one.t_end_ns, "also": [signal.title for signal, _ in one.also],
            "cause": first.name if first else "", "suspects": [suspect.as_json() for suspect in one.suspects],
        },
    )  # fmt: skip


def _evidence(cause: str, one: Anomaly) -> Evidence:
    layer = SHOWN_IN[cause]
    if layer == "gc":
        return Evidence(
            "spans",
            one.t_start_ns,
            one.t_end_ns,
            "SELECT t_start_ns, t_end_ns, name FROM spans WHERE layer = 'gc'",
        )
    if layer == "lines":
        return Evidence("lines", one.t_start_ns, one.t_end_ns, "SELECT t_ns, text FROM lines ORDER BY t_ns")
    return Evidence(
        "points", one.t_start_ns, one.t_end_ns,
        f"SELECT t_ns, value, labels FROM points JOIN series USING (series_id) WHERE name = '{layer}' ORDER BY t_ns",
    )  # fmt: skip
