"""What the looks of the light level cost: `godyno record` with and without them, and the bare command, in turns.

Loads: ``build``, the reference module's service (gin, gRPC) with the standard library's packages in the cache and all others to be
compiled; ``full``, that service as fast as its clients can; ``rate``, 1,000 requests a second. CPU is the command's and the recorder's,
sealing left for later. Every run is a new process; pairs are blocks, each mirrored by the next. What was measured is kept in a file
in the scratch folder, and the next call goes on from there: a call is short on a machine that others want, too.

    python benchmarks/looks_cost.py [--load build,full,rate] [--pairs 8] [--minutes 5] [--keep]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import service_cost
from arms import keep, run_once
from godyno.capture.manifest import read_manifest
from godyno.recorder.recover import recover
from godyno.stats.compare import paired
from godyno.studies.survey.subject import REFERENCE
from godyno.toolchain import find_go
from service import Programs, build

SCRATCH = Path(os.environ.get("GODYNO_LOOKS_COST", "/var/tmp/godyno-looks-cost"))
NEVER = json.dumps({"waits": {"period_s": 1e9, "ahead_s": 0.0}})
ARMS: dict[str, tuple[str, ...] | None] = {
    "bare": None,
    "no looks": ("--level", "light", "--with", NEVER),
    "light": ("--level", "light"),
}
LOADS = {"build": ("wall_s", "cpu_s"), "full": ("per_s", "cpu_s"), "rate": ("p50_s", "p99_s", "cpu_s")}
NAMES = {
    "wall_s": "wall",
    "cpu_s": "CPU",
    "per_s": "throughput",
    "p50_s": "p50",
    "p99_s": "p99",
}


def prepared() -> Programs:
    """The service's programs, its sources, and a cache with the standard library alone."""
    if not (SCRATCH / "std").exists():
        shutil.rmtree(SCRATCH, ignore_errors=True)
        SCRATCH.mkdir()
        go = find_go()
        build(go, SCRATCH)
        shutil.copytree(REFERENCE / "service", SCRATCH / "module")
        go.run("build", "std", cwd=SCRATCH, env={"GOCACHE": str(SCRATCH / "filling")})
        (SCRATCH / "filling").rename(SCRATCH / "std")
    return Programs(SCRATCH / "links", SCRATCH / "load")


def built(arm: str) -> dict[str, Any]:
    """One cold build."""
    for name in ("cache", "c.dyno"):
        shutil.rmtree(SCRATCH / name, ignore_errors=True)
    shutil.copytree(SCRATCH / "std", SCRATCH / "cache")
    options = ARMS[arm]
    argv = [find_go().path, "build", "-o", str(SCRATCH / "out"), "."]
    if options is not None:
        argv = [
            service_cost.GODYNO,
            "record",
            "-q",
            "--no-seal",
            "-o",
            str(SCRATCH / "c.dyno"),
            *options,
            "--",
            *argv,
        ]
    env = {
        **os.environ, "GOCACHE": str(SCRATCH / "cache"), "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    wall_s, cpu_s, code = run_once(argv, SCRATCH / "module", env)
    if code:
        raise SystemExit(f"{arm}: exit {code}")
    if options is not None:
        manifest = read_manifest(SCRATCH / "c.dyno")
        assert manifest.result is not None
        wall_s = manifest.result.wall_s
        cpu_s = manifest.result.user_s + manifest.result.system_s + manifest.cost.during_cpu_s
    return {"arm": arm, "wall_s": wall_s, "cpu_s": cpu_s}


def looks(arm: str) -> dict[str, Any]:
    """What the probe says of itself in the capture that was made just now."""
    if arm != "light":
        return {}
    recover(SCRATCH / "c.dyno")
    probe = next(one for one in read_manifest(SCRATCH / "c.dyno").probes if one.name == "waits")
    return {"looks": probe.notes["looks"], "probe_cpu_s": probe.cpu_s}


def table(runs: list[dict[str, Any]]) -> str:
    """Ratios, 95 % intervals, and what the probe said of itself."""
    out = [
        "| load | measure | light / bare | without looks / bare | light / without looks | n |",
        "|---|---|---|---|---|---:|",
    ]
    for load, measures in LOADS.items():
        for measure in measures:
            cells = [
                _ratio(runs, load, measure, *pair)
                for pair in (("bare", "light"), ("bare", "no looks"), ("no looks", "light"))
            ]
            pairs = len({run["pair"] for run in runs if run["load"] == load})
            out.append(f"| {load} | {NAMES[measure]} | {' | '.join(cells)} | {pairs} |")
    out.append("")
    for load in LOADS:
        own = [run for run in runs if run["load"] == load and run["arm"] == "light"]
        if own:
            shares = sorted(run["probe_cpu_s"] / run["wall_s"] for run in own)
            rates = sorted(run["looks"] / run["wall_s"] for run in own)
            out.append(
                f"- {load}: the probe's own CPU, as the captures tell it, {shares[len(own) // 2]:.2%} of one CPU (median; at most "
                f"{shares[-1]:.2%}), {rates[len(own) // 2]:.1f} looks a second."
            )
    return "\n".join(out)


def _ratio(runs: list[dict[str, Any]], load: str, measure: str, base: str, arm: str) -> str:
    by = [
        {run["pair"]: run[measure] for run in runs if run["load"] == load and run["arm"] == name}
        for name in (base, arm)
    ]
    pairs = sorted(by[0].keys() & by[1].keys())
    if len(pairs) < 2:
        return "–"
    found = paired([by[0][pair] for pair in pairs], [by[1][pair] for pair in pairs])
    return f"{found.estimate:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--load", default=",".join(LOADS))
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--keep", action="store_true", help="write the results")
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    programs = prepared()
    service_cost.ARMS = {  # there a word may hold {url}
        arm: words and tuple(word.replace("{", "{{").replace("}", "}}") for word in words)
        for arm, words in ARMS.items()
    }
    log = SCRATCH / "runs.jsonl"
    runs = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = {(run["load"], run["pair"], run["arm"]) for run in runs}
    for pair in range(options.pairs):
        order = random.Random(pair // 2).sample(list(ARMS), len(ARMS))
        for load in options.load.split(","):
            for arm in reversed(order) if pair % 2 else order:
                if (load, pair, arm) in done or time.monotonic() > until:
                    continue
                print(f"\r{load} {pair + 1}/{options.pairs} {arm:10}", end="", file=sys.stderr)
                if load == "build":
                    run = built(arm)
                else:
                    rate = 1000.0 if load == "rate" else 0.0
                    run = service_cost.one(arm, programs, rate, options.seconds, SCRATCH)
                    run["wall_s"] = options.seconds
                runs.append({"load": load, "pair": pair, **run, **looks(arm)})
                with log.open("a") as out:
                    out.write(json.dumps(runs[-1]) + "\n")
    print(file=sys.stderr)
    if options.keep:
        keep("looks_cost", table(runs), runs)
    else:
        print(table(runs))


if __name__ == "__main__":
    main()
