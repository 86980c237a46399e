"""Captures without a recording: what an analysis' or an exporter's tests read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from godyno.interfaces import Sink
from godyno.model import Cpu, Machine, Memory, Peak, Result, Workload

T0_NS = 1_000_000_000_000
END_NS = T0_NS + 10_000_000_000


def make_capture(
    directory: Path,
    fill: Callable[[Sink], None] = lambda sink: None,
    *,
    machine: Machine | None = None,
    workload: Workload | None = None,
    result: Result | None = None,
    peak: Peak | None = None,
    **manifest: Any,
) -> Path:
    """A sealed capture in ``directory`` (made here) with what ``fill`` writes to its sink; its path.

    ``manifest`` sets other fields of ``capture.manifest.Manifest``.
    """
    from godyno import __version__
    from godyno.capture.manifest import Manifest, Recorder, write_manifest
    from godyno.capture.schema import SCHEMA_VERSION
    from godyno.capture.tables import TableWriter

    directory.mkdir(parents=True)
    writer = TableWriter(directory / "raw")
    fill(writer)
    counts = writer.write(directory)
    fields: dict[str, Any] = {
        "machine": machine or Machine(),
        "result": result,
        "peak": peak,
        "tables": counts,
        "warnings": tuple(writer.warnings),
        **manifest,
    }
    write_manifest(
        directory,
        Manifest(
            SCHEMA_VERSION, __version__, "sealed", "2026-01-01T00:00:00.000+00:00", Recorder(1, 1, ""),
            workload or Workload(("true",)), **fields,
        ),
    )  # fmt: skip
    return directory


def samples(directory: Path) -> Mapping[str, Path]:
    """Captures that every plugin must live with, by what they are: ``empty``, ``typical``, ``hostile``."""
    typical = Machine(
        os="linux", kernel="6.1", cpu=Cpu("Some CPU", "amd64", "v3", online=4, allowed=4),
        memory=Memory(8 << 30, 6 << 30),
    )  # fmt: skip
    return {
        "empty": make_capture(directory / "empty.dyno"),
        "typical": make_capture(
            directory / "typical.dyno",
            _typical,
            machine=typical,
            workload=Workload(("go", "build", "./..."), "/src"),
            result=Result(T0_NS, END_NS, 0, 0, 12.0, 3.0),
            peak=Peak(253_000_000, "cgroup memory.peak", "everything", True),
        ),
        "hostile": make_capture(
            directory / "hostile.dyno",
            _hostile,
            workload=Workload(("<script>alert(1)</script>", "\x1b[31m", "")),
            result=Result(END_NS, T0_NS, -1, 99, -1.0, float("inf")),
        ),
    }


def _typical(sink: Sink) -> None:
    for pid, name, start, end in (
        (1, "go", 0, 10),
        (2, "compile", 1, 6),
        (3, "compile", 2, 4),
        (4, "link", 7, 9),
    ):
        argv = [name, "-p", f"example.com/p{pid}"] if name == "compile" else [name, "build"]
        sink.span(
            T0_NS + start * 10**9, T0_NS + end * 10**9, "process", name, name, pid=pid,
            args={"argv": argv, "ppid": 0 if pid == 1 else 1, "user_s": 1.0, "system_s": 0.1,
                  "rss_peak_bytes": 50_000_000 * pid, "exit_code": 0},
        )  # fmt: skip
    for name, unit, layer, labels, rise in (
        ("system.cpu.time", "s", "machine", {"mode": "user", "kind": "counter"}, 1.5),
        ("system.cpu.time", "s", "machine", {"mode": "idle", "kind": "counter"}, 2.0),
        ("system.cpu.time", "s", "machine", {"mode": "steal", "kind": "counter"}, 0.2),
        ("system.pressure.cpu", "s", "pressure", {"kind": "some"}, 0.4),
        ("cgroup.memory.anon", "By", "cgroup", {}, 5e6),
        ("cgroup.cpu.throttled_time", "s", "cgroup", {"kind": "counter"}, 0.1),
    ):
        series = sink.series(name, unit, layer, labels)
        for step in range(101):
            sink.point(series, T0_NS + step * 10**8, rise * step / 10)
    sink.line(
        T0_NS + 10**9, "stderr", "gc 1 @0.010s 2%: 0.010+1.2+0.012 ms clock, 4->4->1 MB, 4 MB goal, 4 P", 1
    )
    sink.event(T0_NS + 10**9, "settings", "kernel", "vm.swappiness", args={"before": "60", "after": "10"})
    leaf = ("main.work", "/src/main.go", 12, "/tmp/x")
    sink.sample(
        T0_NS + 10**9, "cpu", sink.stack([leaf, ("main.main", "/src/main.go", 3, "/tmp/x")]), 0.01, pid=1
    )


def _hostile(sink: Sink) -> None:
    odd = "</script><img src=x onerror=alert(1)>\x00\x1b]0;x\x07\u202e\ud800"
    far = 2**63 - 1
    for name, unit, layer, labels in (
        (odd, odd, odd, {odd: odd}), ("system.cpu.time", "s", "machine", {}), ("x", "", "y", {"kind": "counter"}),
        ("system.pressure.cpu", "By", "pressure", {"kind": odd}),
    ):  # fmt: skip
        series = sink.series(name, unit, layer, labels)
        for t_ns, value in ((0, float("nan")), (-5, -1e308), (5, float("inf")), (5, 1e308), (far, 0.0)):
            sink.point(series, t_ns, value)
    for args in ({}, {"argv": 5, "ppid": "x", "user_s": odd, "rss_peak_bytes": -1}, {"argv": [odd, None, 3]}):
        for layer in ("process", "action", "gc", "test", odd):
            sink.span(10, 10, layer, odd, odd, pid=-1, tid=far, args=args)
            sink.span(-far, far, layer, odd, "compile", pid=1, args=args)
            sink.event(far, layer, odd, odd, args=args)
    sink.line(0, odd, odd * 50, 0)
    sink.line(-far, "stderr", "gc 99999999999999999999 @x: 1+2+3 ms clock", -1)
    sink.sample(0, odd, sink.stack([(odd, odd, -far, odd)]), float("nan"))
    sink.sample(0, "cpu", 999_999, -1.0)
