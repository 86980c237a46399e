"""Captures to export."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.manifest import ClockBracket
from godyno.capture.reader import Capture, open_capture
from godyno.interfaces import Sink
from godyno.model import Machine, Result, Workload
from godyno.testing.samples import make_capture

T0_NS = 5_000_000_000_000
SECOND = 10**9
LAST_S = 30


def fill(sink: Sink) -> None:
    """Thirty seconds of a build, at 10 Hz: CPU, memory, pressure that changes seldom, two compilers, 60 samples."""
    cpu = [
        sink.series("system.cpu.time", "s", "machine", {"mode": mode, "kind": "counter"})
        for mode in ("user", "idle")
    ]
    memory = sink.series("cgroup.memory.anon", "By", "cgroup")
    usage = sink.series("cgroup.cpu.usage", "s", "cgroup", {"kind": "counter"})
    pressure = sink.series("system.pressure.cpu", "s", "pressure", {"kind": "some"})
    resident = sink.series("process.memory.usage", "By", "process", {"pid": "101"})
    for step in range(LAST_S * 10 + 1):
        t_ns = T0_NS + step * SECOND // 10
        sink.point(cpu[0], t_ns, step * 0.15)
        sink.point(cpu[1], t_ns, step * 0.05)
        sink.point(memory, t_ns, 1e6 + step * 1000)
        sink.point(usage, t_ns, step * 0.12)
        if step <= 50:
            sink.point(resident, t_ns, 5e7)
        if step % 150 == 0:
            sink.point(pressure, t_ns, step * 0.01)
    for pid, name, start, end, ppid in (
        (100, "go", 0, 30, 0),
        (101, "compile", 1, 12, 100),
        (102, "compile", 5, 20, 100),
    ):
        sink.span(
            T0_NS + start * SECOND, T0_NS + end * SECOND, "process", str(pid), name, pid, pid,
            {"ppid": ppid, "argv": [name, "-p", "x"], "exit_code": 0 if pid != 102 else 2, "user_s": 1.5},
        )  # fmt: skip
    for start, end in ((1, 10), (2, 12), (3, 4), (3, 4)):  # the second overlaps the first without being in it
        sink.span(
            T0_NS + start * SECOND,
            T0_NS + end * SECOND,
            "action",
            "build",
            f"pkg{start}",
            args={"mode": "build"},
        )
    sink.event(
        T0_NS + 2 * SECOND, "settings", "kernel", "vm.swappiness", args={"before": "60", "after": "10"}
    )
    sink.line(T0_NS + 3 * SECOND, "stderr", 'a "line", of; output')
    main = ("main.main", "/src/main.go", 3, "/bin/x")
    generic = ("main.Set[go.shape.int].Add", "/src/set.go", 7, "/bin/x")
    loop = [
        sink.stack([("main.hot;loop", "/src/main.go", 12, "/bin/x"), main]),
        sink.stack([("runtime.mallocgc", "/go/malloc.go", 1000, "/bin/x"), generic, main]),
        sink.stack([("", "", 0, ""), main]),
    ]  # fmt: skip
    for at in range(60):
        sink.sample(
            T0_NS + at * SECOND // 10, "cpu", loop[0 if at % 6 < 3 else 1 if at % 6 < 5 else 2], 0.01, 101, 101 + at % 2,
            goroutine=at % 3,
        )  # fmt: skip


def made(directory: Path, start_unix_s: float, how: Callable[[Sink], None] = fill, **more: Any) -> Path:
    """A capture whose first instant was at ``start_unix_s``."""
    offset = int(start_unix_s) * SECOND - T0_NS
    return make_capture(
        directory, how, machine=Machine(hostname="bench", os="linux"),
        workload=Workload(("go", "build", "./..."), "/src", tags={"commit": "abc"}),
        result=Result(T0_NS, T0_NS + LAST_S * SECOND, 0, 0, 36.0, 3.0),
        brackets=(
            ClockBracket("CLOCK_REALTIME", T0_NS, offset, 50), ClockBracket("CLOCK_BOOTTIME", T0_NS, 7, 50),
            ClockBracket("CLOCK_REALTIME", T0_NS + LAST_S * SECOND, offset, 60),
        ),
        **more,
    )  # fmt: skip


@pytest.fixture(scope="session")
def recent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture that ended a minute ago, which no server calls too old."""
    return made(tmp_path_factory.mktemp("recent") / "build.dyno", time.time() - 60 - LAST_S)


@pytest.fixture
def capture(recent: Path) -> Any:
    with open_capture(recent) as found:
        yield found


@pytest.fixture
def start_s(capture: Capture) -> float:
    """The time of day of the capture's first instant."""
    return (T0_NS + capture.manifest.brackets[0].offset_ns) / 1e9
