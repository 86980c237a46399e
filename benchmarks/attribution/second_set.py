"""A second set of programs that are held out: written by one who had not seen the attribution, judged once, never tuned on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from catalogue import LIMIT, TASKS, Planted, Program
from sets import SETS, names_of

ONE = [
    Planted("rebuild", "lock"),
    Planted("courier", "channel", also=("net.wait",)),
    Planted("pages_sync", "disk.write", also=("fsync",)),
    Planted("dir_sync", "fsync", also=("disk.write",)),
    Planted("cold_scan", "disk.read", cold=True),
    Planted("cold_map", "fault.disk", cold=True),
    Planted("dial_name", "net.dns"),
    Planted("gather", "net.wait", also=("waitgroup",)),
    Planted("shake", "net.tls"),
    Planted("spawn", "child"),
    Planted("slow_reader", "pipe", also=("child",)),
    Planted("poll", "sleep", also=("select",)),
    Planted("churn", "gc", within=0.62, levels=(8, 8, 8)),
    Planted("settle", "gc"),
    Planted("cgo_matrix", "cgo"),
    Planted("grammar", "start.init"),
    Planted("hands", "run.own", within=0.8, levels=(9, 9, 9)),
    Planted("walk", "kernel", within=0.75),
    Planted("powers", "cpu.go"),
    Planted("reread", "memory", levels=(96, 96, 96), record=LIMIT, cold=True),
]
LINE_ONLY = {"rebuild", "churn", "settle", "grammar", "hands", "reread", "dir_sync", "pages_sync", "walk"}
PAIRS = [("gather", "walk"), ("cgo_matrix", "poll"), ("pages_sync", "dial_name"), ("spawn", "courier")]
HEALTHY: list[tuple[str, str, str, dict[str, Any]]] = [
    ("halves", "grid", "", {}),
    ("packing", "words", "", {}),
    ("calendar", "table", "", {}),
    ("", "expressions", "pool", {"many": 2}),
]


def second_set() -> list[Program]:
    """All of them; the truth about each was laid down here before anything was recorded."""
    names = iter(names_of(SETS[2]))
    frames = ("line", "stages", "pool")
    made = []
    for index, cause in enumerate(ONE):
        frame = "line" if cause.unit in LINE_ONLY else frames[index % 3]
        made.append(Program(next(names), (cause,), TASKS[(index * 3 + 1) % len(TASKS)], frame))
    by_unit = {cause.unit: cause for cause in ONE}
    for index, (first, second) in enumerate(PAIRS):
        causes, task = (by_unit[first], by_unit[second]), TASKS[(index * 7 + 3) % len(TASKS)]
        made.append(Program(next(names), causes, task, "line", strengths=("both",)))
    for whole, task, frame, more in HEALTHY:
        made.append(Program(next(names), (), task, frame, whole=whole, strengths=("none",), **more))
    return [replace(program, of_set=2) for program in made]
