"""What every probe keeps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from godyno.clock import now_ns
from godyno.errors import GodynoError
from godyno.interfaces import Probe, Target
from godyno.machine import read_machine
from godyno.model import Availability, CgroupLimits, Clock, Cpu, Machine, Workload
from godyno.testing.common_checks import HEAVY, imported_by, open_files
from godyno.testing.machine import FakeMachine
from godyno.testing.recording import FakeSink, FakeTarget

# Base units, and counts of something in braces, as UCUM and OpenTelemetry write them.
_UNIT = re.compile(r"By|s|1|Hz|J|W|Cel|\{[a-z_]+\}|(?:By|\{[a-z_]+\})/s")
_SERIES_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_GARBAGE = b"\x00\xff\xfe not what you expect \xf0\x28\x8c\x28\n" * 40


def it_has_all_of_a_probes_methods(plugin: type[Any], directory: Path) -> None:
    """It is a ``Probe``."""
    assert isinstance(plugin(), Probe), "availability, prepare, attach or decode is missing"


def its_tables_are_the_schemas(plugin: type[Any], directory: Path) -> None:
    """Tables that a capture has, each with the clock that stamps it."""
    from godyno.capture.schema import BY_NAME

    assert plugin.tables, "it writes no table"
    for table, clock in plugin.tables.items():
        assert table in BY_NAME, f"{table} is no table of a capture"
        assert isinstance(clock, Clock), f"the clock of {table} is no Clock"


def its_availability_never_raises_and_always_explains(plugin: type[Any], directory: Path) -> None:
    """On any machine: an answer; where it is no, a reason and a remedy."""
    machines = [
        Machine(),
        Machine(os="darwin", cpu=Cpu(arch="arm64")),
        Machine(os="windows"),
        Machine(os="linux", container="docker", cgroup=CgroupLimits(version=2)),
        Machine(os="linux", cpu=Cpu(hypervisor="kvm"), sysctl={"kernel.perf_event_paranoid": "x"}),
        read_machine(),
        read_machine(FakeMachine(directory / "desktop").systemd_desktop().root),
    ]
    for machine in machines:
        answer = plugin().availability(machine)
        assert isinstance(answer, Availability), f"it answers with a {type(answer).__name__}"
        if not answer:
            assert answer.reason, f"no reason on {machine.os or 'an unknown system'}"
            assert answer.remedy, f"no remedy for: {answer.reason}"


def its_prepare_is_pure(plugin: type[Any], directory: Path) -> None:
    """The same workload gives the same one, and nothing is written."""
    raw = directory / "raw"
    workload = Workload(("go", "build", "./..."), "/src", {"GOGC": "50"}, {"k": "v"})
    probe = plugin()
    first, second = probe.prepare(workload, raw), probe.prepare(workload, raw)
    assert isinstance(first, Workload), "it does not give a Workload"
    assert first == second, "twice the same gives different workloads"
    assert workload == Workload(("go", "build", "./..."), "/src", {"GOGC": "50"}, {"k": "v"}), (
        "it changed its argument"
    )
    assert not raw.exists(), "it wrote into the raw folder"
    assert first.argv, "it left no command"
    assert first.tags == workload.tags, "it changed the user's tags"


def its_prepare_keeps_what_the_user_set(plugin: type[Any], directory: Path) -> None:
    """A variable that the user set keeps its text; flags are added to it."""
    asked = {"GODEBUG": "madvdontneed=1", "GOFLAGS": "-mod=mod", "GORACE": "halt_on_error=1", "GOGC": "50"}
    prepared = plugin().prepare(Workload(("go", "test", "./..."), "/src", asked), directory / "raw")
    for name, text in asked.items():
        kept = prepared.env.get(name)
        assert kept is not None and text in kept, f"{name}={text} became {kept!r}"


def it_leaves_nothing_behind(plugin: type[Any], directory: Path) -> None:
    """After it is detached: no open file, no thread, no child process more than before."""
    with _target() as target:
        probe = plugin()  # kept, since the garbage collector closes files too
        files, threads, children = open_files(), threading.active_count(), _children()
        _record(probe, target, directory)
        assert open_files() == files, f"{open_files() - files} files stayed open"
        assert threading.active_count() == threads, "a thread runs on"
        assert _children() == children, "a child process runs on"


def it_writes_only_what_it_declares(plugin: type[Any], directory: Path) -> None:
    """Only the tables that it names, series with base units and dotted names, facts that are JSON."""
    import json

    with _target() as target:
        sink = _record(plugin(), target, directory)
    undeclared = sink.tables_written() - set(plugin.tables)
    assert not undeclared, f"it writes {', '.join(sorted(undeclared))} without saying so"
    for name, unit, _, _ in sink.declared:
        assert _SERIES_NAME.fullmatch(name), f"the series {name!r} is not named.like.this"
        assert _UNIT.fullmatch(unit), f"the unit {unit!r} of {name} is no base unit"
    json.dumps(sink.notes)


def its_instants_lie_within_the_recording(plugin: type[Any], directory: Path) -> None:
    """MONOTONIC nanoseconds: nothing that it saw happened before it was there or after it left."""
    with _target() as target:
        began = now_ns()
        sink = _record(plugin(), target, directory)
        ended = now_ns()
    instants = [t_ns for _, t_ns, _ in sink.points] + [event["t_ns"] for event in sink.events]
    instants += [span["t_end_ns"] for span in sink.spans]
    for t_ns in instants:
        assert began - 10**9 <= t_ns <= ended, f"{t_ns} is not between {began} and {ended}"


def it_lives_with_a_command_that_is_gone(plugin: type[Any], directory: Path) -> None:
    """A command that ended meanwhile is an error of the tree, an OSError, or nothing; never anything else."""
    with _target() as target:
        pass
    probe = plugin()
    files = open_files()
    try:
        _record(probe, target, directory)
    except (OSError, GodynoError):
        pass
    assert open_files() == files, "files stayed open"


def it_lets_errors_through(plugin: type[Any], directory: Path) -> None:
    """What fails inside the recording is not swallowed, and the probe still tidies up."""

    class Failed(Exception):
        pass

    with _target() as target:
        probe = plugin()
        files = open_files()
        try:
            with probe.attach(cast(Target, target), FakeSink(directory)):
                raise Failed
        except Failed:
            pass
        else:
            raise AssertionError("the error was swallowed")
        assert open_files() == files, "files stayed open"


def two_can_watch_at_once(plugin: type[Any], directory: Path) -> None:
    """Two recordings at the same time do not disturb each other."""
    with _target() as first, _target() as second:
        one, two = FakeSink(directory / "1"), FakeSink(directory / "2")
        with plugin().attach(cast(Target, first), one), plugin().attach(cast(Target, second), two):
            first.loop.tick()
            second.loop.tick()
    assert one.tables_written() == two.tables_written(), "only one of two saw something"


def its_decode_takes_anything(plugin: type[Any], directory: Path) -> None:
    """No raw folder, an empty one, torn and hostile files: named by ``warn``, never raised."""
    with _target() as target:
        sink = _record(plugin(), target, directory / "raw")
    notes = {"notes": sink.notes}
    files = [path for path in (directory / "raw").rglob("*") if path.is_file()]
    plugin().decode(directory / "missing", FakeSink(directory / "missing"), notes)
    (directory / "none").mkdir()
    plugin().decode(directory / "none", FakeSink(directory / "none"), {})
    contents = {path: path.read_bytes() for path in files}
    for damage in (
        lambda data: data[: len(data) // 2],
        lambda data: data + _GARBAGE,
        lambda data: _GARBAGE,
        lambda data: b"",
    ):
        for path, data in contents.items():
            path.write_bytes(damage(data))
        plugin().decode(directory / "raw", FakeSink(directory / "raw"), notes)
    plugin().decode(
        directory / "raw", FakeSink(directory / "raw"), {"notes": {"x": _GARBAGE.decode("latin-1")}}
    )


def it_is_light_to_import(plugin: type[Any], directory: Path) -> None:
    """The recorder imports it, and stays below 40 MB: none of the libraries that read captures."""
    heavy = imported_by(plugin.__module__, (*HEAVY, "asyncio", "multiprocessing", "psutil"))
    assert not heavy, f"importing {plugin.__module__} imports {', '.join(heavy)}"


@contextmanager
def _target() -> Iterator[FakeTarget]:
    """A living command of its own, that is ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        yield FakeTarget(pid=process.pid, processes=(process.pid,))
    finally:
        process.kill()
        process.communicate()


def _record(probe: Probe, target: FakeTarget, directory: Path) -> FakeSink:
    sink = FakeSink(directory)
    with probe.attach(cast(Target, target), sink):
        for _ in range(3):
            target.loop.tick()
    return sink


def _children() -> set[str]:
    found: set[str] = set()
    for task in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        try:
            found.update(task.read_text().split())
        except OSError:
            continue
    return found


CHECKS = [
    it_has_all_of_a_probes_methods,
    its_tables_are_the_schemas,
    its_availability_never_raises_and_always_explains,
    its_prepare_is_pure,
    its_prepare_keeps_what_the_user_set,
    it_leaves_nothing_behind,
    it_writes_only_what_it_declares,
    its_instants_lie_within_the_recording,
    it_lives_with_a_command_that_is_gone,
    it_lets_errors_through,
    two_can_watch_at_once,
    its_decode_takes_anything,
    it_is_light_to_import,
]
