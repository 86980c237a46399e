"""What the trials of ``quota`` show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from godyno import units
from godyno.model import Confidence, Estimate, Finding, Trial
from godyno.studies.library.quota.commands import commanded
from godyno.studies.library.quota.growth import Growth, cycles, growth
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, BaseStudy, figure, passed, ratio, shown

_PLAIN, _NONE = "as-it-is", "none"
# The least trouble first: what is in the user's own hands, then what the platform has to give.
_CHEAPEST = ("GOMAXPROCS", "GOGC=400", "period=10ms", "burst", "double")
_REACHED, _READY = (
    0.01,
    0.2,
)  # of the periods, for a quota to count as felt; of the time, for neighbours to be a worry
_MENDS, _COSTS = (
    0.5,
    0.95,
)  # a remedy halves the longest pause (or what is lost of the p99), and costs no more than 5 % of the rate


def concluded(
    study: BaseStudy, trials: Sequence[Trial], within: float, of_command: bool = False
) -> list[Finding]:
    """All findings, the weightiest first; ``of_command`` where the trials are of a command of the user's."""
    seen = {one.levels["go"] for one in passed(trials) if of_command or "stw" in one.measures}
    first = next((level for level in study.levels()["go"] if level in seen), next(iter(sorted(seen)), None))
    if first is None:
        return []
    mine = [one for one in passed(trials) if one.levels["go"] == first]
    quotas = sorted(
        {one.levels["quota"] for one in mine if one.levels["remedy"] == _PLAIN},
        key=lambda level: -(int(level) if level != _NONE else 10**9),
    )
    if of_command:
        return commanded(study, mine, quotas, within)
    out = [
        *_pauses(study, mine, quotas), *_owed(study, mine, quotas), *_remedies(study, mine, quotas),
        *_recommended(study, mine, quotas, within), *_detector(study, mine, quotas), *_versions(study, trials, quotas),
    ]  # fmt: skip
    return [*out, *_claims(study, mine)]


def _arm(trials: Sequence[Trial], quota: str, remedy: str = _PLAIN) -> list[Trial]:
    return passed(trials, quota=quota, remedy=remedy)


def _percent(quota: str) -> str:
    return "no quota" if quota == _NONE else f"{quota} %"


def _pauses(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    marks: list[list[Any]] = []
    longest: dict[str, Estimate] = {}
    for quota in quotas:
        arm = _arm(trials, quota)
        values = [
            figure(arm, name, unit) for name, unit in (("stw_longest", "s"), ("p99", "s"), ("rate", "/s"))
        ]
        procs, stopped = figure(arm, "gomaxprocs", ""), figure(_with_shares(arm), "share", "1")
        ready = figure(_with_shares(arm), "ready", "1")
        rows.append(
            [
                _percent(quota),
                procs.value if procs else None,
                *(shown(one) for one in values),
                stopped.value if stopped else None,
                ready.value if ready else None,
            ]
        )
        if values[0] is not None:
            longest[quota] = values[0]
            low, high = (
                (values[0].interval.low, values[0].interval.high) if values[0].interval else (None, None)
            )
            marks.append([_percent(quota), values[0].value, low, high])
    if not longest:
        return
    worst = max(longest, key=lambda one: _felt(trials, one))
    warnings = []
    alone = figure(_with_shares(_arm(trials, _NONE)), "ready", "1")
    if alone is not None and alone.value > _READY:
        warnings.append(
            f"Without a quota, too, a thread was ready and had no processor for {units.show_ratio(alone.value)} of the time: neighbours "
            "lengthen pauses here, and where they take what the quota allows it is not reached"
        )
    versus = f", {shown(longest[_NONE])} without one" if _NONE in longest and worst != _NONE else ""
    yield study.finding(
        "pauses", f"The longest pause of a run is {shown(longest[worst])} under {_percent(worst)}{versus}", longest[worst],
        method="from the execution trace; median over runs of each run's longest", warnings=warnings,
        data={"columns": [["quota", "text"], ["procs", ""], ["longest pause", "text"], ["p99", "text"],
                          ["requests/s", "text"], ["time stopped", "1"],
                          ["ready, no CPU", "1"]], "rows": rows,
              "bars": {"unit": "s", "caption": "longest pause of garbage collection by quota", "marks": marks}},
    )  # fmt: skip


def _with_shares(trials: Sequence[Trial]) -> list[Trial]:
    """With the share of the time in which the group was stopped, and in which some thread was ready and had no processor (PSI)."""
    from dataclasses import replace

    out = []
    for one in trials:
        more = {"share": one.measures["stopped"] / one.measures["took"]}
        if "waited_cpu" in one.measures:
            more["ready"] = min(1.0, one.measures["waited_cpu"] / one.measures["wall"])
        out.append(replace(one, measures={**one.measures, **more}))
    return out


def _felt(trials: Sequence[Trial], quota: str) -> float:
    """The share of periods in which a quota stopped the program."""
    arm = _arm(trials, quota)
    return sum(one.measures["throttled_periods"] for one in arm) / max(
        1.0, sum(one.measures["periods"] for one in arm)
    )


def _owed(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    """Growth of pauses and assists a collection, against the unlimited arm, beside what of them fell into stops."""
    base = _arm(trials, _NONE)
    rows: list[list[Any]] = []
    told: tuple[str, Growth] | None = None
    for quota in quotas:
        mine = _arm(trials, quota)
        if quota == _NONE or not cycles(mine) or not cycles(base):
            continue
        for keys, text in ((("stw",), "pauses"), (("assist",), "assists"), (("stw", "assist"), "both")):
            found = growth(base, mine, keys)
            rows.append([_percent(quota), text, found.without_s, found.under_s, found.stopped_s, found.shown])
            if text == "both" and found.sure and (told is None or found.stopped_s > told[1].stopped_s):
                told = (_percent(quota), found)
    if told is None:
        return
    quota, most = told
    share = most.share
    yield study.finding(
        "owed", f"Under {quota} a collection's pauses and assists grow from {units.show_seconds(most.without_s)} to "
        f"{units.show_seconds(most.under_s)}; time in which the group was stopped is {most.shown} of the growth",
        Estimate(share.value, "1", share.interval, most.trials, "sums over an arm's runs, a collection; bootstrap over runs"),
        method="stops from cpu.stat laid over the trace's pauses and assists, a goroutine each",
        assumption="without a quota a collection pauses as it would; what neighbours add is in both",
        data={"columns": [["quota", "text"], ["of", "text"], ["without", "s"], ["under it", "s"], ["of it stopped", "s"],
                          ["of the growth", "text"]], "rows": rows},
    )  # fmt: skip


def _remedies(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    chosen: dict[str, str] = {}
    for quota in quotas:
        plain = {"quota": quota, "remedy": _PLAIN}
        for remedy in _CHEAPEST:
            other = {"quota": quota, "remedy": remedy}
            found = [ratio(trials, name, plain, other) for name in ("stw_longest", "p99", "rate", "peak")]
            if found[0] is None or found[1] is None or found[2] is None:
                continue
            rows.append([_percent(quota), remedy, *(shown(one) for one in found)])
            felt = _felt(trials, quota) > _REACHED
            mends = felt and min(found[0].value, found[1].value) <= _MENDS and found[2].value >= _COSTS
            if mends and quota not in chosen:
                chosen[quota] = remedy
    if not rows:
        return
    tried = sorted({row[0] for row in rows}, key=lambda one: [row[0] for row in rows].index(one))
    texts = [
        f"{quota}: {chosen[key] if key in chosen else 'none that was tried' if _felt(trials, key) > _REACHED else 'hardly reached'}"
        for quota in tried for key in [quota.removesuffix(" %")]
    ]  # fmt: skip
    yield study.finding(
        "remedies", f"The cheapest that halves the longest pause or the p99 at no loss of rate: {'; '.join(texts)}",
        method="paired ratios to the quota as it is, inside a block; below 1 is shorter",
        advice="Set what is named for your quota." if chosen else "Ask for a larger quota.", tried="Tried: see the table.",
        data={"columns": [["quota", "text"], ["remedy", "text"], ["longest pause", "text"], ["p99", "text"], ["rate", "text"],
                          ["peak memory", "text"]], "rows": rows, "chosen": chosen},
    )  # fmt: skip


def _recommended(
    study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str], within: float
) -> Iterator[Finding]:
    """The smallest quota, over all remedies, whose p99 is within what was asked of the unlimited one's."""
    if _NONE not in quotas:
        return
    base = {"quota": _NONE, "remedy": _PLAIN}
    for quota in reversed([one for one in quotas if one != _NONE]):
        for remedy in (_PLAIN, "GOMAXPROCS", "GOGC=400", "period=10ms", "burst"):
            found = ratio(trials, "p99", base, {"quota": quota, "remedy": remedy})
            if found is not None and found.value <= 1 + within:
                sure = found.interval is not None and found.interval.high <= 1 + within
                doubt = () if sure else ("by the median: its interval reaches beyond what was asked",)
                yield study.finding(
                    "recommended", f"{quota} % with {remedy} is the smallest quota that was tried whose p99 stays within {within:.0%} "
                    f"of the unlimited one's: {shown(found)}", found, tried="Tried.", warnings=doubt,
                    confidence=Confidence.HIGH if sure else Confidence.LOW, data={"quota": quota, "remedy": remedy},
                )  # fmt: skip
                return
    yield study.finding(
        "recommended", f"No quota that was tried keeps the p99 within {within:.0%} of the unlimited one's"
    )


def _detector(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    for quota in quotas:
        arm = _arm(trials, quota)
        cycles = sum(one.measures.get("gctrace_cycles", 0) for one in arm)
        if cycles:
            odd = sum(one.measures["gctrace_impossible"] for one in arm)
            throttled = sum(one.measures["throttled_periods"] for one in arm) / max(
                1.0, sum(one.measures["periods"] for one in arm)
            )
            rows.append([_percent(quota), cycles, odd, odd / cycles, throttled])
    if rows:
        seen = [row[0] for row in rows if row[2]]
        yield study.finding(
            "gctrace", "gctrace names more CPU than the quota can have given "
            + (f"under {', '.join(seen)}: a sign of throttling where cpu.stat may not be read" if seen else "in no collection here"),
            method="pauses, assists and background marking of a line against quota × (its duration + a period)",
            data={"columns": [["quota", "text"], ["collections", ""], ["impossible", ""], ["of them", "1"],
                          ["periods throttled", "1"]], "rows": rows},
        )  # fmt: skip


def _versions(study: BaseStudy, trials: Sequence[Trial], quotas: Sequence[str]) -> Iterator[Finding]:
    versions: Mapping[str, str] = {one.levels["go"]: one.facts["go"] for one in passed(trials)}
    if len(versions) < 2:
        return
    rows: list[list[Any]] = []
    for quota in quotas:
        for level, version in versions.items():
            arm = passed(trials, go=level, quota=quota, remedy=_PLAIN)
            procs, eight = figure(arm, "gomaxprocs", ""), figure(arm, "gomaxprocs_of_8", "")
            if procs is not None:
                told = [
                    shown(figure(arm, name, unit)) for name, unit in (("stw_longest", "s"), ("rate", "/s"))
                ]
                rows.append([_percent(quota), version, procs.value, eight.value if eight else None, *told])
    here, there = (_differing(rows, column) for column in (2, 3))
    yield study.finding(
        "versions", f"The Gos choose {'different GOMAXPROCS' if here else 'the same GOMAXPROCS under every quota'} here"
        + (f"; where they see eight processors, different ones under {', '.join(there)}" if there else ""),
        method="Go 1.25 and newer take max(2, quota rounded up), where go.mod says 1.25 or newer; eight processors are told to them by "
        "strace, in a run of its own",
        data={"columns": [["quota", "text"], ["Go", "text"], ["procs", ""], ["of eight", ""], ["longest pause", "text"],
                          ["requests/s", "text"]], "rows": rows},
    )  # fmt: skip


def _differing(rows: Sequence[Sequence[Any]], column: int) -> list[str]:
    """Quotas under which the Gos differ in a column."""
    seen: dict[str, set[Any]] = {}
    for row in rows:
        if row[column] is not None:
            seen.setdefault(row[0], set()).add(row[column])
    return [quota for quota, values in seen.items() if len(values) > 1]


def _claims(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    said = "A quota of 200 % lengthens pauses seven times"
    found = ratio(
        trials, "stw_longest", {"quota": _NONE, "remedy": _PLAIN}, {"quota": "200", "remedy": _PLAIN}
    )
    if found is None:
        yield study.claim(said, NOT_TRIED, "200 % or no quota was not run")
    else:
        right = found.interval is not None and found.interval.high >= 7
        yield study.claim(
            said,
            CONFIRMED if right else NOT_CONFIRMED,
            f"the longest pause is {shown(found)} of that without a quota",
            found,
        )
    said = "nr_throttled rises by more than 200 a second"
    limited = [one for one in trials if one.measures.get("periods") and one.levels["remedy"] == _PLAIN]
    if not limited:
        yield study.claim(said, NOT_TRIED, "no quota was set")
    else:
        most = max(one.measures["throttled_periods"] / one.measures["wall"] for one in limited)
        yield study.claim(
            said,
            CONFIRMED if most > 200 else NOT_CONFIRMED,
            f"at most {most:.1f} a second: a period of 100 ms can be throttled once",
        )
    yield study.claim(
        "Container-aware GOMAXPROCS does not help against the tail", *_aware(trials)
    )  # fmt: skip


def _aware(trials: Sequence[Trial]) -> tuple[str, str]:
    procs = {
        one.levels["quota"]: one.measures["gomaxprocs"] for one in trials if one.levels["remedy"] == _PLAIN
    }
    small = [value for quota, value in procs.items() if quota != _NONE and int(quota) <= 100]
    if not small:
        return NOT_TRIED, "no quota of one CPU or less was run"
    least = min(small)
    if least >= 2:
        return (
            CONFIRMED,
            f"under a quota of one CPU or less it is still {least:g}, since it never goes below 2",
        )
    return NOT_CONFIRMED, f"under a quota of one CPU or less it is {least:g}"
