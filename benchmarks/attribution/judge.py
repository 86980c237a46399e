"""Seals what was recorded and asks ``godyno why``; then scores its answers against the truth.

python benchmarks/attribution/judge.py              what has no answer yet, then the table
python benchmarks/attribution/judge.py --again all  asks again about every capture that is still there
python benchmarks/attribution/judge.py --keep       and writes benchmarks/results/attribution.md

Captures of right answers are deleted unless --keep-captures is given; each wrong one is told in failures.md with its place.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import sys
from pathlib import Path
from typing import Any

from build import SCRATCH
from catalogue import Case, Program, cases
from run import RUNS
from score import Verdict, failures, score, table
from sets import LARGE, SETS, choose_set

ANSWERS = SCRATCH / "answers.jsonl"


def asked(home: Path) -> dict[str, Any]:
    """What ``why`` says of the capture in a run's folder; an ``error`` where it fails."""
    from godyno.capture.manifest import read_manifest
    from godyno.diagnose.why import why
    from godyno.recorder.recover import recover

    capture = home / "run.dyno"
    try:
        manifest = read_manifest(capture)
        if manifest.state != "sealed":
            recover(capture)
        found = why(capture).as_json()
        found["recorded_s"] = wall_s(capture)
        for cause in found["causes"]:
            cause.pop("evidence", None)
        for state in found["states"]:
            state["details"] = state["details"][:3]
        return found
    except Exception as error:  # one that fails must not end the others
        return {"error": f"{type(error).__name__}: {error}"}


def wall_s(capture: Path) -> float:
    """From exec to exit of the recorded command, by the kernel's own records. (What the manifest says ends when the recorder, which
    shares the CPUs, came to know of the end.)
    """
    from godyno.capture.reader import open_capture

    with open_capture(capture) as found:
        lives = found.sql(
            "SELECT max(t_end_ns - t_start_ns) * 1e-9 AS s FROM spans WHERE layer = 'process' AND name = "
            f"'{Path(found.manifest.workload.argv[0]).name[:15]}'"
        ).to_pylist()
        if not lives or not lives[0]["s"]:  # cut off: as far as the threads' records go
            lives = found.sql(
                "SELECT (SELECT max(t_end_ns) FROM spans WHERE layer IN ('thread_state', 'goroutine_state')) * 1e-9 "
                "- (SELECT min(t_start_ns) FROM spans WHERE layer = 'process') * 1e-9 AS s"
            ).to_pylist()
    return float(lives[0]["s"])


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def verdicts(held_out: bool | None = None) -> list[Verdict]:
    """Each recorded run with its answer, judged; the last of those recorded more than once."""
    known = {case.label: case for case in cases()}
    runs = {(one["label"], one["level"]): one for one in read_lines(SCRATCH / "runs.jsonl")}
    answers = {(one["label"], one["level"]): one for one in read_lines(ANSWERS)}
    out = []
    for key, run in runs.items():
        case: Case | None = known.get(key[0])
        if case is None or key not in answers or run["measured"] is None:
            continue
        if held_out is None or case.program.held_out == held_out:
            out.append(score(case, run, answers[key]))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--again", choices=("all", "wrong"), help="ask again about captures that are still there"
    )
    parser.add_argument("--keep-captures", action="store_true", help="also those of right answers")
    parser.add_argument("--keep", action="store_true", help="write the results")
    choose_set(parser, LARGE)
    parser.add_argument(
        "--light", action="store_true", help="those recorded at --level light, which are told of alone"
    )
    parser.add_argument("--failures", type=Path, default=SCRATCH / "failures.md")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only-score", action="store_true", help="ask nothing, score what was answered")
    options = parser.parse_args()

    def asked_for(program: Program) -> bool:
        return program.of_set == options.of_set if options.of_set else program.of_set < LARGE

    known = {case.label: case for case in cases() if asked_for(case.program)}
    runs = {
        (one["label"], one["level"]): one
        for one in read_lines(SCRATCH / "runs.jsonl")
        if one["label"] in known and (one["level"] == "light") == options.light
    }
    done = {(one["label"], one["level"]): one["at"] for one in read_lines(ANSWERS)}
    for verdict in verdicts() if options.again else ():
        if options.again == "all" or not verdict.right:
            done.pop((verdict.case.label, verdict.level))
    todo = [
        key for key, run in runs.items()
        if key[0] in known and done.get(key) != run["at"] and run["measured"] and (RUNS / "-".join(key) / "run.dyno").exists()
    ]  # fmt: skip
    todo = [] if options.only_score else todo
    todo.sort(key=lambda key: not known[key[0]].program.held_out)
    with multiprocessing.Pool(options.jobs, maxtasksperchild=20) as pool, ANSWERS.open("a") as out:
        homes = [RUNS / "-".join(key) for key in todo]
        for number, (key, found) in enumerate(zip(todo, pool.imap(asked, homes), strict=True), 1):
            answer = {"label": key[0], "level": key[1], "at": runs[key]["at"], **found}
            out.write(json.dumps(answer) + "\n")
            out.flush()
            one = score(known[key[0]], runs[key], answer)
            if one.right and not options.keep_captures:
                shutil.rmtree(RUNS / "-".join(key) / "run.dyno", ignore_errors=True)
            print(f"\r{number}/{len(todo)} {key[0]:40}", end="", file=sys.stderr)
    print(file=sys.stderr)
    all_of_them = [
        one for one in verdicts() if asked_for(one.case.program) and (one.level == "light") == options.light
    ]
    told = [one for one in all_of_them if options.of_set or not one.case.program.held_out]
    options.failures.write_text(failures(told, RUNS))
    ended = sum(run["exit"] != 0 for run in runs.values())
    lines = [
        f"Recorded and judged: {len(all_of_them)} runs, by chance of the {len(known)} of the catalogue, and a few at other levels. "
        f"{ended} of {len(runs)} recordings did not end within a minute and were killed; what recovery found of them is judged.",
        "",
        *table(all_of_them, options.light),
    ]
    print("\n".join(lines))
    if options.keep:
        sys.path.insert(0, str(Path(__file__).parent.parent))
        from arms import keep

        keep(
            "attribution_light"
            if options.light
            else f"attribution_{SETS[options.of_set]}"
            if options.of_set
            else "attribution",
            "\n".join(lines),
            [one.as_json() for one in all_of_them],
        )


if __name__ == "__main__":
    main()
