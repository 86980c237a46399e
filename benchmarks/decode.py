"""How fast formats are decoded, beside the tools that know them best.

    python benchmarks/decode.py [--only traces,profiles,perf] [--mb 10,100,500] [--pairs 5] [--keep] [--pgo]

- execution traces: our decoder to records on disk, against a bare loop of the x/exp reader that keeps nothing, and against
  how long `go tool trace` takes until its HTTP server answers;
- pprof profiles: ``formats.pprof`` in a fresh Python and in one that runs already, against ``go tool pprof -raw``;
- perf.data: ``formats.perfdata`` in a fresh Python, against ``perf script`` without symbols.

Arms alternate; ratios are geometric means over pairs with a 95 % t interval on the logarithms. ``--pgo`` renews the profile
that guides the decoder's build.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from arms import RESULTS, keep
from godyno.toolchain import Go, find_go
from godyno.toolchain.programs import build_program, program_sources, trace_decoder

SOURCES = Path(__file__).parent / "decode_go"
DECODER = Path(__file__).parent.parent / "src/godyno/formats/exectrace/go"
Run = tuple[float, float, int]  # wall s, CPU s, peak resident bytes
HEAD = "| what | theirs, wall s | ours, wall s | wall × | CPU × | peak MB, ours / theirs | pairs |\n|---|---|---|---|---|---|---|"


def run(argv: Sequence[str]) -> Run:
    started = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ended(process, started, 0)


def ended(process: subprocess.Popen[bytes], started: float, expected: int) -> Run:
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise SystemExit(f"{process.args} exits with {process.returncode}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def until_it_serves(tool: str, trace: Path) -> Run:
    """Until `go tool trace` answers its first page."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [tool, "-http=127.0.0.1:0", str(trace)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env={"PATH": "", "HOME": str(trace.parent), "BROWSER": "/bin/false"},
    )  # fmt: skip
    assert process.stderr
    for line in process.stderr:
        if match := re.search(rb"listening on (http://\S+)", line):
            urllib.request.urlopen(match[1].decode(), timeout=60).read()
            took = time.perf_counter() - started
            process.kill()
            process.stderr.close()
            return took, *ended(process, started, -9)[1:]
    raise SystemExit("go tool trace did not serve")


def interval(ratios: Sequence[float]) -> str:
    from scipy import stats  # late: a child's peak memory is never below that of the process that started it

    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    if len(logs) < 2:
        return f"{math.exp(mean):.2f}"
    half = stats.t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return f"{math.exp(mean):.2f} [{math.exp(mean - half):.2f}, {math.exp(mean + half):.2f}]"


class Table:
    def __init__(self) -> None:
        self.rows: list[str] = []
        self.raw: dict[str, dict[str, list[Run]]] = {}

    def compare(self, title: str, ours: Callable[[], Run], theirs: Callable[[], Run], pairs: int) -> None:
        measured: dict[str, list[Run]] = {"ours": [], "theirs": []}
        for pair in range(pairs):
            for arm in ("ours", "theirs") if pair % 2 else ("theirs", "ours"):
                measured[arm].append(ours() if arm == "ours" else theirs())
        columns = list(zip(measured["ours"], measured["theirs"], strict=True))
        peaks = " / ".join(f"{max(r[2] for r in measured[arm]) / 1e6:.0f}" for arm in ("ours", "theirs"))
        medians = [statistics.median(r[0] for r in measured[arm]) for arm in ("theirs", "ours")]
        row = (
            f"| {title} | {medians[0]:.3g} | {medians[1]:.3g} | {interval([a[0] / b[0] for a, b in columns])} | "
            f"{interval([a[1] / b[1] for a, b in columns])} | {peaks} | {pairs} |"
        )
        self.rows.append(row)
        self.raw[title] = measured
        print(row, flush=True)


def bare_loop(go: Go) -> Path:
    ours = program_sources("godyno.formats.exectrace")
    sources = {
        "go.mod": ours["go.mod"],
        "go.sum": ours["go.sum"],
        "main.go": (SOURCES / "bare.go").read_bytes(),
    }
    return build_program(go, "decode-bare", sources)


def program(go: Go, name: str) -> Path:
    module = {"go.mod": b"module load\n\ngo 1.22\n"}
    return build_program(go, f"decode-{name}", {**module, "main.go": (SOURCES / f"{name}.go").read_bytes()})


def traces(table: Table, go: Go, sizes: Sequence[int], pairs: int, scratch: Path) -> None:
    decoder, bare = trace_decoder(go), bare_loop(go)
    tool = go.run("tool", "-n", "trace").strip()
    for size in sizes:
        trace, out = scratch / f"{size}.trace", scratch / "out"
        subprocess.run([program(go, "load"), trace, str(size)], check=True)

        def decode(trace: Path = trace, out: Path = out) -> Run:
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            return run([str(decoder), str(trace), str(out)])

        name = f"trace of {trace.stat().st_size / 1e6:.0f} MB"
        table.compare(
            f"{name} / bare loop of x/exp", decode, lambda trace=trace: run([str(bare), str(trace)]), pairs
        )
        meta = json.loads((out / "meta.json").read_bytes())
        print(f"{name}: {meta['events']:,} events", file=sys.stderr)
        if size <= 20:  # it takes minutes and gigabytes beyond
            table.compare(
                f"{name} / go tool trace until it serves",
                decode,
                lambda trace=trace: until_it_serves(tool, trace),
                min(pairs, 3),
            )
        trace.unlink()
        shutil.rmtree(out, ignore_errors=True)


def profiles(table: Table, go: Go, pairs: int, scratch: Path) -> None:
    tool = go.run("tool", "-n", "pprof").strip()
    code = "import sys; from godyno.formats.pprof import profile; profile(open(sys.argv[1], 'rb').read()).totals()"
    for depth in (8, 14, 16):
        path = scratch / f"{depth}.pprof"
        subprocess.run([program(go, "profile"), path, str(depth)], check=True)
        theirs = [tool, "-raw", "-symbolize=none", str(path)]
        name = f"heap profile of {2**depth:,} stacks"
        ours = [sys.executable, "-c", code, str(path)]
        table.compare(
            f"{name}, fresh Python / go tool pprof -raw",
            lambda a=ours: run(a),
            lambda a=theirs: run(a),
            pairs,
        )
        table.compare(
            f"{name}, in a Python that runs / go tool pprof -raw",
            lambda p=path: parsed(p),
            lambda a=theirs: run(a),
            pairs,
        )


def parsed(path: Path) -> Run:
    from godyno.formats.pprof import profile

    wall, cpu = time.perf_counter(), time.process_time()
    profile(path.read_bytes()).totals()
    return time.perf_counter() - wall, time.process_time() - cpu, 0


def perf(table: Table, go: Go, pairs: int, scratch: Path) -> None:
    code = (
        "import sys; from godyno.formats.perfdata import read_perf_data as r; r(sys.argv[1]).sorted_records()"
    )
    path, trace = scratch / "perf.data", scratch / "x.trace"
    record = [
        "perf",
        "record",
        "-q",
        "-k",
        "CLOCK_MONOTONIC",
        "-e",
        "cpu-clock",
        "-F",
        "4999",
        "-g",
        "-o",
        str(path),
    ]
    subprocess.run([*record, "--", program(go, "load"), trace, "60"], check=True, capture_output=True)
    theirs = ["perf", "script", "-F", "pid,tid,time,ip", "-G", "-i", str(path)]
    with_stacks = ["perf", "script", "-F", "pid,tid,time,ip", "-i", str(path)]
    ours = [sys.executable, "-c", code, str(path)]
    name = f"perf.data of {path.stat().st_size / 1e6:.0f} MB"
    table.compare(f"{name} / perf script without stacks", lambda: run(ours), lambda: run(theirs), pairs)
    table.compare(f"{name} / perf script with stacks", lambda: run(ours), lambda: run(with_stacks), pairs)


def renew_profile(go: Go, scratch: Path) -> None:
    """Profiles the decoder, built without guidance, on a trace, and keeps that beside its sources."""
    sources = program_sources("godyno.formats.exectrace")
    del sources["default.pgo"]
    sources["main.go"] = sources["main.go"].replace(b"func main()", b"func decoded()")
    sources["profiled.go"] = (SOURCES / "profiled.go").read_bytes()
    trace = scratch / "x.trace"
    subprocess.run([program(go, "load"), trace, "100"], check=True)
    (scratch / "out").mkdir()
    profiled = build_program(go, "exectrace-profiled", sources)
    env = {**os.environ, "PROFILE": str(DECODER / "default.pgo")}
    subprocess.run([profiled, trace, scratch / "out"], check=True, env=env)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="traces,profiles,perf")
    parser.add_argument("--mb", default="10,100,500")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument(
        "--keep",
        action="store_true",
        help="write benchmarks/results/decode.md, with what other parts it holds",
    )
    parser.add_argument("--pgo", action="store_true")
    parser.add_argument("--scratch", default=None, help="where traces and tables lie")
    options = parser.parse_args()
    go, table = find_go(), Table()
    print(f"{go.version}\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="godyno-decode-", dir=options.scratch) as made:
        scratch = Path(made)
        if options.pgo:
            renew_profile(go, scratch)
            return
        if "traces" in options.only:
            traces(table, go, [int(size) for size in options.mb.split(",")], options.pairs, scratch)
        if "profiles" in options.only:
            profiles(table, go, options.pairs, scratch)
        if "perf" in options.only:
            perf(table, go, options.pairs, scratch)
    if options.keep:
        file = RESULTS / "decode.json"
        kept = json.loads(file.read_text()) if file.exists() else {}
        kept |= {
            row.split("|")[1].strip(): {"row": row, "runs": table.raw[row.split("|")[1].strip()]}
            for row in table.rows
        }
        keep(
            "decode", "\n".join([f"{go.version}\n\n{HEAD}", *(entry["row"] for entry in kept.values())]), kept
        )


if __name__ == "__main__":
    main()
