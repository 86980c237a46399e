"""What the trials of ``strip`` show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from godyno import units
from godyno.model import Estimate, Finding, Trial
from godyno.studies.library.strip.builds import ABOUT, NATIVE, PLAIN
from godyno.studies.library.strip.claims import claims
from godyno.studies.library.strip.tools import ATTEMPTS, NO, YES
from godyno.studies.study import BaseStudy, figure, passed, ratio, shown

_STRIPPED = "s+w"


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
    rows = [
        [build, size, None if not plain or build == PLAIN else size / plain - 1]
        for build, size in by_build.items()
    ]
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
        data={"columns": [["build", "text"], ["size", "By"], ["change", "1"]], "rows": rows,
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
    text, rodata = _parts(trials, NATIVE, PLAIN, "text"), _parts(trials, NATIVE, PLAIN, "rodata")
    if not text:
        return
    total = sum(text.values())
    names = sorted(set(text) | set(rodata), key=lambda name: -(text.get(name, 0.0) + rodata.get(name, 0.0)))
    largest = max((name for name in text if name[0] != "("), key=lambda name: text[name], default="none")
    named = 1 - text.get("(not Go's)", 0.0) / total if total else 0.0
    yield study.finding(
        "packages",
        f"{units.show_ratio(named)} of the code ({units.show_bytes(total)}) belongs to {len([n for n in text if n[0] != '('])} packages;"
        f" the largest is {largest}",
        method="code by the function table (pclntab), constants by symbols; both sum up to their sections",
        data={
            "columns": [["package", "text"], ["code", "By"], ["constants", "By"]],
            "rows": [[name, text.get(name, 0.0), rodata.get(name, 0.0)] for name in names[:20]],
        },
    )


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
            f"load-{state}", text, told, method="fork to the end of the main package's init; " + (told.method if told else ""),
            data={"columns": [["build", "text"], ["time to main, ratio to plain", "text"], ["minor faults", ""],
                              ["major faults", ""], ["read", "By"]], "rows": rows,
                  "bars": {"unit": "s", "caption": f"{state}: from the start to main", "marks": marks}},
        )  # fmt: skip


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
