"""What --instrument costs a service: throughput as fast as its clients can, and p50, p99 and CPU time at a fixed rate.

The service is the reference module's (gin), built once plainly and once instrumented; the arms differ in what it is asked to tell.
``inert`` is the instrumented binary that nobody asks. Arms are interleaved in mirrored blocks; each run is a new process.

    python benchmarks/instrument_cost.py [--pairs 8] [--seconds 2] [--rate 1500]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from arms import keep
from godyno.model import Workload
from godyno.stats.compare import paired
from godyno.studies.survey.subject import REFERENCE
from godyno.toolchain import Go, find_go
from godyno.toolchain.programs import build_program
from godyno.workload.instrument import DATA, DEFAULT_KINDS, KINDS
from godyno.workload.instrument.planning import plan

ARMS: dict[str, tuple[str, ...] | None] = {
    "bare": None,
    "inert": None,
    "metrics": ("metrics",),
    "metrics, cpu": ("metrics", "cpu"),
    "trace": ("trace",),
    "default": DEFAULT_KINDS,
    "all": KINDS,
}


def build(go: Go, scratch: Path) -> dict[str, str]:
    source = shutil.copytree(REFERENCE / "service", scratch / "service")
    out = {name: str(scratch / name) for name in ("plain", "instrumented")}
    go.run("build", "-o", out["plain"], ".", cwd=source)
    argv = (go.path, "build", "-o", out["instrumented"], ".")
    made = plan(argv, str(source))
    made.write(scratch / "raw")
    workload = made.apply(Workload(argv), scratch / "raw")
    subprocess.run(workload.argv, cwd=source, check=True)
    load = (Path(__file__).parent / "instrument_go" / "load.go").read_bytes()
    out["load"] = str(
        build_program(go, "instrument-load", {"go.mod": b"module load\n\ngo 1.22\n", "main.go": load})
    )
    return out


def one(arm: str, programs: dict[str, str], rate: float, seconds: float, scratch: Path) -> dict[str, Any]:
    kinds, env = ARMS[arm], dict(os.environ)
    raw = scratch / "run"
    shutil.rmtree(raw, ignore_errors=True)
    if kinds:
        made = plan(["service"], kinds=kinds)
        made.write(raw)
        env |= {
            name: value
            for name, value in made.apply(Workload(("service",)), raw).env.items()
            if value is not None
        }
    argv = [programs["plain" if arm == "bare" else "instrumented"]]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        address = service.stdout.readline().split("http=")[1].split()[0]
        command = [programs["load"], f"http://{address}/healthz", str(rate), str(seconds), "16"]
        told = json.loads(
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
        )
        service.terminate()
        _, status, usage = os.wait4(service.pid, 0)
        service.returncode = os.waitstatus_to_exitcode(status)
    if service.returncode:
        raise SystemExit(f"{arm}: the service exits with {service.returncode}")
    size = sum(file.stat().st_size for file in (raw / DATA).iterdir()) if kinds else 0
    return {
        "arm": arm,
        "rate": rate,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "bytes": size,
        "cpu_a_request_s": (usage.ru_utime + usage.ru_stime) / told["requests"],
        **told,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=1500.0)
    parser.add_argument("--remark", default="", help="what a reader should know of the circumstances")
    options = parser.parse_args()
    go = find_go()
    runs: list[dict[str, Any]] = []
    scratch = Path(tempfile.mkdtemp(prefix="godyno-instrument-"))
    try:
        programs = build(go, scratch)
        for rate in (0.0, options.rate):
            order, block = random.Random(1), list(ARMS)
            for index in range(options.pairs):
                block = list(reversed(block)) if index % 2 else order.sample(block, len(block))
                for arm in block:
                    runs.append(one(arm, programs, rate, options.seconds, scratch))
                    print(f"\rrate {rate:g} {index + 1}/{options.pairs} {arm:14}", end="", file=sys.stderr)
                    time.sleep(0.05)
    finally:
        shutil.rmtree(scratch)
    print(file=sys.stderr)
    keep(
        "instrument_cost",
        table(runs, options.rate, go.version) + (f"\n\n{options.remark}" if options.remark else ""),
        runs,
    )


def table(runs: list[dict[str, Any]], rate: float, version: str) -> str:
    columns = (
        "throughput",
        "CPU a request at it",
        f"p50 at {rate:g}/s",
        f"p99 at {rate:g}/s",
        f"CPU at {rate:g}/s",
        "MB/s written at it",
    )
    out = [f"| told ({version}) | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for arm in ARMS:
        cells = [
            against(runs, arm, 0.0, "per_s"),
            against(runs, arm, 0.0, "cpu_a_request_s"),
            *(against(runs, arm, rate, measure) for measure in ("p50_s", "p99_s", "cpu_s")),
        ]
        written = [
            run["bytes"] / run["requests"] * run["per_s"]
            for run in runs
            if run["arm"] == arm and run["rate"] == rate
        ]
        out.append(f"| {arm} | {' | '.join(cells)} | {sum(written) / len(written) / 1e6:.2f} |")
    return "\n".join(out)


def against(runs: list[dict[str, Any]], arm: str, rate: float, measure: str) -> str:
    bare, other = (
        [run[measure] for run in runs if run["arm"] == name and run["rate"] == rate] for name in ("bare", arm)
    )
    if arm == "bare":
        typical = sorted(bare)[len(bare) // 2]
        return f"{typical:.0f}/s" if measure == "per_s" else f"{typical * 1e3:.3g} ms"
    found = paired(bare, other)
    return f"{found.estimate:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}]"


if __name__ == "__main__":
    main()
