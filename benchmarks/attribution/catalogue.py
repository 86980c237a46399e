"""What the programs are, and the truth about each. This file is never compiled, recorded or read by ``godyno why``.

A program is put together from a frame (who does the work), a task (the ordinary work), and units (what is planted), all in Go
in ``parts/``. Its strengths are the shares of its time that go to the units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sets import PARTS, SETS, names_of

STRENGTHS = {"weak": 0.32, "middle": 0.52, "strong": 0.8}
TASKS = sorted(path.stem for path in (PARTS / "task").glob("*.go"))


@dataclass(frozen=True)
class Planted:
    """A cause: the Go file that makes it, the state that is its truth, and what else counts as naming it.

    ``within`` is the part of the unit's time that is the cause itself, where its time also holds other states. ``levels`` are the
    unit's own setting at each strength. ``record`` are options of the recording that are part of the cause.
    """

    unit: str
    truth: str
    also: tuple[str, ...] = ()
    within: float = 1.0
    levels: tuple[int, int, int] = (0, 0, 0)
    record: tuple[str, ...] = ()
    cold: bool = False  # the data file is dropped from the page cache before each run
    swap: bool = False  # there is swap while it runs
    names: bool = False  # the system's own resolver asks the slow name server


@dataclass(frozen=True)
class Program:
    """``records`` differ by strength where the cause is a setting of the recording itself."""

    name: str
    causes: tuple[Planted, ...]
    task: str
    frame: str = "line"
    many: int = 2
    of_set: int = 0  # the place of its set in SETS
    span_s: float = 1.2
    level: int = 0
    records: tuple[tuple[str, ...], ...] = ()
    whole: str = ""
    strengths: tuple[str, ...] = tuple(STRENGTHS)
    conditions: tuple[str, ...] = ("bare", "neighbours")
    tags: tuple[str, ...] = field(default=())
    turns: int = 1  # how often each of its cases is recorded
    generous: str = ""  # a quota of CPUs that it cannot use up, for the condition of that name

    @property
    def kind(self) -> str:
        return ("healthy", "one", "two")[len(self.causes)]

    @property
    def held_out(self) -> bool:
        return self.of_set > 0


LIMIT = ("--memory-limit", "48MiB")
ONE = [
    Planted("fsync", "fsync"),
    Planted("fdatasync", "fsync"),
    Planted("disk_write", "disk.write"),
    Planted("disk_read", "disk.read", cold=True),
    Planted("fault_disk", "fault.disk", cold=True),
    Planted("reclaim", "memory", levels=(96, 96, 96), record=LIMIT, cold=True),
    Planted("reclaim_heap", "memory", levels=(96, 96, 96), record=LIMIT, cold=True),
    Planted("small_writes", "kernel"),
    Planted("stats", "kernel"),
    Planted("opens", "kernel"),
    Planted("mappings", "kernel"),
    Planted("cgo_busy", "cgo"),
    Planted("cgo_calls", "cgo"),
    Planted("own_goroutines", "run.own", within=0.8, levels=(8, 10, 12)),
    Planted("dns", "net.dns"),
    Planted("connect", "net.connect"),
    Planted("tls", "net.tls"),
    Planted("http_wait", "net.wait"),
    Planted("tcp_wait", "net.wait"),
    Planted("mutex_idle", "lock"),
    Planted("mutex_busy", "lock"),
    Planted("rwmutex", "lock"),
    Planted("cond", "cond", also=("lock", "sleep")),
    Planted("channel_recv", "channel", also=("sleep",)),
    Planted("channel_send", "channel", also=("fsync",)),
    Planted("choose", "select", also=("channel", "sleep")),
    Planted("group", "waitgroup", also=("sleep",)),
    Planted("sleep", "sleep"),
    Planted("ticker", "sleep"),
    Planted("child_long", "child"),
    Planted("child_short", "child"),
    Planted("pipe_read", "pipe"),
    Planted("pipe_child", "pipe", also=("child",)),
    Planted("init_own", "start.init"),
    Planted("init_func", "start.init"),
    Planted("loading", "start.loading"),
    Planted("scan", "cpu.go"),
    Planted("patterns", "cpu.go"),
    Planted("collect_assist", "gc", within=0.75, levels=(20, 20, 20)),
    Planted("collect_forced", "gc"),
    Planted("stops", "gc"),
    Planted("collect_beside", "gc", within=0.85, levels=(10, 5, 2)),
    Planted("own_threads", "run.own", within=0.85, levels=(14, 14, 14)),
]
LINE_ONLY = {
    "mutex_busy",
    "init_own",
    "init_func",
    "loading",
    "own_threads",
    "own_goroutines",
    "stops",
    "collect_assist",
    "reclaim_heap",
    "reclaim",
}
POOL_ONLY = {"collect_beside"}
PAIRS = [
    ("fsync", "sleep"), ("sleep", "http_wait"), ("http_wait", "stats"), ("dns", "mutex_idle"), ("mutex_busy", "fsync"),
    ("child_short", "tcp_wait"), ("disk_read", "cgo_busy"), ("cgo_busy", "connect"), ("small_writes", "tls"), ("tls", "fault_disk"),
    ("fault_disk", "ticker"), ("init_own", "http_wait"), ("init_func", "fsync"), ("loading", "dns"), ("pipe_read", "disk_write"),
    ("disk_write", "rwmutex"), ("opens", "child_long"), ("collect_forced", "tcp_wait"), ("sleep", "collect_forced"),
    ("connect", "opens"), ("fdatasync", "pipe_read"), ("stats", "mutex_idle"),
]  # fmt: skip
# Bare, its truth is nothing; a setting of the recording or the load beside it makes the cause.
HEALTHY = [
    ("", "words", "line", {}),
    ("", "grid", "pool", {"many": 2}),
    ("", "ledger", "stages", {}),
    ("service", "routes", "", {"level": 9}),
    ("service", "expressions", "", {"level": 10}),
    ("once", "table", "", {"many": 12}),
    ("once", "digests", "", {"many": 1}),
    ("files", "distances", "", {}),
    ("documents", "queue", "", {}),
    ("balanced", "blocks", "", {}),
    ("shared", "distances", "", {"many": 2}),
    ("fetch", "words", "", {}),
]


def _framed(index: int, units: Sequence[str]) -> str:
    if any(unit in POOL_ONLY for unit in units):
        return "pool"
    if any(unit in LINE_ONLY for unit in units):
        return "line"
    return ("line", "line", "pool", "line", "stages")[index % 5]


def programs() -> list[Program]:
    """All of them, in the order of their names."""
    names = iter(names_of(SETS[0]))
    made = []
    for index, cause in enumerate(ONE):
        frame = _framed(index, [cause.unit])
        made.append(Program(next(names), (cause,), TASKS[index * 7 % len(TASKS)], frame))
    by_unit = {cause.unit: cause for cause in ONE}
    for index, pair in enumerate(PAIRS):
        frame = _framed(index * 3, pair)
        causes = tuple(by_unit[unit] for unit in pair)
        made.append(
            Program(next(names), causes, TASKS[(index * 3 + 1) % len(TASKS)], frame, strengths=("both",))
        )
    for index, (whole, task, frame, more) in enumerate(HEALTHY):
        made.append(
            Program(
                next(names),
                (),
                task,
                frame,
                whole=whole,
                strengths=("none",),
                tags=(f"shape {index}",),
                **more,
            )
        )
    made.append(_neighbours(next(names), "ledger", "pool"))
    made.append(_quota(next(names), "distances", "line"))
    try:
        from held_out import held_out  # type: ignore[import-not-found]

        made += held_out()
    except ImportError:
        pass
    from second_set import second_set  # type: ignore[import-not-found]

    made += second_set()
    conditioned = [_conditioned(index, program) for index, program in enumerate(made)]
    from eighth_set import eighth_set  # type: ignore[import-not-found]
    from eleventh_set import eleventh_set  # type: ignore[import-not-found]
    from fifth_set import fifth_set  # type: ignore[import-not-found]
    from fourth_set import fourth_set  # type: ignore[import-not-found]
    from ninth_set import ninth_set  # type: ignore[import-not-found]
    from seventh_set import seventh_set  # type: ignore[import-not-found]
    from sixth_set import sixth_set  # type: ignore[import-not-found]
    from tenth_set import tenth_set  # type: ignore[import-not-found]
    from third_set import third_set  # type: ignore[import-not-found]

    large = third_set() + fourth_set() + fifth_set() + sixth_set() + seventh_set()
    large += eighth_set() + ninth_set() + tenth_set() + eleventh_set()
    return conditioned + large


def _neighbours(name: str, task: str, frame: str) -> Program:
    """The load of others is the cause: two busy loops in a group of a weight, as ``beside=WEIGHT``."""
    weights = tuple((f"beside={weight}",) for weight in (500, 1100, 4400))
    cause = Planted("", "run.neighbours")
    return Program(name, (cause,), task, frame, records=weights, conditions=("bare",))


def _quota(name: str, task: str, frame: str) -> Program:
    quotas = tuple(("--cpu-quota", quota) for quota in ("0.68", "0.48", "0.2"))
    return Program(
        name,
        (Planted("", "run.quota"),),
        task,
        frame,
        records=quotas,
        conditions=("bare",),
    )


def _conditioned(index: int, program: Program) -> Program:
    from dataclasses import replace

    if len(program.conditions) == 2 and index % 3 == 0:
        return replace(program, conditions=(*program.conditions, "quota"))
    return program


@dataclass(frozen=True)
class Case:
    """One run: a program at a strength, under a condition; ``turn`` counts those of one kind."""

    program: Program
    strength: str
    condition: str
    turn: int = 1

    @property
    def label(self) -> str:
        again = f"-{self.turn}" if self.turn > 1 else ""
        return f"{self.program.name}-{self.strength}-{self.condition}{again}"

    @property
    def mix(self) -> list[float]:
        """The shares of its time that the program gives to its units."""
        causes = [cause for cause in self.program.causes if cause.unit]
        wanted = (0.5, 0.28) if self.strength == "both" else (STRENGTHS.get(self.strength, 0.0),)
        return [min(0.97, share / cause.within) for cause, share in zip(causes, wanted, strict=False)]

    @property
    def level(self) -> int:
        chosen = [cause for cause in self.program.causes if any(cause.levels)]
        place = list(STRENGTHS).index(self.strength) if self.strength in STRENGTHS else 1
        return chosen[0].levels[place] if chosen else self.program.level

    @property
    def record(self) -> tuple[str, ...]:
        options = [option for cause in self.program.causes for option in cause.record]
        if self.program.records:
            options += self.program.records[list(STRENGTHS).index(self.strength)]
        if self.condition == "quota":
            options += ["--cpu-quota", "0.5"]
        if self.condition == "generous":
            options += ["--cpu-quota", self.program.generous]
        return tuple(option for option in options if not option.startswith("beside="))

    @property
    def beside(self) -> int | None:
        """The weight of the group of two busy loops beside, if there are."""
        for options in (
            self.program.records[list(STRENGTHS).index(self.strength) :][:1] if self.program.records else ()
        ):
            for option in options:
                if option.startswith("beside="):
                    return int(option.partition("=")[2])
        return 1024 if self.condition == "neighbours" else None


def cases() -> list[Case]:
    return [
        Case(program, strength, condition, turn)
        for program in programs()
        for strength in program.strengths
        for condition in program.conditions
        for turn in range(1, program.turns + 1)
    ]
