"""What ``GODEBUG=gocachehash=1,gocachetest=1`` makes the go command say: every input of every key of its build cache.

Format: cmd/go/internal/cache/hash.go, work/exec.go (``buildActionID``, ``linkActionID``, ``vetActionID``) and test/test.go; undocumented,
so a line that is not understood is skipped. A key's lines come one by one, those of several keys between each other; they are told apart
by the key's name, and two of one name at once (``testInputs``) cannot be told apart and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PREFIXES = (b"HASH", b"testcache: ")  # how the lines begin
KEPT = (
    b"HASH[build ",
    b"HASH[link ",
    b"HASH[vet ",
    b"HASH[testResult]",
    b"HASH[testInputs]",
    b"testcache: ",
)

_LINE = re.compile(r"HASH\[(?P<name>.*?)\](?:: (?:(?P<quoted>\".*\")|(?P<sum>[0-9a-f]{64})))?")
_INPUT_LIST = re.compile(
    r"testcache: (?P<package>.*?): test ID (?P<test>[0-9a-f]{64}) => input ID (?P<inputs>[0-9a-f]{64}) => [0-9a-f]{64}"
)
_TEST_ID = re.compile(r"testcache: (?P<package>.*?): test ID [0-9a-f]+ => (?P<test>[0-9a-f]{64})")
_SAVED = re.compile(
    r"testcache: (?P<package>.*?): save test ID [0-9a-f]{64} => input ID (?P<inputs>[0-9a-f]{64}) => .*"
)
_SAID = re.compile(
    r"testcache: (?P<package>\S+): (?P<said>input list not found|test output not found|test output expired|input file |.*malformed|"
    r"cached cover profile missing|coverage metadata changed).*"
)
_DISABLED = re.compile(r"testcache: caching disabled (?P<why>.*)")
_CGO = re.compile(r"CC=(\[.*?\]) (\[.*?\]) (\[.*?\]) (\[.*?\])")
_CGO_NAMES = (
    "CC",
    "CGO_CPPFLAGS",
    "CGO_CFLAGS",
    "CGO_LDFLAGS",
)  # in this order, each with what the package's #cgo lines add
_FLAGS = re.compile(r"(?P<tool>compile|asm|link) (?P<version>.*?) (?P<flags>\[.*)")


@dataclass(frozen=True, slots=True)
class CacheKey:
    """One key: what it is of (``build``, ``link``, ``vet``, ``test``, ``test input``), its inputs by (what, name) with their values.

    ``what`` is one of toolchain, flags, target, directory, module, language, experiment, environment, c compiler, cover, build info, file,
    dependency, profile, test binary, arguments, variable, read file, other. ``id`` is hexadecimal.
    """

    mode: str
    package: str
    id: str
    inputs: Mapping[tuple[str, str], str]


@dataclass(slots=True)
class CacheStory:
    """All keys of a run, and what go said of tests' results: by package, and for all of them."""

    keys: list[CacheKey] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)
    disabled: list[str] = field(default_factory=list)


def action_id(key_id: str) -> str:
    """A key as the action graph writes it: its first fifteen bytes in Go's URL-safe base64."""
    import base64

    return base64.urlsafe_b64encode(bytes.fromhex(key_id)[:15]).decode()


def cache_story(lines: Iterable[str]) -> CacheStory:
    """Every key that ``lines`` tell of whole."""
    story = CacheStory()
    open_: dict[str, list[list[str]]] = {}
    mixed: set[str] = set()
    tests: dict[str, CacheKey] = {}  # by id, until the package is named
    inputs: dict[str, CacheKey] = {}
    for line in lines:
        if line.startswith("testcache: "):
            _test_line(line, story, tests, inputs)
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        name = match["name"]
        if match["quoted"] is not None:
            if open_.get(name):
                open_[name][-1].append(match["quoted"][1:-1].removesuffix("\\n").replace('\\"', '"'))
        elif match["sum"] is not None:
            begun = open_.pop(name, [])
            if len(begun) == 1 and name not in mixed:
                key = _key(name, match["sum"], begun[0])
                if name == "testResult":
                    tests[key.id] = key
                elif name == "testInputs":
                    inputs[key.id] = key
                elif key.mode in ("build", "link", "vet"):
                    story.keys.append(key)
            elif len(begun) > 1:  # which line was whose?
                open_[name] = begun[:-1]
                mixed.add(name)
            mixed -= {name} if not open_.get(name) else set()
        else:
            open_.setdefault(name, []).append([])
            if len(open_[name]) > 1:
                mixed.add(name)
    return story


def _test_line(
    line: str, story: CacheStory, tests: Mapping[str, CacheKey], inputs: Mapping[str, CacheKey]
) -> None:
    if match := _INPUT_LIST.fullmatch(line) or _SAVED.fullmatch(line):
        if known := inputs.get(match["inputs"]):
            key = CacheKey("test input", match["package"], known.id, known.inputs)
            if key not in story.keys[-8:]:
                story.keys.append(key)
    elif match := _TEST_ID.fullmatch(line):
        if known := tests.get(match["test"]):
            story.keys.append(CacheKey("test", match["package"], known.id, known.inputs))
    elif match := _SAID.fullmatch(line):
        story.said.setdefault(match["package"], []).append(
            line.removeprefix(f"testcache: {match['package']}: ")
        )
    elif line.startswith("testcache: test output"):
        story.said.setdefault("", []).append(line.removeprefix("testcache: "))
    elif (match := _DISABLED.fullmatch(line)) and match["why"] not in story.disabled:
        story.disabled.append(match["why"])


def _key(name: str, key_id: str, texts: list[str]) -> CacheKey:
    mode, _, package = name.partition(" ")
    out: dict[tuple[str, str], str] = {}
    for index, text in enumerate(texts):
        for what, called, value in _inputs(text, first=index == 0):
            number, label = 2, called
            while (what, label) in out and out[what, label] != value:
                label, number = f"{called} ({number})", number + 1
            out[what, label] = value
    return CacheKey(mode, package, key_id, out)


def _inputs(text: str, first: bool) -> list[tuple[str, str, str]]:
    """(what, name, value) of one line."""
    if first:
        return [("toolchain", "go", text)]
    word, _, rest = text.partition(" ")
    if match := _FLAGS.fullmatch(text):
        flags = {"compile": "gcflags", "asm": "asmflags", "link": "ldflags"}[match["tool"]]
        return [("toolchain", match["tool"], match["version"]), ("flags", flags, match["flags"])]
    if word in ("file", "import", "packagemain", "packagefile", "vetout"):
        called, _, value = rest.replace("=", " ", 1).partition(" ")
        if word == "packagemain" or not value:
            return []  # a main package's action, whose content is a packagefile of its own; the package's own name
        return [("file" if word == "file" else "dependency", called.strip('"'), value)]
    if word in ("env", "open", "stat", "chdir"):
        called, _, value = rest.rpartition(" ")
        return [("variable" if word == "env" else "read file", called, value[:16])]
    if word == "modinfo":
        return _build_info(rest)
    if text.startswith("test binary "):
        binary, _, arguments = rest.removeprefix("binary ").partition(" ")
        return [("test binary", "", binary), ("arguments", "", arguments)]
    if word == "goos":
        return [("target", "GOOS/GOARCH", text.replace("goos ", "").replace(" goarch ", "/"))]
    if word in ("dir", "module", "go", "cover", "pgofile", "linkflags", "vetflags", "trimpath", "pkg", "vet"):
        what = {"dir": "directory", "module": "module", "go": "language", "cover": "cover", "pgofile": "profile", "pkg": "dependency",
                "vet": "toolchain"}.get(word, "flags")  # fmt: skip
        return [(what, {"pkg": "the package itself", "pgofile": "default.pgo"}.get(word, word), rest)]
    if match := _CGO.fullmatch(text):
        return [("c compiler", name, value) for name, value in zip(_CGO_NAMES, match.groups(), strict=True)]
    if word == "cgo" or text.startswith(("CC", "CXX", "FC")):
        return [
            ("c compiler", text.partition("=")[0] if "=" in text else word, text.partition("=")[2] or rest)
        ]
    name, equals, value = text.partition("=")
    if equals and re.fullmatch(r"GO[A-Z0-9]+", name):
        what = "experiment" if name == "GOEXPERIMENT" else "environment" if name == "GOROOT" else "target"
        return [(what, name, value)]
    return [("other", text if not equals else name, value)]


def _build_info(quoted: str) -> list[tuple[str, str, str]]:
    """The lines of the build information that go puts into a binary: ``build\\t-tags=x`` and so on."""
    out = []
    for line in quoted.strip('"').replace("\\\\n", "\\n").replace("\\\\t", "\\t").split("\\n"):
        kind, _, rest = line.partition("\\t")
        if kind == "build":
            name, _, value = rest.partition("=")
            out.append(("build info", name, value))
        elif kind in ("dep", "mod", "=>"):
            name, _, value = rest.partition("\\t")
            out.append(("module", name, value.replace("\\t", " ")))
    return out
