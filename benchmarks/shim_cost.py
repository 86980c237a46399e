"""What the shim costs: a cold build of net/http with -toolexec=SHIM against the same build without, in ABBA order.

    python benchmarks/shim_cost.py [PAIRS]

Prints the ratio of wall and CPU time (geometric mean over pairs, with a 95 % t interval on the logarithms). Each build
has an empty GOCACHE; CPU is of the whole tree (wait4), shim processes included.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scipy import stats

from godyno.formats.shimlog import shim_process
from godyno.model import Workload
from godyno.toolchain import find_go
from godyno.workload.shim import build_shim, with_shim


def run(workload: Workload) -> tuple[float, float]:
    env = {k: v for k, v in {**os.environ, **workload.env}.items() if v is not None}
    started = time.perf_counter()
    process = subprocess.Popen(workload.argv, cwd=workload.cwd, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the build exits with {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def interval(ratios: list[float]) -> str:
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    half = (
        stats.t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
        if len(logs) > 1
        else math.nan
    )
    return f"{math.exp(mean):.3f} [{math.exp(mean - half):.3f}, {math.exp(mean + half):.3f}]"


def main(pairs: int) -> None:
    go = find_go()
    shim = build_shim(go)
    measured: dict[str, list[tuple[float, float]]] = {"without": [], "with": []}
    lines = processes = 0
    for pair in range(pairs):
        for arm in ("without", "with") if pair % 2 == 0 else ("with", "without"):
            with tempfile.TemporaryDirectory(prefix="godyno-shim-cost-") as scratch:
                records = Path(scratch, "records")
                records.mkdir()
                env = {"GOCACHE": f"{scratch}/cache", "GOTOOLCHAIN": "local", "GOROOT": None, "GOFLAGS": None}
                workload = Workload((go.path, "build", "net/http"), scratch, env)
                if arm == "with":
                    workload = with_shim(workload, shim, records)
                measured[arm].append(run(workload))
                found = [shim_process(path.read_bytes().splitlines()) for path in records.glob("*.jsonl")]
                processes += len(found)
                lines += sum(len(process.lines) for process in found)
        print(
            f"pair {pair + 1}: without {measured['without'][-1]}, with {measured['with'][-1]}",
            file=sys.stderr,
        )
    print(
        f"Cold `go build net/http`, {go.version}, {pairs} pairs; {processes // pairs} tools and {lines // pairs} gctrace lines a build"
    )
    for index, name in enumerate(("wall", "CPU")):
        ratios = [w[index] / o[index] for o, w in zip(measured["without"], measured["with"], strict=True)]
        median = statistics.median(o[index] for o in measured["without"])
        print(f"{name:5} without {median:6.2f} s   with/without {interval(ratios)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
