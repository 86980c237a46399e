"""Real benchstat and ``godyno compare`` on the same files: medians, intervals, p-values and calls, row by row.

    git clone https://go.googlesource.com/perf
    go install golang.org/x/perf/cmd/benchstat@latest
    python benchmarks/benchstat_agreement.py --perf perf --benchstat ~/go/bin/benchstat

The files are benchstat's own test data (fetched, not kept here), each cut at its ``note:`` lines into two sides, and made ones: 1 to 60
runs a side, half of them rounded so that many values are equal, so that the exact and the approximate branches of both are met.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import subprocess
import tempfile
from pathlib import Path

from arms import keep
from godyno.formats import benchfmt
from godyno.stats.compare import Comparison, unpaired
from godyno.stats.interval import median_interval
from godyno.studies.bench.comparing import Row, collected
from godyno.studies.bench.table import delta

FILES = ("crc", "old/new", "issue19565", "issue19634", "smallSample", "units", "zero")
MADE = 300


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--perf",
        type=Path,
        required=True,
        help="a checkout of golang.org/x/perf, or its cmd/benchstat/testdata",
    )
    parser.add_argument("--benchstat", default="benchstat")
    options = parser.parse_args()
    data = options.perf / "cmd/benchstat/testdata"
    data = data if data.is_dir() else options.perf
    found: dict[str, list[dict[str, str]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in FILES:
            for old, new in sides(data, name, Path(scratch)):
                found.setdefault(name, []).extend(compared(options.benchstat, old, new))
        for number in range(MADE):
            old, new = made(number, Path(scratch))
            found.setdefault(f"{MADE} made pairs", []).extend(compared(options.benchstat, old, new))
    keep(
        "benchstat_agreement",
        table(found),
        {name: [row for row in rows if row["differs"]] for name, rows in found.items()},
    )


def sides(data: Path, name: str, scratch: Path) -> list[tuple[Path, Path]]:
    """The two sides of a file."""
    if name == "crc":
        return [(data / "crc-old.txt", data / "crc-new.txt")]
    if name == "old/new":
        return [(data / "old.txt", data / "new.txt")]
    parts: list[list[str]] = [[]]
    unit_lines = []
    for line in (data / f"{name}.txt").read_text().splitlines():
        if line.startswith("Unit "):
            unit_lines.append(line)
        elif line.startswith("note:"):
            parts.append([])
        else:
            parts[-1].append(line)
    places = []
    for number, lines in enumerate(
        part for part in parts if any(line.startswith("Benchmark") for line in part)
    ):
        place = scratch / f"{name}-{number}.txt"
        place.write_text("\n".join([*unit_lines, *lines]) + "\n")
        places.append(place)
    return [(places[0], other) for other in places[1:]] or [(places[0], places[0])]


def made(number: int, scratch: Path) -> tuple[Path, Path]:
    """Two sides of a few benchmarks with a difference or none, and equal values where they are rounded."""
    chance = random.Random(number)
    places = []
    for side in range(2):
        runs = chance.randint(1, 60)
        lines = []
        for name, ratio in (("A", 1.0), ("B", 1.02), ("C", 1.3)):
            for _ in range(runs):
                value = 1000 * (ratio if side else 1.0) * math.exp(chance.gauss(0, 0.03))
                lines.append(
                    f"Benchmark{name}-8 100 {value:.{0 if number % 2 else 3}f} ns/op {chance.choice((0, 0, 16))} B/op"
                )
        place = scratch / f"made-{number}-{side}.txt"
        place.write_text("\n".join(lines) + "\n")
        places.append(place)
    return places[0], places[1]


def compared(benchstat: str, old: Path, new: Path) -> list[dict[str, str]]:
    """A row for each benchmark and unit that benchstat shows, with both answers."""
    done = subprocess.run(
        [benchstat, "-format", "csv", "-ignore", "note", f"old={old}", f"new={new}"], capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    exact = {
        line.split()[1]
        for line in old.read_text().splitlines()
        if line.startswith("Unit ") and "assume=exact" in line
    }
    before, after = (collected(list(benchfmt.read(place.read_text().splitlines()))) for place in (old, new))
    rows, unit, package = [], "", ""
    for cells in csv.reader(done.stdout.splitlines()):
        if len(cells) == 1 and cells[0].startswith("pkg: "):
            package = cells[0].removeprefix("pkg: ")
        if len(cells) == 7 and cells[0] == "" and cells[2] == "CI":
            unit = cells[1]
        if len(cells) != 7 or cells[0] in ("", "geomean") or not cells[1] or not cells[3]:
            continue
        key = (package, cells[0], unit)
        theirs = {
            "old": cells[1],
            "old ±": cells[2],
            "new": cells[3],
            "new ±": cells[4],
            "vs base": cells[5],
            "p": cells[6].split()[0],
        }
        mine = ours(before[key], after[key], key)
        same = {
            name: math.isclose(float(theirs[name]), float(mine[name]), rel_tol=1e-9)
            if name in ("old", "new")
            else theirs[name] == mine[name]
            for name in theirs
        }
        differs = ", ".join(
            f"{name}: {theirs[name]} / {mine[name]}" for name, equal in same.items() if not equal
        )
        rows.append(
            {"key": " ".join(filter(None, key)), "n": f"{len(before[key])}+{len(after[key])}", "differs": differs,
             "why": reason(theirs, unit in exact) if differs else ""}
        )  # fmt: skip
    return rows


def reason(theirs: dict[str, str], exact: bool) -> str:
    """Why the answers differ, where that is known and meant."""
    if exact:
        return "exact"
    if theirs["p"].startswith("p=") and float(theirs["p"].removeprefix("p=")) > 1:
        return "p above 1"
    if theirs["old"] == theirs["new"] and theirs["vs base"] != "~":
        return "equal medians"
    if float(theirs["old"]) == 0:
        return "from zero"
    if theirs["p"].startswith("n="):
        return "p of 0"
    return "?"


def ours(old: list[float], new: list[float], key: tuple[str, str, str]) -> dict[str, str]:
    """The same cells from godyno."""
    found: Comparison = unpaired(old, new)
    shown = delta(Row(*key, found))
    return {
        "old": repr(found.median_old), "old ±": plus_minus(old), "new": repr(found.median_new), "new ±": plus_minus(new),
        "vs base": "~" if shown == "=" else shown, "p": f"p={found.p:.3f}",
    }  # fmt: skip


def plus_minus(values: list[float]) -> str:
    """An interval as benchstat writes it: the farther bound's distance from the median."""
    at, center = median_interval(values), sorted(values)
    middle = (center[(len(center) - 1) // 2] + center[len(center) // 2]) / 2
    if math.isinf(at.low) or math.isinf(at.high):
        return "∞"
    signs = {(value > 0) - (value < 0) for value in (at.low, middle, at.high)}
    if len(signs) > 1:
        return "?"
    return "0%" if middle == 0 else f"{100 * max(at.high / middle - 1, 1 - at.low / middle):.0f}%"


def table(found: dict[str, list[dict[str, str]]]) -> str:
    reasons = ("exact", "p above 1", "equal medians", "from zero", "p of 0", "?")
    lines = [
        "# benchstat and `godyno compare` on the same files",
        "",
        "Equal means: the median to nine figures; the interval, the change or `~`, and p as benchstat prints them.",
        "",
        "| data | rows compared | equal | exact | p above 1 | equal medians | from zero | p of 0 | otherwise different |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, rows in found.items():
        counts = [sum(row["why"] == why for row in rows) for why in reasons]
        wrong = "; ".join(
            f"{row['key']} (n = {row['n']}): {row['differs']}" for row in rows if row["why"] == "?"
        )
        cells = [name, len(rows), len(rows) - sum(counts), *counts[:5], wrong.replace("|", "/") or "none"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        "exact: units that a file declares `assume=exact`, for which benchstat tests nothing and godyno does. p above 1: benchstat",
        "doubles a tail of more than a half and prints, say, `p=1.205`; godyno prints 1.000. equal medians: p is below 0.05 though",
        "the medians are equal; benchstat prints `0.00%` and godyno `~`. from zero: benchstat prints `?`, godyno the difference.",
        "p of 0: benchstat leaves out a p that its sum of a tail with ties makes exactly 0; godyno prints 0.000.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
