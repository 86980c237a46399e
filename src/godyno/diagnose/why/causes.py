"""What follows from the path: causes ranked by what mending each would save. Where there is nothing to mend, it says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from godyno import units
from godyno.diagnose.why.attribution import Attribution, Segment, totals
from godyno.diagnose.why.callers import Callers
from godyno.diagnose.why.kinds import (
    END_WAITED_FOR,
    KINDS,
    NO_FAULT,
    POOL,
    SLOW_DISK,
    UNLESS,
    UNTIL_WANTED,
    Kind,
)
from godyno.diagnose.why.states import DISK_WAITS, STATES
from godyno.diagnose.why.telling import in_c, placed
from godyno.model import Confidence, Estimate, Evidence, Finding
from godyno.stats.share import share_interval

# Below these nothing is accused: a share of what the program could have changed, and a time that a user could notice.
LEAST_SHARE, LEAST_S = 0.1, 0.02
WARNING_SHARE = 0.25
# What takes less of all the time accuses nobody either, who hardly does anything else; a service's requests are asked about themselves.
_LEAST_OF_ALL = 0.08
_USUAL = {
    "kernel": WARNING_SHARE
}  # who reads and writes is in the kernel for a good part of the time, however well it does that
_LITTLE_ELSE = 0.9
_HANDFUL = 5
_CALL = re.compile(r" \((\w+)\)$")  # behind a function: in which system call
_WORTH_TELLING = 0.1


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. ``seconds`` is its time on the path, ``share`` of the wall time, ``of_own`` of the time that was the program's to
    change (a program is not accused the less because its neighbours were busy); ``saves_s`` is what mending it could save at most.
    """

    kind: str
    claim: str
    seconds: float
    share: float
    of_own: float
    saves_s: float
    confidence: Confidence
    evidence: Evidence
    advice: str
    severity: str = "info"
    what: str = ""
    where: str = "program"
    detail: tuple[tuple[str, float], ...] = field(default=())
    caller: str = ""  # of a library's function: from where in the user's own module it was called
    unless: str = ""  # nobody is accused of it, but it is to be mended if this is so
    line: str = ""  # of a function of the user's own: FILE:LINE at which it waited

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "kind": self.kind, "what": self.what, "claim": self.claim, "seconds": round(self.seconds, 9), "share": self.share,
            "of_own": self.of_own,
            "saves_s": round(self.saves_s, 9), "confidence": self.confidence.value, "severity": self.severity, "where": self.where,
            "evidence": self.evidence.as_json(), "advice": self.advice,
            "detail": [{"what": name, "seconds": round(seconds, 9)} for name, seconds in self.detail],
            **({"from": self.caller} if self.caller else {}), **({"at": self.line} if self.line else {}),
            **({"mend_if": self.unless} if self.unless else {}),
        }  # fmt: skip

    def finding(self, source: str) -> Finding:
        """As a finding of the analysis ``source``."""
        return Finding(
            source=source, kind=f"why-{self.kind}", claim=self.claim, estimate=Estimate(self.seconds, "s", method="critical path"),
            method="time on the critical path in this state", confidence=self.confidence, evidence=(self.evidence,),
            advice=self.advice, tried="Not tried." if self.advice else "", severity=self.severity,
            data={"share": self.share, "of_own": self.of_own, "saves_s": self.saves_s, "what": self.what, "where": self.where},
        )  # fmt: skip


# What a wait for a CPU stretches: who does less of it waits less for one.
_ON_CPU = (
    "go",
    "runtime",
    "c",
    "gc_assist",
    "gc_background",
    "kernel",
    "minor_fault",
    "cgo",
    "package_init",
    "load",
    "runtime_init",
)
_READY = ("own_threads", "neighbours", "quota", "steal")
_IN_KERNEL = ("kernel", "minor_fault")
# No fault of who asks either, where it is a compiler's or a linker's.
_OF_TOOLS = ("kernel", "minor_fault", "load", "package_init")


def causes(found: Attribution, places: Callers | None = None) -> list[Cause]:
    """The causes of an attribution: the program's own, by what they would save, then those of its surroundings. ``places`` tells the
    lines of the user's own module.
    """
    wall, served = found.wall_s, _served(found)
    own_s = max(
        sum(
            one.seconds
            for one in found.alike
            if STATES[one.state].where == "program"
            and (one.state != "idle" or one.by_design)
            and _of_served(one, served)
        ),
        1e-9,
    )
    of_state: dict[str, list[Segment]] = {}
    with_it = totals(
        (one.within, one.seconds) for one in found.alike if one.within and one.state not in SLOW_DISK
    )
    promised: dict[str, float] = {}  # of what would go with a disk's state, the part that is counted there
    on_cpu = totals((one.state, one.seconds) for one in found.alike if one.state in _ON_CPU)
    ready_s = sum(
        one.seconds for one in found.alike if one.state in _READY and one.within in ("", "own_threads")
    )
    # Who asks less of a disk has the kernel do less, but what that does in memory alone stays.
    for state in DISK_WAITS:
        given = with_it.get(state, 0.0)
        with_it[state] = min(given, sum(one.seconds for one in found.alike if one.state == state))
        promised[state] = with_it[state] / given if given else 0.0
    for state, seconds in on_cpu.items():
        with_it[state] = with_it.get(state, 0.0) + ready_s * seconds / sum(on_cpu.values())
    for one in found.alike:
        # A clock for which a program waits nearly all the time may be a limiter's all the same.
        clocks = one.state == "idle" and one.by_design and not served
        of_state.setdefault("sleep" if clocks else one.state, []).append(one)
        # Who asks less of a disk waits less for it, whatever kept it from answering.
        if one.state in SLOW_DISK:
            of_state.setdefault(one.within, []).append(one)
    out = []
    for kind in KINDS:
        segments = [one for state in kind.states for one in of_state.get(state, ())]
        cause = _cause(kind, segments, found, wall, own_s, with_it, promised, served, places)
        if cause is not None:
            out.append(_little_else(cause, found, own_s, served) if kind.name == "network" else cause)
    return sorted(out, key=_rank)


def _little_else(cause: Cause, found: Attribution, own_s: float, served: int) -> Cause:
    """The cause of waiting for the network, of a program that does little else and waits for clocks: a client of a slow peer, or one who
    is told at last what there is (a long poll, a consumer that acknowledges). That is the same on the wire, so it is no accusation.
    """
    waits = sum(
        one.seconds
        for one in found.alike
        if (one.state == "network" or one.by_design) and _of_served(one, served)
    )
    if waits < _LITTLE_ELSE * own_s or cause.severity == "info":
        return cause
    claim = f"{cause.claim}, and did little else: to be mended if {END_WAITED_FOR}"
    return replace(cause, severity="info", claim=claim, unless=END_WAITED_FOR)


def _rank(cause: Cause) -> tuple[int, float]:
    """What the program could mend, then what surrounds it, then what is too little to accuse, then what it simply computed. What is
    not known stands where it could hide more than the others take.
    """
    enough = cause.of_own >= LEAST_SHARE and cause.seconds >= LEAST_S
    around = cause.where == "machine" or cause.kind in NO_FAULT
    if cause.kind == "unknown":
        return 0, -cause.seconds
    tier = 3 if not cause.saves_s else 2 if not enough else 1 if around else 0
    return tier, -cause.saves_s


def _cause(
    kind: Kind,
    segments: list[Segment],
    found: Attribution,
    wall: float,
    own_s: float,
    with_it: Mapping[str, float],
    promised: Mapping[str, float],
    served: int,
    places: Callers | None,
) -> Cause | None:
    machine = all(STATES[name].where == "machine" for name in kind.states)
    # What kept a disk from answering is no fault of who asks.
    slowed = [one for one in segments if one.state in SLOW_DISK and not machine]
    seconds, slowed_s = sum(one.seconds for one in segments), sum(one.seconds for one in slowed)
    unknown = kind.name == "unknown"
    mine = [one for one in segments if _of_served(one, served)]
    own = sum(one.seconds for one in mine)
    # What the kernel did for a disk's sake counts there.
    moved = sum(one.seconds * promised.get(one.within, 0.0) for one in mine if one.state in _IN_KERNEL)
    taken = sum(with_it[state] for state in kind.states if state in DISK_WAITS)
    share = seconds / wall
    of_own = share if machine or unknown else (own - moved + taken) / (own_s + slowed_s)
    at_fault = of_own if machine or unknown else max(0.0, own - moved + taken - slowed_s) / own_s
    least = 1.0 if unknown else 0.25
    if not segments or of_own < LEAST_SHARE * least or seconds < LEAST_S * least:
        return None
    by = totals((one.detail, one.seconds) for one in mine or segments if one.detail)
    what = next(iter(by), "")
    by_design = sum(one.seconds for one in mine if one.by_design) > own / 2
    # With a colon it is who was waiting for it, and not who had it.
    holders = totals((one.holder, one.seconds) for one in segments if one.holder and ": " not in one.holder)
    if kind.name == "channel" and next(iter(holders), "").startswith("database/sql"):
        kind = POOL
    says = UNTIL_WANTED.get(kind.name, kind.says) if by_design else kind.says
    advice = kind.advice
    if kind.name == "cgo":
        claim, inside = in_c(says, mine or segments, seconds, share)
        advice = inside or advice
    else:
        claim = placed(says, kind.place, by, seconds, share)
    stops = [
        one for one in segments if one.state == "gc_stw" and one.detail and not one.detail.startswith("GC")
    ]
    if kind.name == "gc" and sum(one.seconds for one in stops) > seconds / 2:
        what = next(iter(totals((one.detail, one.seconds) for one in stops)))
        claim = f"The program stopped all its goroutines itself ({what}) for {units.show_seconds(seconds)}, {share:.0%} of the path"
        advice = "Call what stops the world (runtime.Stack of all, runtime.ReadMemStats, GOMAXPROCS, profiles) less often."
    if taken > _WORTH_TELLING * seconds:
        claim += f", and {units.show_seconds(taken)} beside that in the kernel for them"
    caller = line = ""
    if places is not None and what and not machine and not unknown:
        caller = places.of(what)
        line = places.line(what, _through(kind.name, what)) if kind.place and not caller else ""
    if caller or line:
        told = len(by) == 1 or f" {what} for " in claim
        claim += f"{',' if told else f'; {what}'} {f'called from {caller}' if caller else f'at {line}'}"
    doing = totals((one.doing, one.seconds) for one in segments if one.doing)
    if kind.name in ("lock", "channel") and holders and kind is not POOL:
        claim += f"; held by {next(iter(holders))}"
    if unknown and found.missing:
        options = [
            option
            for option in ("--level deep", "--instrument")
            if any(option in text for text in found.missing)
        ]
        advice = f"Record it with {' '.join(options)}: that tells what it waited for." if options else ""
    if kind.name == "network" and not what:
        advice += " Whether it was DNS, connecting, TLS or an answer, --instrument tells."
    unless = UNLESS.get(kind.name, "") if by_design else ""
    claim += f": to be mended only if {unless}" if unless else ""
    for state, slow_s in totals((one.state, one.seconds) for one in slowed).items():
        if slow_s >= 0.05 * seconds:
            claim += f"; for {units.show_seconds(slow_s)} of it {SLOW_DISK[state]}"
    if 2 * next(iter(doing.values()), 0.0) > seconds and not slowed:
        claim += f" (meanwhile: {next(iter(doing))})"
    severity = "info"
    work = kind.name in NO_FAULT or (kind.name == "kernel" and _is_service(found) and _answering(mine))
    work = work or (kind.name in _OF_TOOLS and sum(one.seconds for one in mine if one.tool) > own / 2)
    if (
        not machine
        and not work
        and not by_design
        and enough(at_fault, found.draws * own_s / wall)
        and at_fault >= _USUAL.get(kind.name, 0.0)
        and (share - slowed_s / wall >= _LEAST_OF_ALL or served)
        and seconds >= LEAST_S
    ):
        severity = "warning" if at_fault >= WARNING_SHARE else "note"
    saves = (_at_once(segments, found) if kind.name in ("lock", "channel") else seconds) * kind.saves
    saves -= moved
    # A child that is not started waits for no CPU, what is not computed for none either; with fewer things at once those that had to
    # wait do not wait for longer; and who does not sleep need not be woken.
    saves += sum(with_it.get(state, 0.0) for state in kind.states) if kind.saves else 0.0
    if kind.name == "own_threads":
        saves = min(saves, max(0.0, wall - found.needs_s))
    return Cause(
        kind.name, claim, seconds, share, of_own, saves, _confidence(what, segments), _evidence(segments), advice,
        severity, what, "recorder" if unknown else "machine" if machine else "program", tuple(list(by.items())[:5]),
        caller, unless, line,
    )  # fmt: skip


def _through(kind: str, what: str) -> str:
    """What a stack has to be in, to be one of a cause: a function of three names the right line only for what it waited for."""
    call = _CALL.search(what)
    return call[1] if call else "Mutex)" if kind == "lock" else ""


def enough(share: float, draws: float) -> bool:
    """Whether a share is enough to accuse a program; where it is by so many looks, whether that is so of what it may well be, and a
    handful of them saw it.
    """
    if not draws:
        return share >= LEAST_SHARE
    return draws * share >= _HANDFUL and share_interval(min(share, 1.0), draws).low >= LEAST_SHARE


def _confidence(what: str, segments: list[Segment]) -> Confidence:
    """High where the thing is known and each moment was recorded, rather than told by looks now and then."""
    seen = sum(one.seconds for one in segments if one.seen)
    return Confidence.HIGH if what and 2 * seen < sum(one.seconds for one in segments) else Confidence.MEDIUM


def _served(found: Attribution) -> int:
    """The pid of the service whose requests the path is of; 0 where it is of none, and all of it counts."""
    if found.view != "requests":
        return 0
    return int(
        next(iter(totals((str(one.pid), one.seconds) for one in found.alike if one.state == "idle")), 0)
    )


def _of_served(one: Segment, served: int) -> bool:
    """Whether a moment is the service's: not of its build by `go run`, say. What it waits for in another process is its own, too."""
    return not served or one.pid == served or one.state in ("child", "pipe")


def _is_service(found: Attribution) -> bool:
    return found.view == "requests" or found.seconds().get("idle", 0.0) > found.wall_s / 2


def _answering(segments: Iterable[Segment]) -> bool:
    """Whether the kernel mostly carried what a service reads and answers: that is what a service is for."""
    answering = sum(
        one.seconds
        for one in segments
        if any(name.startswith(("net.(", "runtime.netpoll")) for name in one.stack)
    )
    return answering > sum(one.seconds for one in segments) / 2


def _at_once(segments: Iterable[Segment], found: Attribution) -> float:
    """Seconds of waiting for each other that could go: what the other computed meanwhile has to be computed all the same, and all the
    computing of the run fits into no less than its time on as many CPUs as there are.
    """
    waits = totals(("cpu" if one.doing.startswith("on CPU") else "other", one.seconds) for one in segments)
    spare = max(0.0, found.wall_s - found.ran_s / found.cpus)
    return waits.get("other", 0.0) + min(waits.get("cpu", 0.0), spare)


def _evidence(segments: list[Segment]) -> Evidence:
    longest = max(segments, key=lambda one: one.t_end_ns - one.t_start_ns)
    query = (
        "SELECT t_start_ns, t_end_ns, layer, track, name, args FROM spans "
        "WHERE layer IN ('thread_state', 'goroutine_state', 'goroutine_seen', 'thread_seen', 'syscall', 'gc', 'stw') AND pid = "
        f"{longest.pid} AND t_start_ns < {longest.t_end_ns} AND t_end_ns > {longest.t_start_ns} ORDER BY t_start_ns"
    )
    return Evidence("spans", longest.t_start_ns, longest.t_end_ns, query)
