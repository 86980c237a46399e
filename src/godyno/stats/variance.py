"""Which layer the noise comes from – machine, build, process, iteration – and where the next run helps most.

Nested random effects, split by analysis of variance for unequal group sizes (Henderson's method I; Searle, Casella and McCulloch, Variance
Components, 1992); the plan is Kalibera and Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013. More iterations in a process
cannot mend what differs between processes, as layout does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats.sample import Floats, floats


@dataclass(frozen=True, slots=True)
class Component(Record):
    """One layer's part. ``sd_ratio`` is the SD that it adds, relative to the value; ``groups`` how many were seen."""

    layer: str
    sd_ratio: float
    interval: Interval
    share: float
    groups: int


@dataclass(frozen=True, slots=True)
class Split(Record):
    """The layers, outermost first, and ``error_ratio``: the standard error of the overall mean, relative."""

    components: tuple[Component, ...]
    error_ratio: float
    warnings: tuple[str, ...] = ()

    def component(self, layer: str) -> Component:
        """The layer by its name. Raises KeyError where there is none."""
        return next(part for part in self.components if part.layer == layer)


@dataclass(frozen=True, slots=True)
class Advice(Record):
    """Where one more unit lowers the variance of the mean most per second, and the counts per parent that are best in the long run."""

    layer: str
    error_ratio_now: float
    error_ratio_after: float
    gain_per_s: float
    best_counts: Mapping[str, int]


def split(
    layers: Sequence[str],
    keys: Sequence[Sequence[str]],
    data: Sequence[float],
    level: float = 0.95,
    *,
    seed: int = 0,
) -> Split:
    """Splits the variance of ``data`` (above zero; logs are taken) by ``layers``, outermost first.

    ``keys[i]`` names the unit of each layer that value i comes from, all layers but the innermost, whose units are the values
    themselves: layers ("build", "process", "iteration"), keys[i] ("build 1", "process 3"). Intervals are of a bootstrap over the
    outermost units that were seen at least twice. Raises UsageError for keys that do not fit or too little data.
    """
    values = np.log(floats(data, positive=True, least=4))
    if len(keys) != values.size or any(len(key) != len(layers) - 1 for key in keys):
        raise UsageError("Each value needs one key for every layer but the last")
    # The path from the outside names the unit: "process 1" of another build is another process.
    groups = [
        np.unique(["\x00".join(key[: depth + 1]) for key in keys], return_inverse=True)[1]
        for depth in range(len(layers) - 1)
    ]
    parts = _components(groups, values)
    counts = [int(group.max()) + 1 for group in groups] + [values.size]
    drawn = _bootstrap(groups, values, np.random.default_rng(seed))
    total = float(parts.sum())
    tail = (1 - level) / 2
    warnings = [
        f"only one {layer} was seen: what differs between {layer}s is not in these figures"
        for layer, count in zip(layers, counts, strict=True)
        if count == 1
    ]
    components = tuple(
        Component(
            layer, math.sqrt(part),
            Interval(math.sqrt(float(np.quantile(drawn[:, i], tail))), math.sqrt(float(np.quantile(drawn[:, i], 1 - tail))), level)
            if drawn.size else Interval(0.0, math.inf, level),
            float(part) / total if total else 0.0, counts[i],
        )
        for i, (layer, part) in enumerate(zip(layers, parts, strict=True))
    )  # fmt: skip
    return Split(components, math.sqrt(float(np.sum(parts / counts))), tuple(warnings))


def _components(groups: Sequence[np.typing.NDArray[np.int_]], values: Floats) -> Floats:
    """Variance of each layer, the innermost last; negative estimates are zero."""
    n, depth = values.size, len(groups) + 1
    tiers = [np.zeros(n, dtype=int), *groups, np.arange(n)]
    sizes = [np.bincount(tier).astype(float) for tier in tiers]
    sums = [np.bincount(tier, weights=values) for tier in tiers]
    squares = np.array([np.sum(total**2 / size) for total, size in zip(sums, sizes, strict=True)])
    # E[squares of tier i] holds component j with the sum over i's groups of (sum of j's squared sizes inside) / size.
    factors = np.zeros((depth + 1, depth))
    for i, tier in enumerate(tiers):
        for j in range(depth):
            inner = tiers[j + 1]
            if j + 1 <= i:
                factors[i, j] = n
            else:
                parent = np.zeros(sizes[j + 1].size, dtype=int)
                parent[inner] = tier
                factors[i, j] = float(np.sum(np.bincount(parent, weights=sizes[j + 1] ** 2) / sizes[i]))
    result = np.zeros(depth)
    # Triangular from the inside out: the difference of tiers i + 1 and i holds component i and those inside it only.
    for i in range(depth - 1, -1, -1):
        row = factors[i + 1] - factors[i]
        rest = squares[i + 1] - squares[i] - float(np.sum(row[i + 1 :] * result[i + 1 :]))
        result[i] = max(rest / row[i], 0.0) if row[i] > 1e-9 else 0.0
    return result


def _bootstrap(
    groups: Sequence[np.typing.NDArray[np.int_]], values: Floats, rng: np.random.Generator, draws: int = 400
) -> Floats:
    outer = next((group for group in groups if group.max() > 0), None)
    if outer is None:
        outer, groups = np.arange(values.size), []
        if values.size < 4:
            return np.zeros((0, 1))
    members = [np.flatnonzero(outer == unit) for unit in range(int(outer.max()) + 1)]
    depth = len(groups)
    rows = []
    for _ in range(draws):
        picked = rng.integers(0, len(members), len(members))
        index = np.concatenate([members[unit] for unit in picked])
        copy = np.concatenate([np.full(members[unit].size, place) for place, unit in enumerate(picked)])
        # A unit drawn twice is two units.
        again = [
            np.unique(
                np.stack((copy if group.max() > 0 else copy * 0, group[index])), axis=1, return_inverse=True
            )[1]
            for group in groups
        ]
        rows.append(_components([group.ravel() for group in again], values[index]))
    return np.array(rows).reshape(draws, depth + 1)


def advise(found: Split, cost_s: Mapping[str, float]) -> Advice:
    """Where to add a unit next, given what one more unit of each layer costs in seconds *without* what it contains.

    ``best_counts`` says how many units of each layer to run inside one of the layer outside it. Raises KeyError for a layer without a cost.
    """
    parts = found.components
    counts = [part.groups for part in parts]
    per_parent = [counts[0]] + [max(1, round(counts[i] / counts[i - 1])) for i in range(1, len(parts))]
    now = sum(part.sd_ratio**2 / count for part, count in zip(parts, counts, strict=True))
    best: tuple[float, str, float] | None = None
    for i, part in enumerate(parts):
        # One more unit of layer i brings its usual contents along.
        grown, cost, inside = list(counts), 0.0, 1
        for j in range(i, len(parts)):
            inside = 1 if j == i else inside * per_parent[j]
            grown[j] += inside
            cost += inside * cost_s[parts[j].layer]
        after = sum(p.sd_ratio**2 / count for p, count in zip(parts, grown, strict=True))
        gain = (now - after) / max(cost, 1e-9)
        if best is None or gain > best[0]:
            best = (gain, part.layer, after)
    assert best is not None
    wanted = {parts[0].layer: 0}
    for outer, inner in itertools.pairwise(parts):
        if outer.sd_ratio == 0:
            wanted[inner.layer] = 1 if inner.sd_ratio == 0 else 100
            continue
        price = cost_s[outer.layer] / max(cost_s[inner.layer], 1e-9)
        wanted[inner.layer] = min(100, max(1, math.ceil(math.sqrt(price) * inner.sd_ratio / outer.sd_ratio)))
    del wanted[parts[0].layer]
    return Advice(best[1], math.sqrt(now), math.sqrt(best[2]), best[0], wanted)
