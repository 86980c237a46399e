"""The rules by which answers are right; see README.md for them in words, and for when they were laid down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue import STRENGTHS, Case
from scipy.stats import binomtest
from sets import LARGE, SETS

# What ``why`` calls each truth; any of them names it.
NAMES: dict[str, tuple[str, ...]] = {
    "cpu.go": ("go",),
    "gc": ("gc", "gc_assist", "gc_stw", "gc_background", "gc_wait"),
    "kernel": ("kernel", "minor_fault", "kernel_wait"),
    "cgo": ("cgo",),
    "run.own": ("own_threads",),
    "run.neighbours": ("neighbours",),
    "run.quota": ("quota",),
    "disk.read": ("disk_read",),
    "disk.write": ("disk_write",),
    "fsync": ("fsync",),
    "fault.disk": ("fault_disk",),
    "memory": ("reclaim", "swap"),
    "net.dns": ("dns",),
    "net.connect": ("connect",),
    "net.tls": ("tls",),
    "net.wait": ("network",),
    "lock": ("lock",),
    "channel": ("channel",),
    "select": ("channel", "select"),
    "waitgroup": ("wait", "waitgroup"),
    "cond": ("cond", "wait"),
    "sleep": ("sleep",),
    "child": ("child",),
    "pipe": ("pipe",),
    "start.init": ("package_init",),
    "start.loading": ("load",),
}
SURROUNDINGS = ("neighbours", "quota", "steal")
NO_FAULT = (
    "cpu.go",
    "run.own",
    "run.neighbours",
    "run.quota",
)  # planted causes of which nobody is to be accused
OWN_OF = {"bare": (), "neighbours": ("neighbours",), "quota": ("quota",), "generous": ()}
ON_CPU = (
    "cpu.go",
    "gc",
    "kernel",
    "cgo",
    "run.own",
    "start.init",
    "start.loading",
)  # what a wait for a CPU stretches
CLOSE = 1.25  # two causes whose times differ by less than this stand in either order
SUM_WITHIN = 0.02
OFF = (
    0.1  # a plant whose measured share is further from the wanted one is no truth, and its run is not judged
)
REAL_WAIT = 0.1  # strangers that kept a run waiting for more of its wall time than this were there


@dataclass(frozen=True)
class Verdict:
    """One answer, judged. ``judged`` is empty, or why the run is no test."""

    case: Case
    level: str
    named: tuple[str, ...]
    accused: tuple[str, ...]
    shares: dict[str, float]
    planted: tuple[float, ...]
    waited: float
    summed: float
    first: bool
    second: bool
    void: str = ""
    error: str = ""

    @property
    def right(self) -> bool:
        return self.first and abs(self.summed - 1) <= SUM_WITHIN and not self.error

    def as_json(self) -> dict[str, Any]:
        return {
            "program": self.case.program.name, "set": SETS[self.case.program.of_set],
            "turn": self.case.turn, "strength": self.case.strength,
            "condition": self.case.condition, "level": self.level, "kind": self.case.program.kind,
            "truth": [cause.truth for cause in self.case.program.causes], "unit": [cause.unit for cause in self.case.program.causes],
            "named": self.named, "accused": self.accused, "planted": self.planted, "waited": round(self.waited, 4),
            "summed": round(self.summed, 4), "first": self.first, "second": self.second, "void": self.void, "error": self.error,
            "shares": {name: round(share, 4) for name, share in self.shares.items() if share >= 0.005},
        }  # fmt: skip


def accepted(truth: str, also: Iterable[str]) -> set[str]:
    return {name for one in (truth, *also) for name in NAMES[one]}


def score(case: Case, run: dict[str, Any], answer: dict[str, Any]) -> Verdict:
    """An answer beside the truth. Both arguments are rows as run.py and judge.py write them."""
    measured = run["measured"]
    workers, wall = measured["workers"], measured["wall"]
    planted = tuple(spent / wall / workers for spent in measured["spent"][1:])
    if case.program.records:  # all of the program is computing: what it did not get of a CPU was planted
        planted = (max(0.0, 1 - (measured["user"] + measured["system"]) / wall / workers),)
    if "error" in answer:
        return Verdict(case, run["level"], (), (), {}, planted, 0.0, 0.0, False, False, "", answer["error"])
    shares: dict[str, float] = defaultdict(float)
    for state in answer["states"]:
        shares[state["state"]] += state["seconds"] / answer["recorded_s"]
    named = tuple(cause["kind"] for cause in answer["causes"])
    accused = tuple(cause["kind"] for cause in answer["causes"] if cause["severity"] != "info")
    waited = waiting(measured)
    got = measured["user"] + measured["system"]
    stretched = got / (got + measured["queued"]) if got else 1.0
    pure = [
        part * (stretched if c.truth in ON_CPU else 1.0)
        for part, c in zip(planted, case.program.causes, strict=True)
    ]
    causes = case.program.causes
    own = OWN_OF[case.condition]
    if not causes:
        first = not [kind for kind in accused if kind not in own]
        second = first
    elif len(causes) == 2:
        program = [kind for kind in named if kind not in SURROUNDINGS]
        wanted = [accepted(cause.truth, cause.also) for cause in causes]
        places = [next((i for i, kind in enumerate(program) if kind in one), 99) for one in wanted]
        second = max(places) < 3
        plain = (
            pure[0] >= CLOSE * pure[1]
        )  # their order is the planted one, also without what they waited for a CPU
        first = max(places) < 2 and (places[0] < places[1] or not plain)
    else:
        right = accepted(causes[0].truth, causes[0].also)
        if causes[0].truth == "cpu.go":
            by_share = sorted(shares, key=lambda name: -shares[name])
            first = second = _without(by_share, right, waited > pure[0])[:1] == ["go"]
            first = first and not [kind for kind in accused if kind not in own]
        else:
            rest = _without(list(named), right, waited > sum(pure))
            first = bool(rest) and rest[0] in right
            second = any(kind in right for kind in rest[:2])
    summed = sum(shares.values())
    return Verdict(
        case, run["level"], named, accused, dict(shares), planted, waited, summed, first, second, void(case, measured, planted)
    )  # fmt: skip


def _without(names: list[str], right: set[str], waited_more: bool) -> list[str]:
    """What surrounds the program may stand first, but only where more was waited for it than was planted."""
    while waited_more and names and names[0] in SURROUNDINGS and names[0] not in right:
        names = names[1:]
    return names


def waiting(measured: dict[str, Any]) -> float:
    """The share of its time that a program stood ready without a CPU: by the kernel's count over its threads, of which some may be of no
    account, so no more than it was not on a CPU.
    """
    all_of_it = measured["wall"] * measured["workers"]
    return float(
        min(measured["queued"] / all_of_it, max(0.0, 1 - (measured["user"] + measured["system"]) / all_of_it))
    )


def void(case: Case, measured: dict[str, Any], planted: Sequence[float]) -> str:
    """Why a run is no test of the truth that it was made for; empty where it is one."""
    for cause, wanted, got in zip(
        [c for c in case.program.causes if c.unit], case.mix, planted, strict=False
    ):
        if abs(got - wanted) > OFF:
            return f"{cause.unit} took {got:.0%} of the time where {wanted:.0%} was wanted"
    return ""


def share(part: int, whole: int) -> str:
    if not whole:
        return "none"
    found = binomtest(part, whole).proportion_ci(0.95)
    return f"{part} of {whole} = {part / whole:.1%} [{found.low:.1%}, {found.high:.1%}]"


def _rows(title: str, runs: Sequence[Verdict], of: Callable[[Verdict], str]) -> list[str]:
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for one in runs:
        groups[of(one)].append(one)
    lines = [f"| {title} | runs | first right | among two |", "|---|---:|---:|---:|"]
    for name in sorted(groups):
        of_name = groups[name]
        lines.append(
            f"| {name} | {len(of_name)} | {sum(o.first for o in of_name)} | {sum(o.second for o in of_name)} |"
        )
    return [*lines, ""]


def summary(runs: Sequence[Verdict]) -> list[str]:
    one = [v for v in runs if v.case.program.kind == "one"]
    two = [v for v in runs if v.case.program.kind == "two"]
    healthy = [v for v in runs if v.case.program.kind == "healthy"]
    ill = [v for v in one if not {cause.truth for cause in v.case.program.causes} & set(NO_FAULT)]
    sums = [v for v in runs if not v.error]
    return [
        f"- one planted cause: first named {share(sum(v.first for v in one), len(one))}, "
        f"among the first two {share(sum(v.second for v in one), len(one))}",
        f"- two planted: both named first, in the right order {share(sum(v.first for v in two), len(two))}, "
        f"both among the first three {share(sum(v.second for v in two), len(two))}",
        f"- healthy runs accused: {share(sum(not v.first for v in healthy), len(healthy))}",
        "- and runs with one planted cause that is to be mended, in which something is: "
        f"{share(sum(bool(v.accused) for v in ill), len(ill))}",
        f"- states add up to wall time within {SUM_WITHIN:.0%}: "
        f"{share(sum(abs(v.summed - 1) <= SUM_WITHIN for v in sums), len(sums))}",
        f"- no answer at all: {sum(bool(v.error) for v in runs)}",
        "",
    ]


TITLES = (
    "Developed on",
    "Formerly held out: looked at once, then mended for",
    *(f"{name.title()} held-out set: judged once, never tuned on" for name in SETS[2:]),
)
FIRST_OF_THIRD = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 179 of 235 = 76.2% [70.2%, 81.5%], "
    "among the first two 192 of 235, two planted in their order 25 of 37, healthy runs accused 29 of 138 = 21.0% [14.5%, 28.8%]. "
    "**That is the held-out figure**, also where later code makes more of it.",
    "",
    "Of the 97 wrong answers 39 are about work that goes from one goroutine to the next of its kind (`relay`, `four_hands`), 13 about "
    "services that do not speak HTTP (`counter`, `letterbox`, `foremen`), 6 about a coroutine, 4 about a ticker (`warden`), and 14 others "
    "come of the level `standard`, which keeps no stacks of waits. The truth itself was laid down wrongly for 3 of `carbon`, which "
    "waited for a disk that was busy, for `straight_out` beside neighbours, whose start waited for it, and for `carry_over`, of which "
    "the kernel takes half; and whether own threads or neighbours come first is not settled where both are there (`bench_row` and "
    "`mill` beside neighbours: 4).",
    "",
]
FIRST_OF_FOURTH = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 136 of 142 = 95.8% [91.0%, 98.4%], "
    "among the first two 138 of 142 = 97.2% [92.9%, 99.2%], two planted in their order 11 of 12, healthy runs accused 21 of 177 = 11.9% "
    "[7.5%, 17.6%]. **That is the held-out figure**, also where later code makes more of it.",
    "",
    "Of the 21 healthy runs that were accused 6 wait at channels for timers (`rounds`, `metronome`), 4 are a service that ends at a set "
    "time (`front_desk`), 3 ask their own server (`guests`), 2 keep a connection open (`news_reader`), 4 work at the ticks of a clock "
    "for a third of the time (`late_shift`), and `price_desk` and `side_door` were accused once each. Wrong causes: 3 of a client over "
    "UDP that was taken for a server (`by_number`), and one each of `fore_runner`, of which the kernel takes as much as the disk, "
    "`loose_leaves`, and `small_prints` beside neighbours.",
    "",
]
FIRST_OF_SIXTH = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 154 of 156 = 98.7% [95.4%, 99.8%], "
    "among the first two 156 of 156 = 100.0% [97.7%, 100.0%], two planted in their order 17 of 18, healthy runs accused 50 of 283 = 17.7% "
    "[13.4%, 22.6%]. **That is the held-out figure**, also where later code makes more of it.",
    "",
    "Of the 50 healthy runs that were accused 14 read what comes through a file or a pipe (`watchman`, `organist`), where what godyno "
    "itself wrote in the program was taken for its asking; 10 are servers that had once connected to somebody themselves (`switchboard`, "
    "`taproom`); 7 read a stream over HTTP (`serial_story`); 6 are a server whose main goroutine sleeps until its end (`post_bag`); 4 a "
    "pipeline of workers that `WaitGroup.Go` started (`bookbinder`); the other 9 are of seven programs. Each kind has a rule since, which "
    "answers the same captures with 5 of 283, and the planted ones as before.",
    "",
]
FIRST_OF_SEVENTH = [
    "When first judged, before any of these answers had been seen: healthy runs accused 20 of 208 = 9.6% [6.0%, 14.5%]. **That is the "
    "held-out figure**, also where later code makes more of it.",
    "",
    "All 20 are of four programs that talk with a peer and do little but wait for it: a long poll (`petitioner`, 8), a session with signs "
    "of life (`envoy`, 6), and two consumers that acknowledge (`quartermaster`, `ropewalk`, 6). On the wire they look like clients of a "
    "slow peer. Who waits for the network for nine tenths of its time, and else for clocks at most, is told so and not accused any more.",
    "",
]
FIRST_OF_EIGHTH = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 142 of 149 = 95.3% [90.6%, 98.1%], "
    "among the first two 146 of 149 = 98.0% [94.2%, 99.6%], two planted in their order 11 of 16 = 68.8% [41.3%, 89.0%], healthy runs "
    "accused 24 of 306 = 7.8% [5.1%, 11.4%], something accused in 129 of 129 runs with one planted cause that is to be mended. **That is "
    "the held-out figure**, also where later code makes more of it. (113 runs without an execution trace were asked a second time, as an "
    "error that was an hour old ended the first answer; nothing else had changed.)",
    "",
    "Of the 24 healthy runs that were accused 8 write and read files in large pieces, with 13 % of their time in the kernel (`strata`); 6 "
    "are a server asked at full speed (`fishmonger`), where the path went from a request to the main goroutine's sleep; 3 keep a pool of "
    "`database/sql` warm (`bursar`), whose housekeeper was taken for one who connects; 3 speak with a child now and then (`shepherd`), 3 "
    "are a server that did something for 3 % of its time (`parlour`), one was disturbed. Wrong causes: 4 of a pipe whose other side waits "
    "for children of its own (`slow_kettle`, alone and in a pair), 2 of `database/sql` again (`every_child`), 3 beside neighbours where "
    "the plant's own dropping of pages waits for all CPUs (`star_chart`, `tall_shelves`), and pairs of children and DNS, whose times are "
    "close.",
    "",
]
FIRST_OF_NINTH = [
    "When first judged, before any of these answers had been seen: two planted in their order 20 of 20 = 100.0% [83.2%, 100.0%], healthy "
    "runs accused 29 of 216 = 13.4% [9.2%, 18.7%]. **That is the held-out figure**, also where later code makes more of it.",
    "",
    "Of the 29 healthy runs that were accused 18 are of two programs: the controller of one worker, whose time is its child's by design "
    "(`kiln`), and a filter that reads from the `tail -f` that it started (`sluice`); 6 waited for a disk that others kept busy "
    "(`carrier`, `bargeman`, `guidebook`), 3 are a server that waited for its clients within requests (`poste_restante`).",
    "",
]
FIRST_OF_TENTH = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 114 of 115 = 99.1% [95.3%, "
    "100.0%], among the first two 114 of 115, two planted in their order 10 of 13 = 76.9% [46.2%, 95.0%], healthy runs accused 3 of"
    " 198 = 1.5% [0.3%, 4.4%], something accused in 102 of 112 runs with one planted cause that is to be mended. **That is the "
    "held-out figure**, also where later code makes more of it.",
    "",
    "The 3 healthy runs are of one program (`dispatch_box`) beside neighbours: its disk hardly answered, and the kernel took half a"
    " second to let go of what it had watched. The 3 pairs are one program (`conga`), whose second cause goes on beside the first, "
    "so that its path is the second's nearly all the time. The wrong cause is a limiter's clock, which was told as idle time, and "
    "is named now. Of the 10 runs in which nobody is accused 5 are sleeps to a clock's ticks and 4 a program that does little but "
    "wait for a peer, both of which are told without an accusation; the tenth is that limiter.",
    "",
]
FIRST = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 37 of 46 = 80.4% [66.1%, 90.6%], "
    "two planted 3 of 4, healthy runs accused 0 of 4, no answer 2. **That is the held-out figure.** What was wrong has "
    "been mended since, so what follows is no held-out figure any more.",
    "",
]
FIRST_OF_ELEVENTH = [
    "When first judged, before any of these answers had been seen: one planted cause first named in 95 of 95 = 100.0% [96.2%, 100.0%], "
    "two planted in their order 52 of 54 = 96.3% [87.3%, 99.5%] (all 54 among the first three), healthy runs accused 0 of 108 = 0.0% "
    "[0.0%, 3.4%], something accused in 80 of 95 runs with one planted cause that is to be mended. **That is the held-out figure**, also "
    "where later code makes more of it.",
    "",
    "The 2 pairs were recorded at the level standard, where waits are shares of looks. In the 15 runs in which nobody is accused a clock "
    "is waited for, which may hold something up or not (a limiter, a poll): told without an accusation, with what is to be mended if so.",
    "",
]
FIRST_OF = {
    1: FIRST,
    3: FIRST_OF_THIRD,
    4: FIRST_OF_FOURTH,
    6: FIRST_OF_SIXTH,
    7: FIRST_OF_SEVENTH,
    8: FIRST_OF_EIGHTH,
    9: FIRST_OF_NINTH,
    10: FIRST_OF_TENTH,
    11: FIRST_OF_ELEVENTH,
}

LIGHT = [
    "Recorded by `run.py --level light`, judged by `judge.py --light`. The looks' rules for goroutines had been made before with this "
    "set in sight, and those of the light level with the first 147 recordings of it (answered 87.5% [78.7%, 93.6%], among two 95.5%, "
    "healthy accused 5 of 52), so this "
    "is no held-out figure: the runs here were recorded afterwards, and nothing was changed for them.",
    "",
]


def table(verdicts: Sequence[Verdict], light: bool = False) -> list[str]:
    """The results as Markdown; ``light`` ones are a sample of a set at a level at which it was not held out."""
    lines = []
    for of_set, title in reversed(list(enumerate(TITLES))):
        runs = [v for v in verdicts if v.case.program.of_set == of_set]
        judged = [v for v in runs if not v.void]
        if not runs:
            continue
        names = {v.case.program.name for v in runs}
        lines += [
            f"## {title if not light else SETS[of_set].title() + ' set, at the light level'}", "",
            *(LIGHT if light else FIRST_OF.get(of_set, [])),
            f"{len(names)} programs, {len(runs)} runs; {len(runs) - len(judged)} of them are no test, as the plant missed its share.", "",
            *summary(judged),
        ]  # fmt: skip
        one = [v for v in judged if v.case.program.kind == "one"]
        lines += _rows("planted", one, lambda v: v.case.program.causes[0].truth)
        lines += _rows("strength", one, lambda v: f"{STRENGTHS.get(v.case.strength, 0):.0%}")
        lines += _rows("condition", judged, lambda v: f"{v.case.program.kind}, {v.case.condition}")
        lines += _rows("recorded at", judged, lambda v: v.level)
        if of_set >= LARGE:
            lines += _more(judged)
    return lines


def _more(judged: Sequence[Verdict]) -> list[str]:
    """What a set that is large enough for it tells beyond: each figure by surrounding and level, each healthy program, each pair."""
    healthy = [v for v in judged if v.case.program.kind == "healthy"]
    two = [v for v in judged if v.case.program.kind == "two"]
    lines = [
        "| | one planted cause named first | among two | two in their order | healthy accused |",
        "|---|---|---|---|---|",
    ]
    parts: list[tuple[str, Callable[[Verdict], bool]]] = [
        *((f"{name}", lambda v, name=name: v.case.condition == name) for name in ("bare", "neighbours", "quota", "generous")),
        *((f"recorded at {name}", lambda v, name=name: v.level == name) for name in ("deep", "plain", "standard", "light")),
    ]  # fmt: skip
    for name, belongs in parts:
        of_kind = {
            kind: [v for v in judged if belongs(v) and v.case.program.kind == kind]
            for kind in ("one", "two", "healthy")
        }
        one, pairs, well = of_kind.values()
        lines.append(
            f"| {name} | {share(sum(v.first for v in one), len(one))} | {share(sum(v.second for v in one), len(one))} | "
            f"{share(sum(v.first for v in pairs), len(pairs))} | {share(sum(not v.first for v in well), len(well))} |"
        )
    lines += ["", "| healthy | runs | accused |", "|---|---:|---:|"]
    for name in sorted({_shape(v) for v in healthy}):
        of_name = [v for v in healthy if _shape(v) == name]
        lines.append(f"| {name} | {len(of_name)} | {sum(not v.first for v in of_name)} |")
    return [
        *lines,
        "",
        *_rows("pair", two, lambda v: " then ".join(cause.truth for cause in v.case.program.causes)),
    ]


def _shape(verdict: Verdict) -> str:
    program = verdict.case.program
    return program.whole or f"{program.frame} of {program.task}"


def failures(verdicts: Sequence[Verdict], runs: Path) -> str:
    """Every wrong answer, for who mends them."""
    lines = []
    for v in sorted(
        verdicts, key=lambda v: (v.case.program.causes[0].unit if v.case.program.causes else "", v.case.label)
    ):
        if v.right:
            continue
        shares = ", ".join(
            f"{name} {part:.0%}" for name, part in sorted(v.shares.items(), key=lambda x: -x[1])[:6]
        )
        truth = (
            " then ".join(f"{cause.truth} ({cause.unit})" for cause in v.case.program.causes)
            or "nothing: healthy"
        )
        lines += [
            f"### {v.case.label}, {v.level}" + (f" (no test: {v.void})" if v.void else ""),
            f"- truth: {truth}; planted {', '.join(f'{p:.0%}' for p in v.planted)}; frame {v.case.program.frame or v.case.program.whole}, "
            f"options {' '.join(v.case.record)}; ready without a CPU {v.waited:.0%}",
            f"- said: {v.error or ', '.join(v.named) or 'no cause'}; accused {', '.join(v.accused) or 'nothing'}",
            f"- states {shares}; sum {v.summed:.3f}",
            f"- capture: {runs / f'{v.case.label}-{v.level}'}/run.dyno",
            "",
        ]  # fmt: skip
    return "\n".join(lines)
