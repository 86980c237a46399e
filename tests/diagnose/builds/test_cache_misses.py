"""Each input of Go's cache keys is changed in a real module, and has to be named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.builds.cache_misses import CacheMisses, _causes
from godyno.diagnose.builds.miss_causes import Cause, reason
from godyno.diagnose.builds.test_results import TestResults
from godyno.model import Finding, Workload
from godyno.testing.captures import SECOND, T0
from godyno.toolchain.find import find_go

# Packages without imports: nothing of the standard library is compiled, so a build takes a moment.
FILES = {
    "go.mod": "module example.com/chain\n\ngo 1.22\n",
    "leaf/leaf.go": "package leaf\n\nfunc Value() int { return 1 }\n",
    "leaf/tagged.go": "//go:build extra\n\npackage leaf\n\nconst Extra = 1\n",
    "middle/middle.go": 'package middle\n\nimport "example.com/chain/leaf"\n\nfunc Value() int { return leaf.Value() + 1 }\n',
    "top/top.go": 'package top\n\nimport "example.com/chain/middle"\n\nfunc Value() int { return middle.Value() + 1 }\n',
    "apart/apart.go": "package apart\n\nfunc Value() int { return 7 }\n",
}


class Bench:
    """A module, a private cache and a private ledger; ``record`` builds under a recording and gives the findings."""

    def __init__(self, place: Path) -> None:
        self.place, self.module, self.count = place, place / "module", 0
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        file = self.module / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def record(
        self, *command: str, env: Mapping[str, str] | None = None, keys: bool = True, cwd: Path | None = None
    ) -> Path:
        self.count += 1
        out = self.place / f"{self.count}.dyno"
        given = {
            **os.environ, "GOCACHE": str(self.place / "gocache"), "GODYNO_STATE": str(self.place / "state"), "GOTOOLCHAIN": "local",
            "GOFLAGS": "-buildvcs=false", "GOPROXY": "off", **(env or {}),
        }  # fmt: skip
        argv = [
            sys.executable, "-m", "godyno", "record", "-q", "-o", str(out), *(["--cache-keys"] if keys else []), "--",
            find_go().path, *command,
        ]  # fmt: skip
        ran = subprocess.run(
            argv, cwd=cwd or self.module, env=given, capture_output=True, text=True, timeout=240
        )
        assert ran.returncode == 0, ran.stderr
        assert "HASH" not in ran.stderr, "the command's stderr holds what belongs to the probe"
        return out

    def misses(self, *command: str, **settings: object) -> list[Finding]:
        with open_capture(self.record(*(command or ("build", "./...")), **settings)) as capture:  # type: ignore[arg-type]
            return list(CacheMisses().analyze(capture))


def whats(findings: Sequence[Finding]) -> set[tuple[str, str, str]]:
    return {(c["what"], c["name"], c["package"]) for one in findings for c in one.data["causes"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module that was built once under a recording."""
    place = tmp_path_factory.mktemp("built")
    bench = Bench(place)
    (first,) = bench.misses()
    assert first.data["packages"] == 4 and whats([first]) == {("first", "", "")}
    assert bench.misses() == []
    return place


@pytest.fixture
def bench(built: Path) -> Bench:
    """The built module, put back after the test before: same place, same cache, same ledger."""
    bench = Bench(built)
    bench.count = len(list(built.glob("*.dyno")))
    for extra in bench.module.rglob("*.go"):
        if str(extra.relative_to(bench.module)) not in FILES:
            extra.unlink()
    return bench


CHANGES: dict[str, tuple[Callable[[Bench], None], tuple[str, ...], dict[str, str], tuple[str, str, str]]] = {
    "an edited file": (
        lambda bench: bench.write("leaf/leaf.go", "package leaf\n\nfunc Value() int { return 2 }\n"),
        (), {}, ("file", "leaf.go", "example.com/chain/leaf"),
    ),
    "a new file": (
        lambda bench: bench.write("leaf/more.go", "package leaf\n\nfunc More() int { return 2 }\n"),
        (), {}, ("file", "more.go", "example.com/chain/leaf"),
    ),
    "a build tag": (lambda _: None, ("-tags=extra",), {}, ("file", "tagged.go", "example.com/chain/leaf")),
    "compiler flags": (lambda _: None, ("-gcflags=all=-N",), {}, ("flags", "gcflags", "")),
    "the instruction set": (lambda _: None, (), {"GOAMD64": "v2"}, ("target", "GOAMD64", "")),
    "the architecture": (lambda _: None, (), {"GOARCH": "arm64"}, ("target", "GOOS/GOARCH", "")),
    "the go line": (
        lambda bench: bench.write("go.mod", "module example.com/chain\n\ngo 1.23\n"), (), {}, ("language", "go", ""),
    ),
}  # fmt: skip


@pytest.mark.integration
@pytest.mark.parametrize("change", CHANGES)
def test_the_input_that_changed_is_named(bench: Bench, change: str) -> None:
    edit, flags, env, expected = CHANGES[change]
    edit(bench)
    found = bench.misses("build", *flags, "./...", env=env)
    assert expected in whats(found)
    assert found[0].confidence.value == "high"


@pytest.mark.integration
def test_what_hangs_below_a_change_is_laid_at_its_door(bench: Bench) -> None:
    bench.write("leaf/leaf.go", "package leaf\n\nfunc Value() int64 { return 2 }\n")
    bench.write("middle/middle.go", FILES["middle/middle.go"].replace("leaf.Value()", "int(leaf.Value())"))
    bench.misses()
    bench.write("leaf/leaf.go", "package leaf\n\nconst New = 1\n\nfunc Value() int64 { return 3 }\n")
    (finding,) = bench.misses()
    compiled = {row[0] for row in finding.data["rows"]}
    assert {
        "example.com/chain/leaf",
        "example.com/chain/middle",
    } <= compiled and "example.com/chain/apart" not in compiled
    assert whats([finding]) == {("file", "leaf.go", "example.com/chain/leaf")}


@pytest.mark.integration
def test_entries_that_are_gone_and_flag_a_are_told_apart_from_changes(bench: Bench) -> None:
    bench.misses()
    shutil.rmtree(bench.place / "gocache")
    (gone,) = bench.misses()
    assert whats([gone]) == {("not-in-cache", "", "")} and gone.data["packages"] == 4
    (forced,) = bench.misses("build", "-a", "./apart")
    assert whats([forced]) == {("-a", "", "")}


@pytest.mark.integration
def test_without_keys_it_is_told_where_compiling_began_and_how_sure_that_is(bench: Bench) -> None:
    bench.record("build", "./...")
    bench.write("middle/middle.go", FILES["middle/middle.go"] + "\nconst New = 1\n")
    (finding,) = bench.misses(keys=False)
    assert whats([finding]) == {("newest file", "middle.go", "example.com/chain/middle")}
    assert finding.confidence.value == "medium" and "--cache-keys" in finding.advice


@pytest.mark.integration
def test_a_moved_module_is_compiled_since_it_lies_elsewhere(bench: Bench) -> None:
    bench.misses()
    elsewhere = bench.place / "elsewhere"
    shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.copytree(bench.module, elsewhere)
    found = bench.misses(cwd=elsewhere)
    assert {what for what, _, _ in whats(found)} == {"directory"}


def test_a_general_input_is_one_finding_however_many_packages(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        for number, name in enumerate(("a", "b", "c")):
            start = T0 + number * SECOND
            writer.span(
                start, start + SECOND, "action", "build", f"example.com/{name}", 0, 0,
                {"id": number, "mode": "build", "deps": [], "cmd_real_s": 0.9, "key": name},
            )  # fmt: skip
            changed = [
                ["flags", "gcflags", "[] []", "[] [-N]"],
                ["dependency", "fmt", "x", "y"],
                ["file", "a.go", "1", "2"],
            ]
            args = {"key": name, "known": False, "seen": True, "changed": changed}
            writer.event(T0, "cache", "build", f"example.com/{name}", args=args)

    capture = made(fill, workload=Workload(("go", "build", "-p", "1", "./...")))
    (finding,) = CacheMisses().analyze(capture)
    assert finding.data["packages"] == 3 and finding.data["saves_s"] == pytest.approx(3.0)
    assert "since the compiler is given -N now" in finding.claim


TESTS = """package leaf

import (
	"os"
	"testing"
)

func TestValue(t *testing.T) {
	os.Getenv("SETTING")
	t.Log(Value())
	if _, err := os.ReadFile("data.txt"); err != nil {
		t.Skip()
	}
}
"""


@pytest.mark.integration
def test_why_a_test_ran_again_is_told(tmp_path: Path) -> None:
    # Tests need the standard library: the user's own cache is the cheapest. It may keep the results of an earlier run of
    # this test at this path, so the program is new at each run.
    bench = Bench(tmp_path)

    def renew() -> None:
        bench.write("leaf/leaf.go", f"package leaf\n\nfunc Value() int {{ return {time.time_ns()} }}\n")

    renew()
    cache = subprocess.run(
        [find_go().path, "env", "GOCACHE"], capture_output=True, text=True, check=True
    ).stdout.strip()
    bench.write("leaf/leaf_test.go", TESTS)
    bench.write("leaf/data.txt", "one")
    old = (1_700_000_000, 1_700_000_000)
    os.utime(bench.module / "leaf/data.txt", old)

    def why(*flags: str, **env: str) -> list[str]:
        with open_capture(bench.record("test", *flags, "./leaf", env={"GOCACHE": cache, **env})) as capture:
            return [one.data["why"] for one in TestResults().analyze(capture)]

    why(SETTING="a")
    assert why(SETTING="a") == []
    assert why(SETTING="b") == ["since the environment variable SETTING, which the tests read, changed"]
    bench.write("leaf/data.txt", "another size")
    os.utime(bench.module / "leaf/data.txt", old)
    (read,) = why(SETTING="b")
    assert read.endswith("data.txt, which the tests read, changed")
    assert why("-count=1", SETTING="b") == ["since -count=1 forbids cached results"]
    renew()
    assert why(SETTING="b") == ["since the test program changed"]


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("directory", "/home/u.v/go/pkg/mod/github.com/!some/mod@{}/inner"),
        ("module", "github.com/!some/mod@{}"),
    ],
)
def test_another_version_of_a_module_is_one_cause_for_its_packages(what: str, where: str) -> None:
    rows = [["file", "a.go", "1", "2"], [what, "dir", where.format("v1.2.0"), where.format("v1.3.0")]]
    causes = [_causes(rows, f"github.com/Some/mod{inner}") for inner in ("/inner", "")]
    assert causes == [frozenset({Cause("module", "github.com/Some/mod", "v1.2.0", "v1.3.0")})] * 2
    named = [
        ["module", "github.com/Some/mod", "v1.2.0 h1:a=", "v1.3.0 h1:b="]
    ]  # as in a program's build information
    assert _causes(named, "example.com/program") == causes[0]
    assert "since module github.com/Some/mod changed from v1.2.0 to v1.3.0" in reason(list(causes[0]))


def test_a_moved_directory_is_no_version() -> None:
    rows = [["directory", "dir", "/a/mod@v1.2.0", "/b/mod@v1.3.0"]]
    assert {one.what for one in _causes(rows, "example.com/other")} == {"directory"}


def test_a_flag_without_a_value_is_given_or_not() -> None:
    assert reason([Cause("flags", "trimpath", None, "")]) == "since -trimpath is given now"
    assert reason([Cause("flags", "trimpath", "", None)]) == "since -trimpath is given no more"
    assert (
        reason([Cause("flags", "gcflags", "[] []", '["-race"] []')])
        == 'since the compiler is given "-race" now'
    )
    assert (
        reason([Cause("flags", "gcflags", "[-l] []", "[-N] []")])
        == "since the compiler is given -N now, -l no more"
    )


def test_cgo_is_on_or_off() -> None:
    assert reason([Cause("c compiler", "CC", '["gcc"] []', None)]).startswith("since cgo is off now")
    assert reason([Cause("c compiler", "CC", None, '["gcc"] []')]) == "since cgo is on now"


def test_of_cgos_flags_what_came_and_went_is_named_alike_for_all_packages() -> None:
    def named(own: str) -> frozenset[Cause]:
        return _causes([["c compiler", "CGO_CFLAGS", f'["-O2" "-g"{own}]', f'["-O1"{own}]']], "net")

    assert named("") == named(' "-Wall"') == {Cause("c compiler", "CGO_CFLAGS", "-O2 -g", "-O1")}
    assert reason(list(named(""))) == "since CGO_CFLAGS changed from -O2 -g to -O1"


def test_that_a_target_has_other_assembly_is_not_taken_for_another_assembler() -> None:
    rows = [
        ["flags", "asmflags", "[]", None], ["target", "GOOS/GOARCH", "linux/amd64", "linux/arm64"],
        ["toolchain", "asm", "asm version go1.26.8", None],
    ]  # fmt: skip
    assert _causes(rows, "math") == {Cause("target", "GOOS/GOARCH", "linux/amd64", "linux/arm64")}
    added = _causes([["toolchain", "asm", None, "asm version go1.26.8"], ["file", "a.s", None, "x"]], "m")
    assert added == {Cause("file", "a.s", None, "x", "m")}


def test_a_package_that_the_other_toolchain_brought_is_laid_to_it(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        for number, (name, more) in enumerate({
            "fmt": {"seen": True, "changed": [["toolchain", "go", "go1.26.8", "go1.27.3"]]},
            "internal/newer": {"seen": False}, "example.com/first": {"seen": False},
        }.items()):  # fmt: skip
            action = {"id": number, "mode": "build", "deps": [], "cmd_real_s": 0.1, "key": name}
            writer.span(T0, T0 + SECOND, "action", "build", name, 0, 0, action)
            writer.event(T0, "cache", "build", name, args={"key": name, "known": False, **more})

    found = {finding.data["packages"]: finding.claim for finding in CacheMisses().analyze(made(fill))}
    assert found[2].endswith("since toolchain go changed from go1.26.8 to go1.27.3")
    assert found[1].startswith("example.com/first was compiled") and "first time" in found[1]


def test_a_dependency_that_changed_back_and_was_cached_is_named(made: Callable[..., Capture]) -> None:
    def fill(writer: TableWriter) -> None:
        above = {"id": 1, "mode": "build", "deps": [], "cmd_real_s": 0.9, "key": "k"}
        writer.span(T0, T0 + SECOND, "action", "build", "example.com/above", 0, 0, above)
        args = {
            "key": "k",
            "known": False,
            "seen": True,
            "changed": [["dependency", "example.com/below", "x", "y"]],
        }
        writer.event(T0, "cache", "build", "example.com/above", args=args)

    (finding,) = CacheMisses().analyze(made(fill, workload=Workload(("go", "build", "./..."))))
    assert "since example.com/above imports another example.com/below, which the cache had" in finding.claim
