"""What is compared and how: the options of ``godyno bench``, checked, as one record."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from godyno.errors import UsageError
from godyno.model import Record
from godyno.stats.compare import ALPHA
from godyno.studies.bench.gate import Gate

WORKING_TREE = "working tree"
# These decide what the compiler makes, so an arm with another value is another build. Others only hold while the binary runs.
BUILD_VARIABLES = frozenset(
    ("GOAMD64", "GOARM64", "GORISCV64", "GO386", "GOARM", "GOPPC64", "GOEXPERIMENT", "GOFLAGS", "GOFIPS140",
     "CGO_ENABLED", "CC", "CXX", "CGO_CFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings(Record):
    """The options. Durations are in seconds, changes as ratios (0.03 is 3 %). Raises UsageError for what contradicts itself.

    ``revisions``, ``go``, ``environment`` (``NAME=A,B``), ``flags`` and ``commands`` are what varies: every combination is an arm, the
    first one the baseline. ``shield`` tries measures against noise first and holds those that are worth it.
    """

    packages: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    pattern: str = "."
    benchtime: str = "100ms"
    count: int = 0  # iterations in a process; 0: two where benchtime is a time that holds two
    blocks: int = 40
    budget_s: float | None = None
    margin: float | None = None
    gates: tuple[Gate, ...] = ()
    alpha: float = ALPHA
    seed: int = 0
    layouts: int = 1
    record: bool = False
    why: bool = False
    syscalls: bool = False
    arguments: tuple[str, ...] = ()
    timeout_s: float = 600.0
    shell: bool = False
    setup: str = ""
    prepare: tuple[str, ...] = ()
    cleanup: str = ""
    ignore_failure: bool = False
    shield: tuple[str, ...] | None = None  # measures that are held beside those worth it; None: no shield

    def __post_init__(self) -> None:
        if self.commands and (self.packages or self.arguments):
            raise UsageError(
                "Commands and benchmarks are two things to compare", hint="Leave --cmd or PACKAGES out."
            )
        if self.commands and self.flags:
            raise UsageError(
                "--flags are for building benchmarks", hint="Write them into --cmd, or use --env GOFLAGS=…."
            )
        if not self.commands and (self.setup or self.prepare or self.cleanup or self.shell):
            raise UsageError("--setup, --prepare, --cleanup and --shell belong to --cmd")
        if len(self.prepare) > 1 and len(self.prepare) != len(self.commands):
            raise UsageError(
                f"{len(self.prepare)} --prepare for {len(self.commands)} --cmd",
                hint="Give one for all, or one for each.",
            )
        for name in ("blocks", "layouts"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} is at least 1")
        if self.count < 0 or self.timeout_s <= 0:
            raise UsageError("--count and --timeout are above zero")
        if self.why and self.commands and self.ignore_failure:
            raise UsageError("--why cannot explain commands that fail")
        if self.margin is not None and self.margin <= 0:
            raise UsageError("A margin is above zero", hint="--margin 3 asks for 3 %.")

    def argument_list(self) -> list[str]:
        """The flags for the test binaries: ``-short`` becomes ``-test.short``, as ``go test`` does it."""
        out = []
        for one in self.arguments:
            bare = one.removeprefix("-").removeprefix("-")
            name = bare.partition("=")[0]
            if one.startswith("-") and name in ("bench", "benchtime", "count", "run", "cpu") and "," in one:
                raise UsageError(f"{one}: a list cannot be compared", hint="Use --env GOMAXPROCS=1,2.")
            if one.startswith("-") and name in _TEST_FLAGS:
                out.append(f"-test.{bare}")
            else:
                out.append(one)
        return out


_TEST_FLAGS = frozenset(
    ("short", "v", "cpu", "parallel", "timeout", "failfast", "blockprofile", "cpuprofile", "memprofile", "mutexprofile",
     "memprofilerate", "outputdir", "shuffle", "trace")
)  # fmt: skip


def words(command: str, shell: bool) -> tuple[str, ...]:
    """A command's argv. Raises UsageError where it is empty, or needs a shell and none is asked for."""
    if shell:
        return ("/bin/sh", "-c", command)
    try:
        found = tuple(shlex.split(command))
        marks = [
            word for word in shlex.shlex(command, posix=True, punctuation_chars=True) if set(word) <= set("|&;<>()")
        ]  # fmt: skip
    except ValueError as error:
        raise UsageError(f"{command!r} has an open quote", hint="Close it.") from error
    if not found:
        raise UsageError("An empty command cannot be measured")
    if marks:
        raise UsageError(
            f"{command!r} uses {marks[0]}, which is a shell's", hint="Add --shell to run it with /bin/sh -c."
        )
    return found


def environment_values(text: str) -> tuple[str, tuple[str, ...]]:
    """``GOGC=50,100`` as name and values; an empty value unsets it. Raises UsageError for anything else."""
    name, equals, values = text.partition("=")
    found = tuple(values.split(","))
    if not name or not equals or len(found) < 2 or len(set(found)) != len(found):
        raise UsageError(f"{text!r} names no two values", hint="Write it as --env GOGC=50,100.")
    return name, found


def revisions_of(given: Sequence[str]) -> tuple[str, ...]:
    """``main`` is compared with the working tree, ``main..feature`` is both, several are as they are."""
    out: list[str] = []
    for one in given:
        base, dots, head = one.partition("..")
        out += [base or "HEAD", head.lstrip(".") or WORKING_TREE] if dots else [one]
    return (*out, WORKING_TREE) if len(out) == 1 else tuple(out)
