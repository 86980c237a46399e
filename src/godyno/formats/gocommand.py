"""A go command's words told apart: subcommand, flags, packages, the program's own arguments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

# Flags of build, run, install and test that stand alone; any other takes the next word as its value.
_ALONE = frozenset(
    ("a", "asan", "benchmem", "c", "cover", "failfast", "fullpath", "i", "json", "linkshared", "modcacherw", "msan", "n", "race",
     "short", "trimpath", "v", "work", "x")
)  # fmt: skip
_BUILD_TAGS = ("tags", "mod", "modfile", "race", "msan", "asan")  # what decides which files a package has


@dataclass(frozen=True, slots=True)
class GoCommand:
    """``argv`` with the places of its parts. ``packages`` are indices of words; of ``run`` they are one package or Go files."""

    argv: tuple[str, ...]
    subcommand: str
    at: int  # the subcommand's index
    directory: str  # of -C, empty without
    flags: dict[
        str, tuple[int, int, str]
    ]  # name -> first and last index of its words, value; the last one counts
    packages: tuple[int, ...]

    @property
    def runs(self) -> bool:
        """Whether what it builds is run at once."""
        return self.subcommand in ("run", "test")

    def value(self, flag: str) -> str | None:
        """The value of a flag as given, None where it is not."""
        return self.flags[flag][2] if flag in self.flags else None

    def words(self) -> tuple[str, ...]:
        """The packages or files, as given."""
        return tuple(self.argv[index] for index in self.packages)

    def selecting_flags(self) -> list[str]:
        """The flags that decide which files and modules are built, for ``go list``."""
        return [f"-{name}={self.flags[name][2]}" for name in _BUILD_TAGS if name in self.flags]

    def with_flag(self, flag: str, value: str) -> GoCommand:
        """The command with this flag, in place of the one that was given."""
        argv = list(self.argv)
        if flag in self.flags:
            first, last, _ = self.flags[flag]
            argv[first : last + 1] = [f"-{flag}={value}"]
        else:
            argv.insert(self._after_subcommand(), f"-{flag}={value}")
        return go_command(argv) or self

    def with_word(self, word: str) -> GoCommand:
        """The command with one more package or file after those that it has."""
        at = self.packages[-1] + 1 if self.packages else len(self.argv)
        return go_command((*self.argv[:at], word, *self.argv[at:])) or self

    def _after_subcommand(self) -> int:
        """Where a flag may go: behind -C, which has to be the first."""
        following = self.flags.get("C")
        return following[1] + 1 if following and following[0] == self.at + 1 else self.at + 1


def go_command(argv: Sequence[str]) -> GoCommand | None:
    """The parts of ``argv`` where it is a go command with a subcommand, else None."""
    if not argv or PurePath(argv[0]).name not in ("go", "go.exe"):
        return None
    at, flags, directory = 1, {}, ""
    while at < len(argv) and argv[at].startswith("-"):  # only -C may stand before the subcommand
        name, value, last = _flag(argv, at)
        if name != "C":
            return None
        directory, flags["C"], at = value, (at, last, value), last + 1
    if at >= len(argv):
        return None
    packages: list[int] = []
    index, subcommand = at + 1, argv[at]
    while index < len(argv):
        word = argv[index]
        if word in ("-args", "--args") and subcommand == "test":
            break
        if word.startswith("-") and word != "-" and (not packages or subcommand == "test"):
            if word == "--":
                break
            name, value, last = _flag(argv, index)
            flags[name] = (index, last, value)
            directory = value if name == "C" else directory
            index = last + 1
            continue
        if (
            packages
            and subcommand == "run"
            and not (word.endswith(".go") and argv[packages[-1]].endswith(".go"))
        ):
            break  # the program's own arguments
        if packages and packages[-1] != index - 1:
            break  # go test takes packages in one place only
        packages.append(index)
        index += 1
    return GoCommand(tuple(argv), subcommand, at, directory, flags, tuple(packages))


def _flag(argv: Sequence[str], index: int) -> tuple[str, str, int]:
    """(name, value, index of its last word)."""
    name, equals, value = argv[index].lstrip("-").partition("=")
    name = name.removeprefix("test.")
    if equals or name in _ALONE:
        return name, value if equals else "true", index
    return name, argv[index + 1] if index + 1 < len(argv) else "", min(index + 1, len(argv) - 1)
