"""Reads the test data of Go and of google/pprof beside the tools it was made for, and says where they disagree.

    python benchmarks/reference_data.py DIR… [--keep]

DIR is a checkout of google/pprof, of golang/exp (``trace/testdata``), a GOROOT, or anything that holds profiles and traces.
A profile's totals by sample type are compared with what ``go tool pprof -raw`` lists; of a trace the number of events and
of rows of each kind, and the nanoseconds that goroutines spent in each state, with a plain loop over the x/exp reader.
What the reference refuses, ours must refuse by a clear error. Exits with 1 where anything disagrees.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arms import keep
from godyno.errors import GodynoError
from godyno.formats.exectrace import GOROUTINE_STATES, decode
from godyno.formats.pprof import profile
from godyno.toolchain import Go, find_go
from godyno.toolchain.programs import program_sources, trace_decoder

SOURCES = Path(__file__).parent / "decode_go"
RUNS = 6
CLOSED = {"tasks": "tasks", "regions": "regions", "ranges": "ranges"}
WHOLE = ("goroutines", "samples", "logs", "metrics", "clocks")
GO_NAMES = ("Undetermined", "NotExist", "Runnable", "Running", "Waiting", "Syscall")
_TRACE = re.compile(r"_good$|\.trace$")
_ROW = re.compile(r"\s*(-?\d+(?:\s+-?\d+)*):")


def found(directories: list[Path]) -> Iterator[tuple[str, Path]]:
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if not path.is_file() or path.is_symlink() or ".git" in path.parts:
                continue
            parent = path.parent.as_posix()
            if (
                (path.suffix == ".test" and b"-- trace --" in path.read_bytes())
                or _TRACE.search(path.name)
                or "/fuzz/FuzzReader" in parent
            ):
                yield "trace", path
            elif path.suffix in (".pprof", ".pgo", ".prof") or (
                re.search(r"(profile|driver)/testdata$|fuzz/(corpus|testdata)$", parent)
            ):
                yield "profile", path


def reference_program(go: Go, scratch: Path) -> Path:
    """The plain reader, built inside a copy of the module of which the decoder uses a part."""
    module = scratch / "exp"
    for name, text in program_sources("godyno.formats.exectrace").items():
        (scratch / name).write_bytes(text)
    go.run("mod", "download", "golang.org/x/exp", cwd=scratch)
    shutil.copytree(go.run("list", "-m", "-f", "{{.Dir}}", "golang.org/x/exp", cwd=scratch).strip(), module)
    for directory in [module, *(p for p in module.rglob("*") if p.is_dir())]:
        directory.chmod(0o755)
    target = module / "trace" / "reference"
    target.mkdir()
    shutil.copy(SOURCES / "reference.go", target / "main.go")
    go.run("build", "-mod=mod", "-o", str(scratch / "reference"), "./trace/reference", cwd=module)
    return scratch / "reference"


def compare_traces(go: Go, files: list[Path], scratch: Path) -> Iterator[tuple[Path, str, str]]:
    plain = []
    for index, path in enumerate(files):
        if "/fuzz/" in path.as_posix():  # Go's corpus: a literal in a text file
            literal = re.search(r"\[\]byte\((\".*\")\)", path.read_text())
            made = scratch / f"fuzz{index}"
            made.write_bytes(literal_bytes(literal[1]) if literal else b"")
            plain.append(made)
        else:
            plain.append(path)
    program, decoder = reference_program(go, scratch), trace_decoder(go)
    (scratch / "binary").mkdir()
    command = [program, scratch / "binary", *plain]
    runs = []
    for _ in range(RUNS):
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        runs.append([json.loads(line) for line in said.splitlines()])
    for path, expected, *again in zip(files, *runs, strict=True):
        try:
            ours = counted(decoder, Path(expected["trace"]), scratch / "out")
        except GodynoError as error:
            refused = f"refused: {str(error).split('cannot be decoded: ')[-1]}"
            agrees = expected["error"] and not expected["events"]
            yield path, f"refused: {expected['error']}" if agrees else f"{expected['events']} events", refused
            continue
        theirs = {key: expected[key] for key in ours if key != "ended_by"} | {
            "ended_by": bool(expected["error"])
        }
        brief = f"{expected['events']:,} events" + (
            f", ends by: {expected['error']}" if expected["error"] else ""
        )
        differ = [f"{key} {theirs[key]} ≠ {ours[key]}" for key in ours if theirs[key] != ours[key]]
        if differ and all(text.startswith("state_ns") for text in differ):
            own = max(apart(expected, other) for other in again)
            if apart(expected, ours) <= own:
                yield path, brief, f"same (within {own} ns, by which the reference's own {RUNS} runs differ)"
                continue
        yield path, brief, "; ".join(differ) or "same"


def apart(one: dict[str, Any], other: dict[str, Any]) -> int:
    """The largest difference of a state's nanoseconds: Go 1.11's traces are not put in order the same way each time."""
    states = one["state_ns"], other["state_ns"]
    return max(
        (abs(states[0].get(s, 0) - states[1].get(s, 0)) for s in states[0].keys() | states[1].keys()),
        default=0,
    )


def literal_bytes(text: str) -> bytes:
    """Go's string literal: what is not ASCII in it stands for its bytes in UTF-8."""
    escaped = "".join(chr(byte) if byte < 128 else f"\\x{byte:02x}" for byte in text.encode())
    found = ast.literal_eval("b" + escaped)
    assert isinstance(found, bytes)
    return found


def counted(decoder: Path, trace: Path, out: Path) -> dict[str, Any]:
    decoded = decode(decoder, trace, out)
    states = decoded.records("goroutine_states")
    spent = {}
    for number, name in enumerate(GO_NAMES):
        rows = states[states["state"] == number]
        if len(rows):
            spent[name] = int((rows["t_end_ns"] - rows["t_start_ns"]).sum())
    assert len(GO_NAMES) == len(GOROUTINE_STATES)
    return {
        "events": decoded.events,
        "first_last": [decoded.t_first_ns, decoded.t_last_ns] if decoded.events else [0, 0],
        **{name: decoded.rows[name] for name in WHOLE},
        **{name: int((decoded.records(table)["open"] == 0).sum()) for name, table in CLOSED.items()},
        "state_ns": spent,
        "ended_by": bool(decoded.ended_by),
    }


def compare_profiles(go: Go, files: list[Path]) -> Iterator[tuple[Path, str, str]]:
    tool = go.run("tool", "-n", "pprof").strip()
    for path in files:
        done = subprocess.run(
            [tool, "-raw", "-symbolize=none", str(path)], capture_output=True, text=True, errors="replace", check=False,
            env={**os.environ, "PPROF_TMPDIR": tempfile.gettempdir()},
        )  # fmt: skip
        theirs = totals(done.stdout) if done.returncode == 0 else None
        try:
            ours = profile(path.read_bytes()).totals()
        except GodynoError as error:
            yield path, "refused" if theirs is None else str(theirs), f"refused: {str(error)[:90]}"
            continue
        said = "refused" if theirs is None else str(theirs)
        yield path, said, "same" if ours == theirs else str(ours)


def totals(raw: str) -> tuple[int, ...]:
    body = raw.partition("Samples:\n")[2].partition("\nLocations")[0].splitlines()
    rows = [tuple(map(int, match[1].split())) for line in body[1:] if (match := _ROW.match(line))]
    return tuple(map(sum, zip(*rows, strict=True))) if rows else (0,) * len(body[0].split() if body else ())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/reference_data.md")
    options = parser.parse_args()
    go = find_go()
    files = list(found(options.directories))
    with tempfile.TemporaryDirectory(prefix="godyno-reference-") as made:
        scratch = Path(made)
        results = [
            ("trace", *row) for row in compare_traces(go, [p for k, p in files if k == "trace"], scratch)
        ]
        results += [
            ("profile", *row) for row in compare_profiles(go, [p for k, p in files if k == "profile"])
        ]
    rows, disagreements = [], 0
    for kind, path, theirs, ours in results:
        agree = ours.startswith("same") or (ours.startswith("refused") and theirs.startswith("refused"))
        disagreements += not agree
        name = next(path.relative_to(d.parent) for d in options.directories if path.is_relative_to(d))
        rows.append(
            f"| {kind} | {name} | {cell(theirs)} | {'**' * (not agree)}{cell(ours)}{'**' * (not agree)} |"
        )
    refused = sum(theirs.startswith("refused") for _, _, theirs, _ in results)
    summary = (
        f"{go.version}: {len(results)} files, {disagreements} disagreements: {len(results) - refused} read by the reference, "
        f"{refused} refused by it (what lies beside the profiles and is none, and traces made to be refused)."
    )
    table = "\n".join([summary, "", "| kind | file | reference | ours |", "|---|---|---|---|", *rows])
    if options.keep:
        keep("reference_data", table, [[k, p.name, t, o] for k, p, t, o in results])
    else:
        print(table)
    return int(disagreements > 0)


def cell(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else "·" for letter in text)
    return printable.replace("|", "\\|").replace("*", "\\*")[:160]


if __name__ == "__main__":
    sys.exit(main())
