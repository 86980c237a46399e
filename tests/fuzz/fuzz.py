"""Fuzzes every parser, guided by coverage, from small real files.

    pip install -r tests/fuzz/requirements.txt
    python -m tests.fuzz.fuzz [--minutes 30] [--jobs 2] [--work DIR] [TARGET …]

Corpora, findings and ``spent.json`` (executions and seconds of each target, added up over runs) stay in DIR. A finding is
kept once for each place in the code that raised it, and fuzzing goes on; one that hangs or eats memory ends its round and
the next begins. ``exectrace``, the Go program, is fuzzed by ``go test -fuzz``. Exits with 1 where anything was found.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

GO_FUZZ = Path(__file__).parent / "exectrace_fuzz_test.go.txt"
BINARY = ("pprof", "perfdata", "exectrace", "pclntab", "elf", "decoded")
LIMITS = [
    "-max_len=65536",
    "-timeout=10",
    "-rss_limit_mb=1024",
    "-reload=0",
    "-report_slow_units=100",
    "-print_final_stats=1",
]


def fuzz_one(name: str, corpus: Path, found: Path, seconds: float) -> None:
    """In a process of its own: runs libFuzzer on one target."""
    import atheris

    with atheris.instrument_imports(include=["godyno"], enable_loader_override=False):
        from tests.fuzz.targets import TARGETS

        from godyno.errors import GodynoError
    target = TARGETS[name]

    def once(data: bytes) -> None:
        try:
            target(data)
        except GodynoError:
            pass
        except Exception as error:
            keep(error, data, found)

    arguments = [f"-max_total_time={seconds:.0f}", f"-artifact_prefix={found}/", *LIMITS, str(corpus)]
    atheris.Setup([name, *arguments], once)
    atheris.Fuzz()


def keep(error: Exception, data: bytes, found: Path) -> None:
    """Keeps the shortest input for each place that raises."""
    trace = traceback.extract_tb(error.__traceback__)
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}" for frame in trace if "fuzz" not in frame.filename
    ]
    key = f"{type(error).__name__}-{hashlib.sha1(' '.join(places[-3:]).encode()).hexdigest()[:10]}"
    file = found / key
    if not file.exists() or file.stat().st_size > len(data):
        file.write_bytes(data)
        (found / f"{key}.txt").write_text("".join(traceback.format_exception(error)))


def python_round(name: str, work: Path, seconds: float) -> tuple[int, float]:
    """Executions and seconds of one round."""
    corpus, found = work / "corpus" / name, work / "found" / name
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    code = (
        "import sys; from pathlib import Path; from tests.fuzz.fuzz import fuzz_one; "
        "fuzz_one(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]))"
    )
    began, executions, left = time.monotonic(), 0, seconds
    while left > 5:
        ended, said = ran([sys.executable, "-c", code, name, str(corpus), str(found), str(left)], left)
        counts = re.findall(r"stat::number_of_executed_units: (\d+)", said) or re.findall(r"#(\d+)\t", said)
        executions += int(counts[-1]) if counts else 0
        (work / f"{name}.log").write_text(said[-20000:])
        left = seconds - (time.monotonic() - began)
        if ended or not counts:
            break
    return executions, time.monotonic() - began


def ran(argv: list[str], seconds: float, **options: Any) -> tuple[bool, str]:
    """Whether it came to its own end in time, and what it said. A machine that is busy may starve it: that is no finding."""
    process = subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        **options,
    )
    try:
        said, _ = process.communicate(timeout=seconds + 60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return True, said
    return process.returncode == 0, said


def go_round(work: Path, seconds: float) -> tuple[int, float]:
    """The same for the Go decoder, whose fuzz test is laid beside its sources in a directory of its own."""
    from godyno.toolchain import find_go
    from godyno.toolchain.programs import program_sources

    module = work / "exectrace"
    corpus = module / "testdata" / "fuzz" / "FuzzDecode"
    corpus.mkdir(parents=True, exist_ok=True)
    for file, text in program_sources("godyno.formats.exectrace").items():
        (module / file).write_bytes(text)
    shutil.copy(GO_FUZZ, module / "exectrace_fuzz_test.go")
    seeds = module / "seeds"
    seeds.mkdir(exist_ok=True)
    for file in (work / "corpus" / "exectrace").iterdir():
        shutil.copy(file, seeds)
    began, executions, left = time.monotonic(), 0, seconds
    go = find_go()
    while left > 5:
        env = {**os.environ, "GOFLAGS": "", "GOWORK": "off", "GOMEMLIMIT": "700MiB"}
        ended, said = ran(
            [str(go.path), "test", "-run=^$", "-fuzz=FuzzDecode", f"-fuzztime={left:.0f}s", "-parallel=1",
             "-fuzzminimizetime=1x", "."],
            left, cwd=module, env=env,
        )  # fmt: skip
        counts = re.findall(r"execs: (\d+)", said)
        executions += int(counts[-1]) if counts else 0
        (work / "exectrace.log").write_text(said[-20000:])
        left = seconds - (time.monotonic() - began)
        if ended or not counts:
            break
        found = work / "found" / "exectrace"
        found.mkdir(parents=True, exist_ok=True)
        for file in corpus.iterdir():  # go stops at each until it is mended: set it aside and go on
            (found / f"{file.name}.txt").write_text(said[-8000:])
            shutil.move(file, found / file.name)
    return executions, time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--minutes", type=float, default=30, help="for each target")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--work", type=Path, default=Path("fuzz"))
    options = parser.parse_args()
    from tests.fuzz.seeds import seeds
    from tests.fuzz.targets import TARGETS

    names = options.targets or [*BINARY, *(name for name in TARGETS if name not in BINARY)]
    if unknown := set(names) - {*TARGETS, "exectrace"}:
        parser.error(f"no target {', '.join(unknown)}; they are {', '.join([*TARGETS, 'exectrace'])}")
    work: Path = options.work.resolve()
    if not (work / "corpus").exists():
        for target, name, contents in seeds():
            (work / "corpus" / target).mkdir(parents=True, exist_ok=True)
            (work / "corpus" / target / f"seed-{name}").write_bytes(contents)
    ledger, lock = work / "spent.json", Lock()

    def one(name: str) -> None:
        turn: Callable[[], tuple[int, float]] = (
            (lambda: go_round(work, options.minutes * 60))
            if name == "exectrace"
            else (lambda: python_round(name, work, options.minutes * 60))
        )
        executions, seconds = turn()
        with lock:
            spent = json.loads(ledger.read_text()) if ledger.exists() else {}
            before = spent.get(name, {"executions": 0, "seconds": 0.0})
            spent[name] = {
                "executions": before["executions"] + executions, "seconds": round(before["seconds"] + seconds, 1),
            }  # fmt: skip
            ledger.write_text(json.dumps(spent, indent=1, sort_keys=True) + "\n")
        count = len([f for f in (work / "found" / name).glob("*") if f.suffix != ".txt"])
        print(
            f"{name:14} {executions:>10,} executions in {seconds / 60:5.1f} min, {count} findings", flush=True
        )

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, names))
    return int(any(f.suffix != ".txt" for f in (work / "found").glob("*/*")))


if __name__ == "__main__":
    sys.exit(main())
