from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from godyno.capture.reader import Capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.anomalies.anomalies import Anomalies
from godyno.model import Finding, Result, Workload
from godyno.testing.captures import SECOND, T0

SECONDS = 180
WHEN = range(80, 92)  # seconds in which it is disturbed


def a_service(disturbed: str, slow: float = 5.0) -> Callable[[TableWriter], None]:
    """A service with an access log and the counters of level light, of which ``disturbed`` moves for twelve seconds."""

    def fill(writer: TableWriter) -> None:
        chance = random.Random(5)
        writer.span(
            T0, T0 + SECONDS * SECOND, "process", "9", "service", 9, 9, {"ppid": 1, "cpu_s": 0.4 * SECONDS}
        )
        counter = {"kind": "counter"}
        names = {
            "throttled": ("cgroup.cpu.throttled_time", {}), "own": ("cgroup.cpu.usage", {}),
            "full": ("cgroup.pressure.cpu", {"kind": "full"}), "memory": ("cgroup.pressure.memory", {"kind": "some"}),
            "io": ("cgroup.pressure.io", {"kind": "some"}), "refaults": ("cgroup.memory.refaults", {}),
            "user": ("system.cpu.time", {"mode": "user"}), "steal": ("system.cpu.time", {"mode": "steal"}),
            "disk": ("system.disk.io", {"direction": "write"}), "mine": ("process.disk.io", {"direction": "write", "pid": "9"}),
            "main": ("process.cpu.time", {"pid": "9", "mode": "user"}), "child": ("process.cpu.time", {"pid": "10", "mode": "user"}),
            "mutex": ("go.mutex.wait", {"pid": "9"}),
        }  # fmt: skip
        group = writer.rows(
            [writer.series(name, "s", "x", {**counter, **labels}) for name, labels in names.values()]
        )
        usual = {"throttled": 0.0, "own": 0.4, "full": 0.002, "memory": 0.0, "io": 0.01, "refaults": 0.0, "user": 0.5, "steal": 0.0,
                 "disk": 1e5, "mine": 1e5, "main": 0.4, "child": 0.0, "mutex": 0.001}  # fmt: skip
        moved = {
            "quota": {"throttled": 1.2}, "neighbours": {"full": 0.5, "user": 1.9}, "memory": {"memory": 0.3, "io": 0.5, "refaults": 900.0},
            "disk": {"io": 0.6, "disk": 5e7}, "steal": {"steal": 0.8}, "child": {"child": 1.2, "own": 1.6, "user": 1.7}, "gc": {}, "": {},
            "lock": {"mutex": 6.0}, "quota and lock": {"throttled": 1.2, "mutex": 40.0},
        }[disturbed]  # fmt: skip
        totals = dict.fromkeys(names, 0.0)
        for tenth in range(SECONDS * 10):
            now = {**usual, **(moved if tenth // 10 in WHEN else {})}
            for name, rate in now.items():
                totals[name] += rate * 0.1 * (0.9 + 0.2 * chance.random())
            writer.row(group, T0 + tenth * SECOND // 10, list(totals.values()))
        for index in range(SECONDS * 40):
            t = T0 + index * SECOND // 40
            lasted = 0.003 * (0.7 + chance.expovariate(3)) * (slow if index // 40 in WHEN else 1)
            writer.line(t, "stdout", f"GET /orders/{index} 200 {lasted * 1e3:.3f}ms")
            if disturbed == "gc" and index // 40 in WHEN and index % 4 == 0:
                writer.span(t, t + 90_000_000, "gc", "9", f"GC {index}", 9, 0, {})
            elif index % 80 == 0:
                writer.span(t, t + 5_000_000, "gc", "9", f"GC {index}", 9, 0, {})

    return fill


def found_in(made: Callable[..., Capture], disturbed: str, **changes: object) -> list[Finding]:
    result = Result(T0, T0 + SECONDS * SECOND, 0, 0, 70.0, 2.0)
    return list(
        Anomalies().analyze(
            made(a_service(disturbed), workload=Workload(("./service",)), result=result, **changes)
        )
    )


@pytest.mark.parametrize(
    ("disturbed", "cause"),
    [
        ("quota", "cpu quota"), ("neighbours", "neighbours"), ("memory", "memory"), ("disk", "others' disk load"), ("steal", "steal"),
        ("child", "child process"), ("gc", "garbage collection"), ("lock", "lock"), ("quota and lock", "cpu quota"), ("", ""),
    ],
)  # fmt: skip
def test_what_changed_at_the_same_moment_is_named(
    made: Callable[..., Capture], disturbed: str, cause: str
) -> None:
    (finding,) = found_in(made, disturbed)
    assert finding.data["cause"] == cause
    onset = (finding.data["t_start_ns"] - T0) / SECOND
    assert onset == pytest.approx(WHEN.start, abs=1.5)
    assert ("no layer" in finding.claim) is (cause == "")
    assert finding.kind == "anomaly-spike" and finding.severity == "warning"


def test_a_quiet_service_has_nothing_to_tell(made: Callable[..., Capture]) -> None:
    result = Result(T0, T0 + SECONDS * SECOND, 0, 0, 70.0, 2.0)
    capture = made(a_service("", slow=1.0), workload=Workload(("./service",)), result=result)
    assert list(Anomalies().analyze(capture)) == []


def test_a_build_has_no_usual_level(made: Callable[..., Capture]) -> None:
    result = Result(T0, T0 + SECONDS * SECOND, 0, 0, 70.0, 2.0)
    assert (
        list(
            Anomalies().analyze(
                made(a_service("quota"), workload=Workload(("go", "build", "./...")), result=result)
            )
        )
        == []
    )


def test_the_order_of_the_cause_before_its_effect_is_told(made: Callable[..., Capture]) -> None:
    (finding,) = found_in(made, "quota")
    (first, *_) = finding.data["suspects"]
    assert first["lag_s"] == pytest.approx(0.0, abs=1.0)
    assert "at the same moment" in finding.claim or "before" in finding.claim
