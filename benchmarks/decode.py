"""How fast formats are decoded, beside the tools that know them best.

    python benchmarks/decode.py [--mb 10,100] [--pairs 5] [--profile FILE …] [--perf FILE …]

- execution traces: our decoder to records on disk, against a bare loop of the x/exp reader that keeps nothing;
- pprof profiles (of a directory of test data, or any): ``formats.pprof`` in a fresh Python, against ``go tool pprof -raw``;
- perf.data: ``formats.perfdata`` in a fresh Python, against ``perf script`` without symbols.

Arms alternate in ABBA order; ratios are geometric means over pairs with a 95 % t interval on the logarithms.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from godyno.toolchain import Go, find_go
from godyno.toolchain.programs import build_program, program_sources, trace_decoder

SOURCES = Path(__file__).parent / "decode_go"
Run = tuple[float, float, int]  # wall s, CPU s, peak resident bytes


def run(argv: Sequence[str]) -> Run:
    started = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{argv[0]} exits with {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def interval(ratios: Sequence[float]) -> str:
    from scipy import stats  # late: a child's peak memory is never below that of the process that started it

    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    if len(logs) < 2:
        return f"{math.exp(mean):.2f}"
    half = stats.t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return f"{math.exp(mean):.2f} [{math.exp(mean - half):.2f}, {math.exp(mean + half):.2f}]"


def compare(title: str, ours: Callable[[], Sequence[str]], theirs: Sequence[str], pairs: int) -> None:
    measured: dict[str, list[Run]] = {"ours": [], "theirs": []}
    for pair in range(pairs):
        for arm in ("ours", "theirs") if pair % 2 else ("theirs", "ours"):
            measured[arm].append(run(ours() if arm == "ours" else theirs))
    columns = list(zip(measured["ours"], measured["theirs"], strict=True))
    wall = interval([a[0] / b[0] for a, b in columns])
    cpu = interval([a[1] / b[1] for a, b in columns])
    peaks = [max(r[2] for r in measured[arm]) / 1e6 for arm in ("ours", "theirs")]
    median = statistics.median(b[0] for _, b in columns)
    print(
        f"{title:28} theirs {median:6.2f} s  wall x {wall:20} CPU x {cpu:20} peak {peaks[0]:.0f} / {peaks[1]:.0f} MB"
    )


def traces(go: Go, sizes: Sequence[int], pairs: int, scratch: Path) -> None:
    module = {"go.mod": b"module load\n\ngo 1.22\n"}
    load = build_program(go, "decode-load", {**module, "main.go": (SOURCES / "load.go").read_bytes()})
    decoder = trace_decoder(go)
    ours = program_sources("godyno.formats.exectrace")
    bare = build_program(
        go,
        "decode-bare",
        {"go.mod": ours["go.mod"], "go.sum": ours["go.sum"], "main.go": (SOURCES / "bare.go").read_bytes()},
    )
    for size in sizes:
        trace, out = scratch / f"{size}.trace", scratch / "out"
        subprocess.run([load, trace, str(size)], check=True)

        def decode(trace: Path = trace, out: Path = out) -> Sequence[str]:
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            return [str(decoder), str(trace), str(out)]

        compare(f"trace of {trace.stat().st_size / 1e6:.0f} MB", decode, [str(bare), str(trace)], pairs)
        trace.unlink()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", default="10,100")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--profile", nargs="*", default=[])
    parser.add_argument("--perf", nargs="*", default=[])
    options = parser.parse_args()
    go = find_go()
    print(f"{go.version}, {options.pairs} pairs")
    with tempfile.TemporaryDirectory(prefix="godyno-decode-") as scratch:
        traces(go, [int(size) for size in options.mb.split(",") if size], options.pairs, Path(scratch))
    for path in options.profile:
        code = "import sys; from godyno.formats.pprof import profile; profile(open(sys.argv[1], 'rb').read()).totals()"
        go.run("tool", "pprof", "-raw", path)  # builds it where the toolchain brings none
        tool = go.run("tool", "-n", "pprof").strip()
        argv = [sys.executable, "-c", code, path]
        compare(
            f"profile {Path(path).name}",
            lambda argv=argv: argv,
            [tool, "-raw", "-symbolize=none", path],
            options.pairs,
        )
    for path in options.perf:
        code = "import sys; from godyno.formats.perfdata import read_perf_data as r; r(sys.argv[1]).sorted_records()"
        argv = [sys.executable, "-c", code, path]
        theirs = ["perf", "script", "-F", "pid,tid,time,ip", "-G", "-i", path]
        compare(f"perf {Path(path).name}", lambda argv=argv: argv, theirs, options.pairs)


if __name__ == "__main__":
    main()
