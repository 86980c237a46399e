"""What the trials show: targets, levels, gains, builds, and the source's claims."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from godyno import units
from godyno.model import Estimate, Finding, Trial
from godyno.studies.library.abi.records import Abi
from godyno.studies.library.targets.emitted import Emitted
from godyno.studies.library.targets.levels import BASE, NAMES
from godyno.studies.study import BaseStudy, figure, passed, ratio, shown
from godyno.studies.survey.records import CONFIRMED, NOT_CONFIRMED, NOT_TRIED

_TIME = "time\t"
_NONE = "–"


class Seen:
    """The trials by target and level, what is not readable left out: they may come from a file."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = passed(trials)
        self.emitted: dict[tuple[str, str], Emitted] = {}
        self.vectors: dict[str, tuple[str, ...]] = {}
        self.abi: dict[str, Abi] = {}
        self.labels: dict[tuple[str, str], str] = {}
        self.cannot: dict[tuple[str, str], str] = {}
        self.memmove = ""
        self.go = next((trial.facts["go"] for trial in self.trials if "go" in trial.facts), "")
        for trial in self.trials:
            key = (trial.levels.get("target", ""), trial.levels.get("level", ""))
            self.labels[key] = trial.facts.get("level", key[1])
            self.memmove = self.memmove or trial.facts.get("memmove", "")
            if "cannot run" in trial.facts:
                self.cannot[key] = trial.facts["cannot run"]
            try:
                if "emitted" in trial.facts:
                    self.emitted[key] = Emitted.from_json(json.loads(trial.facts["emitted"]))
                    self.vectors[key[0]] = tuple(
                        str(one) for one in json.loads(trial.facts.get("vectors", "[]"))
                    )
                if "abi" in trial.facts:
                    self.abi[key[0]] = Abi.from_json(json.loads(trial.facts["abi"]))
            except (ValueError, TypeError, KeyError):
                continue
        self.emitted = dict(sorted(self.emitted.items(), key=lambda pair: _place(pair[0])))

    @property
    def native(self) -> str:
        """The target that was timed; empty where none was."""
        for trial in self.trials:
            if "cannot run" in trial.facts or any(name.startswith(_TIME) for name in trial.measures):
                return trial.levels.get("target", "")
        return ""


def conclusions(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """Every finding."""
    seen = Seen(trials)
    if not seen.trials:
        return []
    return [
        *_targets(study, seen),
        *_levels(study, seen),
        *_gains(study, seen),
        *_builds(study, seen),
        *_claims(study, seen),
    ]


def _place(key: tuple[str, str]) -> tuple[bool, str, int]:
    """Where a target's level stands in a table: Linux first, levels as Go orders them."""
    target, level = key
    return (not target.startswith("linux/"), target, NAMES.index(level) if level in NAMES else 0)


def _rows(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of which all but the first cell are the same, joined."""
    shared: dict[tuple[str, ...], list[str]] = {}
    for name, *cells in rows:
        shared.setdefault(tuple(cells), []).append(name)
    return [[_short(names), *cells] for cells, names in shared.items()]


def _short(names: Sequence[str]) -> str:
    """``linux/amd64`` and its likes by their processor: ``amd64 (linux, darwin, 9 more)``."""
    by: dict[str, list[str]] = {}
    for name in names:
        goos, _, goarch = name.partition("/")
        by.setdefault(goarch, []).append(goos)
    parts = [goarch + (f" ({len(systems)} OS)" if len(systems) > 1 else "") for goarch, systems in by.items()]
    return ", ".join(parts)


def _text(columns: Sequence[str]) -> list[list[str]]:
    return [[name, "text"] for name in columns]


def _targets(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    base = [target for target, level in seen.emitted if level == BASE]
    if not base:
        return
    rows = []
    for target in base:
        one, abi = seen.emitted[target, BASE], seen.abi.get(target)
        arguments = (
            f"{len(abi.internal.integer_arguments)} + {len(abi.internal.float_arguments)}" if abi else "?"
        )
        rows.append(
            (
                target, f"{one.integer_registers} + {one.float_registers}" if one.integer_registers else _NONE, arguments,
                _role(abi.g) if abi else "?", ", ".join(seen.vectors.get(target, ())) or _NONE, "yes" if one.vectorized else "no",
            )
        )  # fmt: skip
    loops = [target for target in base if seen.emitted[target, BASE].vectorized]
    yield study.finding(
        "targets",
        f"{len(base)} targets with {seen.go}: "
        + (
            f"a plain loop over slices is vectorized on {len(loops)}"
            if loops
            else "a plain loop over slices is vectorized on none"
        ),
        method="registers that a function with 40 live values names, beside SP, frame pointer and g; arguments as the study abi reads "
        "them; vectors: those of which the assembler takes an instruction",
        data={
            "columns": _text(
                (
                    "target",
                    "registers int + float",
                    "arguments int + float",
                    "g",
                    "vectors known",
                    "used for a loop",
                )
            ),
            "rows": _rows(rows),
            "targets": {target: seen.emitted[target, BASE].as_json() for target in base},
        },
    )


def _role(name: str) -> str:
    return "TLS" if name.startswith("thread") else name


def _extensions(found: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(found) or _NONE


def _levels(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    arches = [target for target, level in seen.emitted if level != BASE]
    rows, details = [], {}
    for target, level in seen.emitted:
        if not target.startswith("linux/") and target not in arches:
            continue
        one, base = seen.emitted[target, level], seen.emitted.get((target, BASE))
        new = sorted(set(one.mnemonics) - set(base.mnemonics)) if base and level != BASE else []
        label = seen.labels[target, level]
        goarch = target.partition("/")[2]
        rows.append(
            (
                label if "=" in label else goarch,
                _extensions(one.always),
                _extensions(one.checked),
                _some(new) if level != BASE else _NONE,
            )
        )
        details[f"{goarch} {label}"] = {**one.as_json(), "new_instructions": new}
    merged: dict[tuple[str, ...], None] = dict.fromkeys(
        tuple(row) for row in rows
    )  # mips and mipsle say the same
    if rows:
        yield study.finding(
            "levels",
            f"What the compiler emits at {len(merged)} levels: which extensions it uses always, and which only after asking the processor",
            method="instructions of probe functions for bit counts, shifts, fused multiply-add, rounding, atomics, copies",
            assumption="what these probes do not do, the compiler may do elsewhere",
            data={
                "columns": _text(("level", "always", "after a check", "instructions that base has not")),
                "rows": [list(row) for row in merged],
                "levels": details,
            },
        )


def _some(names: Sequence[str], most: int = 6) -> str:
    """The first of many, and how many more; all are in the finding's data."""
    if not names:
        return "none"
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _timed_levels(seen: Seen) -> list[str]:
    found = dict.fromkeys(
        trial.levels["level"]
        for trial in seen.trials
        if trial.levels.get("target") == seen.native
        and any(name.startswith(_TIME) for name in trial.measures)
    )
    return sorted(found, key=lambda level: (level != BASE, level))


def _gains(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    native, levels = seen.native, _timed_levels(seen)
    for (target, level), reason in seen.cannot.items():
        label = seen.labels[target, level]
        yield study.finding(
            "cannot run",
            f"{label} does not run here; a processor that has it is needed to say what it gains",
            advice=f"Run this study on such a machine, or leave {label} out for programs that must run on this one.",
            tried=f"its program ended with: {reason}",
            severity="note",
        )
    if not levels or levels[0] != BASE:
        return
    base = {"target": native, "level": BASE}
    names = dict.fromkeys(
        name.removeprefix(_TIME) for trial in seen.trials for name in trial.measures if name.startswith(_TIME)
    )
    for level in levels[1:]:
        ratios: dict[str, Estimate] = {}
        for name in names:
            found = ratio(seen.trials, f"{_TIME}{name}", base, {"target": native, "level": level})
            if found is not None and found.interval is not None:
                ratios[name] = found
        if not ratios:
            continue
        yield _gain(study, seen, level, ratios)


_FASTER, _SLOWER = "faster", "slower"
_SAME = 0.01  # a difference below one percent is of no use to anybody, however sure it is


def _verdict(one: Estimate) -> str:
    low, high = (one.interval.low, one.interval.high) if one.interval else (0.0, float("inf"))
    if high < 1 and one.value < 1 - _SAME:
        return _FASTER
    if low > 1 and one.value > 1 + _SAME:
        return _SLOWER
    return "same within 1 %" if low >= 1 - _SAME and high <= 1 + _SAME else "not told apart"


def _gain(study: BaseStudy, seen: Seen, level: str, ratios: Mapping[str, Estimate]) -> Finding:
    native = seen.native
    verdicts = {name: _verdict(one) for name, one in ratios.items()}
    faster, slower = (sum(1 for one in verdicts.values() if one == wanted) for wanted in (_FASTER, _SLOWER))
    label, base = seen.labels[native, level], seen.labels[native, BASE]
    best = min(ratios, key=lambda name: ratios[name].value)
    most = f"; the most: {best}, {shown(ratios[best])} the time" if faster else ""
    rows = []
    for name, one in sorted(ratios.items(), key=lambda pair: pair[1].value):
        took = figure(passed(seen.trials, target=native, level=BASE), f"{_TIME}{name}", "s")
        rows.append([name, took.value if took else 0.0, shown(one).removesuffix(" ×"), verdicts[name]])
    return study.finding(
        "gain",
        f"{label} against {base} here: {faster} of {len(ratios)} benchmarks faster, {slower} slower{most}",
        ratios[best] if faster else None,
        method=f"{ratios[best].method}, an interval for each benchmark alone; least of five timings in a run",
        data={
            "columns": [["benchmark", "text"], [base.partition("=")[2] or base, "s"], ["time ratio", "text"], ["", "text"]],
            "rows": rows,
            "bars": {
                "unit": "×",
                "caption": f"Time with {label} as a multiple of that with {base}",
                "marks": [
                    [name, one.value, one.interval.low if one.interval else None, one.interval.high if one.interval else None]
                    for name, one in sorted(ratios.items(), key=lambda pair: pair[1].value)
                ],
            },
        },
    )  # fmt: skip


def _builds(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    rows: list[list[Any]] = []
    for trial in sorted(
        seen.trials, key=lambda one: (one.levels.get("target", ""), one.levels.get("level") != BASE)
    ):
        if "build wall" in trial.measures:
            key = (trial.levels["target"], trial.levels["level"])
            label = seen.labels[key]
            rows.append(
                [
                    f"{key[0]}{f' {label}' if key[1] != BASE else ''}", trial.measures["build wall"], trial.measures["build cpu"],
                    trial.measures.get("build peak", 0.0), trial.measures["size"],
                ]
            )  # fmt: skip
    if not rows:
        return
    sizes = [float(row[4]) for row in rows]
    yield study.finding(
        "builds",
        f"A program of this study from an empty cache: CPU {units.show_seconds(min(row[2] for row in rows))} to "
        f"{units.show_seconds(max(row[2] for row in rows))}, sizes {units.show_bytes(min(sizes))} to {units.show_bytes(max(sizes))}",
        method="one recorded build each",
        assumption="nothing else was heavy on this machine; CPU time suffers least from it",
        data={
            "columns": [
                ["target", "text"],
                ["wall", "s"],
                ["CPU", "s"],
                ["peak memory", "By"],
                ["binary", "By"],
            ],
            "rows": rows,
        },
    )


def _claims(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    yield _vector_claim(
        study,
        seen,
        "linux/amd64",
        "amd64 supports AVX-512, and its lowering is aware of AVX",
        "AVX-512",
        ("v4", "v3"),
    )
    yield _vector_claim(
        study, seen, "linux/arm64", "arm64 supports SVE2, mapped by intrinsics", "SVE", ("v9.0", "lse")
    )
    yield _vector_claim(
        study,
        seen,
        "linux/riscv64",
        "riscv64 supports Zve32x/Zve64x, with a vectorizer",
        "V",
        ("rva23u64", "rva22u64"),
    )
    said = "memmove is made by the SSA back end for the GOARCH, with REP MOVSB"
    if seen.memmove:
        by_hand = seen.memmove.partition(" ")[0].endswith(".s")
        text = f"{seen.go}: its code comes from {seen.memmove}{', written by hand' if by_hand else ''}"
        yield study.claim(said, NOT_CONFIRMED if by_hand else CONFIRMED, text)
    else:
        yield study.claim(said, NOT_TRIED, "no program was built for this machine")
    for target, wanted, name in (
        ("linux/amd64", 16, "16 × GPR"),
        ("linux/arm64", 31, "31 × X-reg"),
        ("linux/riscv64", 32, "32 × x-reg"),
    ):
        said = f"{target.partition('/')[2]}: {name}"
        one, abi = seen.emitted.get((target, BASE)), seen.abi.get(target)
        if one is None or abi is None:
            yield study.claim(said, NOT_TRIED, f"{target} was not among the targets, or could not be read")
            continue
        roles = sum(1 for role in (abi.stack_pointer, abi.frame_pointer, abi.g) if role)
        yield study.claim(
            said,
            NOT_TRIED if one.integer_registers + roles <= wanted else NOT_CONFIRMED,
            f"compiled code names {one.integer_registers} and {roles} with a role; how many more the processor has cannot be told from it",
        )


def _vector_claim(
    study: BaseStudy, seen: Seen, target: str, said: str, name: str, levels: Sequence[str]
) -> Finding:
    read = [level for level in levels if (target, level) in seen.emitted]
    if not read:
        return study.claim(said, NOT_TRIED, f"{target} was not compiled at {' or '.join(levels)}")
    found = [
        level
        for level in read
        if name in seen.emitted[target, level].always or name in seen.emitted[target, level].checked
    ]
    loops = [level for level in read if seen.emitted[target, level].vectorized]
    known = (
        "the assembler knows it"
        if name in seen.vectors.get(target, ())
        else "the assembler does not take an instruction of it"
    )
    label = seen.labels[target, read[0]]
    used = (
        f"the compiler uses it at {seen.labels[target, found[0]]}"
        if found
        else f"in no probe the compiler uses it, not at {label} either"
    )
    loop = "a loop over slices is vectorized" if loops else "a loop over slices stays one element at a time"
    return study.claim(
        said, CONFIRMED if found and loops else NOT_CONFIRMED, f"{seen.go}: {known}; {used}; {loop}"
    )
