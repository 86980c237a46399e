"""Records the programs, one after the other in an order drawn by chance, and goes on where it stopped.

python benchmarks/attribution/run.py --minutes 6            records; again and again until all is there
python benchmarks/attribution/run.py --only middle,bare     some of it

A run's capture is left unsealed (``judge.py`` seals it, outside of the time that is measured). Beside it stays what the program itself
measured (``result.json``). On a shared machine all runs in a cgroup of a high CPU weight, with the load beside in a group inside it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from build import GODYNO, SCRATCH
from catalogue import Case, cases
from large_set import recorded  # type: ignore[import-not-found]
from sets import LARGE, choose_set

RUNS = SCRATCH / "runs"
CPU = Path("/sys/fs/cgroup/cpu")
OURS = CPU / "godyno-attribution"
# Not more: a starved stranger that holds a lock of the kernel (cgroups', perf's) stops everybody for a minute. At 262144 it did.
WEIGHT = 20480


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """This process in a group of a high weight, so that strangers hardly count; where there is none, as it is."""
    if not (CPU / "cgroup.procs").exists():
        yield
        return
    OURS.mkdir(exist_ok=True)
    (OURS / "cpu.shares").write_text(str(WEIGHT))
    (OURS / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (CPU / "cgroup.procs").write_text(str(os.getpid()))
        for group in (OURS / "beside", OURS):
            with contextlib.suppress(OSError):
                group.rmdir()


@contextlib.contextmanager
def load_beside(weight: int | None) -> Iterator[None]:
    """Two busy loops in a group of their own that weighs so much beside the program's, which weighs 1024."""
    if weight is None:
        yield
        return
    group = OURS / "beside"
    group.mkdir(exist_ok=True)
    (group / "cpu.shares").write_text(str(weight))
    loops = [
        subprocess.Popen(["sh", "-c", f"echo $$ > {group}/cgroup.procs; while :; do :; done"])
        for _ in range(2)
    ]
    try:
        time.sleep(0.1)
        yield
    finally:
        for loop in loops:
            loop.send_signal(signal.SIGKILL)
            loop.wait()
        for _ in range(20):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.01)


@contextlib.contextmanager
def peers() -> Iterator[list[str]]:
    with (
        tempfile.TemporaryDirectory(dir=SCRATCH) as directory,
        subprocess.Popen(
            [SCRATCH / "peers", directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None and process.stdin is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()


def drop(path: Path) -> None:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextlib.contextmanager
def swap(wanted: bool) -> Iterator[None]:
    """Swap in a file while it is wanted. Who takes it away again also does when this process is killed."""
    if not wanted:
        yield
        return
    file = SCRATCH / "swap"
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, 256 << 20)
    file.chmod(0o600)
    subprocess.run(["mkswap", file], check=True, stdout=subprocess.DEVNULL)
    away = f"trap '' INT TERM; read _; swapoff {file}; rm -f {file}"
    with subprocess.Popen(["sh", "-c", away], stdin=subprocess.PIPE, start_new_session=True) as guard:
        assert guard.stdin is not None
        subprocess.run(["swapon", file], check=True)
        try:
            yield
        finally:
            guard.stdin.close()
            guard.wait()


def asking(case: Case, home: Path, hosts: list[str]) -> list[str]:
    """What to put before a command so that the system's resolver, for it alone, asks the slow name server."""
    if not any(cause.names for cause in case.program.causes):
        return []
    (home / "resolv.conf").write_text(f"nameserver {hosts[0].partition(':')[0]}\n")
    bound = f'mount --bind {home}/resolv.conf /etc/resolv.conf && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", bound, "sh"]


def settings(case: Case, hosts: list[str], seed: int) -> dict[str, object]:
    program = case.program
    return {
        "span": program.span_s, "mix": case.mix, "data": str(SCRATCH / "data"), "hosts": hosts, "seed": seed,
        "many": program.many, "level": case.level,
    }  # fmt: skip


def run(case: Case, home: Path, program: Path, hosts: list[str], level: str, seed: int) -> dict[str, object]:
    """Records one case in a fresh folder; what the program measured, and how the recording ended."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "settings.json").write_text(json.dumps(settings(case, hosts, seed)))
    if case.program.whole == "files":
        (home / "input.txt").write_bytes(b"a line of text, and another\n" * 100_000)
    if any(cause.cold for cause in case.program.causes):
        drop(SCRATCH / "data")
    program.read_bytes()  # so that it is in the page cache, as a program that is used is
    how = {
        "deep": ["--level", "deep", "--instrument"],
        "plain": ["--level", "deep"],
        "standard": ["--level", "standard"],
        "light": ["--level", "light"],
    }[level]
    argv = [
        *asking(case, home, hosts),
        *GODYNO,
        "record",
        "-q",
        "--quiet-output",
        "--no-seal",
        "-o",
        "run.dyno",
        *how,
        *case.record,
        "--timeout",
        "20s",
        "--",
        program,
    ]
    swaps = swap(any(cause.swap for cause in case.program.causes))
    with swaps, load_beside(case.beside), (home / "said").open("w") as said:
        try:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": said}
            code = subprocess.run(argv, cwd=home, timeout=60, **quiet).returncode
        except subprocess.TimeoutExpired:
            code = -1
    result = home / "result.json"
    return {
        "label": case.label, "level": level, "exit": code, "said": (home / "said").read_text()[-400:],
        "measured": json.loads(result.read_text()) if result.exists() else None, "at": time.time(),
    }  # fmt: skip


def wanted(options: argparse.Namespace) -> list[tuple[Case, str]]:
    """What is to be recorded, in an order drawn by chance: all at deep with --instrument; then every tenth without it, and at standard."""
    large = (options.of_set or 0) >= LARGE
    every = [
        case
        for case in cases()
        if (case.program.of_set == options.of_set if large else case.program.of_set < LARGE)
    ]
    chance = random.Random(options.seed)
    found = [(case, "deep") for case in every]
    chance.shuffle(found)
    less = [(case, level) for case in every[::10] for level in ("plain", "standard")]
    chance.shuffle(less)
    found += less
    if large:
        found = recorded(every)
        chance.shuffle(found)
    if options.level:
        found = [(case, options.level) for case, level in found if level == "deep"]
    words = options.only.split(",") if options.only else []
    return [
        (case, level)
        for case, level in found
        if all(word in {*case.label.split("-"), level, case.program.kind} for word in words)
        and (not options.names or case.program.name in options.names)
        and options.of_set in (None, case.program.of_set)
        and (options.held_out or options.of_set or not case.program.held_out)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument(
        "--only", default="", help="words that all have to fit: a strength, condition, level or kind"
    )
    parser.add_argument(
        "--level", choices=("deep", "plain", "standard", "light"), help="everything at this level"
    )
    parser.add_argument("--held-out", action="store_true", help="those that are held out, too")
    choose_set(parser)
    parser.add_argument("--again", action="store_true", help="also what was recorded already")
    parser.add_argument("names", nargs="*", help="only these programs")
    options = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    log = SCRATCH / "runs.jsonl"
    done = set()
    if log.exists() and not options.again:
        done = {(one["label"], one["level"]) for one in map(json.loads, log.read_text().splitlines())}
    todo = [(case, level) for case, level in wanted(options) if (case.label, level) not in done]
    until = time.monotonic() + options.minutes * 60
    with (SCRATCH / "lock").open("w") as lock, log.open("a") as out, apart(), peers() as hosts:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for index, (case, level) in enumerate(todo):
            if time.monotonic() > until:
                break
            home = RUNS / f"{case.label}-{level}"
            program = SCRATCH / ("bin" if level == "deep" else "plain") / case.program.name
            found = run(case, home, program, hosts, level, options.seed + index)
            out.write(json.dumps(found) + "\n")
            out.flush()
            print(f"\r{index + 1}/{len(todo)} {case.label:40} {found['exit']}", end="", file=sys.stderr)
            if found["exit"]:
                print(f"\n{found['said']}", file=sys.stderr)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
