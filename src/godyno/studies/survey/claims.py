"""The source document's claims on minimum machines and common scenarios, each beside what was found here.

A claim is confirmed or not by this machine's own figures; where it speaks of something that was not here (a board, an
editor with a window) it says so. Nothing of the source is used as a figure anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from godyno import units
from godyno.model import Estimate, Machine
from godyno.studies.survey.busy import QUIET
from godyno.studies.survey.records import (
    COMFORTABLE,
    CONFIRMED,
    NOT_CONFIRMED,
    NOT_TRIED,
    WILL_FAIL,
    Activity,
    ClaimCheck,
    Fit,
    LeastMemory,
    ModuleFacts,
)

MIB = 1 << 20
_CPU_BOUND = 0.75  # of all processors: above it a build waits for them and for little else


@dataclass(frozen=True)
class Found:
    """What the claims are held against. Sizes in bytes; None where unknown."""

    machine: Machine
    modules: Sequence[ModuleFacts]
    activities: Sequence[Activity]
    least: Sequence[LeastMemory]
    fits: Sequence[Fit]
    goroot_bytes: int | None
    gocache_bytes: int | None
    others_ratio: float | None = None  # of all processors, taken by other processes during the runs

    def figure(self, activity: str, name: str, module: str = "") -> Estimate | None:
        """A figure of an activity of the first module, or of the one named."""
        wanted = module or (self.modules[0].path if self.modules else "")
        return next(
            (
                one.figures.get(name)
                for one in self.activities
                if (one.name, one.module) == (activity, wanted)
            ),
            None,
        )


def claims(found: Found) -> tuple[ClaimCheck, ...]:
    """Every claim of rows R1 and R2, in the source's order."""
    return (
        _processor(found),
        _memory_512(found),
        _installation(found),
        _disk(found),
        _raspberry(found),
        _peak_of_cli(found),
        _range(
            found, "`go build` of one module takes 150 to 400 MB", "build-cold", "peak_bytes", 150e6, 400e6
        ),
        _tests(found, "peak_bytes", "`go test ./...` (50 tests) takes 200 to 600 MB", 200e6, 600e6),
        _tests(found, "wall_s", "`go test ./...` (50 tests) takes 3 to 12 s", 3.0, 12.0),
        _editor(found),
        ClaimCheck(
            "JetBrains GoLand takes 1.2 to 2.5 GB",
            NOT_TRIED,
            "GoLand is not part of a survey: it is licensed, and needs a window",
        ),
        _graphics(found),
        _storage(found),
    )


def _text(estimate: Estimate) -> str:
    text = units.show(estimate.value, estimate.unit)
    if estimate.interval is not None:
        text += f" [{units.show(estimate.interval.low, estimate.unit)}, {units.show(estimate.interval.high, estimate.unit)}]"
    return f"{text} (n = {estimate.n})"


def _processor(found: Found) -> ClaimCheck:
    claim = "Any x86-64, ARM64 or Apple Silicon processor will do"
    wall, cpu = found.figure("build-cold", "wall_s"), found.machine.cpu
    name = f"{cpu.model or cpu.arch}{f' ({cpu.arch} {cpu.isa_level})' if cpu.isa_level else ''}"
    if wall is None:
        return ClaimCheck(claim, NOT_TRIED, "no cold build passed here")
    return ClaimCheck(claim, CONFIRMED, f"for this one, {name}: a cold build takes {_text(wall)}")


def _is_cli(found: Found) -> bool:
    return bool(found.modules) and found.modules[0].reference


def _memory_512(found: Found) -> ClaimCheck:
    claim = "512 MB of memory suffice for a basic build, without swap"
    if not _is_cli(found):
        return ClaimCheck(
            claim, NOT_TRIED, "another module than the reference was surveyed; see its own verdicts"
        )
    fit = next((one for one in found.fits if one.where == "512 MB" and one.activity == "build-cold"), None)
    least = next(
        (one for one in found.least if one.activity == "build-cold" and one.settings == "as it is"), None
    )
    if fit is None or fit.need_bytes is None:
        return ClaimCheck(claim, NOT_TRIED, "the cold build was not measured")
    how = "passes with" if least is not None and least.measured else "is estimated to need"
    need, left = units.show_bytes(fit.need_bytes), units.show_bytes(fit.available_bytes)
    said = f"a cold build {how} {need}; {left} are left of 512 MB: {fit.verdict}"
    if fit.verdict == WILL_FAIL and fit.with_settings:
        return ClaimCheck(claim, NOT_CONFIRMED, f"{said} (but {fit.with_settings} with the settings below)")
    return ClaimCheck(claim, NOT_CONFIRMED if fit.verdict == WILL_FAIL else CONFIRMED, said)


def _installation(found: Found) -> ClaimCheck:
    claim = "A Go installation is about 120 MB"
    size = found.goroot_bytes
    if size is None:
        return ClaimCheck(claim, NOT_TRIED, "GOROOT could not be read")
    return ClaimCheck(
        claim,
        CONFIRMED if 96e6 <= size <= 144e6 else NOT_CONFIRMED,
        f"GOROOT holds {units.show_bytes(size)} here",
    )


def _disk(found: Found) -> ClaimCheck:
    claim = "1 GB of disk is ample for Go, workspace and caches"
    if found.goroot_bytes is None or found.gocache_bytes is None:
        return ClaimCheck(claim, NOT_TRIED, "no build cache was filled")
    total = found.goroot_bytes + found.gocache_bytes
    said = (
        f"GOROOT {units.show_bytes(found.goroot_bytes)} and the build cache after one cold build {units.show_bytes(found.gocache_bytes)}: "
        f"{units.show_bytes(total)}, module cache not counted"
    )
    return ClaimCheck(claim, CONFIRMED if total <= 0.8e9 else NOT_CONFIRMED, said)


def _raspberry(found: Found) -> ClaimCheck:
    claim = "A CLI of three packages builds in about 8 s on a Raspberry Pi Zero 2 W"
    wall = found.figure("build-cold", "wall_s")
    if "raspberry pi zero 2" in found.machine.cpu.model.lower() and wall is not None and _is_cli(found):
        return ClaimCheck(
            claim, CONFIRMED if wall.value <= 10 else NOT_CONFIRMED, f"a cold build takes {_text(wall)}"
        )
    own = (
        f"; this machine takes {_text(wall)} from an empty cache"
        if wall is not None and _is_cli(found)
        else ""
    )
    return ClaimCheck(claim, NOT_TRIED, f"this is no Raspberry Pi Zero 2 W{own}")


def _peak_of_cli(found: Found) -> ClaimCheck:
    claim = "Building it peaks below 320 MB"
    peak = found.figure("build-cold", "anon_peak_bytes") or found.figure("build-cold", "peak_bytes")
    if not _is_cli(found) or peak is None:
        return ClaimCheck(claim, NOT_TRIED, "the reference CLI was not surveyed")
    return ClaimCheck(
        claim, CONFIRMED if peak.value < 320e6 else NOT_CONFIRMED, f"peak of the whole tree {_text(peak)}"
    )


def _range(found: Found, claim: str, activity: str, name: str, low: float, high: float) -> ClaimCheck:
    estimate = found.figure(activity, name)
    if estimate is None:
        return ClaimCheck(claim, NOT_TRIED, "it was not measured here")
    return ClaimCheck(claim, CONFIRMED if low <= estimate.value <= high else NOT_CONFIRMED, _text(estimate))


def _tests(found: Found, name: str, claim: str, low: float, high: float) -> ClaimCheck:
    if not _is_cli(found):
        return ClaimCheck(
            claim, NOT_TRIED, "another module than the reference with its 50 tests was surveyed"
        )
    return _range(found, claim, "test", name, low, high)


def _editor(found: Found) -> ClaimCheck:
    claim = "VS Code with the Go extension takes 600 to 1200 MB"
    activity = next((one for one in found.activities if one.name == "editor" and one.figures), None)
    if activity is None:
        return ClaimCheck(claim, NOT_TRIED, "VS Code was not started, and no editor session was measured")
    sessions = activity.details.get("sessions")
    last: Mapping[str, object] = sessions[-1] if isinstance(sessions, list) and sessions else {}
    settled = last.get("settled_rss_bytes")
    own = (
        f"; its language server alone settles at {units.show_bytes(settled)}"
        if isinstance(settled, int)
        else ""
    )
    return ClaimCheck(claim, NOT_TRIED, f"VS Code was not started (a survey has no window){own}")


def _graphics(found: Found) -> ClaimCheck:
    from pathlib import Path

    claim = "None of it needs a graphics card"
    if not any(activity.figures for activity in found.activities):
        return ClaimCheck(claim, NOT_TRIED, "nothing was measured")
    if any(Path("/dev/dri").glob("card*")):
        return ClaimCheck(claim, NOT_TRIED, "this machine has one, so that doing without cannot be told")
    return ClaimCheck(claim, CONFIRMED, "this machine has none, and everything above ran")


def _storage(found: Found) -> ClaimCheck:
    claim = "Not CPU or memory but SSD speed limits the build"
    wall, cpu = found.figure("build-cold", "wall_s"), found.figure("build-cold", "cpu_s")
    processors = found.machine.cgroup.cpu_quota or found.machine.cpu.allowed
    if wall is None or cpu is None or not wall.value:
        return ClaimCheck(claim, NOT_TRIED, "the cold build was not measured")
    busy = cpu.value / (wall.value * processors)
    here = next(
        (one for one in found.fits if one.where == "this machine" and one.activity == "build-cold"), None
    )
    said = f"the cold build keeps {units.show_ratio(busy)} of {processors:g} processors busy"
    if here is not None and here.verdict != COMFORTABLE:
        return ClaimCheck(
            claim, NOT_TRIED, f"{said}, and memory is {here.verdict}: they cannot be told apart"
        )
    if found.others_ratio is not None and found.others_ratio > QUIET:
        others = f"other processes kept {units.show_ratio(found.others_ratio)} busy, so it cannot be told"
        return ClaimCheck(claim, NOT_TRIED, f"{said}; {others}")
    if busy >= _CPU_BOUND:
        return ClaimCheck(claim, NOT_CONFIRMED, f"{said}: it waits for them, not for storage")
    return ClaimCheck(claim, NOT_TRIED, f"{said}; what it waits for in the rest was not tried")
