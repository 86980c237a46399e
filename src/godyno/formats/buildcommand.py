"""What a process of a Go build is, from its executable and arguments: compiler, linker, test binary, C
compiler …
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = (
    "go", "compile", "link", "asm", "cgo", "vet", "cover", "buildid", "pack", "covdata", "gotool", "test",
    "gcc", "cc1", "as", "collect2", "ld", "gopls", "shim", "other",
)  # fmt: skip

_TOOLS = frozenset(("compile", "link", "asm", "cgo", "vet", "cover", "buildid", "pack", "covdata"))
_OTHER_TOOLS = frozenset(
    "addr2line api dist distpack doc fix nm objdump pprof preprofile test2json trace tour".split()  # noqa: SIM905
)
_TOOL_DIRECTORY = re.compile(r"/pkg/tool/[a-z0-9]+_[a-z0-9]+/([a-z0-9]+)(?:\.exe)?$")
_WORK = re.compile(r"(/\S*?/go-build\d+/b\d+)(?:/|$)")
_CC = re.compile(r"(?:.*-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)(?:-\d+(?:\.\d+)*)?$")
_LD = re.compile(r"(?:.*-)?(?:ld|ld\.(?:gold|bfd|lld)|lld|mold)$")
_FAKE_PACKAGE = frozenset(("command-line-arguments",))


@dataclass(frozen=True, slots=True)
class BuildCommand:
    """What a process is. ``kind`` is one of KINDS.

    ``package`` is the import path where the arguments give it; the compiler calls every command package
    ``main``, so there ``objdir`` (go's work directory for the action, as in the action graph) is what finds
    it. ``query`` marks a process that only tells its version (``-V=full``, ``-flags``, ``-###``) or probes
    the C compiler.
    """

    kind: str
    package: str = ""
    objdir: str = ""
    query: bool = False
    subcommand: str = ""  # of go: build, test, …


def build_command(exe: str, argv: Sequence[str]) -> BuildCommand:
    """What the process with executable ``exe`` (a path; may be empty) and arguments ``argv`` is. Never
    raises.
    """
    arg0 = argv[0] if argv else ""
    path = exe or arg0
    name = _name(path)
    args = list(argv[1:])
    if (match := _TOOL_DIRECTORY.search(path)) or (name in _TOOLS and _looks_like_tool(args)):
        return _tool(match[1] if match else name, args)
    if name == "go" or (name == "main" and _name(arg0) == "go"):
        return BuildCommand("go", subcommand=_subcommand(args))
    if name == "gopls":
        return BuildCommand("gopls", query=args[:1] == ["version"])
    if name.endswith(".test") or (_WORK.search(path) and any(arg.startswith("-test.") for arg in args)):
        return BuildCommand("test", objdir=_objdir([path]), package="")
    if name in ("cc1", "cc1plus", "cc1obj", "lto1", "lto-wrapper"):
        return BuildCommand("cc1", objdir=_objdir(args), query=_is_probe(args))
    if name == "collect2":
        return BuildCommand("collect2", objdir=_objdir(args), query=_is_probe(args))
    if name == "as" or name.endswith("-as"):
        return BuildCommand("as", objdir=_objdir(args))
    if _LD.match(name):
        return BuildCommand("ld", objdir=_objdir(args), query=_is_probe(args))
    if _CC.match(name):
        return BuildCommand("gcc", objdir=_objdir(args), query=_is_probe(args))
    if name in _TOOLS | _OTHER_TOOLS and _WORK.search(path):
        return BuildCommand(
            name if name in _TOOLS else "gotool", objdir=_objdir([path])
        )  # built for this very run
    return BuildCommand("other")


def _tool(name: str, args: list[str]) -> BuildCommand:
    query = args[:1] in (["-V=full"], ["-flags"], ["-V"])
    if name not in _TOOLS:
        return BuildCommand("gotool", query=query)
    package = (
        _value(args, "-p")
        if name in ("compile", "asm")
        else _value(args, "-importpath")
        if name == "cgo"
        else ""
    )
    if package in _FAKE_PACKAGE:
        package = ""
    return BuildCommand(name, package, _objdir(args), query)


def _looks_like_tool(args: list[str]) -> bool:
    # `link` and `pack` are names of other programs as well.
    return "-V=full" in args or bool(_objdir(args))


def _objdir(args: list[str]) -> str:
    for arg in args:
        if match := _WORK.search(arg.removeprefix("-trimpath=")):
            return match[1]
    return ""


def _is_probe(args: list[str]) -> bool:
    return (
        "-###" in args
        or any(arg.endswith("/trivial.c") for arg in args)
        or args[:1] in (["--version"], ["-v"])
    )


def _value(args: list[str], flag: str) -> str:
    for index, arg in enumerate(args):
        if arg == flag:
            return args[index + 1] if index + 1 < len(args) else ""
        if arg.startswith(flag + "="):
            return arg[len(flag) + 1 :]
    return ""


def _subcommand(args: list[str]) -> str:
    rest = iter(args)
    for arg in rest:
        if arg == "-C":
            next(rest, None)
        elif not arg.startswith("-"):
            return arg
    return ""


def _name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".exe")
