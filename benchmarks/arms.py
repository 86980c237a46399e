"""What the benchmarks share: arms that are whole commands, interleaved in ABBA blocks, and ratios within one run."""

from __future__ import annotations

import json
import os
import platform
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.stats.compare import paired

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Arm:
    """A way to run the load. ``command`` gives its argv for a run; ``before`` prepares a run, outside of what is timed."""

    name: str
    command: Callable[[Path], Sequence[str]]


@dataclass(frozen=True)
class Run:
    """Wall seconds, and user plus system seconds of the command and every process that it waited for."""

    arm: str
    wall_s: float
    cpu_s: float


def run_once(argv: Sequence[str], cwd: Path, env: dict[str, str] | None = None) -> tuple[float, float, int]:
    """Wall and CPU seconds of the whole tree, and the exit code; output is thrown away."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            os.chdir(cwd)
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.execvpe(argv[0], list(argv), env or dict(os.environ))
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status)


def interleave(
    arms: Sequence[Arm],
    pairs: int,
    scratch: Path,
    before: Callable[[Path], None] = lambda scratch: None,
    seed: int = 1,
) -> list[Run]:
    """Runs every arm ``pairs`` times, in blocks of one run each in an order drawn by chance, then the same mirrored."""
    order = random.Random(seed)
    runs = []
    sequence: list[Arm] = []
    for index in range(pairs):
        if not sequence:
            block = list(arms)
            order.shuffle(block)
            sequence = [*block, *reversed(block)]
        for arm in sequence[: len(arms)]:
            before(scratch)
            wall_s, cpu_s, code = run_once(arm.command(scratch), scratch)
            if code:
                raise SystemExit(f"{arm.name}: exit {code}: {' '.join(arm.command(scratch))}")
            runs.append(Run(arm.name, wall_s, cpu_s))
            print(
                f"\r{index + 1}/{pairs} {arm.name:12} {wall_s:6.2f} s wall {cpu_s:6.2f} s CPU   ",
                end="",
                file=sys.stderr,
            )
        sequence = sequence[len(arms) :]
    print(file=sys.stderr)
    return runs


def ratio(runs: Sequence[Any], base: str, arm: str, measure: str) -> str:
    """``1.012 [1.004, 1.019] n=20``: the arm over the base, run by run beside each other, 95 % interval. A run has an ``arm``."""
    old = [getattr(run, measure) for run in runs if run.arm == base]
    new = [getattr(run, measure) for run in runs if run.arm == arm]
    found = paired(old, new)
    return f"{found.estimate:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}] n={len(new)}"


def keep(name: str, table: str, raw: object) -> None:
    """Writes the table and the raw runs beside it, with the machine on which they were made."""
    RESULTS.mkdir(exist_ok=True)
    machine = (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    )
    (RESULTS / f"{name}.md").write_text(f"{table}\n\n{machine}, {time.strftime('%Y-%m-%d')}\n")
    (RESULTS / f"{name}.json").write_text(json.dumps(raw, indent=0) + "\n")
    print(table)
