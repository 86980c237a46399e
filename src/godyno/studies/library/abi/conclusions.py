"""What the readings say together: tables, differences between versions, the source's claims."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from godyno.formats.machinecode.gosyntax import THREAD_LOCAL
from godyno.model import Finding, Trial
from godyno.studies.library.abi.records import Abi, Boundary, Convention
from godyno.studies.study import BaseStudy
from godyno.studies.survey.records import CONFIRMED, NOT_CONFIRMED, NOT_TRIED

_METHOD = "values followed through the disassembled probe functions; callee and caller agree"
_NONE = "–"


@dataclass(frozen=True)
class Read:
    """One target with one Go."""

    abi: Abi
    boundary: Boundary | None


def readings(trials: Sequence[Trial]) -> list[Read]:
    """What the trials hold; a trial that holds nothing readable (it came from a file) is left out."""
    found = []
    for trial in trials:
        try:
            abi = Abi.from_json(json.loads(trial.facts["abi"]))
            text = trial.facts.get("boundary")
            found.append(Read(abi, Boundary.from_json(json.loads(text)) if text else None))
        except (KeyError, ValueError, TypeError):
            continue
    return found


def conclusions(study: BaseStudy, trials: Sequence[Trial]) -> list[Finding]:
    """Every finding."""
    found = readings(trials)
    if not found:
        return []
    newest = {}
    for one in sorted(found, key=lambda read: _release(read.abi.version)):
        newest[one.abi.target] = one
    order = list(dict.fromkeys(one.abi.target for one in found))
    shown = [
        newest[target]
        for target in sorted(
            order,
            key=lambda name: (
                _class(newest[name].abi),
                newest[name].abi.goarch,
                not name.startswith("linux/"),
            ),
        )
    ]
    return [
        *_tables(study, shown),
        *_differences(study, found),
        *_claims(study, {one.abi.target: one for one in shown}),
    ]


def _class(abi: Abi) -> int:
    return 0 if abi.internal.integer_arguments else 1


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def ranges(names: Sequence[str]) -> str:
    """Registers in their order, runs of them joined: ``AX BX R8-R11``."""
    parts: list[list[str]] = []
    for name in names:
        last = re.fullmatch(r"([A-Z]+)(\d+)", parts[-1][-1]) if parts else None
        this = re.fullmatch(r"([A-Z]+)(\d+)", name)
        if last and this and last[1] == this[1] and int(this[2]) == int(last[2]) + 1:
            parts[-1].append(name)
        else:
            parts.append([name])
    texts = []
    for part in parts:
        texts += [f"{part[0]}-{part[-1]}"] if len(part) > 2 else part
    return " ".join(texts)


def _sequence(names: Sequence[str]) -> str:
    return f"{len(names)}: {ranges(names)}" if names else "0, all on the stack"


def _tables(study: BaseStudy, shown: Sequence[Read]) -> Iterator[Finding]:
    everything = {one.abi.target: _data(one) for one in shown}
    with_registers = [one.abi.target for one in shown if one.abi.internal.integer_arguments]
    versions = ", ".join(dict.fromkeys(one.abi.version for one in shown))
    same = all(_results_like_arguments(one.abi.internal) for one in shown)
    yield study.finding(
        "arguments",
        f"{len(with_registers)} of {len(shown)} targets pass arguments in registers ({versions}); "
        + (
            "results come back in the same registers everywhere"
            if same
            else "results come back in others on some targets"
        ),
        method=_METHOD,
        data={
            **_grid(
                ("target", "integers and pointers", "floats"),
                [
                    (
                        _short(one),
                        _sequence(one.abi.internal.integer_arguments),
                        _sequence(one.abi.internal.float_arguments),
                    )
                    for one in shown
                ],
            ),
            "targets": everything,
        },
    )
    yield study.finding(
        "roles",
        "Where the runtime finds g, a closure its variables, and a function the way back",
        method="g: what the stack check at a function's entry reads; closure: what its body reads and its caller leaves",
        data=_grid(
            ("target", "g", "g in ABI0", "closure", "return in", "frame", "SP"),
            [
                (
                    _short(one), _role(one.abi.g), _role(one.abi.g_abi0), one.abi.closure_context,
                    one.abi.link_register or "stack", one.abi.frame_pointer or _NONE, one.abi.stack_pointer,
                )
                for one in shown
            ],
        ),
    )  # fmt: skip
    yield study.finding(
        "frames",
        "What a function that adds two integers, and one that calls it, keep on the stack",
        method="how far the stack pointer falls, the return address that a call pushes not counted",
        data=_grid(
            ("target", "leaf, By", "non-leaf, By", "it saves", "SP moves by", "stack arguments from SP +"),
            [
                (
                    _short(one), str(one.abi.leaf.size_bytes), str(one.abi.non_leaf.size_bytes), " ".join(one.abi.non_leaf.saved) or _NONE,
                    f"{one.abi.stack_step_bytes} By", f"{one.abi.internal.stack_offset} By",
                )
                for one in shown
            ],
        ),
    )  # fmt: skip
    bridged = [one for one in shown if one.abi.abi0 is not None]
    if bridged:
        on_stack = all(
            not one.abi.abi0.integer_arguments and not one.abi.abi0.float_arguments
            for one in bridged
            if one.abi.abi0
        )
        alone = [_short(one) for one in shown if one.abi.abi0 is None]
        yield study.finding(
            "abi0",
            f"Assembly (ABI0) passes {'everything on the stack' if on_stack else 'some arguments in registers'} on {len(bridged)} targets, "
            "with bridges that the compiler writes"
            + (f"; {', '.join(alone)} have no other convention" if alone else ""),
            method="read from the bridges from ABI0 to ABIInternal",
            data={"targets": [one.abi.target for one in bridged]},
        )
    bordering = [one for one in shown if one.boundary]
    if bordering:
        yield study.finding(
            "boundary",
            "Where C's first, second and fourth argument come from when C calls Go, and what Go restores for it",
            method="crosscall2 of runtime/cgo, assembled for each target; registers that hold at its end what they held at its start",
            data=_grid(
                ("target", "C arguments 1, 2, 4", "restored", "frame, By"),
                [
                    (
                        _short(one), " ".join(one.boundary.c_arguments[key] for key in sorted(one.boundary.c_arguments)),
                        f"{len(one.boundary.c_saved)}: {ranges(_sorted(one.boundary.c_saved))}", str(one.boundary.frame_bytes),
                    )
                    for one in bordering if one.boundary
                ],
            ),
        )  # fmt: skip
    for one in bordering:
        if one.boundary and one.boundary.to_c:
            yield study.finding(
                "call to C",
                f"{one.abi.target}: Go hands C its argument in {one.boundary.to_c}, with the stack pointer at a multiple of "
                f"{one.boundary.c_alignment_bytes} bytes" if one.boundary.c_alignment_bytes else
                f"{one.abi.target}: Go hands C its argument in {one.boundary.to_c}",
                method="runtime.asmcgocall of a program linked for this machine",
            )  # fmt: skip


def _data(one: Read) -> dict[str, Any]:
    return {"abi": one.abi.as_json(), "boundary": one.boundary.as_json() if one.boundary else None}


def _grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A table; targets of which all cells are the same share a row."""
    shared: dict[tuple[str, ...], list[str]] = {}
    for name, *cells in rows:
        shared.setdefault(tuple(cells), []).append(name)
    return {
        "columns": [[name, "text"] for name in columns],
        "rows": [[", ".join(names), *cells] for cells, names in shared.items()],
    }


def _short(one: Read) -> str:
    return one.abi.target.removeprefix("linux/")


def _role(name: str) -> str:
    return "TLS" if name == THREAD_LOCAL else name


def _sorted(names: Sequence[str]) -> list[str]:
    def key(name: str) -> tuple[str, int]:
        match = re.fullmatch(r"([A-Z]+)(\d+)", name)
        return (match[1], int(match[2])) if match else ("", 0)

    return sorted(names, key=key)


def _results_like_arguments(convention: Convention) -> bool:
    return (convention.integer_arguments, convention.float_arguments) == (
        convention.integer_results,
        convention.float_results,
    )


def _differences(study: BaseStudy, found: Sequence[Read]) -> Iterator[Finding]:
    """What changed from the oldest Go to the newest, target by target."""
    versions = sorted({one.abi.version for one in found}, key=_release)
    if len(versions) < 2:
        return
    by = {(one.abi.target, one.abi.version): one.abi for one in found}
    old, new = versions[0], versions[-1]
    targets = [
        target
        for target in dict.fromkeys(one.abi.target for one in found)
        if (target, old) in by and (target, new) in by
    ]
    rows = []
    for target in targets:
        before, after = by[target, old], by[target, new]
        rows += [(target.removeprefix("linux/"), what, a, b) for what, a, b in _changes(before, after)]
    changed = len({row[0] for row in rows})
    yield study.finding(
        "versions",
        f"From {old} to {new}, {changed} of {len(targets)} targets changed how they call" if rows else
        f"Between {old} and {new} nothing of this changed on {len(targets)} targets",
        method=_METHOD,
        data=_grid(("target", "what", old, new), rows) if rows else {},
    )  # fmt: skip


def _changes(old: Abi, new: Abi) -> Iterator[tuple[str, str, str]]:
    pairs = (
        ("integers", _sequence(old.internal.integer_arguments), _sequence(new.internal.integer_arguments)),
        ("floats", _sequence(old.internal.float_arguments), _sequence(new.internal.float_arguments)),
        ("g", _role(old.g), _role(new.g)),
        ("closure", old.closure_context, new.closure_context),
        ("frame", f"{old.non_leaf.size_bytes} By", f"{new.non_leaf.size_bytes} By"),
        ("SP moves by", f"{old.stack_step_bytes} By", f"{new.stack_step_bytes} By"),
    )
    yield from ((what, a, b) for what, a, b in pairs if a != b)


def _claims(study: BaseStudy, by: Mapping[str, Read]) -> Iterator[Finding]:
    """The source's sentences on conventions, each held against the target that it is about."""

    def about(target: str, said: str, judge: Any) -> Finding:
        one = by.get(target)
        if one is None:
            return study.claim(said, NOT_TRIED, f"{target} was not among the targets, or could not be read")
        verdict, text = judge(one)
        return study.claim(said, verdict, f"{one.abi.version}: {text}")

    def sequence(wanted: tuple[str, ...], floats: tuple[str, ...]) -> Any:
        def judge(one: Read) -> tuple[str, str]:
            go = one.abi.internal
            same = (go.integer_arguments, go.float_arguments) == (wanted, floats)
            border = ""
            if one.boundary and (first := one.boundary.c_arguments.get("0")):
                border = f"; C's own first arguments come in {first} and {one.boundary.c_arguments.get('1', _NONE)}"
            return (
                CONFIRMED if same else NOT_CONFIRMED,
                f"{_sequence(go.integer_arguments)}; floats {_sequence(go.float_arguments)}{border}",
            )

        return judge

    def g(wanted: str) -> Any:
        def judge(one: Read) -> tuple[str, str]:
            elsewhere = f", and in ABI0 in {_role(one.abi.g_abi0)}" if one.abi.g_abi0 != one.abi.g else ""
            return (
                CONFIRMED if one.abi.g == wanted else NOT_CONFIRMED,
                f"g is in {_role(one.abi.g)}{elsewhere}",
            )

        return judge

    def aligned(one: Read) -> tuple[str, str]:
        step, border = one.abi.stack_step_bytes, ""
        if one.boundary and one.boundary.c_alignment_bytes:
            border = f"; {one.boundary.c_alignment_bytes} only where it calls C"
        return (
            CONFIRMED if step % 16 == 0 else NOT_CONFIRMED,
            f"between Go functions it moves in steps of {step} bytes{border}",
        )

    numbered = tuple
    eight = range(8)
    yield about(
        "linux/amd64", "amd64: System V, the first six integers in rdi, rsi, rdx, rcx, r8, r9, floats in xmm0 to xmm7",
        sequence(("DI", "SI", "DX", "CX", "R8", "R9"), numbered(f"X{i}" for i in eight)),
    )  # fmt: skip
    yield about(
        "linux/arm64", "arm64: AAPCS64, the first eight integers in x0 to x7, floats in v0 to v7",
        sequence(numbered(f"R{i}" for i in eight), numbered(f"F{i}" for i in eight)),
    )  # fmt: skip
    yield about(
        "linux/riscv64", "riscv64: LP64D (integers in a0 to a7, floats in fa0 to fa7)",
        sequence(numbered(f"X{10 + i}" for i in eight), numbered(f"F{10 + i}" for i in eight)),
    )  # fmt: skip
    yield about("linux/amd64", "amd64: g is in r14", g("R14"))
    yield about("linux/arm64", "arm64: g is in R10 (x18 in the table)", g("R10"))
    yield about("darwin/arm64", "Apple Silicon: g is in x10", g("R10"))
    for target in ("linux/amd64", "linux/arm64", "darwin/arm64"):
        yield about(target, f"{target}: the stack is aligned to 16 bytes", aligned)
