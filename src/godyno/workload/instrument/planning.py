"""Which packages a go command builds, and what their instrumentation needs with this Go."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from godyno.errors import UsageError
from godyno.formats.gocommand import GoCommand, go_command
from godyno.formats.instrumentlog import METRICS
from godyno.toolchain.find import find_go
from godyno.toolchain.go import Go
from godyno.workload.instrument import DEFAULT_KINDS, KINDS, Plan

_FILE = "0godyno.go"  # the first of its package, whose inits are run in the order of files
_SUBCOMMANDS = ("build", "install", "run", "test")
_OLD_HOOKS = re.compile(r"hooks\s+\[\]exitHook\n\s+runningExitHooks bool\n\}")
_OLD_HOOK = re.compile(r"type exitHook struct \{\n\s+f\s+func\(\)[^\n]*\n\s+runOnNonZeroExit bool[^\n]*\n\}")
_HOOK = re.compile(r"type Hook struct \{\n\s+F\s+func\(\)[^\n]*\n\s+RunOnFailure bool[^\n]*\n\}")
_INIT = re.compile(r"\n\s*(?:var )?runtimeInitTime int64\n")
_SIGNALS = re.compile(
    r"var handlers struct \{\n\s*sync\.Mutex\n(?:\s*//[^\n]*\n)*\s*m map\[chan<- os\.Signal\]\*handler\n"
    r"(?:\s*//[^\n]*\n)*\s*ref \[numSig\]int64\n(?:\s*//[^\n]*\n)*\s*stopping \[\]stopping\n\}"
)
_SCHEDULE = re.compile(
    r"\nfunc schedtrace\(detailed bool\) \{\n.*\" timerslen=\", .*, \"\\n\"\)\n", re.DOTALL
)
# The tracer's two timers.
_ADVANCER = re.compile(r"\nfunc \(s \*traceAdvancerState\) start\(\) \{\n")
_CPU_READER = re.compile(r"\n\s+trace\.cpuSleep\.sleep\(")
_CGO = re.compile(r"\nvar iscgo bool\n")


def plan(argv: Sequence[str], cwd: str = "", kinds: Iterable[str] = DEFAULT_KINDS) -> Plan:
    """What ``argv`` needs. Asks go which packages it builds; writes nothing. Raises UsageError, ToolchainError."""
    chosen = tuple(dict.fromkeys(kinds))
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise UsageError(
            f"{unknown[0]!r} cannot be had from a program", hint=f"Choose from {', '.join(KINDS)}."
        )
    command = go_command(argv)
    if command is None:
        return Plan(kinds=chosen)
    _refuse(command)
    go = find_go() if os.sep not in argv[0] else Go(argv[0], "", "")
    directory = Path(cwd or ".", command.directory)
    asked = ("GOROOT", "GOVERSION", "GOFLAGS", "GOOS")
    facts = json.loads(go.run("env", "-json", *asked, cwd=directory, env=_as_the_user()))
    if facts["GOOS"] != "linux":
        raise UsageError(
            f"--instrument is for Linux, and this builds for {facts['GOOS']}", hint="Unset GOOS."
        )
    go = replace(go, goroot=facts["GOROOT"], version=facts["GOVERSION"])
    warnings: list[str] = []
    chosen = _without_conflicts(command, chosen, warnings)
    always = dict(word.lstrip("-").partition("=")[::2] for word in shlex.split(facts["GOFLAGS"]))
    if command.subcommand != "test" and ("cover" in command.flags or always.get("cover") == ""):
        raise UsageError(
            "go's -cover does not see the file that --instrument adds, and the build would fail",
            hint="Record without one of the two.",
        )
    given = {flag: command.value(flag) or always.get(flag, "") for flag in ("overlay", "ldflags")}
    fill, linker = _for_version(go, warnings)
    flags = {"ldflags": f"{given['ldflags']} {linker}".strip()} if linker else {}
    named = [word for word in command.words() if command.subcommand == "run" and word.endswith(".go")]
    file = ""
    if named:  # the files that are named are the package: ours has to be named too
        beside = Path(named[0]).parent
        file = str(beside / _FILE)
        place = Path(os.path.abspath(directory / beside))  # noqa: PTH100  links stay, as go sees them
        found = [(place, "main", _FILE, "command-line-arguments")]
    else:
        found = _packages(go, command, directory)
    names = [f"{number}.go" for number in range(len(found))]
    return Plan(
        flags, file,
        {ours: _source(fill, clause, path) for ours, (_, clause, _, path) in zip(names, found, strict=True)},
        {str(place / added): ours for ours, (place, _, added, _) in zip(names, found, strict=True)},
        _user_overlay(given["overlay"], directory), tuple(path for *_, path in found), chosen, tuple(warnings),
    )  # fmt: skip


def _refuse(command: GoCommand) -> None:
    if command.subcommand not in _SUBCOMMANDS:
        raise UsageError(
            f"--instrument has nothing to add to `go {command.subcommand}`",
            hint=f"It is for go {', '.join(_SUBCOMMANDS)}, and for programs that were built with it.",
        )
    for word in command.words():
        if "@" in word:
            raise UsageError(
                f"{word} is in the module cache, whose packages take no overlay",
                hint="Instrument it in a checkout of its repository, or in a module that requires it.",
            )


def _as_the_user() -> dict[str, str | None]:
    return {"GOTOOLCHAIN": os.environ.get("GOTOOLCHAIN")}


def _without_conflicts(command: GoCommand, kinds: tuple[str, ...], warnings: list[str]) -> tuple[str, ...]:
    """A process has one execution trace and one CPU profile: those that the user asked go test for are theirs."""
    for flag, kind in (("trace", "trace"), ("cpuprofile", "cpu")):
        if command.subcommand == "test" and flag in command.flags and kind in kinds:
            kinds = tuple(one for one in kinds if one != kind)
            warnings.append(
                f"go test writes the {'execution trace' if kind == 'trace' else 'CPU profile'} itself (-{flag}): this recording has none."
            )
    return kinds


def _user_overlay(path: str | None, directory: Path) -> dict[str, str]:
    if not path:
        return {}
    try:
        found = json.loads((directory / path).read_bytes())["Replace"]
        # As go takes them: relative to where it runs, not to the file.
        return {
            str(directory.absolute() / k): str(directory.absolute() / v) if v else ""
            for k, v in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The overlay {path} cannot be read: {error}", hint="See `go help build` for its form."
        ) from error


def _for_version(go: Go, warnings: list[str]) -> tuple[dict[str, str], str]:
    """What to fill into the source for this Go, and what its linker has to be told."""
    root = Path(go.goroot, "src")
    new, old, signals = (_text(root / name) for name in (
        "internal/runtime/exithook/hooks.go", "runtime/exithook.go", "os/signal/signal.go",
    ))  # fmt: skip
    began = _INIT.search(_text(root / "runtime/proc.go"))
    fill = {
        "INIT": "runtime.runtimeInitTime" if began else "",
        "GODYNO_SIGNALS": "true" if _SIGNALS.search(signals) else "false",
    }
    shapes = {
        "proc.go": _SCHEDULE, "trace*.go": _ADVANCER, "trace[c2]*.go": _CPU_READER, "cgo.go": _CGO
    }  # fmt: skip
    known = all(
        any(shape.search(_text(file)) for file in (root / "runtime").glob(name))
        for name, shape in shapes.items()
    )
    known = known and fill["GODYNO_SIGNALS"] == "true"
    fill["GODYNO_DEADLOCKS"] = "true" if known else "false"
    if _HOOK.search(new) and re.search(r"\n\s+hooks\s+\[\]Hook\n", new):
        fill |= {"SYMBOL": "internal/runtime/exithook.hooks", "TYPE": "[]godynoHook", "LIST": "godynoExit"}
    elif _OLD_HOOK.search(old) and _OLD_HOOKS.search(old):
        fill |= {
            "SYMBOL": "runtime.exitHooks",
            "TYPE": "struct {\n\thooks []godynoHook\n\trunning bool\n}",
            "LIST": "godynoExit.hooks",
        }
    else:
        fill |= {"SYMBOL": "", "TYPE": "[]godynoHook", "LIST": "godynoExit"}
        warnings.append(
            f"{go.version} keeps what it runs at exit in a way that godyno does not know: the last 0.2 s of each program are missing."
        )
    needs_flag = go.release >= (1, 23, 0) and (
        fill["SYMBOL"] or fill["INIT"] or fill["GODYNO_SIGNALS"] == "true"
    )
    return fill, "-checklinkname=0" if needs_flag else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _packages(go: Go, command: GoCommand, directory: Path) -> list[tuple[Path, str, str, str]]:
    """(directory, package clause, file name, import path) of each package that gets the file."""
    flags = command.selecting_flags() + (
        [f"-overlay={command.value('overlay')}"] if command.value("overlay") else []
    )
    fields = "-json=Dir,Name,ImportPath,Standard,Error,TestGoFiles,XTestGoFiles"
    said = go.run("list", "-e", fields, *flags, "--", *command.words(), cwd=directory, env=_as_the_user())
    testing, out, problems = command.subcommand == "test", [], []
    for package in _objects(said):
        where, name, path = (
            Path(package.get("Dir") or "."),
            package.get("Name") or "",
            package.get("ImportPath") or "",
        )
        problems += [str((package.get("Error") or {}).get("Err") or "")] if package.get("Error") else []
        if package.get("Standard"):
            raise UsageError(
                f"{path} is of the standard library, whose tests cannot import what godyno adds",
                hint="Record it without --instrument.",
            )
        if testing and (package.get("TestGoFiles") or package.get("XTestGoFiles")):
            clause = name if package.get("TestGoFiles") else f"{name}_test"
            out.append((where, clause, _FILE.replace(".go", "_test.go"), path))
        elif not testing and name == "main":
            out.append((where, "main", _FILE, path))
    if not out and problems:
        raise UsageError(
            f"There is nothing to instrument: {problems[0]}", hint="Check the packages with `go list`."
        )
    if not out:
        raise UsageError(
            f"{' '.join(command.words()) or 'The package here'} has {'no tests' if testing else 'no package main'} to instrument",
            hint="Check the packages with `go list`.",
        )
    return out


def _objects(text: str) -> list[dict[str, Any]]:
    decoder, out, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        out.append(found)
        at += len(text[at:]) - len(text[at:].lstrip())
    return out


def _source(fill: Mapping[str, str], name: str, path: str) -> str:

    text = (files("godyno.workload.instrument") / "instrument.go.txt").read_text()
    wanted = {
        "godynoExit": fill["SYMBOL"],
        "godynoHandlers": fill["GODYNO_SIGNALS"] == "true",
        "godynoInit": fill["INIT"],
        **dict.fromkeys(("godynoSchedule", "godynoCgo"), fill["GODYNO_DEADLOCKS"] == "true"),
    }
    for variable, known in wanted.items():
        if not known:  # the variable is then one of the file's own, and stays empty
            text = re.sub(rf"//(?: [^\n]*)?\n//go:linkname {variable} .*\n", "", text)
    if fill["GODYNO_DEADLOCKS"] != "true":
        text = text.replace("func godynoSchedule(detailed bool)\n", "func godynoSchedule(detailed bool) {}\n")
    for key, value in (
        ("package main\n", f"package {name}\n"), ("GODYNO_HOOKS_SYMBOL", fill["SYMBOL"]), ("GODYNO_HOOKS_TYPE", fill["TYPE"]),
        ("GODYNO_HOOKS_LIST", fill["LIST"]), ("GODYNO_SIGNALS", fill["GODYNO_SIGNALS"]),
        ("GODYNO_DEADLOCKS", fill["GODYNO_DEADLOCKS"]), ("GODYNO_METRICS", " ".join(METRICS)),
        ("GODYNO_PACKAGE", re.sub(r"[^\w./~-]", "_", path)),
    ):  # fmt: skip
        text = text.replace(key, value)
    return text
