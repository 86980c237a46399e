"""What is measured: each activity as a command with the cache state that it starts from."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from godyno.model import Workload
from godyno.studies.survey.subject import Subject, write_touch
from godyno.toolchain import PrivateCaches, build, test, vet

# The state of the private build cache that a run starts from.
EMPTY = "empty"  # a new directory
BUILT = "built"  # a copy of a cache in which the module was built once
SHARED = "shared"  # that cache itself: the run changes nothing in it that another run could see

# -buildvcs=false: stamping asks git about the whole checkout, which fails in one that belongs to somebody else.
_FLAGS = ("-buildvcs=false",)


@dataclass(frozen=True)
class Place:
    """Where one run works: its build cache, its scratch directory, and a number that no other run of the survey has.

    ``output`` is where programs go: a directory of this run, or that of the first build where nothing is to be linked again
    (go compares the build ID of what is there).
    """

    gocache: Path
    scratch: Path
    turn: int
    output: Path


@dataclass(frozen=True)
class Task:
    """An activity that can be run. ``share`` is a first guess of its time as a share of a cold build, used until it is measured."""

    name: str
    title: str
    state: str
    share: float
    workload: Callable[[Subject, Place], Workload]
    shown: Callable[[Subject], str]
    unavailable: Callable[[Subject], str] = lambda subject: ""  # why it cannot be measured here, or nothing


def _caches(place: Place) -> PrivateCaches:
    return PrivateCaches(gocache=str(place.gocache))


def _output(subject: Subject, place: Place) -> Path | None:
    """Programs are linked and written, as a user's build does; a module without any has nothing to write."""
    if not subject.commands:
        return None
    place.output.mkdir(exist_ok=True)
    return place.output


def _build(
    subject: Subject, place: Place, flags: tuple[str, ...] = (), env: dict[str, str | None] | None = None
) -> Workload:
    return build(
        subject.go, ("./...",), cwd=subject.directory, caches=_caches(place), flags=(*_FLAGS, *flags),
        output=_output(subject, place), env={**subject.env, **(env or {})},
    )  # fmt: skip


def _touched(which: str) -> Callable[[Subject, Place], Workload]:
    def workload(subject: Subject, place: Place) -> Workload:
        package = subject.leaf if which == "leaf" else subject.root
        assert package is not None
        return _build(subject, place, (f"-overlay={write_touch(package, place.scratch, place.turn)}",))

    return workload


def _nothing_to_touch(which: str) -> Callable[[Subject], str]:
    def reason(subject: Subject) -> str:
        return (
            ""
            if (subject.leaf if which == "leaf" else subject.root)
            else "no package has a file that could be edited"
        )

    return reason


def _test(*flags: str) -> Callable[[Subject, Place], Workload]:
    def workload(subject: Subject, place: Place) -> Workload:
        return test(
            subject.go, ("./...",), cwd=subject.directory, caches=_caches(place),
            flags=(*_FLAGS, "-count=1", *flags), env=subject.env,
        )  # fmt: skip

    return workload


def _vet(subject: Subject, place: Place) -> Workload:
    return vet(
        subject.go, ("./...",), cwd=subject.directory, caches=_caches(place), flags=_FLAGS, env=subject.env
    )


def other_arch(subject: Subject) -> str:
    """The architecture to cross-compile to: arm64, or amd64 where this is arm64."""
    return "amd64" if host_arch(subject) == "arm64" else "arm64"


def host_arch(subject: Subject) -> str:
    """GOHOSTARCH of the subject's Go, from the name of its tool directory."""
    tools = sorted(Path(subject.go.goroot, "pkg", "tool").glob("*_*"))
    named = {tool.name.partition("_")[2] for tool in tools}
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    return machine if machine in named or not named else sorted(named)[0]


def _cross(subject: Subject, place: Place) -> Workload:
    return _build(subject, place, env={"GOOS": "linux", "GOARCH": other_arch(subject)})


def _no_tests(subject: Subject) -> str:
    return "" if subject.tests else "the module has no tests"


def race_unavailable(subject: Subject) -> str:
    """Why the race detector cannot be used here, or nothing."""
    if not subject.tests:
        return "the module has no tests"
    answer = subject.go.run("env", "CGO_ENABLED", "CC", "GOARCH", cwd=subject.directory).splitlines()
    enabled, compiler, arch = ([*answer, "", "", ""])[:3]
    if arch not in ("amd64", "arm64", "ppc64le", "s390x", "riscv64", "loong64"):
        return f"Go has no race detector for {arch}"
    first = compiler.split()[0] if compiler.split() else "gcc"
    if shutil.which(first) is None:
        return f"-race needs cgo and a C compiler, and there is no {first} (apt install gcc)"
    return "" if enabled == "1" else "-race needs cgo, and CGO_ENABLED is 0"


def editor_workload(subject: Subject, place: Place, gopls: str, out: Path, repeat: int = 5) -> Workload:
    """The editor session as a command. gopls runs ``go`` from PATH, so the measured toolchain comes first there."""
    file = subject.editor_file()
    assert file is not None
    env: dict[str, str | None] = {
        **subject.env,
        "GOTOOLCHAIN": "local",
        "GOROOT": None,
        "GOCACHE": str(place.gocache),
        "GOPLSCACHE": str(place.scratch / "gopls"),
        "PATH": os.pathsep.join((str(Path(subject.go.path).parent), os.environ.get("PATH", os.defpath))),
    }
    argv = (
        sys.executable, "-m", "godyno.workload.editor", "--gopls", gopls, "--root", str(subject.directory),
        "--file", str(file), "--out", str(out), "--repeat", str(repeat),
    )  # fmt: skip
    return Workload(argv, str(subject.directory), env)


COLD = Task("build-cold", "build, cold", EMPTY, 1.0, _build, lambda subject: "go build ./...")
NOOP = Task("build-noop", "build, no change", SHARED, 0.05, _build, lambda subject: "go build ./...")
TASKS: tuple[Task, ...] = (
    COLD,
    NOOP,
    Task(
        "build-root", "build, root touched", SHARED, 0.1, _touched("root"),
        lambda subject: "go build ./...", _nothing_to_touch("root"),
    ),
    Task(
        "build-leaf", "build, leaf touched", SHARED, 0.15, _touched("leaf"),
        lambda subject: "go build ./...", _nothing_to_touch("leaf"),
    ),
    Task("test", "test", BUILT, 0.6, _test(), lambda subject: "go test ./...", _no_tests),
    Task("vet", "vet", BUILT, 0.5, _vet, lambda subject: "go vet ./..."),
    Task("test-race", "test with -race", BUILT, 1.5, _test("-race"), lambda subject: "go test -race ./...", race_unavailable),
    Task(
        "build-cross", "cross-compile", BUILT, 1.0, _cross,
        lambda subject: f"GOARCH={other_arch(subject)} go build ./...",
    ),
)  # fmt: skip
EDITOR_NAME, EDITOR_TITLE = "editor", "editor session (gopls)"
