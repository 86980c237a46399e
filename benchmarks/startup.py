"""Is a start's cause named, does the attribution add up, and does a predicted gain come true?

    python benchmarks/startup.py naming      what was planted, and what godyno startup names, from recordings alone
    python benchmarks/startup.py gain        what it predicts a change of code to save, and what the changed program saves
    python benchmarks/startup.py source      the source's own remedy (collect, allocate, mlock first) against none

The reference service (gin and gRPC) with one thing planted in its start: a slow package init, a DNS answer that is late, a large
allocation, reads from disk, a lock that another goroutine holds; and with nothing planted, where nothing may be accused. Each under three
conditions: as it is, under a quota of 0.3 CPUs, with a cold page cache; gains also beside two busy programs.

The parts keep what they find in results/startup.json, and the table is made of all of it. A part goes on where it ended before; with
``--minutes`` it ends by itself after so many, so that a machine may be had in turns.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from arms import RESULTS, keep
from godyno.diagnose.why.states import STATES
from godyno.machine.pagecache import forget
from godyno.stats.compare import paired
from godyno.stats.interval import median_interval
from godyno.studies.startup.api import startup
from godyno.studies.startup.result import DOMINATES, Place, Startup, Waterfall
from godyno.studies.startup.starts import Starter
from godyno.studies.startup.watching import READY
from godyno.workload.limited import Limits
from godyno.workload.ready import ready_of
from startup_programs import build

RESOLVER, PORT, QUOTA = "127.0.0.77", 18091, 0.3
LATE_S = 0.1
DATA_BYTES = 96 << 20
PLANTED = ("init", "dns", "allocation", "disk", "lock")
NOTHING = "nothing"
CONDITIONS = ("as it is", "quota", "cold")
BUSY = "busy"
GAINS = (
    ("init", "as it is"), ("init", "quota"), ("dns", "as it is"), ("allocation", "as it is"), ("allocation", BUSY), ("disk", "cold"),
    ("lock", "as it is"),
)  # fmt: skip
RECORDED = 3  # starts of each look of the part naming
# Of a start in which nothing is planted: what the condition itself is.
CONDITION_IS = {"as it is": (), "quota": ("quota",), "cold": ("fault_disk", "disk_read", "load")}
# The state that the planted thing is; a quota that is used up on the way is not what was planted.
EXPECTED = {
    "init": ("go", "gc_assist"), "dns": ("dns",), "allocation": ("minor_fault", "gc_assist", "gc_background", "kernel", "reclaim"),
    "disk": ("disk_read",), "lock": ("lock",),
}  # fmt: skip


def programs(scratch: Path) -> dict[str, Path]:
    """Built where they are not there already."""
    scratch.mkdir(parents=True, exist_ok=True)
    data = scratch / "data.bin"
    if not data.exists():
        data.write_bytes(os.urandom(DATA_BYTES))
    wanted: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
        "base": ("nothing", {}, {}), "source": ("nothing", {}, {"also": ("source_remedy",)}),
        "init": ("init", {"ROUNDS": "12"}, {}), "init-lazy": ("init", {"ROUNDS": "12"}, {"tags": "lazy"}),
        "dns": ("dns", {"RESOLVER": f"{RESOLVER}:53"}, {}), "allocation": ("allocation", {"SIZE": "256"}, {}),
        "disk": ("disk", {"DATA": str(data), "READS": "2500"}, {}), "lock": ("lock", {"HELD": "80"}, {}),
    }  # fmt: skip
    out = {}
    for name, (planted, fill, more) in wanted.items():
        out[name] = scratch / name
        if not out[name].exists():
            print(f"building {name}", file=sys.stderr)
            build(scratch, name, planted, fill, **more)
    return out


@contextmanager
def resolver() -> Iterator[None]:
    """Answers every name, ``LATE_S`` late."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind((RESOLVER, 53))

    def answer(asked: bytes, who: Any) -> None:
        time.sleep(LATE_S)
        end = asked.index(0, 12) + 5
        question, is_a = asked[12:end], asked[end - 4 : end - 2] == b"\0\1"
        record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1" if is_a else b""
        line.sendto(asked[:2] + b"\x81\x80\0\1\0" + bytes([is_a]) + b"\0\0\0\0" + question + record, who)

    def serve() -> None:
        while True:
            try:
                asked, who = line.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=answer, args=(asked, who), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        line.close()


def look(program: Path, condition: str, scratch: Path, runs: int, recorded: int) -> Startup:
    """What godyno startup says of a program under a condition."""
    return startup(
        [str(program), "-http", f"127.0.0.1:{PORT}"], ready=f"tcp:{PORT}", runs=runs, recorded=recorded, try_remedies=False,
        cold=condition == "cold", cold_also=[str(scratch / "data.bin")] if condition == "cold" else [],
        cpu_quota=QUOTA if condition == "quota" else None,
    )  # fmt: skip


def shown(found: Startup, condition: str) -> Any:
    return found.waterfall("cold" if condition == "cold" else "warm")


def cause_of(place: Place) -> str:
    """The state that a place mostly is, beside the machine's and the quota."""
    titles = {state.title: name for name, state in STATES.items()}
    named = [titles[title] for title, _ in place.causes]
    return next((name for name in named if STATES[name].where == "program" and name != "quota"), "")


def is_right(planted: str, place: Place) -> bool:
    """Whether the first place and its cause are what was planted."""
    where = place.package.endswith("/table") if planted == "init" else place.kind == "main"
    return where and cause_of(place) in EXPECTED[planted]


def naming(scratch: Path, repeats: int, raw: dict[str, Any], over: Callable[[], bool]) -> None:
    made, rows = programs(scratch), raw.setdefault("naming", [])
    done = {(row["planted"], row["condition"], row["repeat"]) for row in rows}
    for repeat in range(repeats):
        for condition in CONDITIONS:
            for planted in (*PLANTED, NOTHING):
                key = (planted, condition, repeat)
                if key in done or (planted == "disk" and condition != "cold"):
                    continue  # what is cached is not read from disk
                if over():
                    return
                program = made["base" if planted == NOTHING else planted]
                found = shown(look(program, condition, scratch, 1, RECORDED), condition)
                row: dict[str, Any] = dict(zip(("planted", "condition", "repeat"), key, strict=True))
                rows.append(
                    row
                    | (
                        named(planted, condition, found)
                        if found
                        else {"right": False, "named": "nothing recorded"}
                    )
                )
                print(rows[-1], file=sys.stderr)
                save(raw, "naming")


def named(planted: str, condition: str, found: Waterfall) -> dict[str, Any]:
    """What a look at a start said, and whether that is right."""
    first, most = found.dominating, found.places[0]
    if planted == NOTHING:
        right = first is None or cause_of(first) in CONDITION_IS[condition]
    else:
        right = first is not None and is_right(planted, first)
    return {
        "right": right, "named": f"{first.label}: {cause_of(first)}" if first else "", "share": most.own_share, "most": most.label,
        "took_s": found.took_s, "off": abs(found.sum_s - found.took_s) / found.took_s, "slower": found.slower,
    }  # fmt: skip


def pairs(
    one: Path, other: Path, condition: str, scratch: Path, count: int
) -> tuple[list[float], list[float]]:
    """Seconds of bare starts of two programs in turns, in an order drawn by coin."""
    limits = Limits(cpus=QUOTA if condition == "quota" else None)
    arguments, ready = ["-http", f"127.0.0.1:{PORT}"], ready_of(f"tcp:{PORT}")
    coin, out = random.Random(1), ([], [])  # type: tuple[random.Random, tuple[list[float], list[float]]]
    with (
        Starter([str(one), *arguments], ready, 30.0, limits) as first,
        Starter([str(other), *arguments], ready, 30.0, limits) as second,
    ):
        sides = ((first, one), (second, other))
        for number in range(count + 1):
            took: dict[int, float] = {}
            for side in coin.sample((0, 1), 2):
                starter, program = sides[side]
                cold: Callable[[], None] = lambda program=program: forget([program, scratch / "data.bin"])  # noqa: E731
                start = starter.start(before=cold if condition == "cold" else lambda: None)
                if start.outcome == READY:
                    took[side] = start.took_s
            if (
                number and len(took) == 2
            ):  # where the machine stood still for half a minute, the pair is left out
                for side, seconds in took.items():
                    out[side].append(seconds)
    return out


@contextmanager
def beside(condition: str) -> Iterator[None]:
    """Where the condition is so, two programs keep CPUs busy."""
    hogs = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 if condition == BUSY else 0)
    ]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def gain(scratch: Path, count: int, raw: dict[str, Any], over: Callable[[], bool]) -> None:
    made, rows = programs(scratch), raw.setdefault("gain", [])
    done = {(row["planted"], row["condition"]) for row in rows}
    for planted, condition in GAINS:
        if (planted, condition) in done:
            continue
        if over():
            return
        other = made["init-lazy" if planted == "init" else "base"]
        with beside(condition):
            # The machine drifts: half of the pairs come before what is predicted from, half after.
            old, new = pairs(made[planted], other, condition, scratch, count // 2)
            found = look(made[planted], condition, scratch, 8, 5)
            for side, more in zip(
                (old, new), pairs(made[planted], other, condition, scratch, count - count // 2), strict=True
            ):
                side.extend(more)
        state = "cold" if condition == "cold" else "warm"
        of = "/table " if planted == "init" else "main.prepare"
        predicted = next((one.gain_s for one in found.what_if if one.state == state and of in one.what), None)
        saved = [a - b for a, b in zip(old, new, strict=True)]
        interval, bare = median_interval(saved), found.distribution(state)
        rows.append({
            "planted": planted, "condition": condition, "predicted_s": predicted, "measured_s": statistics.median(saved),
            "pairs": len(old), "low_s": interval.low, "high_s": interval.high, "median_s": statistics.median(old),
            "predicted_of": bare.median.value if bare else None, "old": old, "new": new,
        })  # fmt: skip
        print({key: value for key, value in rows[-1].items() if key not in ("old", "new")}, file=sys.stderr)
        save(raw, "gain")


def source(scratch: Path, count: int, raw: dict[str, Any], over: Callable[[], bool]) -> None:
    made, rows = programs(scratch), raw.setdefault("source", [])
    done = {row["condition"] for row in rows}
    for condition in CONDITIONS:
        if condition in done:
            continue
        if over():
            return
        old, new = pairs(made["base"], made["source"], condition, scratch, count)
        found = paired(old, new)
        rows.append({
            "condition": condition, "ratio": found.estimate, "low": found.interval.low, "high": found.interval.high, "pairs": len(old),
            "median_s": statistics.median(old),
        })  # fmt: skip
        print(rows[-1], file=sys.stderr)
        save(raw, "source")


def save(raw: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Keeps what one part found beside what others, which may run at the same time, did; gives all of it."""
    file = RESULTS / "startup.json"
    there: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    if part in raw:
        there[part] = raw[part]
    file.write_text(json.dumps(there, indent=0) + "\n")
    return there


def table(raw: Mapping[str, Any]) -> str:
    """All that is there so far."""
    lines = ["# godyno startup on the reference service (gin and gRPC) with one thing planted", ""]
    lines += _naming_table(raw.get("naming", []))
    if raw.get("gain"):
        lines += [
            "## Predicted and measured gain", "",
            "Measured: the program with it against one without (the init made lazy by a build tag, the others left out), bare starts",
            "in turns, half of them before the look that predicts and half after. Shares: of the look's bare starts, and of the pairs'.",
            "",
            "| planted | condition | start | predicted | measured [95 %] | pairs | predicted / measured | as shares of the start |",
            "|---|---|---:|---:|---:|---:|---:|---|",
        ]  # fmt: skip
        for row in raw["gain"]:
            predicted, measured = row["predicted_s"], row["measured_s"]
            share = statistics.median(1 - b / a for a, b in zip(row["old"], row["new"], strict=True))
            lines.append(
                f"| {row['planted']} | {row['condition']} | {row['median_s'] * 1e3:.0f} ms | "
                f"{'none' if predicted is None else f'{predicted * 1e3:.1f} ms'} | {measured * 1e3:.1f} "
                f"[{row['low_s'] * 1e3:.1f}, {row['high_s'] * 1e3:.1f}] ms | {row['pairs']} | "
                f"{'' if predicted is None else format(predicted / measured, '.2f')} | "
                f"{'none' if predicted is None else format(predicted / row['predicted_of'], '.0%')} and {share:.0%} |"
            )
        lines.append("")
    if raw.get("source"):
        lines += [
            "## The source's remedy: runtime.GC, allocate 1 MB, mlock a page, first of all", "",
            "| condition | without | time with it over time without [95 %] | pairs |", "|---|---:|---:|---:|",
        ]  # fmt: skip
        lines += [
            f"| {row['condition']} | {row['median_s'] * 1e3:.1f} ms | {row['ratio']:.3f} [{row['low']:.3f}, {row['high']:.3f}] × "
            f"| {row['pairs']} |"
            for row in raw["source"]
        ]
        lines.append("")
    lines.append(
        f"Conditions: as it is; a quota of {QUOTA:g} CPUs; cold, the program and its data out of the page cache; busy, beside two programs "
        "that compute."
    )
    return "\n".join(lines)


def _naming_table(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    ill = [row for row in rows if row["planted"] != NOTHING]
    well = [row for row in rows if row["planted"] == NOTHING]
    off = [row["off"] for row in rows if "off" in row]
    lines = [
        f"Named right as what dominates: {sum(row['right'] for row in ill)} of {len(ill)}. With nothing planted, accused: "
        f"{sum(not row['right'] for row in well)} of {len(well)}. The attribution's sum is off by {max(off):.2%} of exec-to-ready "
        "at most.", "",
        f"A look is at {RECORDED} recorded starts. Something dominates where it takes {DOMINATES:.0%} of a start's own time or more; "
        "with nothing planted, naming the condition itself (the quota, the disk) is right, and anything else an accusation.", "",
        "| planted | condition | right | exec to ready, recorded | its share of the start's own time | named otherwise |",
        "|---|---|---:|---:|---:|---|",
    ]  # fmt: skip
    for planted in (*PLANTED, NOTHING):
        for condition in CONDITIONS:
            some = [row for row in rows if row["planted"] == planted and row["condition"] == condition]
            if not some:
                continue
            took = [row["took_s"] * 1e3 for row in some if "took_s" in row]
            share = [row["share"] for row in some if "share" in row]
            wrong = "; ".join(row["named"] or "nothing" for row in some if not row["right"])
            span = f"{min(took):.0f} to {max(took):.0f} ms" if took else ""
            most = f" (the most, {some[0].get('most', '')})" if planted == NOTHING else ""
            lines.append(
                f"| {planted} | {condition} | {sum(row['right'] for row in some)} of {len(some)} | {span} | "
                f"{min(share, default=0):.0%} to {max(share, default=0):.0%}{most} | {wrong} |"
            )
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("naming", "gain", "source", "table"))
    parser.add_argument("--programs", type=Path, default=Path.home() / ".cache/godyno-benchmarks/startup")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="end after so many; the same command goes on"
    )
    parser.add_argument(
        "--again",
        nargs="*",
        metavar="PLANTED:CONDITION",
        help="throw away what this part found before (of these)",
    )
    options = parser.parse_args()
    file = RESULTS / "startup.json"
    raw: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    if options.again is not None:
        raw[options.part] = [
            row for row in raw.get(options.part, [])
            if options.again and f"{row.get('planted', '')}:{row['condition']}" not in options.again
        ]  # fmt: skip
    ends = time.monotonic() + 60 * options.minutes
    over = lambda: time.monotonic() > ends  # noqa: E731
    with resolver():
        if options.part == "naming":
            naming(options.programs, options.repeats, raw, over)
        elif options.part == "gain":
            gain(options.programs, options.pairs, raw, over)
        elif options.part == "source":
            source(options.programs, options.pairs, raw, over)
    whole = save(raw, options.part)
    keep("startup", table(whole), whole)


if __name__ == "__main__":
    main()
