"""What the trials of ``strip`` show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from godyno import units
from godyno.model import Estimate, Finding, Trial
from godyno.studies.library.strip.attribution import CODE, KINDS, SHARED
from godyno.studies.library.strip.builds import ABOUT, NATIVE, PLAIN
from godyno.studies.library.strip.claims import claims
from godyno.studies.library.strip.tools import ATTEMPTS, NO, YES
from godyno.studies.study import BaseStudy, figure, passed, ratio, shown

_STRIPPED = "s+w"
_PACKAGES = 13  # the largest, in a table that also holds what is no package's


def concluded(study: BaseStudy, trials: Sequence[Trial], budget_bytes: int | None) -> list[Finding]:
    """All findings, the weightiest first."""
    seen = {trial.levels["target"] for trial in trials}
    targets = [target for target in study.levels()["target"] if target in seen]
    sizes = {target: _sizes(trials, target) for target in targets}
    out = [*_saved(study, sizes), *_sections(study, trials, targets), *_packages(study, trials)]
    out += [*_loads(study, trials), *_emulated(study, trials, targets), *_lost(study, trials)]
    out += _gate(study, sizes, budget_bytes)
    return [*out, *claims(study, trials, sizes)]


def _sizes(trials: Sequence[Trial], target: str) -> dict[str, float]:
    found = {}
    for build in ABOUT:
        size = figure(passed(trials, target=target, build=build), "size", "By")
        if size is not None:
            found[build] = size.value
    return found


def _saved(study: BaseStudy, sizes: Mapping[str, Mapping[str, float]]) -> Iterator[Finding]:
    if not any(sizes.values()):
        return
    first, by_build = next((target, found) for target, found in sizes.items() if found)
    plain, stripped = by_build.get(PLAIN), by_build.get(_STRIPPED)
    rows = [[build, size, size / plain if plain else None] for build, size in by_build.items()]
    if plain and stripped:
        saved = 1 - stripped / plain
        text = (
            f"-s -w makes the program {units.show_ratio(saved)} smaller: "
            f"{units.show_bytes(plain)} become {units.show_bytes(stripped)}"
        )
        estimate = Estimate(saved, "1", None, 1, "file sizes, exact")
    else:
        text, estimate = "How large the program is, built in each way", None
    yield study.finding(
        "size", text, estimate, method="size of the file",
        data={"columns": [["build", "text"], ["size", "By"], ["of plain's", "1"]], "rows": rows,
              "bars": {"unit": "By", "caption": first, "marks": [[row[0], row[1], None, None] for row in rows]}},
    )  # fmt: skip
    yield from _targets(study, sizes)


def _targets(study: BaseStudy, sizes: Mapping[str, Mapping[str, float]]) -> Iterator[Finding]:
    builds = [
        build
        for build in (PLAIN, "w", "s", _STRIPPED, "trimpath", "pie")
        if any(build in one for one in sizes.values())
    ]
    saved = {
        target: 1 - found[_STRIPPED] / found[PLAIN]
        for target, found in sizes.items()
        if PLAIN in found and _STRIPPED in found
    }
    if len(saved) < 2:
        return
    rows = [
        [target, *(found.get(build) for build in builds), saved.get(target)]
        for target, found in sizes.items()
        if found
    ]
    low, high = min(saved, key=lambda target: saved[target]), max(saved, key=lambda target: saved[target])
    yield study.finding(
        "targets", f"-s -w saves between {units.show_ratio(saved[low])} ({low}) and {units.show_ratio(saved[high])} ({high})",
        method="size of the file",
        data={"columns": [["target", "text"], *([build, "By"] for build in builds), ["saved", "1"]], "rows": rows},
    )  # fmt: skip


def _sections(study: BaseStudy, trials: Sequence[Trial], targets: Sequence[str]) -> Iterator[Finding]:
    """By section, plain beside stripped; the sums are the files' sizes."""
    for target in targets:
        both = [_parts(trials, target, build, "section") for build in (PLAIN, _STRIPPED)]
        if not all(both):
            continue
        names = sorted(set(both[0]) | set(both[1]), key=lambda name: -both[0].get(name, 0.0))
        rows = [[name, both[0].get(name, 0.0), both[1].get(name, 0.0)] for name in names]
        rows.append(["all, the file's size", sum(both[0].values()), sum(both[1].values())])
        gone = [name for name in names if name not in both[1]]
        size = sum(both[0].values()) - sum(both[1].values())
        yield study.finding(
            "sections",
            f"{target}: {len(gone)} sections go, {units.show_bytes(size)} in all: {_listed(gone) or 'parts of others'}",
            method="every byte of the file counted once, in its section, a header, or padding between",
            data={"columns": [["section", "text"], ["plain", "By"], ["-s -w", "By"]], "rows": rows[:14] + rows[14:][-1:]},
        )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _parts(trials: Sequence[Trial], target: str, build: str, kind: str) -> dict[str, float]:
    for trial in passed(trials, target=target, build=build):
        found = {
            name.partition("\t")[2]: value
            for name, value in trial.measures.items()
            if name.startswith(f"{kind}\t")
        }
        if found:
            return found
    return {}


def _packages(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    """Of the first native build that was looked into."""
    build = next((one for one in study.levels()["build"] if _parts(trials, NATIVE, one, CODE)), None)
    if build is None:
        return
    kinds = {kind: _parts(trials, NATIVE, build, kind) for kind in KINDS}
    sums = {
        name: sum(found.get(name, 0.0) for found in kinds.values())
        for name in {name for found in kinds.values() for name in found}
    }
    whole = sum(sums.values())
    own = [name for name in sums if name[0] != "("]
    named, shared = sum(sums[name] for name in own), sums.get(SHARED, 0.0)
    rest = sorted(set(sums) - set(own), key=lambda name: -sums[name])
    largest = sorted(own, key=lambda name: -sums[name])
    names = [*rest, *largest[:_PACKAGES]]
    rows: list[list[Any]] = [["all", *(sum(found.values()) for found in kinds.values()), whole]]
    rows += [[name, *(found.get(name, 0.0) for found in kinds.values()), sums[name]] for name in names]
    if smaller := largest[_PACKAGES:]:
        values = [sum(found.get(name, 0.0) for name in smaller) for found in kinds.values()]
        rows.append([f"{len(smaller)} smaller packages", *values, sum(values)])
    text = (
        f"{units.show_ratio(named / whole)} of the code, constants, function tables and data ({units.show_bytes(whole)}) belongs to one "
        f"of {len(own)} packages; the largest is {largest[0]} with {units.show_bytes(sums[largest[0]])}. "
        f"{units.show_ratio(shared / whole)} is shared"
    )
    yield study.finding(
        "packages", text, Estimate(named / whole, "1", None, 1, "bytes, exact"),
        method="functions by the pclntab; the rest is cut where code, types, tables or symbols point, and is of who points there",
        assumption="What several packages refer to is no one's: leaving one of them out would save none of it.",
        data={"columns": [["package", "text"], *([kind, "By"] for kind in KINDS), ["sum", "By"]], "rows": rows},
    )  # fmt: skip


def _loads(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    plain = {"target": NATIVE, "build": PLAIN}
    for state, about in (("warm", "its pages in the cache"), ("cold", "its own pages dropped before")):
        rows: list[list[Any]] = []
        marks: list[list[Any]] = []
        told: Estimate | None = None
        for build in ABOUT:
            mine = passed(trials, target=NATIVE, build=build)
            time = figure(mine, f"load.{state}.main", "s")
            if time is None:
                continue
            against = (
                ratio(trials, f"load.{state}.main", plain, plain | {"build": build})
                if build != PLAIN
                else None
            )
            if build == _STRIPPED:
                told = against
            minor, major, read = (
                figure(mine, f"load.{state}.{name}", "") for name in ("minor_faults", "major_faults", "read")
            )
            counted = [one.value if one else None for one in (minor, major, read)]
            rows.append([build, "1" if build == PLAIN else shown(against), *counted])
            bounds = time.interval
            marks.append([build, time.value, bounds.low if bounds else None, bounds.high if bounds else None])
        if not rows:
            continue
        text = (
            f"Loading with {about}: stripped takes {shown(told)} of plain's time"
            if told
            else f"Loading with {about}"
        )
        yield study.finding(
            f"load-{state}", text, told, method=_method(told),
            data={"columns": [["build", "text"], ["time to main, ratio to plain", "text"], ["minor faults", ""],
                              ["major faults", ""], ["read", "By"]], "rows": rows,
                  "bars": {"unit": "s", "caption": f"{state}: from the start to main", "marks": marks}},
        )  # fmt: skip


def _method(told: Estimate | None) -> str:
    of_ratio = f"; {told.method}" if told and told.method else ""
    return f"fork to the end of the main package's init{of_ratio}"


def _emulated(study: BaseStudy, trials: Sequence[Trial], targets: Sequence[str]) -> Iterator[Finding]:
    rows = []
    for target in targets:
        for build in ABOUT:
            time = figure(passed(trials, target=target, build=build), "load.emulated.main", "s")
            if time is not None:
                rows.append([target, build, time.value])
    if rows:
        yield study.finding(
            "load-emulated", "EMULATED under qemu-user: no evidence for real machines",
            data={"columns": [["target", "text"], ["build", "text"], ["to main, emulated", "s"]], "rows": rows},
        )  # fmt: skip


def _lost(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    answers = {}
    for build in ABOUT:
        for trial in passed(trials, target=NATIVE, build=build):
            found = {
                name.partition("\t")[2]: value
                for name, value in trial.facts.items()
                if name.startswith("tool\t")
            }
            if found:
                answers[build] = found
                break
    if PLAIN not in answers:
        return
    gone = [
        name
        for name in ATTEMPTS
        if answers[PLAIN].get(name) == YES and answers.get(_STRIPPED, {}).get(name) == NO
    ]
    kept = [name for name in ATTEMPTS if answers.get(_STRIPPED, {}).get(name) == YES]
    text = "What tools find in each build"
    if _STRIPPED in answers:
        text = f"With -s -w is lost: {', '.join(gone) or 'nothing that was tried'}; still there: {', '.join(kept)}"
    rows = [[name, *(_short(answers[build].get(name, "–")) for build in answers)] for name in ATTEMPTS]
    notes = {value for found in answers.values() for value in found.values() if value.startswith("(")}
    yield study.finding(
        "lost", text, method="each tool run on a small program of ours, built the same way", warnings=sorted(notes),
        data={"columns": [["tried", "text"], *([build, "text"] for build in answers)], "rows": rows},
    )  # fmt: skip


def _short(answer: str) -> str:
    return "?" if answer.startswith("(") else answer


def _gate(
    study: BaseStudy, sizes: Mapping[str, Mapping[str, float]], budget_bytes: int | None
) -> Iterator[Finding]:
    if budget_bytes is None:
        return
    for target, by_build in sizes.items():
        build = study.levels()["build"][0]
        size = by_build.get(build)
        if size is None:
            continue
        over = size > budget_bytes
        against = f"{'over' if over else 'within'} the budget of {units.show_bytes(budget_bytes)}"
        text = f"{target}, {build}: {units.show_bytes(size)} is {against}"
        yield study.finding(
            "gate", text, Estimate(size, "By"), severity="warning" if over else "info", data={"passed": not over},
            advice=_advice(by_build, budget_bytes) if over else "", tried="Built and measured above." if over else "",
        )  # fmt: skip


def _advice(by_build: Mapping[str, float], budget_bytes: int) -> str:
    fits = [build for build, size in by_build.items() if size <= budget_bytes]
    return f"{ABOUT[fits[0]]} fits" if fits else "no build that was tried fits"
