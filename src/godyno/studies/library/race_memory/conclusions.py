"""What the trials of ``race-memory`` show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from godyno import units
from godyno.model import Confidence, Estimate, Finding, Trial
from godyno.stats.threshold import Limit, Posterior
from godyno.studies.library.race_memory import ends
from godyno.studies.library.race_memory.probing import SETTINGS, SURVEYED, probes_for
from godyno.studies.library.race_memory.programs import LOADS
from godyno.studies.library.race_memory.together import together
from godyno.studies.study import (
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_TRIED,
    PASS,
    BaseStudy,
    figure,
    passed,
    shown,
)

_SURE = 0.95
_METHOD = "posterior of a log-normal peak from observed peaks and killed runs"
_SHADOW = 8.0  # what the source says
_TWENTIETHS = 3.29  # standard deviations between the 5 % and 95 % quantiles of a normal
_SHARP = 0.01  # of the limit: a transition narrower than this is one threshold for any purpose
_FEW = 3  # runs, below which how much peaks vary is assumed


def concluded(study: BaseStudy, trials: Sequence[Trial], asked_bytes: float | None) -> list[Finding]:
    """All findings, the weightiest first."""
    posteriors = _posteriors(trials)
    out = [
        *_asked(study, trials, posteriors, asked_bytes),
        *_limits(study, trials, posteriors),
        *_survives(study, trials, posteriors),
        *_packages(study, trials),
        *together(study, passed(trials, program="together"), asked_bytes),
        *_shadow(study, trials),
        *_ended(study, trials),
    ]
    return [*out, *_claims(study, trials, posteriors)] if out else []


def _posteriors(trials: Sequence[Trial]) -> dict[str, Posterior]:
    """By setting, from every run of the largest package under it, whatever its limit."""
    found = {}
    for setting in SETTINGS:
        probes = probes_for(trials, setting)
        if any(probe.passed for probe in probes):
            found[setting] = Posterior(probes)
    return found


def _estimate(limit: Limit) -> Estimate:
    return Estimate(limit.limit_bytes, "By", limit.interval, limit.probes, _METHOD)


def _killer(trials: Sequence[Trial]) -> str:
    return next((one.facts["killer"] for one in trials if "killer" in one.facts), "the tests")


def _limits(study: BaseStudy, trials: Sequence[Trial], posteriors: dict[str, Posterior]) -> Iterator[Finding]:
    if not posteriors:
        return
    rows: list[list[Any]] = []
    marks: list[list[Any]] = []
    for setting, posterior in posteriors.items():
        half, most = posterior.limit(0.5), posterior.limit(_SURE)
        wall = figure(passed(trials, program="tests", setting=setting), "wall", "s")
        spread = f"{units.show_ratio(half.spread_ratio)} [{half.spread_interval.low:.1%}, {half.spread_interval.high:.1%}]"
        rows.append(
            [setting, shown(_estimate(half)), shown(_estimate(most)), spread, half.probes, shown(wall)]
        )
        marks.append([setting, half.limit_bytes, half.interval.low, half.interval.high])
    first, posterior = next(iter(posteriors.items()))
    half, most = posterior.limit(0.5), posterior.limit(_SURE)
    yield study.finding(
        "limit",
        f"The tests of {_killer(trials)} are killed half the time under {shown(_estimate(half))}, and pass {_SURE:.0%} of the time "
        f"from {shown(_estimate(most))} up ({first})",
        _estimate(half), method=_METHOD, assumption="log peak is normal; each run is independent of those before",
        warnings=[*half.warnings, *([f"only {half.probes} runs: how much peaks vary is mostly assumed"] if half.probes < _FEW else [])],
        data={"columns": [["setting", "text"], ["killed half the time", "text"], [f"passes {_SURE:.0%}", "text"],
                          ["peaks vary by", "text"], ["runs", ""], ["wall", "text"]], "rows": rows,
              "bars": {"unit": "By", "caption": "limit under which half the runs are killed", "marks": marks}},
    )  # fmt: skip
    curve = []
    for share in (0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.2):
        limit = share * half.limit_bytes
        p, interval = posterior.p_pass(limit)
        curve.append([limit, 1 - p, f"{1 - interval.high:.2f} to {1 - interval.low:.2f}"])
    yield study.finding(
        "curve", f"From {units.show_bytes(posterior.limit(0.05).limit_bytes)} to {units.show_bytes(most.limit_bytes)} it goes from "
        "almost never to almost always passing", method=_METHOD,
        data={"columns": [["limit", "By"], ["P(killed)", "1"], ["95 % interval", "text"]], "rows": curve},
    )  # fmt: skip


def _asked(
    study: BaseStudy, trials: Sequence[Trial], posteriors: dict[str, Posterior], asked_bytes: float | None
) -> Iterator[Finding]:
    if asked_bytes is None or not posteriors:
        return
    setting, posterior = next(iter(posteriors.items()))
    p, interval = posterior.p_pass(asked_bytes)
    tried = _tried(trials, setting, asked_bytes)
    others: list[str] = []
    for trial in trials:
        if "killer" in trial.facts:
            spread = posterior.limit(0.5).spread_interval.high
            for key, value in trial.measures.items():
                package = key.partition("\t")[2]
                if (
                    key.startswith("peak\t")
                    and package != trial.facts["killer"]
                    and value * (1 + 3 * spread) > asked_bytes
                ):
                    others.append(package)
    others += [
        f"the build ({build.facts.get('largest', 'a compile')})"
        for build in passed(trials, program="build")
        if build.measures.get("peak", 0) > asked_bytes
    ]
    word = "pass" if p >= _SURE else "be killed" if p <= 1 - _SURE else "pass sometimes"
    yield study.finding(
        "asked", f"Under {units.show_bytes(asked_bytes)} the tests of {_killer(trials)} will {word}: P(pass) = {p:.3g}",
        Estimate(p, "1", interval, posterior.limit(0.5).probes, _METHOD), method=_METHOD, tried=tried,
        confidence=Confidence.HIGH if not (0.05 < p < 0.95) else Confidence.MEDIUM,
        warnings=(f"too near to the limit or above it, too: {', '.join(others)}",) if others else (),
        severity="info" if p >= _SURE else "warning", data={"passed": p >= _SURE, "p_pass": p, "limit_bytes": asked_bytes},
    )  # fmt: skip


def _tried(trials: Sequence[Trial], setting: str, limit: float) -> str:
    runs = [
        one for one in trials if one.levels.get("setting") == setting and one.measures.get("limit") == limit
    ]
    good = sum(one.verdict == PASS for one in runs)
    return (
        f"Tried under exactly this limit: {good} of {len(runs)} passed."
        if runs
        else "Not tried under exactly this limit."
    )


def _survives(
    study: BaseStudy, trials: Sequence[Trial], posteriors: dict[str, Posterior]
) -> Iterator[Finding]:
    sized = [one for one in trials if one.levels.get("program") == "at-size" and "limit" in one.measures]
    if not sized:
        return
    size = sized[0].measures["limit"]
    rows: list[list[Any]] = []
    best: tuple[str, float, str] | None = None
    base = figure(passed(trials, program="tests", setting="as-it-is"), "wall", "s")
    for setting in SETTINGS:
        runs = [one for one in sized if one.levels["setting"] == setting]
        if not runs:
            continue
        good = sum(one.verdict == PASS for one in runs)
        p = posteriors[setting].p_pass(size)[0] if setting in posteriors else None
        wall = figure(passed(trials, program="tests", setting=setting), "wall", "s")
        times = wall.value / base.value if wall and base and base.value > 0 else None
        rows.append([setting, f"{good} of {len(runs)}", p, times])
        if good == len(runs) and p is not None and p >= 0.8 and (best is None or (times or 9) < best[1]):
            best = (setting, times or 9, next((one.facts.get("set", "") for one in runs), ""))
    data = {
        "columns": [["setting", "text"], ["passed", "text"], ["P(pass)", "1"], ["wall, times as it is", ""]],
        "rows": rows,
    }
    if best is None:
        claim, advice = (
            f"No setting that was tried survives {units.show_bytes(size)}",
            "Give it more memory, or race fewer packages at once.",
        )
        tried = f"{sum(1 for _ in sized)} runs under {units.show_bytes(size)}"
    elif best[0] == "as-it-is":
        claim, advice, tried = f"It survives {units.show_bytes(size)} as it is", "", ""
    else:
        runs = [one for one in sized if one.levels["setting"] == best[0]]
        claim = f"With {best[2]} it survives {units.show_bytes(size)}, at {best[1]:.2f} times the wall time"
        advice = f"Run with {_asked_for(best[2])}."
        tried = f"Tried: {len(runs)} of {len(runs)} passed under {units.show_bytes(size)}."
    yield study.finding("survive", claim, advice=advice, tried=tried, data={**data, "limit_bytes": size})


def _asked_for(settings: str) -> str:
    """Settings as they are typed: environment first, flags to go test."""
    words = settings.split()
    flags = " ".join(word for word in words if word.startswith("-"))
    env = " ".join(word for word in words if not word.startswith("-"))
    return f"{env} go test -race {flags}".strip()


def _packages(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    first = next((one for one in trials if "killer" in one.facts), None)
    build = next(iter(passed(trials, program="build")), None)
    if first is not None:
        rows: list[list[Any]] = []
        for key, value in sorted(first.measures.items(), key=lambda one: -one[1]):
            kind, _, package = key.partition("\t")
            if kind == "peak" and package:
                plain = first.measures.get(f"plain\t{package}")
                rows.append([package, value, plain, value / plain if plain else None])
        left = (
            f"; {first.facts['left out']} packages did not fit into the budget"
            if "left out" in first.facts
            else ""
        )
        yield study.finding(
            "packages", f"{first.facts['killer']} takes most of {len(rows)} test binaries{left}",
            Estimate(rows[0][1], "By", None, 1, "one run without a limit"),
            data={"columns": [["package", "text"], ["with -race", "By"], ["without", "By"], ["times", ""]], "rows": rows},
        )  # fmt: skip
    if build is not None and "peak" in build.measures:
        largest = (
            f"; its largest process was {build.facts['largest']}, {units.show_bytes(build.measures['largest'])}"
            if "largest" in build.facts
            else ""
        )
        than = first.measures.get(SURVEYED, first.measures.get("peak")) if first is not None else None
        who = (
            ""
            if than is None
            else " (the build, not a test, is what is killed first)"
            if build.measures["peak"] > than
            else ""
        )
        yield study.finding(
            "build", f"Building all tests with -race from an empty cache takes {units.show_bytes(build.measures['peak'])}{largest}{who}",
            Estimate(build.measures["peak"], "By", None, 1, "highest anonymous memory of the tree, sampled ten times a second"),
            method="a recorded build; page cache is left out", data=dict(build.measures),
        )  # fmt: skip


def _marginal(trials: Sequence[Trial], kind: str) -> Estimate | None:
    """What one byte more without -race takes with it."""
    from godyno.studies.survey.figures import estimate

    factors = []
    for one in passed(trials, program=kind):
        got = one.measures
        plain = got["plain_large"] - got["plain_small"]
        if plain > 0:
            factors.append((got["race_large"] - got["race_small"]) / plain)
    return estimate(factors, "×")


def _shadow(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    told = _marginal(trials, "heap")
    for kind, (sizes, text) in LOADS.items():
        mine = passed(trials, program=kind)
        if not mine:
            continue
        values = [
            figure(mine, name, "By") for name in ("plain_small", "race_small", "plain_large", "race_large")
        ]
        plain_small, race_small, plain_large, race_large = (one.value if one else 0.0 for one in values)
        each = ""
        if kind in ("goroutines", "sync"):
            count = 1000 * (sizes[1] - sizes[0])
            with_race, without = (race_large - race_small) / count, (plain_large - plain_small) / count
            each = f"{units.show_bytes(with_race)} each instead of {units.show_bytes(without)}"
        rows.append(
            [
                text,
                plain_large,
                race_large,
                race_large / plain_large if plain_large else None,
                shown(_marginal(trials, kind)),
                each,
            ]
        )
    if rows:
        claim = "What the race detector adds depends on what is touched"
        if told is not None:
            claim = f"A written heap takes {shown(told)} with -race for each byte without; what is not touched takes next to nothing"
        yield study.finding(
            "shadow", claim, told, method="growth between two sizes, with -race over without; peaks of the kernel's counter",
            data={"columns": [["memory", "text"], ["without", "By"], ["with -race", "By"], ["times", ""], ["a byte more", "text"],
                              ["an object more", "text"]], "rows": rows},
        )  # fmt: skip


def _ended(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    limited = [one for one in trials if "limit" in one.measures]
    counts = Counter(one.verdict for one in limited)
    if limited:
        rows = [[verdict, count, ends.MEANING.get(verdict, "")] for verdict, count in counts.most_common()]
        yield study.finding(
            "ends", f"Of {len(limited)} runs under a limit {counts.get(PASS, 0)} passed and {counts.get(ends.KILLED, 0)} were killed "
            "by the kernel",
            data={"columns": [["ended", "text"], ["runs", ""], ["means", "text"]], "rows": rows},
        )  # fmt: skip
    for one in passed(trials, program="too-many"):
        count, ended = one.measures["goroutines"], one.facts.get("ended", "")
        yield study.finding(
            "goroutines", f"With {count:,.0f} goroutines alive at once {one.facts.get('go', 'this Go')} "
            + ("ran into the race runtime's own limit" if ended == ends.RACE_LIMIT
               else f"{ends.MEANING.get(ended, ended)}: no limit at 8128"),
            data={"ended": ended, "peak_bytes": one.measures.get("peak")},
        )  # fmt: skip


def _claims(study: BaseStudy, trials: Sequence[Trial], posteriors: dict[str, Posterior]) -> Iterator[Finding]:
    said = "Shadow memory takes 8 times the heap"
    factor = _marginal(trials, "heap")
    if factor is None:
        yield study.claim(said, NOT_TRIED, "the reference heap was not run")
    else:
        right = factor.interval is not None and _SHADOW in factor.interval
        yield study.claim(
            said,
            CONFIRMED if right else NOT_CONFIRMED,
            f"a byte more of written heap takes {shown(factor)} with -race, its own byte included",
            factor,
        )
    said = "There is one critical threshold of memory"
    if not posteriors:
        yield study.claim(said, NOT_TRIED, "no limit was tried")
    else:
        # From passing one run in twenty to failing one in twenty: as many spreads as lie between these quantiles.
        spread = next(iter(posteriors.values())).limit(0.5).spread_interval
        least, most = (_TWENTIETHS * value for value in (spread.low, spread.high))
        found = f"from passing one run in twenty to failing one in twenty the limit rises by {least:.1%} to {most:.1%}"
        verdict = CONFIRMED if most <= _SHARP else NOT_CONFIRMED if least > _SHARP else NOT_TRIED
        yield study.claim(said, verdict, found if verdict != NOT_TRIED else f"too few runs to tell: {found}")
    said = "-race sets GOMAXPROCS to 1"
    seen = {
        (one.facts["GOMAXPROCS"], one.facts.get("cpus", "")) for one in trials if "GOMAXPROCS" in one.facts
    }
    if not seen or all(cpus == "1" for _, cpus in seen):
        yield study.claim(said, NOT_TRIED, "no raced program said its GOMAXPROCS on more than one CPU")
    else:
        procs, cpus = sorted(seen)[0]
        yield study.claim(
            said, CONFIRMED if procs == "1" else NOT_CONFIRMED, f"a raced program had {procs} on {cpus} CPUs"
        )
