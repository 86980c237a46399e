"""What Go programs and the go command say when they fail, found in their output. Pure.

The format of a crash is that of ``runtime.printpanics`` and ``runtime.throw``; of an error in sources the compiler's
``file:line:column: what``, below a line ``# package``.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CRASH = ("panic: ", "fatal error: ")
_GOROUTINE = re.compile(r"goroutine \d+ .*\[[^\]]*\]:$")
_PLACE = re.compile(r"\t(?P<file>.+):(?P<line>\d+)(?: \+0x[0-9a-f]+)?$")
_ARGUMENTS = re.compile(r"\((?:[^()]|\{[^}]*\})*\)$")
_SOURCE = re.compile(r"(?:vet: )?\S+\.(?:go|s|c|h|cc|cpp|cxx|m):\d+(?::\d+)?: \S")
_GO = re.compile(
    r"go: (?!downloading |finding |added |upgraded |extracting |found |creating |to add |warning)"
)
_HELP = re.compile(r"usage: |Run 'go |go: (?:downloading|finding|found|extracting) |exit status \d")
_FAILED = re.compile(r"--- FAIL: (\S+)")
_SAID = re.compile(r"\s+\S+\.go:\d+: \S")
_COLOR = re.compile(r"\x1b\[[0-9;:]*m")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a crash's stack: the function without its arguments, where its source is."""

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Crash:
    """What a program died of, as it said it, and the stack of the goroutine that it names first, leaf first."""

    said: str
    frames: tuple[Frame, ...] = ()


def plain(line: str) -> str:
    """A line without colours; one of ``go test -json`` as what was printed."""
    if line.startswith("{") and '"Output"' in line:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return line
        text = found.get("Output") if isinstance(found, dict) else None
        line = text.rstrip("\n") if isinstance(text, str) else line
    return _COLOR.sub("", line)


def crash(lines: Sequence[str]) -> Crash | None:
    """The last crash of an output: what came before may have been recovered from."""
    at = next((at for at in reversed(range(len(lines))) if lines[at].startswith(CRASH)), None)
    return None if at is None else Crash(lines[at].strip(), tuple(_stack(lines[at + 1 :])))


def source_error(lines: Sequence[str]) -> str:
    """The first error in sources that the go command told of, else what else it said of a package, or of itself; empty where nothing."""
    below = own = ""
    for line, after in itertools.pairwise((*lines, "")):
        if _SOURCE.match(line) and " warning: " not in line:
            return line.removeprefix("vet: ").strip()
        if not below and line.startswith("# ") and not after.startswith("# "):
            below = after.strip()
        if not own and _GO.match(line):
            own = line.strip()
    return below or own


def last_error(lines: Sequence[str]) -> str:
    """The last thing that a go command said which is no help on how to use it: what it ended for where no line has the form of an error.
    With what follows a colon at its end.
    """
    said = ""
    for line, after in itertools.pairwise((*lines, "")):
        if line.strip() and not line[0].isspace() and not _HELP.match(line):
            said = f"{line.strip()} {after.strip()}" if line.rstrip().endswith(":") else line.strip()
    return said


def failed_test(lines: Sequence[str]) -> str:
    """The first test that failed, with the first line that it said below that; empty where none did."""
    for line, after in itertools.pairwise((*lines, "")):
        if found := _FAILED.match(line):
            return f"{found[1]} failed: {after.strip()}" if _SAID.match(after) else f"{found[1]} failed"
    return ""


def _stack(lines: Iterable[str]) -> Iterable[Frame]:
    inside, function = False, ""
    for line in lines:
        if not inside:
            inside = bool(_GOROUTINE.match(line))
        elif place := _PLACE.match(line):
            if function:
                yield Frame(function, place["file"], int(place["line"]))
            function = ""
        elif not line or line.startswith("created by "):
            return
        else:
            function = _ARGUMENTS.sub("", line)
