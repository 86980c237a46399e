"""What can be tried without changing the program: environment, page cache, a setting of the machine that comes back.

Each is tried beside starts without it, pair by pair in an order drawn by coin.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import GodynoError
from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.memory import chosen
from godyno.model import Interval
from godyno.stats.compare import Verdict, family, paired
from godyno.studies.startup.inits import with_godebug
from godyno.studies.startup.result import Tried
from godyno.studies.startup.settings import COLD

_THP = "sys/kernel/mm/transparent_hugepage/enabled"
_ALPHA = 0.01  # of all that are tried together
Env = Mapping[str, str | None]
Hold = Callable[[], contextlib.AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to try. ``env`` is added; ``preload`` reads the files before the start; ``hold`` is entered around it."""

    name: str
    title: str
    advice: str
    env: Env = field(default_factory=dict)
    preload: bool = False
    hold: Hold = contextlib.nullcontext
    states: tuple[str, ...] = ("warm", "cold")
    note: str = ""


def remedies(
    env: Env,
    *,
    go: bool,
    dynamic: bool,
    cpus: int,
    quota: float | None,
    memory_bytes: int,
    root: Path = SLASH,
) -> list[Remedy]:
    """Those that make sense here. ``env`` is the user's own; what it sets already is left alone."""
    out = []
    if go and "GOGC" not in env:
        out.append(Remedy(
            "gogc-off", "no garbage collection until ready (GOGC=off)",
            "Set GOGC=off and call debug.SetGCPercent(100) once it is ready, so that it collects from then on.", {"GOGC": "off"},
            note="GOGC stayed off for the whole start; without the call above the heap would grow without end",
        ))  # fmt: skip
        if "GOMEMLIMIT" not in env:
            limit = max(64 << 20, memory_bytes * 8 // 10)
            out.append(Remedy(
                "memlimit", f"GOGC=off under GOMEMLIMIT={limit >> 20}MiB",
                "Set both: it collects only when memory gets short, and can stay so for good where one service has its container alone.",
                {"GOGC": "off", "GOMEMLIMIT": f"{limit >> 20}MiB"},
            ))  # fmt: skip
    if go and "GOMAXPROCS" not in env:
        out += [
            Remedy(
                f"gomaxprocs-{count}", f"GOMAXPROCS={count}", f"Set GOMAXPROCS={count} for it, and measure its load too.",
                {"GOMAXPROCS": str(count)},
            )
            for count in sorted({1, max(1, round(quota)) if quota else 2, cpus} - {cpus})
        ]  # fmt: skip
    out.append(Remedy(
        "preload", "the program's files read into memory before the start",
        "Read them before (`cat FILE >/dev/null` in an init container, vmtouch -t on the host), where the disk is slow.",
        preload=True, states=(COLD,), note="the reading itself is not in the start's time",
    ))  # fmt: skip
    out += _hugepages(env, go, dynamic, root)
    if dynamic and go and "netdns" not in (env.get("GODEBUG") or ""):
        out.append(Remedy(
            "netdns-go", "names looked up by Go instead of C (GODEBUG=netdns=go)", "Set GODEBUG=netdns=go, or build with -tags netgo.",
            with_godebug(env, "netdns=go"),
        ))  # fmt: skip
    if dynamic and "LD_BIND_NOW" not in env:
        out.append(
            Remedy(
                "bind-now",
                "libraries bound at once (LD_BIND_NOW=1)",
                "Set LD_BIND_NOW=1.",
                {"LD_BIND_NOW": "1"},
            )
        )
    return out


def _hugepages(env: Env, go: bool, dynamic: bool, root: Path) -> list[Remedy]:
    out = []
    now = chosen(read_text(root / _THP))
    if go and now == "always":
        out.append(Remedy(
            "disablethp", "no huge pages for Go's heap (GODEBUG=disablethp=1)", "Set GODEBUG=disablethp=1.",
            with_godebug(env, "disablethp=1"),
        ))  # fmt: skip
    if dynamic and "GLIBC_TUNABLES" not in env:
        out.append(Remedy(
            "malloc-hugetlb", "huge pages for C's heap (GLIBC_TUNABLES=glibc.malloc.hugetlb=1)",
            "Set GLIBC_TUNABLES=glibc.malloc.hugetlb=1.", {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
        ))  # fmt: skip
    if now and now != "always" and _may_write(root / _THP):
        out.append(Remedy(
            "thp-always", f"transparent huge pages always (here: {now})",
            "As root: echo always > /sys/kernel/mm/transparent_hugepage/enabled. It is for the whole machine.",
            hold=lambda: _held(_THP, "always"), note=f"the machine's setting was changed for each of these starts and put back to {now}",
        ))  # fmt: skip
    return out


@contextlib.contextmanager
def _held(path: str, value: str) -> Iterator[None]:
    from godyno.machine.guardian import guarded

    with guarded() as knobs:
        problem = knobs.set(path, value)
        if problem:
            raise GodynoError(problem)
        yield


def _may_write(path: Path) -> bool:
    import os

    return os.access(path, os.W_OK)


def judged(
    tries: Sequence[tuple[Remedy, str, Sequence[float], Sequence[float]]], least: int = 6
) -> list[Tried]:
    """Each remedy in each state: starts without and with it, pair by pair. Judged together, so that chance helps none of them."""
    usable = [(remedy, state, old, new) for remedy, state, old, new in tries if len(old) >= least]
    compared = [paired(old, new, alpha=_ALPHA) for _, _, old, new in usable]
    out = []
    for (remedy, state, _, _), found in zip(usable, family(compared), strict=True):
        verdict = {Verdict.LOWER: "faster", Verdict.HIGHER: "slower"}.get(
            found.verdict, "no difference shown"
        )
        out.append(
            Tried(
                remedy.name,
                remedy.title,
                state,
                found.n_old,
                found.estimate,
                Interval(found.interval.low, found.interval.high, found.interval.level),
                found.p,
                found.median_old * (1 - found.estimate),
                verdict,
                remedy.advice,
                remedy.note,
            )
        )
    return sorted(out, key=lambda one: (one.state, one.ratio))
