"""What a CPU quota does to something that runs, from looks at it (``machine.cpu_quota``). ``findings`` is pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from godyno import units
from godyno.errors import UsageError
from godyno.machine.cpu_quota import Holder, Watched, expected_gomaxprocs, watch
from godyno.model import Confidence, Estimate, Finding

SOURCE = "quota"
_NEVER, _OFTEN = 0.01, 0.1  # of the periods
_HEADROOM = 1.2


def diagnose_quota(
    pid: int | None = None, cgroup: str | Path | None = None, *, for_s: float = 2.0, recommend: bool = False
) -> tuple[Watched, list[Finding]]:
    """Looks for ``for_s`` seconds at the CPU quota of a process or a cgroup, touching nothing; ``godyno quota``.

    Raises UsageError where there is no such process or cgroup, or both or neither are named.
    """
    if (pid is None) == (cgroup is None):
        raise UsageError(
            "Name either a process or a cgroup", hint="godyno quota PID, or godyno quota --cgroup DIRECTORY."
        )
    seen = watch(pid, None if cgroup is None else Path(cgroup), for_s)
    return seen, findings(seen, recommend)


def findings(seen: Watched, recommend: bool = False) -> list[Finding]:
    """Throttling while watched, GOMAXPROCS against the quota, and, where asked for, a quota; the weightiest first."""
    tightest = min(seen.last.holders, key=lambda one: one.cpus, default=None)
    if tightest is None:
        claim = f"No CPU quota holds {seen.last.directory}, nor any cgroup above it that can be seen"
        return [
            Finding(
                SOURCE,
                "no-quota",
                claim,
                method="cpu.max or cpu.cfs_quota_us of the cgroup and its ancestors",
            ),
            *_demand(seen, None, recommend),
        ]
    before = next((one for one in seen.first.holders if one.directory == tightest.directory), tightest)
    return [_throttled(seen, before, tightest), *_procs(seen, tightest), *_demand(seen, tightest, recommend)]


def _throttled(seen: Watched, before: Holder, now: Holder) -> Finding:
    periods, stopped = now.periods - before.periods, now.throttled_periods - before.throttled_periods
    share = stopped / periods if periods > 0 else 0.0
    lost_s = now.throttled_s - before.throttled_s
    life = now.throttled_periods / now.periods if now.periods else 0.0
    word = (
        "never"
        if share <= 0
        else "hardly"
        if share < _NEVER
        else "now and then"
        if share < _OFTEN
        else "often"
    )
    claim = (
        f"The quota of {now.cpus:.3g} CPU ({units.show_seconds(now.period_s)} periods) was {word} reached: {stopped} of {periods} periods "
        f"throttled in {units.show_seconds(seen.took_s)}, {units.show_seconds(lost_s)} lost (summed over processors); "
        f"{units.show_ratio(life)} of all periods since it was made"
    )
    return Finding(
        SOURCE, "throttled", claim, Estimate(share, "1", n=max(1, periods)), method=f"cpu.stat of {now.directory}, before and after",
        severity="warning" if share >= _OFTEN else "note" if share >= _NEVER else "info",
        data={"cpus": now.cpus, "period_s": now.period_s, "burst_s": now.burst_s, "periods": periods, "throttled_periods": stopped,
              "throttled_s": lost_s, "throttled_share_ratio": share, "since_made_ratio": life},
    )  # fmt: skip


def _procs(seen: Watched, held: Holder) -> list[Finding]:
    out = []
    for process in seen.last.processes:
        if not process.go_minor:
            continue
        procs, right = expected_gomaxprocs(process, held.cpus), max(1, math.ceil(held.cpus))
        if procs <= right:
            continue
        pause_s = held.period_s * max(0.0, 1 - held.cpus / procs)
        why = (
            "its environment sets it" if process.gomaxprocs else "Go never goes below 2 by itself" if process.go_minor >= 25
            else f"Go 1.{process.go_minor} does not look at quotas"
        )  # fmt: skip
        out.append(
            Finding(
                SOURCE, "gomaxprocs",
                f"{process.name} (pid {process.pid}, Go 1.{process.go_minor}) has a GOMAXPROCS of {procs} for {held.cpus:.3g} CPU ({why}): "
                f"a collection's pause may last {units.show_seconds(pause_s)} longer",
                Estimate(pause_s, "s", n=1, method="period × (1 − quota / GOMAXPROCS)"), confidence=Confidence.MEDIUM,
                assumption="inferred from environment, version and CPU mask; the program may set another, or its go.mod say 1.24",
                advice=f"Set GOMAXPROCS={right}.", tried="Not tried: it would have to be started anew.",
                severity="warning" if held.cpus < procs else "note",
                data={"pid": process.pid, "gomaxprocs": procs, "recommended": right, "threads": process.threads},
            )
        )  # fmt: skip
    return out


def _demand(seen: Watched, held: Holder | None, recommend: bool) -> Sequence[Finding]:
    if not seen.steps_cpus:
        return []
    steps = sorted(seen.steps_cpus)
    mean, high = sum(steps) / len(steps), steps[min(len(steps) - 1, int(0.95 * len(steps)))]
    text = (
        f"It used {mean:.2f} CPU on average, {high:.2f} in the busiest twentieth of {len(steps)} looks; "
        f"{seen.mean_running:.1f} threads were ready or running on average, {seen.most_running} at most"
    )
    data = {
        "mean_cpus": mean,
        "p95_cpus": high,
        "most_running": seen.most_running,
        "mean_running": seen.mean_running,
    }
    out = [
        Finding(
            SOURCE,
            "demand",
            text,
            Estimate(mean, "CPU", n=len(steps)),
            method="CPU of the cgroup, or of the process that was named; states from /proc",
            data=data,
        )
    ]
    if recommend:
        how = "a fifth above the busiest twentieth"
        # What it uses is cut off by the quota; threads that are ready tell what it would use.
        cut = held is not None and high > 0.9 * held.cpus
        wanted = max(high, float(seen.mean_running)) if cut else high
        how += ", or the threads that were ready" if cut else ""
        quota = max(0.1, math.ceil(_HEADROOM * wanted * 10) / 10)
        out.append(
            Finding(
                SOURCE, "recommended", f"A quota of {quota:.1f} CPU would hold what it asked for while it was watched",
                Estimate(quota, "CPU", n=len(steps), method=how),
                confidence=Confidence.LOW if cut else Confidence.MEDIUM,
                assumption=f"load stays as it was{'; cut off by its quota now, so a lower bound' if cut else ''}",
                advice=f"Ask for {quota:.1f} CPU.", tried="Not tried: nothing of what runs was touched.", data={"quota_cpus": quota},
            )
        )  # fmt: skip
    return out
