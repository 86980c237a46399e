"""``godyno.bench``: what the command line's ``bench`` does, as one call; and the files that a study leaves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from godyno.errors import UsageError
from godyno.studies.bench.gate import Gate
from godyno.studies.bench.live import Watch
from godyno.studies.bench.result import Bench, gobench
from godyno.studies.bench.session import measure
from godyno.studies.bench.settings import Settings


def bench(
    *packages: str,
    ab: Sequence[str] = (),
    go: Sequence[str] = (),
    env: Sequence[str] = (),
    flags: Sequence[str] = (),
    cmd: Sequence[str] = (),
    pattern: str = ".",
    benchtime: str = "100ms",
    count: int = 0,
    blocks: int = 40,
    budget_s: float | None = None,
    margin: float | None = None,
    gates: Sequence[str] = (),
    seed: int = 0,
    layouts: int = 1,
    record: bool = False,
    why: bool = False,
    syscalls: bool = False,
    args: Sequence[str] = (),
    timeout_s: float = 600.0,
    shell: bool = False,
    setup: str = "",
    prepare: Sequence[str] = (),
    cleanup: str = "",
    ignore_failure: bool = False,
    directory: str | os.PathLike[str] = ".",
    out: str | os.PathLike[str] | None = None,
) -> Bench:
    """Compares benchmarks, or commands, until decided: what ``godyno bench`` does, with its options.

    ``ab`` names revisions (one is compared with the working tree), ``go`` versions, ``env`` is like ``["GOGC=50,100"]``, ``flags`` holds
    build flags, an arm each (``["", "-pgo=cpu.prof"]``), ``cmd`` commands; every combination is an arm, compared with the first.
    ``margin`` is the relative change (0.03) that counts as none, ``gates`` are like ``"time/op<+3%"``. ``out`` keeps the study and goes
    on with one that is there. Raises UsageError for what contradicts itself, BuildFailed, and GodynoError where nothing can be measured.
    """
    settings = Settings(
        packages, tuple(ab), tuple(go), tuple(env), tuple(flags), tuple(cmd), pattern, benchtime, count, blocks, budget_s, margin,
        tuple(Gate.parse(gate) for gate in gates), seed=seed, layouts=layouts, record=record, why=why, syscalls=syscalls,
        arguments=tuple(args), timeout_s=timeout_s, shell=shell, setup=setup, prepare=tuple(prepare), cleanup=cleanup,
        ignore_failure=ignore_failure,
    )  # fmt: skip
    return measured(settings, Path(directory).absolute(), Path(out) if out else None)


def measured(
    settings: Settings, directory: Path, out: Path | None = None, watch: Watch | None = None
) -> Bench:
    """Measures, and leaves a kept study's results beside its trials: ``bench.json``, ``bench.html``, ``bench.md``, ``gobench/``."""
    found = measure(settings, directory=directory, out=out, watch=watch)
    if found.directory and found.runs:
        from godyno.report.html import html, write_text
        from godyno.report.markdown import markdown
        from godyno.studies.bench.page import document

        place, page = Path(found.directory), document(found)
        write_gobench(found, place / "gobench")
        write_text(place / "bench.html", html(page))
        write_text(place / "bench.md", markdown(page))
    return found


def write_gobench(found: Bench, directory: Path) -> list[Path]:
    """Writes each arm's figures in Go's format, for benchstat. The files, in the arms' order. Raises UsageError where it cannot."""
    out = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for number, arm in enumerate(found.arms):
            safe = "".join(letter if letter.isalnum() or letter in "-._=" else "_" for letter in arm)[
                :80
            ].strip("._")
            path = (
                directory / f"{number}-{safe or 'arm'}.txt"
            )  # benchstat takes the files in the order of the shell
            path.write_text(gobench(found, arm), encoding="utf-8")
            out.append(path)
    except OSError as error:
        raise UsageError(
            f"{directory} cannot be written: {error.strerror}", hint="Name another directory."
        ) from error
    return out
