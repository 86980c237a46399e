"""``--instrument``: a file more in a Go program's build, by the toolchain's own ``-overlay``, that tells what its runtime does.

The user's tree is not touched and no package but the programs' own is compiled anew: the file is added to package main, or to
the tests of each tested package. A program built so does nothing more than before unless GODYNO_INSTRUMENT names a directory.

So that the last events are not lost, the file adds itself to what the runtime calls at exit. That list is an internal variable:
its shape is read in the sources of the very toolchain that builds, and left alone where it is another. Since Go 1.23 the linker
wants ``-checklinkname=0`` for it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from godyno.errors import UsageError
from godyno.model import Workload
from godyno.toolchain.find import find_go
from godyno.toolchain.go import Go
from godyno.toolchain.gocommand import GoCommand, go_command

KINDS = ("trace", "metrics", "cpu", "heap", "allocs", "mutex", "block", "goroutine")
DEFAULT_KINDS = (
    "trace",
    "metrics",
    "cpu",
    "heap",
    "allocs",
    "goroutine",
)  # mutex and block profiles slow each lock
DIRECTORY_VARIABLE, KINDS_VARIABLE, MOST_VARIABLE = (
    "GODYNO_INSTRUMENT",
    "GODYNO_INSTRUMENT_WITH",
    "GODYNO_INSTRUMENT_MOST",
)
OVERLAY, SOURCES, DATA = "overlay.json", "source", "data"
MOST_TRACE_BYTES = 256 << 20
# How old the last events of a killed program may be that are not lost: the tracer hands out what it has at this pace.
_ADVANCE = "traceadvanceperiod=200000000"
_FILE = "0godyno.go"  # the first of its package, whose inits are run in the order of files
_SUBCOMMANDS = ("build", "install", "run", "test")
_OLD_HOOKS = re.compile(r"hooks\s+\[\]exitHook\n\s+runningExitHooks bool\n\}")
_OLD_HOOK = re.compile(r"type exitHook struct \{\n\s+f\s+func\(\)[^\n]*\n\s+runOnNonZeroExit bool[^\n]*\n\}")
_HOOK = re.compile(r"type Hook struct \{\n\s+F\s+func\(\)[^\n]*\n\s+RunOnFailure bool[^\n]*\n\}")
_SIGNALS = re.compile(
    r"var handlers struct \{\n\s*sync\.Mutex\n(?:\s*//[^\n]*\n)*\s*m map\[chan<- os\.Signal\]\*handler\n"
    r"(?:\s*//[^\n]*\n)*\s*ref \[numSig\]int64\n(?:\s*//[^\n]*\n)*\s*stopping \[\]stopping\n\}"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to add to a go command. ``sources`` maps a name of ours to a file's text, ``overlay`` a path of the build to such
    a name; ``theirs`` is the user's own overlay. ``packages`` are those that are instrumented, ``warnings`` what is less than
    whole. A plan without a command is for a program that was instrumented when it was built.
    """

    command: GoCommand | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    overlay: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = DEFAULT_KINDS
    warnings: tuple[str, ...] = ()

    def apply(self, workload: Workload, raw: Path) -> Workload:
        """The workload with the overlay, which ``write`` puts below ``raw``, and with the directory to write to. Pure."""
        raw = raw.absolute()
        environment = {
            **workload.env, DIRECTORY_VARIABLE: str(raw / DATA), KINDS_VARIABLE: ",".join(self.kinds),
            MOST_VARIABLE: str(MOST_TRACE_BYTES),
        }  # fmt: skip
        debug = environment["GODEBUG"] if "GODEBUG" in environment else os.environ.get("GODEBUG")
        if "trace" in self.kinds and "traceadvanceperiod" not in (debug or ""):
            environment["GODEBUG"] = ",".join(filter(None, (debug, _ADVANCE)))
        if self.command is None:
            return replace(workload, env=environment)
        command = replace(self.command, argv=(workload.argv[0], *self.command.argv[1:]))
        return replace(workload, argv=command.with_flag("overlay", str(raw / OVERLAY)).argv, env=environment)

    def write(self, raw: Path) -> None:
        """Writes the sources and the overlay, and makes the folder for what programs tell. Raises OSError."""
        (raw / DATA).mkdir(parents=True, exist_ok=True)
        if self.command is None:
            return
        (raw / SOURCES).mkdir(exist_ok=True)
        for name, text in self.sources.items():
            (raw / SOURCES / name).write_text(text)
        ours = {path: str((raw / SOURCES / name).absolute()) for path, name in self.overlay.items()}
        (raw / OVERLAY).write_text(json.dumps({"Replace": {**self.theirs, **ours}}, indent=1))


def plan(argv: Sequence[str], cwd: str = "", kinds: Iterable[str] = DEFAULT_KINDS) -> Plan:
    """What ``argv`` needs. Asks go which packages it builds; writes nothing. Raises UsageError, ToolchainError."""
    chosen = tuple(dict.fromkeys(kinds))
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise UsageError(
            f"{unknown[0]!r} cannot be had from a program", hint=f"Choose from {', '.join(KINDS)}."
        )
    command = go_command(argv)
    if command is None or not argv:
        return Plan(kinds=chosen)
    if command.subcommand not in _SUBCOMMANDS:
        raise UsageError(
            f"--instrument has nothing to add to `go {command.subcommand}`",
            hint=f"It is for go {', '.join(_SUBCOMMANDS)}, and for programs that were built with it.",
        )
    if any("@" in word for word in command.words()):
        raise UsageError(
            f"{command.words()[0]} is in the module cache, whose packages take no overlay",
            hint="Instrument it in a checkout of its repository, or in a module that requires it.",
        )
    go = find_go() if os.sep not in argv[0] else Go(argv[0], "", "")
    directory = Path(cwd or ".", command.directory)
    facts = json.loads(
        go.run("env", "-json", "GOROOT", "GOVERSION", "GOFLAGS", "GOOS", cwd=directory, env=_as_the_user())
    )
    if facts["GOOS"] != "linux":
        raise UsageError(
            f"--instrument is for Linux, and this builds for {facts['GOOS']}", hint="Unset GOOS."
        )
    warnings: list[str] = []
    chosen = _without_conflicts(command, chosen, warnings)
    flags = dict(flag.lstrip("-").partition("=")[::2] for flag in shlex.split(facts["GOFLAGS"]))
    theirs = _user_overlay(command.value("overlay") or flags.get("overlay"), directory)
    go = replace(go, goroot=facts["GOROOT"], version=facts["GOVERSION"])
    fill, linker = _for_version(go, warnings)
    if linker:
        given = command.value("ldflags") if "ldflags" in command.flags else flags.get("ldflags", "")
        command = command.with_flag("ldflags", f"{given} {linker}".strip())
    sources, overlay, packages = {}, {}, []
    files_of_run = command.subcommand == "run" and [word for word in command.words() if word.endswith(".go")]
    if files_of_run:
        # The files that are named are the package: ours has to be named too.
        place = Path(os.path.abspath(directory / files_of_run[0])).parent  # noqa: PTH100  go does not resolve links here
        found: list[tuple[Path, str, str, str]] = [(place, "main", _FILE, "command-line-arguments")]
        command = command.with_word(
            str(Path(files_of_run[0]).parent / _FILE)
            if not os.path.isabs(files_of_run[0])
            else str(place / _FILE)
        )
    else:
        found = _packages(go, command, directory, theirs)
    for number, (place, name, file, path) in enumerate(found):
        sources[f"{number}.go"] = _source(fill, name, path)
        overlay[str(place / file)] = f"{number}.go"
        packages.append(path)
    return Plan(command, sources, overlay, theirs, tuple(packages), chosen, tuple(warnings))


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
    fill = {"GODYNO_SIGNALS": "true" if _SIGNALS.search(signals) else "false"}
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
    needs_flag = go.release >= (1, 23, 0) and (fill["SYMBOL"] or fill["GODYNO_SIGNALS"] == "true")
    return fill, "-checklinkname=0" if needs_flag else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _packages(
    go: Go, command: GoCommand, directory: Path, theirs: Mapping[str, str]
) -> list[tuple[Path, str, str, str]]:
    """(directory, package clause, file name, import path) of each package that gets the file."""
    flags = command.selecting_flags() + (
        [f"-overlay={command.value('overlay')}"] if command.value("overlay") else []
    )
    fields = "-json=Dir,Name,ImportPath,Standard,TestGoFiles,XTestGoFiles"
    said = go.run("list", "-e", fields, *flags, "--", *command.words(), cwd=directory, env=_as_the_user())
    testing, out = command.subcommand == "test", []
    for package in _objects(said):
        where, name, path = (
            Path(package.get("Dir") or "."),
            package.get("Name") or "",
            package.get("ImportPath") or "",
        )
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
    from godyno.formats.instrumentlog import METRICS

    text = (files("godyno.workload.instrument") / "instrument.go.txt").read_text()
    if not fill["SYMBOL"]:
        text = text.replace("//go:linkname godynoExit GODYNO_HOOKS_SYMBOL\n", "")
    if fill["GODYNO_SIGNALS"] != "true":
        text = text.replace("//go:linkname godynoHandlers os/signal.handlers\n", "")
    for key, value in (
        ("package main\n", f"package {name}\n"), ("GODYNO_HOOKS_SYMBOL", fill["SYMBOL"]), ("GODYNO_HOOKS_TYPE", fill["TYPE"]),
        ("GODYNO_HOOKS_LIST", fill["LIST"]), ("GODYNO_SIGNALS", fill["GODYNO_SIGNALS"]), ("GODYNO_METRICS", " ".join(METRICS)),
        ("GODYNO_PACKAGE", re.sub(r"[^\w./~-]", "_", path)),
    ):  # fmt: skip
        text = text.replace(key, value)
    return text
