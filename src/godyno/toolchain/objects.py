"""One package compiled for any target, without its standard library: an object file and what the compiler says of it.

``go build`` would compile the runtime first, which takes half a minute a target; a package that imports nothing needs only the
compiler itself, a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from godyno.errors import ToolchainError
from godyno.toolchain.go import Go

_PACKAGE = "probe"
_COMPILE_S = 120.0
_KEPT = 600  # characters of what a tool said


@dataclass(frozen=True, slots=True)
class Objects:
    """What was made: object files, and the text of ``-S`` with the machine code of every function. ``size_bytes`` is of the first."""

    files: tuple[Path, ...]
    listing: str


def compile_package(
    go: Go, env: Mapping[str, str], go_source: str, asm_source: str, scratch: Path, *, listing: bool = False
) -> Objects:
    """Compiles ``go_source`` (package probe, without imports) and assembles ``asm_source`` for the target that ``env`` names.

    ``scratch`` is an empty directory that keeps the result. With ``listing`` the code is printed too. Raises ToolchainError.
    """
    (scratch / "probe.go").write_text(go_source)
    (scratch / "stub.s").write_text(asm_source)
    show = ("-S",) if listing else ()

    run_tool(go, env, scratch, "asm", "-p", _PACKAGE, "-gensymabis", "-o", "symabis", "stub.s")
    text = run_tool(
        go, env, scratch, "compile", "-p", _PACKAGE, "-symabis", "symabis", *show, "-o", "probe.o", "probe.go"
    )
    text += assemble(go, env, "stub.s", scratch, listing=listing).listing
    return Objects((scratch / "probe.o", scratch / "stub.o"), text)


def assemble(
    go: Go,
    env: Mapping[str, str],
    source: str,
    scratch: Path,
    *,
    include: tuple[Path, ...] = (),
    listing: bool = False,
) -> Objects:
    """Assembles the file ``source`` of ``scratch``. Raises ToolchainError."""
    out = Path(source).with_suffix(".o").name
    # What `go build` defines for the assembler, so that a file chooses among its #ifdefs as it would there.
    defines = [f"-D=GOOS_{env['GOOS']}", f"-D=GOARCH_{env['GOARCH']}"]
    includes = [word for directory in include for word in ("-I", str(directory))]
    text = run_tool(
        go, env, scratch,
        "asm", "-p", _PACKAGE, *(("-S",) if listing else ()), *includes, *defines, "-o", out, source,
    )  # fmt: skip
    return Objects((scratch / out,), text)


def run_tool(go: Go, env: Mapping[str, str], scratch: Path, *args: str) -> str:
    """What ``go tool ARGS`` prints in ``scratch`` for the target that ``env`` names. Raises ToolchainError with what it said."""
    target = {"GOFLAGS": "", "GOEXPERIMENT": None, "GOENV": "off", **env}
    done = go.try_run("tool", *args, cwd=scratch, env=target, timeout_s=_COMPILE_S)
    if done.returncode != 0:  # the compiler says what is wrong on stdout
        said = " ".join(f"{done.stdout} {done.stderr}".split())[-_KEPT:]
        raise ToolchainError(f"go tool {args[0]} exits with {done.returncode}: {said or 'no message'}")
    return done.stdout
