"""Where a benchmark's noise comes from – layout, process, iteration – and which of them to run more often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from godyno.model import Record, Trial
from godyno.stats import variance
from godyno.studies.bench.pilot import Pilot
from godyno.studies.factors import Arm

_MOST = 50  # subjects; each takes some 30 ms
_PROCESS_S = 0.06  # to start one and to take its cgroup down again
_LINK_S = 1.5


@dataclass(frozen=True, slots=True)
class Noise(Record):
    """A benchmark's noise by layer, as the relative standard deviation that each adds; one more unit of ``helps`` helps most."""

    package: str
    name: str
    layers: tuple[variance.Component, ...]
    helps: str


def noise_of(pilot: Pilot, trials: Sequence[Trial], skip_blocks: int, layouts: int) -> tuple[Noise, ...]:
    """The split for each benchmark that was run at least six times in a process at a time, two iterations or more each."""
    out = []
    for subject in pilot.subjects[:_MOST]:
        mine = [
            trial for trial in trials
            if trial.subject == subject.key and trial.block >= skip_blocks and trial.verdict in ("", "pass")
        ]  # fmt: skip
        keys, values = _layers(mine, f"{subject.key}\tsec/op", layouts)
        if len(values) < 12:
            continue
        names = ("layout", "process", "iteration") if layouts > 1 else ("process", "iteration")
        found = variance.split(names, keys, values)
        run_s = subject.iterations * float(np.median(values))
        costs = {
            "layout": _LINK_S,
            "process": _PROCESS_S + pilot.idle_cpu_s.get(subject.package, 0.0),
            "iteration": run_s,
        }
        best = variance.advise(found, {name: costs[name] for name in names})
        out.append(Noise(subject.package, subject.name, found.components, best.layer))
    return tuple(out)


def _layers(trials: Sequence[Trial], measure: str, layouts: int) -> tuple[list[tuple[str, ...]], list[float]]:
    """Each iteration with the layout and process that it belongs to; every arm's values are set to one median, since arms may differ."""
    by_arm: dict[str, list[Trial]] = {}
    for trial in trials:
        by_arm.setdefault(Arm(trial.levels).name, []).append(trial)
    keys: list[tuple[str, ...]] = []
    values: list[float] = []
    for arm, mine in by_arm.items():
        found = [
            (trial, value) for trial in mine for name, value in trial.measures.items()
            if name.startswith(measure + "\t") and value > 0
        ]  # fmt: skip
        if not found:
            continue
        center = math.exp(float(np.median([math.log(value) for _, value in found])))
        for trial, value in found:
            process = f"{arm} {trial.block}"
            layout = (f"{arm} {trial.block % layouts}",) if layouts > 1 else ()
            keys.append((*layout, process))
            values.append(value / center)
    return keys, values


def summary(found: Sequence[Noise]) -> str:
    """One sentence over all benchmarks: the median of each layer, and what helps most of them."""
    if not found:
        return ""
    layers = [part.layer for part in found[0].layers]
    parts = [
        f"{layer} {100 * float(np.median([one.layers[i].sd_ratio for one in found])):.2g} %"
        for i, layer in enumerate(layers)
    ]
    helps = max(layers, key=lambda layer: sum(one.helps == layer for one in found))
    plural = {
        "process": "processes",
        "iteration": "iterations in a process (--count)",
        "layout": "layouts (--layouts)",
    }
    return f"noise of one run: {', '.join(parts)}; more {plural[helps]} help most"
