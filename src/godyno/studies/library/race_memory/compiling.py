"""Building all tests with -race from an empty cache: what it takes, and which compile or link takes most."""

from __future__ import annotations

from pathlib import Path

from godyno.errors import NotAvailableHere
from godyno.model import Trial, Workload
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import PASS
from godyno.toolchain import PrivateCaches
from godyno.toolchain.invocation import test

_LEAST_S = 100.0


def build_trial(stand: Stand, slot: Slot) -> Trial:
    """One recorded build; its measures hold the peak of the tree and of its largest process. Raises NotAvailableHere."""
    subject = stand.subject
    assert subject is not None
    if stand.left_s() < _LEAST_S:
        raise NotAvailableHere(
            "the budget does not hold a build with -race from an empty cache: give more --budget"
        )
    cache, run = stand.scratch / "race-build", stand.scratch / "race-run"
    cache.mkdir()
    run.write_text("#!/bin/sh\nexit 0\n")
    run.chmod(0o755)
    workload: Workload = test(
        subject.go, ("./...",), cwd=subject.directory, caches=PrivateCaches(gocache=str(cache)),
        flags=("-race", "-buildvcs=false", "-vet=off", "-count=1", f"-exec={run}"), env=subject.env,
    )  # fmt: skip
    outcome = stand.record(workload, f"{slot.index:03}-build", timeout_s=stand.left_s())
    if outcome.exit_code != 0:
        raise NotAvailableHere(f"the build with -race did not end well: {outcome.said.strip()[-200:]}")
    measures = {"wall": outcome.wall_s, "cpu": outcome.cpu_s}
    if outcome.anon_peak_bytes is not None:
        measures["peak"] = float(outcome.anon_peak_bytes)
    facts = {}
    largest = _largest(Path(outcome.capture))
    if largest is not None:
        facts["largest"], measures["largest"] = largest
    return Trial(
        slot.study,
        slot.index,
        slot.block,
        slot.levels,
        outcome.capture,
        measures=measures,
        facts=facts,
        verdict=PASS,
    )


def _largest(capture: Path) -> tuple[str, float] | None:
    from godyno.capture.reader import open_capture
    from godyno.diagnose.processes import processes

    with open_capture(capture) as found:
        known = [one for one in processes(found) if one.rss_peak_bytes]
    top = max(known, key=lambda one: one.rss_peak_bytes or 0, default=None)
    return (
        None
        if top is None
        else (" ".join(filter(None, (top.kind, top.package))), float(top.rss_peak_bytes or 0))
    )
