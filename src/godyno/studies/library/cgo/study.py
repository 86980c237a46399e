"""The study ``cgo``: calls measured inside one process each, across Go versions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

from godyno.model import AVAILABLE, Availability, Finding, Machine, Trial
from godyno.studies.factors import Constraint
from godyno.studies.library.cgo.conclusions import concluded
from godyno.studies.library.cgo.registers import CALL, CALLBACK, PATTERN, saved
from godyno.studies.own_program import OwnProgram
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import BaseStudy
from godyno.toolchain import Go

KINDS: Mapping[str, str] = {
    "go": "a call of an empty Go function that is not inlined",
    "call": "a call of an empty C function",
    "pragma": "the same with #cgo noescape and nocallback (Go 1.24 and newer)",
    "arguments": "a call with four integers, two floats and a pointer",
    "callback": "a C function that calls a Go function",
    "blocked": "a hundred goroutines that block in C at once",
    "load-go": "5 µs of work in Go every 0.5 ms on each processor",
    "load-cgo": "5 µs of work in C every 0.5 ms on each processor",
}
_SECONDS, _LOAD_SECONDS = 0.15, 0.5


class Cgo(BaseStudy):
    """The price of crossing into C: time, memory, threads, registers, scheduler events and jitter, across Go versions."""

    name = "cgo"
    summary = (
        "What does a cgo call cost: time, memory, OS threads, registers, jitter; and across Go versions?"
    )
    factors: ClassVar = {"go": ("newest", "1.21", "1.24"), "call": tuple(KINDS)}
    quick_factors: ClassVar = {"go": ("newest",), "call": tuple(KINDS)}
    choices: ClassVar = {"call": tuple(KINDS)}
    about: ClassVar = {
        "go": "versions (fetched once), newest, or own",
        "call": "; ".join(f"{name}: {text}" for name, text in KINDS.items()),
    }
    takes_s = 240.0
    prepare_s, run_s = 1.0, 0.4
    blocks = 12
    quick_blocks = 6
    sure = (
        "each trial is a process of its own, since a process's layout moves such figures more than anything inside it; Go versions and "
        "kinds of call are interleaved. Allocations come from runtime.MemStats, threads from the runtime's threadcreate profile."
    )
    cannot_say: ClassVar = (
        "what your C code does: these functions are empty or spin. Cache and TLB effects of a large C library are not in it.",
        "how many goroutine switches there were one by one: /sched/latencies counts one in eight, on average.",
    )

    def availability(self, machine: Machine) -> Availability:
        """cgo needs a C compiler."""
        if shutil.which("gcc") or shutil.which("clang") or shutil.which("cc"):
            return AVAILABLE
        return Availability(False, "cgo needs a C compiler, and there is none", "apt install gcc libc6-dev")

    def constraints(self) -> Sequence[Constraint]:
        """The pragmas came with Go 1.24."""
        old = tuple(f"1.{minor}" for minor in range(24))
        return (
            Constraint(
                "#cgo noescape and nocallback came with Go 1.24",
                lambda levels: levels["call"] != "pragma" or ".".join(levels["go"].split(".")[:2]) not in old,
            ),
        )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """The program is built with each Go when it is first needed."""
        program = OwnProgram(
            stand, "cgocost", "godyno.studies.library.cgo.program", cgo=True, facts=partial(_registers, stand)
        )

        def trial(slot: Slot) -> Trial:
            kind = slot.levels["call"]
            return program.trial(slot, (kind, str(_LOAD_SECONDS if kind.startswith("load") else _SECONDS)))

        yield trial

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Each figure, and the source's claims."""
        return concluded(self, trials)


def _registers(stand: Stand, go: Go, program: Path) -> dict[str, str]:
    """What is saved around a call and a callback. The stand's own Go reads it: older ones have the same tool."""
    argv = [stand.go.path, "tool", "objdump", "-s", PATTERN, str(program)]
    done = stand.run(argv, timeout_s=stand.timeout_s(120.0))
    found = saved(done.stdout) if done.returncode == 0 else {}
    if not found:
        return {"registers": f"not read: {' '.join(done.stderr.split())[-100:]}"}
    return {
        f"registers\t{path}": " ".join(dict.fromkeys(one for name in names for one in found.get(name, ())))
        for path, names in (("call", CALL), ("callback", CALLBACK))
    }
