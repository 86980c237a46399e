"""Captures made by hand, for tests of analyses, reports and exporters: no Go, no recording, the same tables.

``write_capture`` seals whatever a function writes; ``a_build`` is such a function, a small ``go build`` of known figures.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from godyno import __version__
from godyno.capture.manifest import Cost, Manifest, ProbeEntry, Recorder, write_manifest
from godyno.capture.schema import SCHEMA_VERSION
from godyno.capture.tables import TableWriter
from godyno.model import AVAILABLE, Availability, Cpu, Machine, Memory, Peak, Result, Workload

T0 = 5_000_000_000_000  # ns of MONOTONIC at which made workloads start
SECOND = 1_000_000_000


def write_capture(directory: Path, fill: Callable[[TableWriter], None], **changes: Any) -> Path:
    """Seals what ``fill`` writes as the capture ``directory``, which must not exist; ``changes`` replace fields of its manifest."""
    directory.mkdir(parents=True)
    writer = TableWriter(directory / "raw")
    fill(writer)
    counts = writer.write(directory)
    fields: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "godyno_version": __version__,
        "state": "sealed",
        "created_at": "2026-01-01T00:00:00Z",
        "recorder": Recorder(1, 1, "boot"),
        "workload": Workload(("go", "build", "./...")),
        "machine": Machine(
            hostname="bench",
            os="linux",
            cpu=Cpu("A processor", "amd64", "v3", online=2, allowed=2),
            memory=Memory(8 << 30, 6 << 30),
        ),
        "result": Result(T0, T0 + 10 * SECOND, 0, 0, 12.0, 2.0),
        "peak": Peak(250_000_000, "memory.peak", "all memory of the cgroup, page cache included", True),
        "probes": (
            ProbeEntry("processes", AVAILABLE, {"spans": "monotonic", "points": "reader"}, 1_000, 0.02),
            ProbeEntry(
                "pressure", Availability(False, "the kernel was built without PSI", "boot with psi=1")
            ),
        ),
        "cost": Cost(during_cpu_s=0.05, rss_peak_bytes=20_000_000, before_wall_s=0.1, after_wall_s=0.05),
        "tables": counts,
    }
    write_manifest(directory, Manifest(**{**fields, **changes}))
    return directory


def a_build(
    packages: int = 12, wall_s: float = 10.0, hz: float = 10.0, seed: int = 1
) -> Callable[[TableWriter], None]:
    """A ``go build`` on two slots: ``packages`` compiles in a chain of pairs, then a link; CPU and memory sampled at ``hz``.

    Package ``p1`` is the heaviest in memory (200 MB), the link comes last; one CPU second is used per second of each process.
    """

    def fill(writer: TableWriter) -> None:
        chance = random.Random(seed)
        end = T0 + round(wall_s * SECOND)
        step = round((wall_s - 2.0) * SECOND / -(-packages // 2))
        lives = [(100, 1, "go", "", T0, end, 40_000_000.0)]
        for index in range(packages):
            start = T0 + SECOND // 2 + (index // 2) * step + (index % 2) * 1_000_000
            lives.append(
                (
                    101 + index,
                    100,
                    "compile",
                    f"example.com/p{index}",
                    start,
                    start + step - 10_000_000,
                    200e6 if index == 1 else 60e6,
                )
            )
        lives.append((101 + packages, 100, "link", "", end - SECOND, end - SECOND // 10, 150e6))
        for pid, ppid, name, package, start, stop, peak in lives:
            cpu = (stop - start) * 1e-9 if name != "go" else 0.2
            writer.span(
                start, stop, "process", str(pid), name, pid, pid,
                {"ppid": ppid, "argv": [name, *(["-p", package] if package else [])], "exe": f"/go/pkg/tool/{name}",
                 "user_s": cpu * 0.9, "system_s": cpu * 0.1, "rss_peak_bytes": int(peak), "exit_code": 0, "source": "taskstats"},
            )  # fmt: skip
            _samples(writer, pid, start, stop, peak, hz, chance)
        ready: dict[int, int] = {}
        for index in range(packages):
            start, stop = lives[1 + index][4:6]
            deps = [index - 2] if index >= 2 else []
            ready[index] = stop
            writer.span(
                start, stop, "action", "build", f"example.com/p{index}", 0, 0,
                {"id": index, "mode": "build", "deps": deps, "ready_ns": ready.get(index - 2, T0), "queued_s": 0.001,
                 "cmd_real_s": (stop - start) * 1e-9, "cmd_user_s": (stop - start) * 0.9e-9, "cmd_sys_s": (stop - start) * 0.1e-9},
            )  # fmt: skip
        link = lives[-1]
        writer.span(link[4], link[5], "action", "link", "example.com/cmd", 0, 0,
                    {"id": packages, "mode": "link", "deps": list(range(packages)), "ready_ns": lives[-2][5]})  # fmt: skip
        for index in range(5):
            start = T0 + SECOND + index * SECOND
            writer.span(
                start,
                start + 2_000_000,
                "gc",
                "compile",
                "concurrent mark",
                101,
                0,
                {"heap_goal_bytes": 8_000_000},
            )
            writer.span(
                start + 2_000_000, start + 2_100_000, "gc", "compile", "mark termination (STW)", 101, 0, {}
            )
        _machine_samples(writer, end, hz, chance)
        for index in range(packages):
            writer.line(lives[1 + index][5], "stderr", f"# example.com/p{index}")

    return fill


def _samples(
    writer: TableWriter, pid: int, start: int, stop: int, peak: float, hz: float, chance: random.Random
) -> None:
    labels = {"pid": str(pid)}
    group = writer.rows(
        [
            writer.series("process.memory.usage", "By", "process", labels),
            writer.series("process.cpu.time", "s", "process", {**labels, "mode": "user", "kind": "counter"}),
        ]
    )
    period = round(SECOND / hz)
    for t in range(start + period // 3, stop, period):
        share = (t - start) / max(1, stop - start)
        writer.row(
            group, t, [round(peak * (0.3 + 0.6 * share + 0.1 * chance.random())), (t - start) * 0.9e-9]
        )


def _machine_samples(writer: TableWriter, end: int, hz: float, chance: random.Random) -> None:
    modes = ("user", "system", "idle", "iowait", "steal")
    cpu = writer.rows(
        [
            writer.series("system.cpu.time", "s", "machine", {"mode": mode, "kind": "counter"})
            for mode in modes
        ]
    )
    memory = writer.rows(
        [writer.series(f"cgroup.memory.{name}", "By", "cgroup") for name in ("usage", "anon", "file")]
        + [writer.series("system.memory.available", "By", "machine")]
    )
    totals = [0.0] * len(modes)
    period = round(SECOND / hz)
    for t in range(T0, end + 1, period):
        for index, share in enumerate((1.6, 0.2, 0.15, 0.03, 0.02)):
            totals[index] += share / hz * (0.5 + chance.random())
        writer.row(cpu, t, totals)
        anon = 120e6 + 80e6 * chance.random()
        writer.row(memory, t, [anon + 90e6, anon, 90e6, 6e9])


def an_hour(
    processes: int = 400, machine_series: int = 40, hz: float = 10.0
) -> Callable[[TableWriter], None]:
    """An hour at ``hz``: one long ``go test``, ``processes`` after one another on four slots, and a machine's worth of series."""

    def fill(writer: TableWriter) -> None:
        chance = random.Random(7)
        end = T0 + 3600 * SECOND
        life = (end - T0) // max(1, processes // 4)
        writer.span(
            T0,
            end,
            "process",
            "100",
            "go",
            100,
            100,
            {"ppid": 1, "argv": ["go", "test", "./..."], "user_s": 9.0, "system_s": 1.0},
        )
        _samples(writer, 100, T0, end, 60e6, hz, chance)
        for index in range(processes):
            start = T0 + (index // 4) * life + (index % 4) * SECOND
            stop = min(end, start + life - 2 * SECOND)
            name = ("compile", "compile", "link", f"p{index}.test")[index % 4]
            package = f"example.com/p{index}"
            argv = [name, "-p", package] if name == "compile" else [f"/tmp/go-build/{name}"]
            writer.span(
                start, stop, "process", str(101 + index), name[:15], 101 + index, 101 + index,
                {"ppid": 100, "argv": argv, "user_s": 5.0, "system_s": 1.0, "rss_peak_bytes": 10_000_000 + index},
            )  # fmt: skip
            _samples(writer, 101 + index, start, stop, 50e6 + 1e5 * index, hz, chance)
            writer.line(stop, "stdout", f"ok  \t{package}\t{(stop - start) * 1e-9:.3f}s")
        _machine_samples(writer, end, hz, chance)
        group = writer.rows(
            [
                writer.series(f"system.made.s{index % 8}", "By", "machine", {"device": str(index)})
                for index in range(machine_series)
            ]
        )
        for t in range(T0, end, round(SECOND / hz)):
            writer.row(group, t, [chance.random() * 1e6] * machine_series)

    return fill


def a_service(
    samples: int = 20_000, wall_s: float = 10.0, goroutines: int = 50, seed: int = 3, slow: bool = False
) -> Callable[[TableWriter], None]:
    """A service under load: on-CPU samples with goroutines, off-CPU ones, GC and system calls as spans.

    ``main.handle`` takes 60 % of the CPU, ``main.encode`` 30 %, ``runtime.gcBgMarkWorker`` 10 %; with ``slow`` encode takes 60 % and
    handle 30.
    """

    def fill(writer: TableWriter) -> None:
        chance = random.Random(seed)
        end = T0 + round(wall_s * SECOND)
        writer.span(
            T0,
            end,
            "process",
            "100",
            "service",
            100,
            100,
            {"ppid": 1, "argv": ["./service"], "user_s": wall_s, "system_s": 0.1},
        )
        main = [("main.serve", "/src/main.go", 10, "service"), ("main.main", "/src/main.go", 5, "service")]
        shapes = [
            (0.3 if slow else 0.6, [("main.handle", "/src/handle.go", 20, "service"), *main]),
            (
                0.6 if slow else 0.3,
                [
                    ("encoding/json.Marshal", "/go/encode.go", 9, "service"),
                    ("main.encode", "/src/encode.go", 30, "service"),
                    *main,
                ],
            ),
            (
                0.1,
                [
                    ("runtime.scanobject", "/go/mgcmark.go", 1, "service"),
                    ("runtime.gcBgMarkWorker", "/go/mgc.go", 2, "service"),
                ],
            ),
        ]
        ids = [writer.stack(frames) for _, frames in shapes]
        weights = [weight for weight, _ in shapes]
        waiting = writer.stack(
            [
                ("runtime.gopark", "/go/proc.go", 1, "service"),
                ("net.(*conn).Read", "/go/net.go", 3, "service"),
                *main,
            ]
        )
        for index in range(samples):
            t = T0 + index * (end - T0) // samples
            kind = chance.choices(range(3), weights)[0]
            writer.sample(
                t,
                "cpu",
                ids[kind],
                wall_s / samples,
                100,
                100 + index % 4,
                0 if kind == 2 else 1 + chance.randrange(goroutines),
            )
            if index % 10 == 0:
                writer.sample(
                    t, "off_cpu", waiting, 0.001, 100, 100 + index % 4, 1 + chance.randrange(goroutines)
                )
        for index in range(samples // 20):
            t = T0 + index * (end - T0) // (samples // 20)
            name = ("read", "write", "futex", "epoll_wait")[index % 4]
            writer.span(
                t,
                t + chance.randrange(10_000, 400_000),
                "syscall",
                f"thread {index % 4}",
                name,
                100,
                100 + index % 4,
                {"fd": index % 9},
            )
        for g in range(goroutines):
            t = T0
            while t < end:
                lasted = chance.randrange(10_000_000, 200_000_000)
                state = ("running", "waiting", "runnable")[chance.randrange(3)]
                writer.span(
                    t, min(end, t + lasted), "goroutine_state", f"goroutine {g + 1}", state, 100, 0, {}
                )
                t += lasted
        for index in range(20):
            start = T0 + index * SECOND // 2
            writer.span(start, start + 50_000, "gc", "service", "sweep termination (STW)", 100, 0, {})
            writer.span(
                start + 50_000,
                start + 30_000_000,
                "gc",
                "service",
                "concurrent mark",
                100,
                0,
                {"heap_goal_bytes": 64_000_000},
            )
            writer.span(
                start + 30_000_000, start + 30_080_000, "gc", "service", "mark termination (STW)", 100, 0, {}
            )

    return fill
