"""How noisy is this machine: what disturbs runs, the smallest change that N runs can see, and what would improve that most, tried.

Everything is measured in blocks. A block runs the command twice, one run right after the other, under each condition: as it is, and with
some of the measures of ``studies.shield`` that can be had, each in its turn; conditions come in an order drawn for each block. The two
runs are of one and the same thing, so what they differ by is noise, and what a measure did to the noise is the ratio of two spreads
from the same blocks.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from godyno.errors import NotAvailableHere
from godyno.model import Estimate, Interval
from godyno.stats import compare, noise, steadiness
from godyno.stats.sample import summarize
from godyno.stats.variance import Split, split
from godyno.studies import shield
from godyno.studies.noise.metered import Metered, Runs
from godyno.studies.noise.result import TOO_FEW, Noisiness, Seen, Steadiness, Tried

COUNTS = (10, 20, 40, 80, 160)
PLAIN = "as it is"
LEAST_BLOCKS = 8
_FEWEST = 3  # are measured whatever the budget
AT_ONCE = 4  # measures in a block: few, so that a block is short and its plain pair is near


@dataclass
class _Condition:
    measures: tuple[shield.Measure, ...]
    pairs: dict[int, tuple[Metered, Metered]] = field(default_factory=dict)  # by block

    def column(self, which: str, blocks: Iterable[int]) -> tuple[list[float], list[float]]:
        pairs = [self.pairs[block] for block in blocks]
        return [getattr(a, which) for a, _ in pairs], [getattr(b, which) for _, b in pairs]


def look(
    argv: Sequence[str], *, budget_s: float = 60.0, names: Iterable[str] | None = None, reads_json: bool = False, cwd: str = "",
    seed: int = 0, stops: bool = True,
    progress: Callable[[int, float, float], None] | None = None, clock: Callable[[], float] = time.monotonic,
) -> Noisiness:  # fmt: skip
    """Runs blocks of ``argv`` for ``budget_s`` and says what they show; Ctrl-C ends it and keeps what was
    measured, unless ``stops`` is False: then it is the caller's.

    ``names`` are the measures to try (None: all that can be had here; empty: none). ``reads_json``: it prints the yardstick's JSON.
    Raises RunFailed where the command fails, NotAvailableHere where it was ended before three blocks,
    which are measured whatever the budget.
    """
    lacking = shield.missing()
    asked = (
        [one.name for one in shield.MEASURES]
        if names is None
        else [shield.measure(name).name for name in names]
    )
    conditions = {PLAIN: _Condition(())}
    conditions |= {name: _Condition((shield.measure(name),)) for name in asked if name not in lacking}
    refused: dict[str, str] = {}
    began, end, blocks = clock(), "budget", 0
    longest = 0.0
    rng = np.random.default_rng(seed)
    with Runs(argv, cwd=cwd, reads_json=reads_json) as runs:
        try:
            runs.once()  # what only the first run pays: cold caches, and a file that the yardstick makes
            while blocks < _FEWEST or clock() - began + longest < budget_s:
                at = clock()
                others = [name for name in conditions if name != PLAIN]
                turn = [
                    others[(blocks * AT_ONCE + i) % len(others)] for i in range(min(AT_ONCE, len(others)))
                ]
                for name in rng.permutation([PLAIN, *turn]):
                    if not _pair(conditions[str(name)], blocks, runs, refused):
                        del conditions[str(name)]
                blocks += 1
                longest = max(longest, clock() - at)
                if progress:
                    progress(blocks, clock() - began, budget_s)
        except KeyboardInterrupt:
            if not stops:
                raise
            end = "interrupted"
    if blocks < _FEWEST:
        raise NotAvailableHere(
            f"Only {blocks} blocks were measured in {clock() - began:.0f} s, and nothing can be said of so few",
            hint=f"Let it run for {_FEWEST} blocks at least.",
        )
    return _conclude(
        " ".join(argv), conditions, lacking | refused, asked, blocks, end, clock() - began, runs.why_no_group
    )


def _pair(condition: _Condition, block: int, runs: Runs, refused: dict[str, str]) -> bool:
    """Two runs under a condition; False where the machine refused it."""
    with shield.Shield(condition.measures) as held:
        if held.refused:
            refused |= held.refused
            return False
        held.before_run()
        first = runs.once()
        held.before_run()
        condition.pairs[block] = (first, runs.once())
    return True


def _conclude(
    command: str, conditions: dict[str, _Condition], lacking: Mapping[str, str], asked: Sequence[str], blocks: int, end: str,
    took_s: float, no_group: str,
) -> Noisiness:  # fmt: skip
    plain = conditions[PLAIN]
    runs = [run for pair in plain.pairs.values() for run in pair]
    tried = tuple(_tried(shield.measure(name), conditions, lacking) for name in asked)
    layers = _layers(runs)
    wall, cpu = _steadiness(plain, "wall_s"), _steadiness(plain, "cpu_s")
    late = [value for run in runs for value in run.told.get("late_s", ())]
    causes = _causes(runs)
    warnings = [f"no cgroup of its own: {no_group}"] if no_group else []
    if blocks < LEAST_BLOCKS:
        warnings.append(
            f"{blocks} blocks are too few to say what N runs can see: at least {LEAST_BLOCKS} are needed"
        )
    return Noisiness(
        command=command, blocks=blocks, runs=sum(2 * len(one.pairs) for one in conditions.values()), end=end, took_s=took_s,
        wall=wall, cpu=cpu, causes=causes, untold=tuple(noise.missing(runs[0].counters)), layers=layers,
        late_s=float(np.median(late)) if late else None, tried=tried, advice=tuple(_advice(wall, cpu, causes, tried, layers)),
        warnings=tuple(warnings),
    )  # fmt: skip


def _steadiness(plain: _Condition, which: str) -> Steadiness | None:
    first, second = plain.column(which, plain.pairs)
    values = [value for pair in zip(first, second, strict=True) for value in pair]
    if min(values) <= 0:
        return None
    summary = summarize(values)
    sees = steadiness.detectable(first, second, COUNTS) if len(first) >= LEAST_BLOCKS else {}
    return Steadiness(
        summary.median,
        summary.interval,
        summary.cv_ratio,
        summary.lag1,
        {str(count): one for count, one in sees.items()},
    )


def _causes(runs: Sequence[Metered]) -> tuple[Seen, ...]:
    named: Counter[str] = Counter()
    shares: dict[str, list[float]] = {}
    cost: dict[str, float] = {}
    for run in runs:
        for cause in noise.causes(run.counters):
            named[cause.name] += 1
            shares.setdefault(cause.name, []).append(cause.share)
            cost[cause.name] = cost.get(cause.name, 0.0) + cause.cost_s
    whole = sum(run.wall_s for run in runs)
    found = [
        Seen(
            name, named[name], len(runs), float(np.median(shares[name])), Interval(min(shares[name]), max(shares[name]), 1.0),
            cost[name] / whole,
        )
        for name in named
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: -one.overall))


def _layers(runs: Sequence[Metered]) -> Split | None:
    """What differs between processes (layout, placement) and what between rounds inside one, from the yardstick's own times."""
    data, keys = [], []
    for number, run in enumerate(runs):
        for seen in run.told.get("rounds", ())[1:]:  # the first round pays for fresh memory
            data.append(sum(pair[0] for pair in seen.values()))
            keys.append((str(number),))
    if len({key for (key,) in keys}) < 4 or len(data) < 2 * len(set(keys)):
        return None
    return split(("process", "iteration"), keys, data)


def _tried(one: shield.Measure, conditions: Mapping[str, _Condition], lacking: Mapping[str, str]) -> Tried:
    if one.name in lacking:
        return Tried(one.name, one.summary, lacking[one.name], caution=one.caution)
    plain, other = conditions[PLAIN], conditions[one.name]
    whole = [block for block in plain.pairs if block in other.pairs]
    if len(whole) < 5:
        return Tried(one.name, one.summary, verdict=TOO_FEW, caution=one.caution)
    found = {}
    for which in ("wall_s", "cpu_s"):
        columns = plain.column(which, whole), other.column(which, whole)
        if min(value for pair in columns for column in pair for value in column) > 0:
            found[which] = steadiness.noise_ratio(*columns)
    speed = compare.paired(plain.column("wall_s", whole)[0], other.column("wall_s", whole)[0])
    duration = Estimate(speed.estimate, "1", speed.interval, len(whole), speed.method)
    wall = found.get("wall_s")
    return Tried(
        one.name,
        one.summary,
        wall=wall,
        cpu=found.get("cpu_s"),
        duration=duration,
        verdict=_verdict(wall),
        caution=one.caution,
    )


def _verdict(wall: Estimate | None) -> str:
    if wall is None or wall.interval is None:
        return "no difference shown"
    if wall.interval.high < 1:
        return "helps"
    return "hurts" if wall.interval.low > 1 else "no difference shown"


def _advice(
    wall: Steadiness | None,
    cpu: Steadiness | None,
    causes: Sequence[Seen],
    tried: Sequence[Tried],
    layers: Split | None,
) -> list[str]:
    ranked: list[tuple[float, str]] = []
    if wall and cpu and wall.sees and cpu.sees:
        gain = (wall.sees["20"].value / cpu.sees["20"].value) ** 2
        if gain > 1.5:
            fewer = f"here it needs {gain:.2g} times fewer runs than wall time (measured)"
            ranked.append((gain, f"Compare CPU time where waiting is not the question: {fewer}."))
    ranked += [
        (
            1 / one.wall.value,
            f"{one.name}: {one.summary}; tried, the variance of wall time fell to {one.wall.value:.2f} "
            f"[{one.wall.interval.low:.2f}, {one.wall.interval.high:.2f}] of what it was."
            + (f" But {one.caution}." if one.caution else ""),
        )
        for one in tried
        if one.verdict == "helps" and one.wall and one.wall.interval
    ]
    if layers is not None:
        between, within = layers.component("process"), layers.component("iteration")
        if between.share > 0.5:
            ranked.append(
                (
                    1.0,
                    f"More processes, not longer ones: {between.share:.0%} of the variance is between processes (measured).",
                )
            )
        else:
            ranked.append(
                (
                    1.0,
                    f"Longer runs help too: {within.share:.0%} of the variance is within a process (measured).",
                )
            )
    if causes:
        ranked.append(
            (
                0.5,
                f"Remove the largest cause, {causes[0].name}: it took {causes[0].overall:.0%} of the time (not tried).",
            )
        )
    return [text for _, text in sorted(ranked, key=lambda pair: -pair[0])]
