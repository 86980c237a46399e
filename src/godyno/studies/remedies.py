"""``godyno why --try``: what is safe to try (environment alone), run in turns with the command as it is, and what it gained."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from godyno.model import Estimate, Machine, Record, Workload
from godyno.studies.bench.api import bench

if TYPE_CHECKING:
    from godyno.diagnose.why import Answer
    from godyno.stats.compare import Comparison

_LEAST_SHARE = 0.2  # of a cause that nobody is accused of, say a quota
_MEMORY_SHARE = 0.5  # of what is available now, where nothing limits it
_BLOCKS, _LEAST_BUDGET_S = 16, 20.0


@dataclass(frozen=True, slots=True)
class Remedy(Record):
    """An environment to try, against which cause."""

    label: str
    cause: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tried(Record):
    """What a remedy gave: the ratio of wall times, with the remedy over as it is, and whether that is proven."""

    remedy: Remedy
    ratio: Estimate | None
    proven: bool
    claim: str


def remedies(found: Answer, machine: Machine) -> list[Remedy]:
    """What may be tried for the causes of an answer, by their order; nothing for those that need a change of the program."""
    out: list[Remedy] = []
    for cause in found.causes:
        if cause.severity == "info" and cause.share < _LEAST_SHARE:
            continue
        out += [one for one in _for(cause.kind, machine) if one.label not in {known.label for known in out}]
    return out


def _for(kind: str, machine: Machine) -> list[Remedy]:
    available = machine.cgroup.memory_bytes or int(machine.memory.available_bytes * _MEMORY_SHARE)
    limit = f"{max(64, available * 4 // 5 >> 20)}MiB"
    quota = machine.cgroup.cpu_quota
    return {
        "gc": [
            Remedy("GOGC=400", kind, {"GOGC": "400"}),
            Remedy(f"GOGC=off GOMEMLIMIT={limit}", kind, {"GOGC": "off", "GOMEMLIMIT": limit}),
        ],
        "reclaim": [Remedy("GOGC=50", kind, {"GOGC": "50"})],
        "quota": [Remedy(f"GOMAXPROCS={max(1, round(quota or 1))}", kind, {"GOMAXPROCS": str(max(1, round(quota or 1)))})],
        "own_threads": [Remedy(f"GOMAXPROCS={machine.cpu.allowed}", kind, {"GOMAXPROCS": str(machine.cpu.allowed)})],
        "dns": [Remedy("GODEBUG=netdns=go", kind, {"GODEBUG": "netdns=go"}), Remedy("GODEBUG=netdns=cgo", kind, {"GODEBUG": "netdns=cgo"})],
        "minor_fault": [Remedy("GOGC=400", kind, {"GOGC": "400"})],
    }.get(kind, [])  # fmt: skip


def overridden(remedy: Remedy, argv: Sequence[str]) -> str:
    """The first word of a command that sets a variable of the remedy itself (``env GOGC=20 ./x``): to try it would change nothing."""
    for name in remedy.environment:
        setting = re.compile(rf"(?:^|[\s;&|(]){name}=\S*")
        for word in argv:
            if found := setting.search(word):
                return found[0].strip("&;|( \t\n")
    return ""


def try_remedies(workload: Workload, chosen: Sequence[Remedy], budget_s: float | None = None) -> list[Tried]:
    """Runs the command as it is and with each remedy, in pairs by coin, until decided or the budget is used up.

    ``budget_s`` is for each remedy; of one that the command overrides it is only said that it does. Raises GodynoError where the
    command cannot be run.
    """
    command = shlex.join(workload.argv)
    out = []
    for remedy in chosen:
        if own := overridden(remedy, workload.argv):
            out.append(
                Tried(
                    remedy,
                    None,
                    False,
                    f"{remedy.label} was not tried: the command sets {own} itself. Change it there.",
                )
            )
            continue
        words = shlex.join(f"{name}={value}" for name, value in remedy.environment.items())
        result = bench(
            cmd=[f"env {command}", f"env {words} {command}"], blocks=_BLOCKS, budget_s=budget_s or _LEAST_BUDGET_S,
            directory=workload.cwd or ".",
        )  # fmt: skip
        rows = [row for of_arm in result.rows.values() for row in of_arm if row.unit == "sec/op"]
        out.append(_tried(remedy, rows[0].comparison if rows else None))
    return out


def _tried(remedy: Remedy, compared: Comparison | None) -> Tried:
    if compared is None or compared.scale != "ratio":
        return Tried(remedy, None, False, f"{remedy.label}: nothing could be compared.")
    ratio, interval = compared.estimate, compared.interval
    estimate = Estimate(ratio, "1", interval, compared.n_old, compared.method)
    proven = interval.high < 1 or interval.low > 1
    claim = (
        f"{remedy.label}: {ratio - 1:+.0%} wall time [{interval.low - 1:+.0%}, {interval.high - 1:+.0%}] "
        f"in {compared.n_old} pairs{'' if proven else ', which proves nothing'}."
    )
    return Tried(remedy, estimate, proven, claim)
