"""Does mending a cause save what ``godyno why`` says it would? Each planted cause is taken away for real, and both are held together.

python benchmarks/attribution/savings.py --minutes 5    measures; again until all is there
python benchmarks/attribution/savings.py --keep         and writes benchmarks/results/attribution_savings.md

Asks ``why`` of captures that run.py made (judge.py --keep-captures leaves them). Then the program does the same work as in the recording
(as many passes of its task and of each unit), not recorded, as it is and with one thing taken away: the passes of a unit, its cause where
``AWAY`` tells how (own threads, collections), the load beside, or the quota. In blocks, each arm once, in an order drawn by chance.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build import SCRATCH
from catalogue import Case, cases
from check import AWAY
from judge import asked, read_lines
from run import OURS, RUNS, apart, drop, load_beside, peers, settings
from score import SURROUNDINGS, accepted, share

from godyno.stats.compare import paired

BLOCKS = 6  # the fewest whose interval is one of 95 %
MEASURED, ASKED = SCRATCH / "savings.jsonl", SCRATCH / "savings_asked.jsonl"
NEAR = 0.1  # of the wall time
LIKE = (0.75, 1.33)  # the work took about as long as when it was recorded: disks, above all, do not always
PERIOD_US = 100_000


@dataclass(frozen=True)
class Arm:
    """A way to run a case: ``""`` as it was recorded, else with what is named taken away."""

    away: str
    fixed: tuple[int, ...]
    level: int
    beside: int | None
    quota: float | None
    kinds: frozenset[str] = frozenset()  # what `why` may call what is taken away


def arms(case: Case, passes: Sequence[int]) -> list[Arm]:
    """The case as it was recorded, and without each thing that can be taken away."""
    record = list(case.record)
    quota = float(record[record.index("--cpu-quota") + 1]) if "--cpu-quota" in record else None
    whole = Arm("", tuple(passes), case.level, case.beside, quota)
    found = [whole]
    for number, cause in enumerate((one for one in case.program.causes if one.unit), 1):
        kinds = frozenset(accepted(cause.truth, cause.also))
        fixed = list(passes)
        if cause.unit not in AWAY:
            fixed[number] = 0
        found.append(Arm(cause.unit, tuple(fixed), AWAY.get(cause.unit, case.level), case.beside, quota, kinds))  # fmt: skip
    if case.beside is not None:
        found.append(Arm("the load beside", whole.fixed, case.level, None, quota, frozenset({"neighbours"})))
    if quota is not None:
        found.append(Arm("the quota", whole.fixed, case.level, case.beside, None, frozenset({"quota"})))
    return found


@contextlib.contextmanager
def group(quota: float | None) -> Iterator[Path]:
    """A group for one program, beside that of the load, as a recording has one."""
    path = OURS / "program"
    path.mkdir(exist_ok=True)
    (path / "cpu.cfs_quota_us").write_text("-1" if quota is None else str(int(quota * PERIOD_US)))
    try:
        yield path
    finally:
        for _ in range(20):
            with contextlib.suppress(OSError):
                path.rmdir()
                break
            time.sleep(0.01)


def took(case: Case, arm: Arm, hosts: list[str], seed: int) -> float:
    """Seconds that the program itself measured from its start to its end."""
    home = RUNS / "savings"
    home.mkdir(exist_ok=True)
    (home / "result.json").unlink(missing_ok=True)
    wanted = {**settings(case, hosts, seed), "fixed": arm.fixed, "level": arm.level}
    (home / "settings.json").write_text(json.dumps(wanted))
    if any(cause.cold for cause in case.program.causes):
        drop(SCRATCH / "data")
    program = SCRATCH / "plain" / case.program.name
    program.read_bytes()
    with load_beside(arm.beside), group(arm.quota) as place:
        argv = ["sh", "-c", f"echo $$ > {place}/cgroup.procs; exec {program}"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        subprocess.run(argv, cwd=home, timeout=60, check=True, **quiet)
    return float(json.loads((home / "result.json").read_text())["wall"])


def measure(case: Case, passes: Sequence[int], hosts: list[str], seed: int) -> dict[str, Any]:
    """Wall seconds of each arm, block by block."""
    all_of_them = arms(case, passes)
    walls: dict[str, list[float]] = {arm.away: [] for arm in all_of_them}
    order = random.Random(seed)
    for block in range(BLOCKS):
        for arm in order.sample(all_of_them, len(all_of_them)):
            walls[arm.away].append(took(case, arm, hosts, seed + block))
    return {"label": case.label, "passes": list(passes), "walls": walls}


def fit(case: Case) -> bool:
    """Whether its causes can be taken away and are said to save something: not what is done before main or is but computing."""
    causes = case.program.causes
    other = any(cause.truth.startswith(("start.", "cpu.")) or cause.names or cause.swap for cause in causes)
    return bool(causes) and not other and not any("--memory-limit" in cause.record for cause in causes)


def predicted(answer: dict[str, Any], kinds: frozenset[str]) -> float:
    """The share of the wall time that mending would save: of what these kinds name, the one that stands first."""
    wall = answer["wall_s"]
    return max((cause["saves_s"] / wall for cause in answer["causes"] if cause["kind"] in kinds), default=0.0)


def compared(case: Case, answer: dict[str, Any], walls: dict[str, list[float]], passes: Sequence[int]) -> list[dict[str, Any]]:  # fmt: skip
    """A row for each thing that was taken away. ``took`` is how long the work took beside the recording of it."""
    rows = []
    for arm in arms(case, passes)[1:]:
        found = paired(walls[""], walls[arm.away])
        rows.append(
            {
                "label": case.label, "away": arm.away, "kinds": sorted(arm.kinds), "predicted": predicted(answer, arm.kinds),
                "measured": 1 - found.estimate, "low": 1 - found.interval.high, "high": 1 - found.interval.low,
                "took": statistics.median(walls[""]) / answer["wall_s"], "walls": walls,
            }
        )  # fmt: skip
    return rows


def summary(title: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """How far off, and how often the order of two was right."""
    off = [one["predicted"] - one["measured"] for one in rows]
    pairs = [(a, b) for a in rows for b in rows if a["label"] == b["label"] and a["low"] > b["high"]]
    right = sum(a["predicted"] > b["predicted"] for a, b in pairs)
    if not off:
        return []
    near, much, little = (
        sum(abs(one) <= NEAR for one in off),
        sum(one > NEAR for one in off),
        sum(one < -NEAR for one in off),
    )
    half = statistics.median(map(abs, off))
    return [
        f"- {title}: predicted within {NEAR:.0%} of the wall time {share(near, len(off))}; too much by more than that {much} times, too "
        f"little {little} times; half of the differences are below {half:.1%}. Of two in one run whose measured "
        f"savings are told apart, the larger is said to be larger: {share(right, len(pairs))}",
    ]  # fmt: skip


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What was said beside what was measured."""
    low, high = LIKE
    alike = [one for one in rows if low <= one["took"] <= high]
    lines = [
        f"{len({one['label'] for one in rows})} recorded runs, {len(rows)} things taken away, {BLOCKS} blocks each. A saving is a share of "
        "the wall time. These programs have been looked at: this is no held-out figure.",
        "",
        *summary("all", rows),
        *summary(f"where the same work took {low:g} to {high:g} times as long as in the recording", alike),
        *summary("of these, what is planted", [one for one in alike if not set(one["kinds"]) & set(SURROUNDINGS)]),
        *summary("of these, the load beside and the quota", [one for one in alike if set(one["kinds"]) & set(SURROUNDINGS)]),
        "",
        "| run | took, of the recorded time | taken away | called | predicted | measured | difference |",
        "|---|---:|---|---|---:|---:|---:|",
    ]  # fmt: skip
    told = (
        f"| {one['label']} | {one['took']:.2f} | {one['away']} | {', '.join(one['kinds'])} | {one['predicted']:.0%} "
        f"| {one['measured']:.0%} [{one['low']:.0%}, {one['high']:.0%}] | {one['predicted'] - one['measured']:+.0%} |"
        for one in sorted(rows, key=lambda one: (one["label"], -one["measured"]))
    )
    return [*lines, *told]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--ask", action="store_true", help="ask `why` again about all captures")
    parser.add_argument("--keep", action="store_true", help="write the results")
    parser.add_argument("labels", nargs="*", help="only these runs: PROGRAM-STRENGTH-CONDITION, or PROGRAM")
    options = parser.parse_args()
    known = {case.label: case for case in cases() if fit(case)}
    runs = {
        one["label"]: one
        for one in read_lines(SCRATCH / "runs.jsonl")
        if one["label"] in known and one["level"] == "deep" and one["measured"]
    }
    measured = {one["label"]: one for one in read_lines(MEASURED) if one["label"] in known}
    todo = [
        label for label in runs
        if label not in measured and (not options.labels or {label, label.partition("-")[0]} & set(options.labels))
    ]  # fmt: skip
    until = time.monotonic() + options.minutes * 60
    if options.minutes:
        with MEASURED.open("a") as out, apart(), peers() as hosts:
            for index, label in enumerate(todo):
                if time.monotonic() > until:
                    break
                found = measure(
                    known[label], runs[label]["measured"]["passes"], hosts, options.seed + 100 * index
                )
                measured[label] = found
                out.write(json.dumps(found) + "\n")
                out.flush()
                print(f"\r{index + 1}/{len(todo)} {label:40}", end="", file=sys.stderr)
        print(file=sys.stderr)
        return
    answers = {} if options.ask else {one["label"]: one for one in read_lines(ASKED)}
    with ASKED.open("w" if options.ask else "a") as out:
        for label in measured:
            if label not in answers:
                answers[label] = {"label": label, **asked(RUNS / f"{label}-deep")}
                out.write(json.dumps(answers[label]) + "\n")
    rows = [
        row
        for label, one in measured.items()
        for row in compared(known[label], answers[label], one["walls"], one["passes"])
    ]
    lines = table(rows)
    print("\n".join(lines))
    if options.keep:
        sys.path.insert(0, str(Path(__file__).parent.parent))
        from arms import keep

        keep("attribution_savings", "\n".join(lines), rows)


if __name__ == "__main__":
    main()
