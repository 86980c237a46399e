"""What to set, as lines to paste, with what trying it gave."""

from __future__ import annotations

import math
from collections.abc import Sequence

from godyno import units
from godyno.model import Machine
from godyno.studies.survey.records import TIGHT, WILL_FAIL, Advice, Fit, LeastMemory, Setting, SmallFiles
from godyno.studies.survey.verdicts import THIS_MACHINE

FASTER = 1.5  # a cache is worth moving to a disk that does half as many small-file operations again
_VOLATILE = ("tmpfs", "ramfs")


def advice(
    machine: Machine, go_release: tuple[int, int, int], settings: Sequence[Setting], least: Sequence[LeastMemory],
    fits: Sequence[Fit], small_files: Sequence[SmallFiles],
) -> tuple[Advice, ...]:  # fmt: skip
    """Everything worth setting here, most needed first; never empty."""
    found = [*_memory(settings, least, fits), *_cache(small_files), *_processors(machine, go_release)]
    if not found:
        found.append(
            Advice(
                (),
                "Nothing needs to be set on this machine: Go's defaults fit.",
                "the defaults are what was measured",
            )
        )
    return tuple(found)


def _memory(settings: Sequence[Setting], least: Sequence[LeastMemory], fits: Sequence[Fit]) -> list[Advice]:
    together = next(
        (
            setting
            for setting in reversed(settings)
            if len(setting.env) > 1 and setting.peak_ratio is not None
        ),
        None,
    )
    if together is None:
        return []
    lines = tuple(f"export {key}={value}" for key, value in together.env.items())
    here = [fit for fit in fits if fit.where == THIS_MACHINE and fit.verdict in (TIGHT, WILL_FAIL)]
    elsewhere = sorted(
        {
            fit.where
            for fit in fits
            if fit.where != THIS_MACHINE and fit.verdict == WILL_FAIL and fit.with_settings
        }
    )
    if here:
        why = f"Memory is short on this machine for: {', '.join(fit.activity for fit in here)}."
    elif elsewhere:
        why = f"This machine needs none of it; where memory is short ({', '.join(elsewhere)}), it makes the cold build pass."
    else:
        why = "This machine needs none of it; it is what a smaller machine would set."
    assert together.peak_ratio is not None
    tried = f"one cold build: {units.show_ratio(together.peak_ratio)} of the peak memory"
    if together.wall_ratio is not None:
        tried += f" in {units.show_ratio(together.wall_ratio)} of the time"
    smaller = next((one for one in least if one.settings == together.label), None)
    plain = next((one for one in least if one.activity == "build-cold" and one.settings == "as it is"), None)
    if smaller and plain and smaller.measured:
        tried += f"; it passes with {units.show_bytes(smaller.passes_bytes)} instead of {units.show_bytes(plain.passes_bytes)}"
    return [Advice(lines, why + " GOGC and GOMEMLIMIT act on your own programs and tests, too.", tried)]


def _cache(small_files: Sequence[SmallFiles]) -> list[Advice]:
    speeds = {one.purpose: one for one in small_files if one.ops_per_s is not None}
    cache = speeds.get("GOCACHE")
    if cache is None or cache.ops_per_s is None:
        return []
    enough = FASTER * cache.ops_per_s.value
    others = [
        one
        for one in speeds.values()
        if one.path != cache.path
        and one.filesystem not in _VOLATILE
        and one.ops_per_s
        and one.ops_per_s.value > enough
    ]
    if not others:
        return []
    best = max(others, key=lambda one: one.ops_per_s.value if one.ops_per_s else 0.0)
    assert best.ops_per_s is not None
    return [
        Advice(
            (f"export GOCACHE={best.path.rstrip('/')}/go-build",),
            f"Small files are {best.ops_per_s.value / cache.ops_per_s.value:.1f} times as fast there ({best.purpose}) as where GOCACHE is.",
            "not tried: only the speed of small files was measured, no build there",
        )
    ]


def _processors(machine: Machine, go_release: tuple[int, int, int]) -> list[Advice]:
    quota = machine.cgroup.cpu_quota
    if quota is None or quota >= machine.cpu.allowed or go_release >= (1, 25, 0):
        return []
    wanted = max(1, math.floor(quota))
    return [
        Advice(
            (f"export GOMAXPROCS={wanted}",),
            f"A CPU quota of {quota:g} CPUs holds here, and this Go does not see it (Go 1.25 and newer do): it starts "
            f"{machine.cpu.allowed} threads and is throttled.",
            "not tried",
        )
    ]
