"""What limits the tests at a level of parallelism, from recorded runs (``watched``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from godyno import units
from godyno.model import Confidence, Estimate, Finding, Trial
from godyno.studies.study import BaseStudy

_WORTH = 0.1  # of the binaries' time (or of a processor), to be named
_WORDS = {
    "network": "they wait for the network",
    "sleep": "they sleep",
    "other goroutines": "they wait for goroutines that wait themselves",
    "garbage collection": "they wait for garbage collection",
    "system calls": "they wait in system calls or for processes that they started",
}


def waited(study: BaseStudy, trials: Sequence[Trial]) -> Iterator[Finding]:
    """One finding: at the highest level that was recorded, and how it was at the lower one."""
    by_level = {int(one.measures["level"]): one for one in trials}
    if not by_level:
        return
    rows: list[list[Any]] = []
    kinds = sorted({key for one in trials for key in one.measures if key.startswith("idle\t")})
    for level, one in sorted(by_level.items()):
        shares = reasons(one)
        for text, share in shares:
            rows.append([level, text, share])
    top = by_level[max(by_level)]
    named = [(text, share) for text, share in reasons(top) if share >= _WORTH]
    told = (
        "; ".join(f"{text} ({units.show_ratio(share)})" for text, share in named[:3])
        or "nothing for long: they compute"
    )
    level = int(top.measures["level"])
    warnings = []
    if top.measures.get("not_read"):
        warnings.append(
            f"{top.measures['not_read']:.0f} profiles or traces could not be read, or were too large"
        )
    yield study.finding(
        "waits", f"At {level} at once the tests wait: {told}",
        Estimate(named[0][1], "1", None, 1, "share of the binaries' time") if named else None,
        method="one recorded run a level: thread states and pressure from the kernel, a lock profile and an execution trace of each binary",
        assumption="tracing and profiling lengthen all waits alike", confidence=Confidence.MEDIUM, warnings=warnings,
        data={"columns": [["at once", ""], ["waiting", "text"], ["share", "1"]], "rows": rows,
              "kinds": [key.partition("\t")[2] for key in kinds], "captures": {str(at): one.capture for at, one in by_level.items()}},
    )  # fmt: skip


def reasons(trial: Trial) -> list[tuple[str, float]]:
    """What is waited for, the longest first: as shares of the binaries' own time, of one processor for threads that were ready."""
    found = trial.measures
    traced = max(found.get("traced", 0.0), 1e-9)
    out = [
        (_WORDS.get(kind, kind), seconds / traced)
        for key, seconds in found.items() if key.startswith("idle\t") for kind in [key.partition("\t")[2]]
    ]  # fmt: skip
    running, ready = found.get("running", 0.0), found.get("ready", 0.0)
    if running + ready > 0:
        out.append(
            (
                "threads are ready and have no processor, of the time that they could run",
                ready / (running + ready),
            )
        )
    where = f", most in {trial.facts['lock']}" if trial.facts.get("lock") else ""
    out.append((f"for locks{where}", found.get("locks", 0.0) / traced))
    if "disk" in found:
        out.append(("some task waits for a disk (PSI), of the run", found["disk"] / found["wall"]))
    return sorted(out, key=lambda one: -one[1])
