"""Programs that were not looked at while the attribution was written: other plants, other shapes, judged apart."""

from __future__ import annotations

from dataclasses import replace

from catalogue import LIMIT, TASKS, Planted, Program, _neighbours, _quota
from sets import SETS, names_of

ONE = [
    Planted("journal", "fsync", also=("disk.write",)),
    Planted("direct", "disk.read", cold=True),
    Planted("mapped_write", "fsync", also=("disk.write",)),
    Planted("mapped_index", "fault.disk", cold=True),
    Planted("strings_map", "gc", within=0.7, levels=(8, 8, 8)),
    Planted("tidy", "gc"),
    Planted("stacks", "gc"),
    Planted("cgo_sleep", "cgo", also=("sleep",)),
    Planted("cgo_sort", "cgo"),
    Planted("one_byte", "kernel"),
    Planted("renames", "kernel"),
    Planted("fresh_pages", "kernel"),
    Planted("crowd", "run.own", within=0.85, levels=(9, 9, 9)),
    Planted("names_both", "net.dns"),
    Planted("fresh_https", "net.tls"),
    Planted("datagrams", "net.wait"),
    Planted("neighbour_ask", "net.wait"),
    Planted("write_lock", "lock"),
    Planted("first_time", "lock"),
    Planted("results", "channel", also=("sleep",)),
    Planted("deadline", "select", also=("sleep", "channel")),
    Planted("gate", "cond", also=("lock", "net.wait")),
    Planted("backoff", "sleep"),
    Planted("sort_tool", "child", also=("pipe",)),
    Planted("deliver", "pipe"),
    Planted("tables", "start.init"),
    Planted("crammed", "memory", levels=(80, 80, 80), record=LIMIT, cold=True),
    Planted("recursion", "cpu.go"),
]
LINE_ONLY = {"tables", "crowd", "crammed", "strings_map", "tidy", "stacks"}
PAIRS = [
    ("journal", "backoff"), ("datagrams", "one_byte"), ("cgo_sort", "write_lock"), ("sort_tool", "neighbour_ask"),
    ("tables", "direct"), ("fresh_https", "renames"), ("deliver", "cgo_sort"), ("mapped_index", "datagrams"),
]  # fmt: skip
HEALTHY = [
    ("merge", "words", "", {}),
    ("answering", "ledger", "", {}),
    ("spread", "grid", "", {"many": 2}),
    ("", "routes", "pool", {"many": 3}),
    ("", "digests", "line", {}),
    ("once", "routes", "", {"many": 4}),
]


def held_out() -> list[Program]:
    names = iter(names_of(SETS[1]))
    made = []
    frames = ("line", "pool", "line", "stages")
    for index, cause in enumerate(ONE):
        frame = "line" if cause.unit in LINE_ONLY else frames[index % 4]
        made.append(Program(next(names), (cause,), TASKS[(index * 3 + 2) % len(TASKS)], frame))
    by_unit = {cause.unit: cause for cause in ONE}
    for index, pair in enumerate(PAIRS):
        causes = tuple(by_unit[unit] for unit in pair)
        made.append(
            Program(
                next(names),
                causes,
                TASKS[(index * 7 + 5) % len(TASKS)],
                "line",
                strengths=("both",),
            )
        )
    for whole, task, frame, more in HEALTHY:
        made.append(
            Program(next(names), (), task, frame, whole=whole, strengths=("none",), **more)  # type: ignore[arg-type]
        )
    made.append(_neighbours(next(names), "words", "pool"))
    made.append(_quota(next(names), "routes", "pool"))
    return [replace(program, of_set=1) for program in made]
