"""``godyno modcache explain``: which of an error's possible causes holds *here*, tried on the user's own files.

The text only chooses which causes are worth a try, and which module and path they are about. What is said of a cause comes from a
test: files are read, go is asked, a fresh copy is downloaded into a cache of its own. Nothing of the user's is changed.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from godyno.errors import GodynoError, UsageError
from godyno.model import Record
from godyno.toolchain.env import redacted
from godyno.toolchain.go import Go
from godyno.toolchain.modules import first_object

_LIMIT_CHARS = 100_000
_MODULE_AT = re.compile(r"([A-Za-z0-9][\w.~/-]*\.[\w.~/-]+)@(v\d[\w.+-]*|[0-9a-f]{7,40}|latest)")
_MODULE_COLON = re.compile(r"verifying (\S+)@(\S+?)(?:/go\.mod)?:|verifying module: (\S+)@(\S+):")
_PACKAGE = re.compile(r"providing package (\S+?)[;:,]?(?:\s|$)")
_REQUIRED = re.compile(r"^(?:require)?[ \t]*([^\s()/]\S*)[ \t]+(v\d\S*)[ \t]*(?://.*)?$", re.M)
_GOMOD = re.compile(r"verifying \S+@\S+/go\.mod:|verifying go\.mod:|parsing (\S*/)?go\.mod:")
_PROGRESS = ("go: downloading ", "go: finding ", "go: found ", "go: warning:", "warning:")
_PATH = re.compile(r"(/[^\s:'\"]+)")


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """What trying one cause gave. ``holds`` is None where it could not be tried; ``proof`` says what was seen, or why not.

    ``remedy`` is prose with commands in it (``godyno.prose``).
    """

    cause: str
    holds: bool | None
    proof: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Explanation(Record):
    """The verdicts of all causes that were worth a try, those that hold first."""

    error: str
    families: tuple[str, ...]
    module: str
    verdicts: tuple[Verdict, ...]

    @property
    def causes(self) -> tuple[Verdict, ...]:
        """Those that hold."""
        return tuple(verdict for verdict in self.verdicts if verdict.holds)


@dataclass
class Case:
    """An error, where it happened, and what a cause needs to be tried. Answers of go are asked for once."""

    go: Go
    text: str
    directory: Path
    user: str | None = None
    scratch: Path = field(default_factory=Path)

    @cached_property
    def env(self) -> dict[str, str]:
        """Go's own environment, as it is in the directory (not redacted: never shown whole)."""
        (answer,) = self.go.run_json(
            "env", "-json", cwd=self.directory, env={"GOTOOLCHAIN": os.environ.get("GOTOOLCHAIN")}
        )
        return {str(key): str(value) for key, value in answer.items()}

    @cached_property
    def module(self) -> tuple[str, str]:
        """The module path and version that the error is about; empty where it names none."""
        match = _MODULE_COLON.search(self.text)
        if match:
            return match[1] or match[3], match[2] or match[4]
        match = _MODULE_AT.search(self.text)
        return (match[1], match[2].rstrip(".,;:)")) if match else self._required()

    def _required(self) -> tuple[str, str]:
        """The module and version that go.mod requires for the package that the error names; empty where there is none."""
        package = _PACKAGE.search(self.text)
        if package is None or self.main is None:
            return "", ""
        gomod = (self.main / "go.mod").read_text(errors="replace")
        required = [(one[1], one[2]) for one in _REQUIRED.finditer(gomod)]
        found = [one for one in required if f"{package[1]}/".startswith(f"{one[0]}/")]
        return max(found, key=lambda one: len(one[0]), default=("", ""))

    @property
    def of_gomod(self) -> bool:
        """Whether it is about the module's go.mod alone, which go keeps, and go.sum knows, apart from the zip."""
        return _GOMOD.search(self.text) is not None

    @property
    def sum_key(self) -> tuple[str, str]:
        """What go.sum and the checksum database know the bytes by that the error is about."""
        path, version = self.module
        return path, f"{version}/go.mod" if self.of_gomod else version

    @cached_property
    def path(self) -> str:
        """The file that the error names; empty where it names none."""
        for match in _PATH.finditer(self.text):
            if os.path.lexists(match[1]) or os.path.lexists(os.path.dirname(match[1])):
                return match[1]
        return ""

    @property
    def gomodcache(self) -> Path:
        """The user's module cache."""
        return Path(self.env["GOMODCACHE"])

    @cached_property
    def main(self) -> Path | None:
        """The directory of the module that is worked in; None outside of one."""
        place = self.env.get("GOMOD", "")
        return Path(place).parent if place and place != os.devnull else None

    def shown(self, name: str) -> str:
        """A variable of Go's environment, without secrets."""
        return redacted(name, self.env.get(name, ""))


Try = Callable[[Case], Verdict]


def explain_error(
    error: str,
    go: Go,
    *,
    directory: Path = Path(),
    user: str | None = None,
    progress: Callable[[str], None] = lambda what: None,
) -> Explanation:
    """Tries every cause that ``error`` (a message of go) may have in ``directory``. Raises UsageError for a text that is no error.

    Fresh copies are downloaded with the user's own GOPROXY; without a network those causes say that they could not be tried.
    """
    from godyno.modcache.causes import families_of

    if not error.strip():
        raise UsageError(
            "There is no error to explain", hint="Give its text as an argument, or on standard input with -."
        )
    families = families_of(error[:_LIMIT_CHARS])
    if not families:
        raise UsageError(
            "That is no error that go prints",
            hint="Paste the whole of what go said, or pipe it in: go build ./... 2>&1 | godyno modcache explain -",
        )
    if not directory.is_dir():
        raise UsageError(
            f"{directory} is not a directory", hint="Name the directory in which the error came up."
        )
    with tempfile.TemporaryDirectory(prefix="godyno-explain-") as scratch:
        case = Case(go, error[:_LIMIT_CHARS], directory.resolve(), user, Path(scratch))
        verdicts: list[Verdict] = []
        for family in families:
            for name, attempt in family.causes:
                progress(name)
                verdicts.append(_tried(name, attempt, case))
        _let_go(Path(scratch))
    order = {True: 0, None: 1, False: 2}
    seen = {verdict.cause: verdict for verdict in verdicts}
    ranked = tuple(sorted(seen.values(), key=lambda verdict: order[verdict.holds]))
    path, version = case.module
    return Explanation(error, tuple(f.name for f in families), f"{path}@{version}" if path else "", ranked)


def _tried(name: str, attempt: Try, case: Case) -> Verdict:
    try:
        verdict = attempt(case)
    except (GodynoError, OSError) as error:
        return Verdict(name, None, f"could not be tried: {' '.join(str(error).split())}")
    return Verdict(name, verdict.holds, verdict.proof, verdict.remedy)


def reason_of(answer: subprocess.CompletedProcess[str]) -> str:
    """Why go failed, on one line: the first paragraph of its error, without what it says of its progress."""
    text = str(first_object(answer.stdout).get("Error") or answer.stderr)
    lines = [line for line in text.splitlines() if not line.startswith(_PROGRESS)]
    said = "\n".join(lines).strip().split("\n\n")[0]
    return " ".join(said.split()).removeprefix("go: ") or "go gives no reason"


def yes(proof: str, remedy: str) -> Verdict:
    """It holds."""
    return Verdict("", True, proof, remedy)


def no(proof: str) -> Verdict:
    """It does not."""
    return Verdict("", False, proof)


def untried(reason: str) -> Verdict:
    """It could not be tried."""
    return Verdict("", None, reason)


@contextmanager
def fresh_cache(case: Case, name: str) -> Iterator[dict[str, str | None]]:
    """The environment of a module cache of its own below the scratch directory, which ends with the explanation."""
    place = case.scratch / name
    place.mkdir(exist_ok=True)
    (place / "go.mod").write_text("module example.com/nothing\n\ngo 1.17\n")
    yield {
        "GOMODCACHE": str(place / "mod"),
        "GOFLAGS": "-modcacherw -mod=mod",
        "GOWORK": "off",
        "GO111MODULE": "on",
    }


def _let_go(scratch: Path) -> None:
    """Extracted modules are read-only; the scratch directory must be removable."""
    for folder, _, _ in os.walk(scratch):
        os.chmod(folder, 0o700)
