"""What the trials show: targets, levels, what the standard library's assembly uses, builds; gains and claims in modules of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from godyno import units
from godyno.model import Finding, Trial
from godyno.studies.library.targets.assembly import WORK
from godyno.studies.library.targets.claims import claims
from godyno.studies.library.targets.gains import gains
from godyno.studies.library.targets.levels import BASE
from godyno.studies.library.targets.seen import Seen
from godyno.studies.study import BaseStudy

_NONE = "–"


def conclusions(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """Every finding."""
    seen = Seen(trials)
    if not seen.trials:
        return []
    return [
        *_targets(study, seen),
        *_levels(study, seen),
        *_assembly(study, seen),
        *gains(study, seen),
        *_builds(study, seen),
        *claims(study, seen),
    ]


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
                _timed(seen, target, level),
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
                "columns": _text(
                    ("level", "always", "after a check", "instructions that base has not", "timed here")
                ),
                "rows": [list(row) for row in merged],
                "levels": details,
            },
        )


def _timed(seen: Seen, target: str, level: str) -> str:
    """Whether a level was timed on this machine; where not, what that needs."""
    if target != seen.native:
        return f"no: it needs {target.partition('/')[2].removesuffix('le')}"
    if (target, level) in seen.cannot:
        return f"no: it needs a processor that has {seen.labels[target, level]}"
    return "yes" if level in seen.timed_levels() else "no: more --budget for its build"


def _some(names: Sequence[str], most: int = 6) -> str:
    """The first of many, and how many more; all are in the finding's data."""
    if not names:
        return "none"
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _assembly(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    rows = [
        [target, *(", ".join(uses.get(work, ())) or _NONE for work in WORK)]
        for target, uses in seen.assembly.items()
    ]
    if rows:
        yield study.finding(
            "assembly",
            f"What the standard library's assembly of {seen.go} has for AES, hashes and checksums, whatever the level",
            method="instructions in the assembly files that are built for each target",
            assumption="The library asks the processor before it uses them; where it has none, plain Go does the work",
            data={"columns": _text(("target", *WORK)), "rows": _rows(rows)},
        )


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
                    _range(trial, "build cpu"), trial.measures.get("build peak", 0.0), trial.measures["size"],
                    trial.measures.get("builds", 1.0),
                ]
            )  # fmt: skip
    if not rows:
        return
    sizes = [float(row[5]) for row in rows]
    yield study.finding(
        "builds",
        f"A program of this study from an empty cache takes {_span([row[2] for row in rows], units.show_seconds)} of CPU time and has "
        f"{_span(sizes, units.show_bytes)}",
        method="recorded builds, in turns; medians, and the range of the CPU time",
        assumption="nothing else was heavy on this machine; CPU time suffers least from it",
        data={
            "columns": [
                ["target", "text"],
                ["wall", "s"],
                ["CPU", "s"],
                ["from to", "text"],
                ["peak memory", "By"],
                ["binary", "By"],
                ["builds", ""],
            ],
            "rows": rows,
        },
    )


def _range(trial: Trial, name: str) -> str:
    least, most = (trial.measures.get(f"{name}, {end}") for end in ("least", "most"))
    if least is None or most is None or least == most:
        return _NONE
    return f"{units.show_seconds(least)} to {units.show_seconds(most)}"


def _span(values: Sequence[float], show: Callable[[float], str]) -> str:
    return show(values[0]) if len(values) == 1 else f"{show(min(values))} to {show(max(values))}"
