"""All raced test binaries, several at once as ``go test -p`` runs them, and one at a time: what meets, and what that takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from godyno import units
from godyno.errors import NotAvailableHere
from godyno.model import Finding, Trial
from godyno.studies.library.race_memory.programs import Binaries
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS, BaseStudy, figure, shown
from godyno.workload.limited import run_limited

_TIMEOUT_S = 900.0


def together_trial(stand: Stand, binaries: Binaries, slot: Slot) -> Trial:
    """As many at once as there are processors, in every second run one at a time. Raises NotAvailableHere, BuildFailed."""
    packages = binaries.packages()
    if len(packages) < 2:
        raise NotAvailableHere("the module has tests in one package only")
    at_once = 1 if slot.block % 2 else max(2, stand.machine.cpu.allowed)
    work = [binaries.test_run(package, {"GORACE": "atexit_sleep_ms=0"}) for package in packages]
    run = run_limited(work, timeout_s=_TIMEOUT_S, at_once=at_once)
    if run.timed_out or not run.held_bytes:
        raise NotAvailableHere(
            "the tests did not end in time" if run.timed_out else "nothing counts their memory"
        )
    measures = {
        "at_once": float(at_once),
        "packages": float(len(packages)),
        "peak": float(run.held_bytes),
        "wall": run.wall_s,
    }
    return Trial(
        slot.study,
        slot.index,
        slot.block,
        slot.levels,
        measures=measures,
        facts={"go": stand.go.version},
        verdict=PASS,
    )


def together(study: BaseStudy, trials: Sequence[Trial], limit_bytes: float | None) -> Iterator[Finding]:
    """The peak with several at once against one at a time."""
    rows: list[list[Any]] = []
    peaks: dict[int, float] = {}
    for at_once in sorted({int(one.measures["at_once"]) for one in trials}):
        mine = [one for one in trials if one.measures["at_once"] == at_once]
        peak, wall = figure(mine, "peak", "By"), figure(mine, "wall", "s")
        highest = max(one.measures["peak"] for one in mine)
        peaks[at_once] = highest
        rows.append([at_once, len(mine), shown(peak), highest, shown(wall)])
    if len(peaks) < 2:
        return
    one, several = min(peaks), max(peaks)
    verdict = ""
    if limit_bytes is not None:
        verdict = f"; {units.show_bytes(limit_bytes)} {'held' if limit_bytes >= peaks[several] else 'would not have held'} it"
    yield study.finding(
        "together", f"With {several} test binaries at once {trials[0].measures['packages']:.0f} packages took at most "
        f"{units.show_bytes(peaks[several])}, {peaks[several] / peaks[one]:.2f} times what they take one at a time{verdict}",
        method="the kernel's high-water mark of one cgroup less page cache, without a limit; binaries built before, in go list's order",
        assumption="which binaries meet differs from run to run: the most of a few runs is a lower bound",
        data={"columns": [["at once", ""], ["runs", ""], ["peak", "text"], ["most", "By"], ["wall", "text"]], "rows": rows},
    )  # fmt: skip
