"""What each level of recording, and scraping, costs a service: throughput as fast as its clients can, and p50, p99 and CPU time
at a fixed rate (open loop).

The service is the reference module's, HTTP (gin) and gRPC, half of the requests each. Every run is a new process, arms are
interleaved in mirrored blocks. ``scraped`` is level light with ``--pprof``; CPU is the service's and the recorder's, sealing
left for later.

    python benchmarks/service_cost.py [--pairs 6] [--seconds 3] [--rate 1000]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from arms import keep
from godyno.capture.manifest import read_manifest
from godyno.stats.compare import paired
from godyno.toolchain import find_go
from service import Programs, asked, build, free_port, serving

GODYNO = str(Path(sys.executable).parent / "godyno")
ARMS: dict[str, tuple[str, ...] | None] = {
    "bare": None,
    "light": ("--level", "light"),
    "standard": ("--level", "standard"),
    "deep": ("--level", "deep"),
    "scraped": ("--level", "light", "--pprof", "{url}"),
    "scraped, no trace": ("--level", "light", "--pprof", "{url}", "--profiles", "cpu,heap,allocs,mutex,block,goroutine"),
}  # fmt: skip


def one(arm: str, programs: Programs, rate: float, seconds: float, scratch: Path) -> dict[str, Any]:
    """One run of the service."""
    address = f"127.0.0.1:{free_port()}"
    env = {**os.environ, "PPROF_ADDRESS": address}
    options, argv = ARMS[arm], [str(programs.service)]
    shutil.rmtree(scratch / "c.dyno", ignore_errors=True)
    if options is not None:
        words = [word.format(url=f"http://{address}") for word in options]
        argv = [GODYNO, "record", "-q", "--no-seal", "-o", "c.dyno", *words, "--", *argv]
    with serving(argv, env, scratch) as (process, http, grpc):
        told = asked(programs, http, grpc, rate, seconds)
        process.terminate()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{arm}: exit {process.returncode}")
    cpu_s = usage.ru_utime + usage.ru_stime
    if options is not None:
        manifest = read_manifest(scratch / "c.dyno")
        assert manifest.result is not None
        cpu_s = manifest.result.user_s + manifest.result.system_s + manifest.cost.during_cpu_s
    return {"arm": arm, "rate": rate, "cpu_s": cpu_s, **told}


def table(runs: list[dict[str, Any]], rate: float, version: str) -> str:
    """Ratios to the bare service, 95 % intervals."""
    columns = ("throughput", f"p50 at {rate:g}/s", f"p99 at {rate:g}/s", f"CPU at {rate:g}/s")
    out = [f"| recorded ({version}) | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for arm in ARMS:
        cells = [
            against(runs, arm, 0.0, "per_s"),
            *(against(runs, arm, rate, measure) for measure in ("p50_s", "p99_s", "cpu_s")),
        ]
        out.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(out)


def against(runs: list[dict[str, Any]], arm: str, rate: float, measure: str) -> str:
    """An arm's measure over the bare service's, run by run beside each other."""
    bare, other = (
        [run[measure] for run in runs if run["arm"] == name and run["rate"] == rate] for name in ("bare", arm)
    )
    if arm == "bare":
        typical = sorted(bare)[len(bare) // 2]
        return f"{typical:.0f}/s" if measure == "per_s" else f"{typical * 1e3:.3g} ms"
    found = paired(bare, other)
    return f"{found.estimate:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=1000.0)
    options = parser.parse_args()
    go = find_go()
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="godyno-service-") as place:
        scratch = Path(place)
        programs = build(go, scratch)
        order, block = random.Random(1), list(ARMS)
        for index in range(options.pairs):
            block = list(reversed(block)) if index % 2 else order.sample(block, len(block))
            for rate in (0.0, options.rate):
                for arm in block:
                    runs.append(one(arm, programs, rate, options.seconds, scratch))
                    print(f"\r{index + 1}/{options.pairs} rate {rate:g} {arm:18}", end="", file=sys.stderr)
    print(file=sys.stderr)
    keep("service_cost", table(runs, options.rate, go.version), runs)


if __name__ == "__main__":
    main()
