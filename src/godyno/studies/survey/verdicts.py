"""Verdicts: does each activity fit into this machine, and into memories of other sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from godyno.model import Machine
from godyno.studies.survey.records import (
    COMFORTABLE,
    PASS,
    TIGHT,
    UNKNOWN,
    WILL_FAIL,
    Activity,
    Fit,
    LeastMemory,
    Run,
)

GIB = 1 << 30
MIB = 1 << 20
TIERS: tuple[tuple[str, int], ...] = (
    ("512 MB", 512 * MIB), ("1 GB", GIB), ("2 GB", 2 * GIB), ("4 GB", 4 * GIB), ("8 GB", 8 * GIB),
)  # fmt: skip
THIS_MACHINE = "this machine"
# What a small Linux without a desktop keeps for itself. An assumption, stated with every verdict and settable.
OS_ALLOWANCE_BYTES = 200 * MIB
EASE = 1.5  # comfortable: half as much again as the least that passes
_ESTIMATED_OVER_ANON = 1.1
_SAMPLED_WELL_S = 1.0


def available_bytes(machine: Machine) -> int:
    """What a new process tree may use here: free and reclaimable memory, within the cgroup's limit."""
    limit = machine.cgroup.memory_bytes
    return machine.memory.available_bytes if limit is None else min(limit, machine.memory.available_bytes)


def need_of(activity: Activity, least: Mapping[str, LeastMemory]) -> tuple[int | None, bool]:
    """The least memory an activity passes with, and whether that was measured.

    Where no limit was tried on this activity it is estimated: the highest peak of anonymous memory that was seen, and a tenth.
    """
    measured = least.get(activity.name)
    if measured is not None:
        return measured.passes_bytes, measured.measured
    known = [peak for run in activity.runs if run.verdict == PASS and (peak := _peak_bytes(run))]
    if not known:
        return None, False
    return round(max(known) * _ESTIMATED_OVER_ANON), False


def _peak_bytes(run: Run) -> int | None:
    """Anonymous memory is the need, but ten samples a second miss it in a run of less than a second."""
    return run.anon_peak_bytes if run.anon_peak_bytes and run.wall_s >= _SAMPLED_WELL_S else run.peak_bytes


def verdict(available: int, need: int | None) -> str:
    """Comfortable from 1.5 times the least memory on, tight down to it, below it the activity will fail."""
    if need is None:
        return UNKNOWN
    if available >= EASE * need:
        return COMFORTABLE
    return TIGHT if available >= need else WILL_FAIL


def fits(
    machine: Machine, activities: Sequence[Activity], least: Sequence[LeastMemory], os_allowance_bytes: int = OS_ALLOWANCE_BYTES,
) -> tuple[Fit, ...]:  # fmt: skip
    """Each activity on this machine and in each reference size, less the allowance for the operating system."""
    plain = {one.activity: one for one in least if one.settings == "as it is"}
    small = {one.activity: one for one in least if one.settings != "as it is"}
    places = [(THIS_MACHINE, available_bytes(machine))]
    places += [(name, size - os_allowance_bytes) for name, size in TIERS]
    found = []
    for activity in activities:
        need, measured = need_of(activity, plain)
        saving = small.get(activity.name)
        for where, available in places:
            now = verdict(available, need)
            with_settings = verdict(available, saving.passes_bytes) if saving else ""
            better = with_settings if _rank(with_settings) > _rank(now) else ""
            ease = None if need is None else round(EASE * need)
            found.append(Fit(where, activity.name, now, available, need, ease, measured, better))
    return tuple(found)


def _rank(text: str) -> int:
    return {WILL_FAIL: 1, TIGHT: 2, COMFORTABLE: 3}.get(text, 0)
