"""How much of a unit's time is its cause, where that is not all of it: against the same program with the cause taken away.

python benchmarks/attribution/check.py

A collection is taken away by GOGC=off, the crowd of own threads by leaving them out. Bare runs, nothing recorded. The shares belong into
``within`` in the catalogue.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from build import SCRATCH
from catalogue import Case, programs
from sets import choose_set

AWAY = {  # what level takes the cause away
    "collect_assist": -1, "collect_beside": -1, "strings_map": -1, "own_threads": 0, "own_goroutines": 1, "crowd": 1,
    "bench_row": 0, "mill": 0, "guest_list": -1, "small_hall": -1, "hands": 1,
    "attic": 0, "small_prints": 0, "mixed_bag": -1, "busy_yard": 0, "loose_talk": -1, "night_shift": 0,
    "small_larder": -1,
}  # fmt: skip


def took(name: str, many: int, level: int, span_s: float) -> float:
    """Seconds that a pass of the program's first unit took."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as home:
        settings = {
            "span": span_s,
            "mix": [0.6],
            "data": "",
            "hosts": [],
            "seed": 1,
            "many": many,
            "level": level,
        }
        (Path(home) / "settings.json").write_text(json.dumps(settings))
        subprocess.run([SCRATCH / "plain" / name], cwd=home, check=True, stdout=subprocess.DEVNULL)
        found = json.loads((Path(home) / "result.json").read_text())
    return float(found["spent"][1] / found["passes"][1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choose_set(parser)
    options = parser.parse_args()
    print(
        "| unit | a pass with | without | its own share | catalogue's |",
        "|---|---:|---:|---:|---:|",
        sep="\n",
    )
    for program in programs():
        if options.of_set not in (None, program.of_set):
            continue
        if len(program.causes) != 1 or program.causes[0].unit not in AWAY:
            continue
        unit, level = program.causes[0].unit, Case(program, "middle", "bare").level
        pairs = [
            [took(program.name, program.many, one, 0.5) for one in (level, AWAY[unit])] for _ in range(3)
        ]
        with_it, without = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"| {unit} | {with_it * 1e3:.2f} ms | {without * 1e3:.2f} ms | {1 - without / with_it:.2f} | {program.causes[0].within} |"
        )


if __name__ == "__main__":
    main()
