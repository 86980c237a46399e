"""What each level of recording costs the command: wall and CPU time beside the bare command's, sealing left for later.

Loads: ``compute`` (one thread computes), ``list`` (`go list -deps std` again and again: many short processes), ``server`` (an
HTTP server and its client in one Go program: many threads, goroutines and switches), ``syscalls`` (a read and a write of one
byte, a quarter of a million times: the worst that can be). Arms are interleaved. CPU is the command's tree and the recorder while
it ran.

    python benchmarks/level_cost.py [--pairs 10] [--load compute,list,server,syscalls]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from arms import Run, keep, ratio, run_once
from godyno.capture.manifest import read_manifest

BIN = Path(sys.executable).parent
PROGRAMS = Path(__file__).parent.parent / "tests" / "data" / "programs"
LEVELS = ("light", "standard", "deep")
LOADS = {
    "compute": ["{shares}", "-for", "1500ms"],
    "list": ["sh", "-c", "i=0; while [ $i -lt 10 ]; do go list -deps std >/dev/null; i=$((i+1)); done"],
    "server": ["{server}", "-requests", "15000"],
    "syscalls": ["dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=250000"],
}


def build(scratch: Path) -> dict[str, str]:
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    out = {}
    for name in ("shares", "server"):
        out[name] = str(scratch / name)
        subprocess.run(["go", "build", "-o", out[name], "."], cwd=PROGRAMS / name, env=env, check=True)
    return out


def one(level: str, command: list[str], scratch: Path) -> Run:
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    if level == "bare":
        wall_s, cpu_s, code = run_once(command, scratch, env)
    else:
        shutil.rmtree(scratch / "c.dyno", ignore_errors=True)
        options = ["record", "-q", "--no-seal", "--level", level, "-o", "c.dyno", "--"]
        _, _, code = run_once([str(BIN / "godyno"), *options, *command], scratch, env)
        manifest = read_manifest(scratch / "c.dyno")
        result = manifest.result
        assert result is not None
        wall_s, cpu_s = result.wall_s, result.user_s + result.system_s + manifest.cost.during_cpu_s
    if code:
        raise SystemExit(f"{level}: exit {code}: {' '.join(command)}")
    return Run(level, wall_s, cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--load", default=",".join(LOADS))
    options = parser.parse_args()
    table = ["| load | level | wall, ratio to bare | CPU, ratio to bare |", "|---|---|---|---|"]
    raw = []
    scratch = Path(tempfile.mkdtemp(prefix="godyno-levels-"))
    try:
        programs = build(scratch)
        for load in options.load.split(","):
            command = [word.format(**programs) if word.startswith("{") else word for word in LOADS[load]]
            runs, order = [], random.Random(1)
            for index in range(options.pairs):
                if index % 2 == 0:
                    block = ["bare", *LEVELS]
                    order.shuffle(block)
                else:
                    block.reverse()
                for level in block:
                    runs.append(one(level, command, scratch))
                    print(f"\r{load} {index + 1}/{options.pairs} {level:9}", end="", file=sys.stderr)
            table += [
                f"| {load} | {level} | {ratio(runs, 'bare', level, 'wall_s')} | {ratio(runs, 'bare', level, 'cpu_s')} |"
                for level in LEVELS
            ]
            raw.append({"load": load, "runs": [asdict(run) for run in runs]})
    finally:
        shutil.rmtree(scratch)
    print(file=sys.stderr)
    keep("level_cost", "\n".join(table), raw)


if __name__ == "__main__":
    main()
