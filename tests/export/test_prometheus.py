from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from godyno.capture.reader import Capture, open_capture
from godyno.errors import EndpointError
from godyno.export.grafana import Grafana
from godyno.export.metrics import families, label_name, metric_name
from godyno.export.prometheus import Prometheus
from godyno.export.source import Series
from godyno.testing.samples import make_capture

from .conftest import LAST_S, T0_NS, made
from .servers import Store, prometheus, tool, victoria_metrics


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("system.cpu.time", "s", "counter", "system_cpu_time_seconds"),
        ("cgroup.memory.anon", "By", "gauge", "cgroup_memory_anon_bytes"),
        ("cgroup.process.count", "{process}", "gauge", "cgroup_process_number"),
        ("9lives", "", "gauge", "_9lives"),
        ("\x00\u202e", "\x1b", "gauge", "unnamed"),
    ],
)
def test_a_name_follows_opentelemetrys_rules(name: str, unit: str, kind: str, expected: str) -> None:
    assert metric_name(name, unit, kind)[0] == expected


def test_a_label_never_takes_a_name_that_is_godynos() -> None:
    assert [label_name(one) for one in ("capture", "__name__", "a.b", "0")] == [
        "label_capture",
        "name",
        "a_b",
        "label_0",
    ]


def series(number: int, name: str, labels: dict[str, str], cumulative: bool, least: float = 0.0) -> Series:
    return Series(number, name, "s", "x", labels, cumulative, 1, least, 0)


def test_no_two_members_have_the_same_name_and_labels() -> None:
    found = families(
        [series(1, "a.b", {"x.y": "1"}, False), series(2, "a_b", {"x_y": "1"}, False), series(3, "a.b", {}, True),
         series(4, "a.c", {}, True, -1.0)],
        {"job": "godyno"},
    )  # fmt: skip
    names = [
        (family.sample_name, tuple(sorted(labels.items())))
        for family in found
        for _, labels in family.members
    ]
    assert len(set(names)) == len(names) == 4
    assert {family.type for family in found} == {
        "gauge",
        "counter",
        "unknown",
    }  # one that falls below 0 is no counter


def test_the_openmetrics_text_reads_back_as_the_capture(
    capture: Capture, start_s: float, tmp_path: Path
) -> None:
    lost = Prometheus().export(capture, str(tmp_path / "x.om"))
    found = {
        family.name: family for family in text_string_to_metric_families((tmp_path / "x.om").read_text())
    }
    cpu = [one for one in found["system_cpu_time_seconds"].samples if one.labels["mode"] == "user"]
    assert (
        found["system_cpu_time_seconds"].type == "counter"
        and found["system_cpu_time_seconds"].unit == "seconds"
    )
    wanted = capture.sql(
        "SELECT t_ns, value FROM points JOIN series USING (series_id)"
        " WHERE name = 'system.cpu.time' AND labels->>'mode' = 'user' ORDER BY t_ns"
    ).to_pylist()
    assert [one.value for one in cpu] == [row["value"] for row in wanted]
    for one, row in zip(cpu, wanted, strict=True):
        assert float(one.timestamp) == pytest.approx(start_s + (row["t_ns"] - T0_NS) / 1e9, abs=0.001)
    assert cpu[0].labels == {
        "mode": "user", "job": "godyno", "instance": "bench", "capture": "build", "tag_commit": "abc",
    }  # fmt: skip
    assert any("7 spans" in sentence for sentence in lost) and any(
        "60 samples" in sentence for sentence in lost
    )


def test_of_two_values_in_a_millisecond_the_last_stays_and_it_is_said(tmp_path: Path) -> None:
    def two(sink: Any) -> None:
        one = sink.series("x", "", "y")
        for at, value in ((0, 1.0), (1000, 2.0), (2_000_000, 3.0)):
            sink.point(one, T0_NS + at, value)

    with open_capture(made(tmp_path / "x.dyno", 1_700_000_000, two)) as capture:
        lost = Prometheus().export(capture, str(tmp_path / "x.om"))
    lines = [line for line in (tmp_path / "x.om").read_text().splitlines() if line.startswith("x{")]
    assert [line.split()[1:] for line in lines] == [["2", "1700000000.000"], ["3", "1700000000.002"]]
    assert any(sentence.startswith("1 point was not carried: Prometheus has one value") for sentence in lost)


def test_without_a_reading_of_the_wall_clock_the_times_are_said_to_be_guessed(tmp_path: Path) -> None:
    with open_capture(make_capture(tmp_path / "x.dyno")) as capture:
        assert any("wall clock" in one for one in Prometheus().export(capture, str(tmp_path / "x.om")))


@pytest.mark.integration
@pytest.mark.parametrize("suffix", [".prom"])
def test_promtool_finds_no_fault_in_the_text(capture: Capture, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"x{suffix}"
    Prometheus().export(capture, str(out))
    done = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=out.read_bytes(), capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@pytest.mark.integration
def test_promtool_makes_blocks_of_the_openmetrics_text(
    capture: Capture, start_s: float, tmp_path: Path
) -> None:
    Prometheus().export(capture, str(tmp_path / "x.om"))
    subprocess.run(
        [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "x.om"), str(tmp_path / "data")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    with prometheus(tmp_path) as store:
        found = store.points('cgroup_memory_anon_bytes{capture="build"}', start_s - 1, start_s + LAST_S)
    assert [float(value) for _, value in found[0]["values"]] == [
        1e6 + step * 1000 for step in range(LAST_S * 10 + 1)
    ]


def everything_is_there(store: Store, capture: Capture, start_s: float) -> None:
    """Every point of every series, at its millisecond, as SQL has it."""
    for name, metric in (
        ("system.cpu.time", "system_cpu_time_seconds_total"),
        ("cgroup.memory.anon", "cgroup_memory_anon_bytes"),
    ):
        wanted = {
            (row["mode"], round((row["t_ns"] - T0_NS) / 1e6 + start_s * 1000)): row["value"]
            for row in capture.sql(
                "SELECT labels->>'mode' AS mode, t_ns, value FROM points JOIN series USING (series_id)"
                f" WHERE name = '{name}'"
            ).to_pylist()
        }
        found = {
            (one["metric"].get("mode"), round(float(at) * 1000)): float(value)
            for one in store.points(f'{metric}{{capture="build"}}', start_s - 1, start_s + LAST_S + 1)
            for at, value in one["values"]
            if value != "NaN"  # VictoriaMetrics shows the mark of the end as a value
        }
        assert found == pytest.approx(wanted, rel=1e-12)  # VictoriaMetrics keeps decimal figures
    end = start_s + LAST_S
    assert float(
        store.query('last_over_time(godyno_run_wall_seconds{capture="build"}[1m])', end + 1)[0]["value"][1]
    ) == pytest.approx(LAST_S)
    # The process ended after 5 s: nothing of it is left a second later, though nobody looked again.
    assert store.query("process_memory_usage_bytes", start_s + 4.95)
    assert not store.query("process_memory_usage_bytes", start_s + 7)


def every_panel_shows_something(store: Store, capture: Capture, start_s: float, tmp_path: Path) -> None:
    """Every query of the dashboard, as Grafana would ask it for a graph of 600 pixels."""
    Grafana().export(capture, str(tmp_path / "dashboard.json"))
    dashboard = json.loads((tmp_path / "dashboard.json").read_text())
    panels = [one for panel in dashboard["panels"] for one in (panel, *panel.get("panels", ()))]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    assert len(queries) >= 8
    for query in queries:
        real = (
            query.replace("$capture", "build")
            .replace("$__rate_interval", "4s")
            .replace("$__range", f"{LAST_S + 2}s")
        )
        found = store.query_range(real, start_s - 1, start_s + LAST_S + 1, 1)
        assert found and any(value != "NaN" for _, value in found[0]["values"]), f"{real} gives nothing"
    user = store.query_range(
        'rate(system_cpu_time_seconds_total{mode="user"}[4s:500ms])', start_s + 10, start_s + 20, 5
    )
    assert all(float(value) == pytest.approx(1.5, rel=0.02) for _, value in user[0]["values"])


@pytest.mark.integration
def test_prometheus_takes_a_backfill_at_the_right_times_and_fills_the_dashboard(
    capture: Capture, start_s: float, tmp_path: Path
) -> None:
    with prometheus(tmp_path) as store:
        lost = Prometheus().export(capture, f"{store.url}/api/v1/write")
        assert not any("refused" in sentence for sentence in lost)
        everything_is_there(store, capture, start_s)
        every_panel_shows_something(store, capture, start_s, tmp_path)
        assert store.get("/api/v1/label/capture/values") == ["build"]
        # Once more: what it has already is out of order for it, and that is said.
        again = Prometheus().export(capture, f"{store.url}/api/v1/write")
        assert any("refused by the server: out of order" in sentence for sentence in again)


@pytest.mark.integration
def test_victoriametrics_takes_a_backfill_at_the_right_times_and_fills_the_dashboard(
    capture: Capture, start_s: float, tmp_path: Path
) -> None:
    with victoria_metrics(tmp_path) as store:
        assert not any("refused" in one for one in Prometheus().export(capture, f"{store.url}/api/v1/write"))
        with urllib.request.urlopen(
            f"{store.url}/internal/force_flush", timeout=20
        ):  # else it shows within seconds
            pass
        everything_is_there(store, capture, start_s)
        every_panel_shows_something(store, capture, start_s, tmp_path)


@pytest.mark.integration
def test_what_prometheus_finds_too_old_is_said_with_what_to_do(recent: Path, tmp_path: Path) -> None:
    old = made(tmp_path / "old.dyno", time.time() - 8 * 3600)
    with prometheus(tmp_path) as store:
        with open_capture(recent) as capture:
            Prometheus().export(capture, f"{store.url}/api/v1/write")
        with open_capture(old) as capture, pytest.raises(EndpointError, match="out of bounds") as caught:
            Prometheus().export(capture, f"{store.url}/api/v1/write")
        assert "out_of_order_time_window" in caught.value.hint


@pytest.mark.integration
def test_a_real_prometheus_scrapes_a_recording_that_runs(tmp_path: Path) -> None:
    recording = subprocess.Popen(
        [sys.executable, "-m", "godyno", "record", "-o", str(tmp_path / "live.dyno"), "-q", "--", "sleep", "30"],
        cwd=tmp_path, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    made(tmp_path / "done.dyno", 1_700_000_000)
    exporter = subprocess.Popen(
        [sys.executable, "-m", "godyno", "exporter", str(tmp_path), "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert exporter.stderr is not None
        address = exporter.stderr.readline().split("http://")[1].split("/")[0]
        with prometheus(tmp_path, scrape=address) as store:
            deadline = time.monotonic() + 25
            first: list[Any] = []
            while time.monotonic() < deadline:
                first = store.query('system_cpu_time_seconds_total{capture="live",mode="user"}', time.time())
                done = store.query('godyno_run_wall_seconds{capture="done"}', time.time())
                if first and done:
                    break
                time.sleep(0.3)
            assert first and float(done[0]["value"][1]) == pytest.approx(LAST_S)
            assert store.query('godyno_captures{state="recording"} == 1', time.time())
            while time.monotonic() < deadline + 10:
                later = store.query(
                    f'system_cpu_time_seconds_total{{capture="live",mode="user"}} > {first[0]["value"][1]}',
                    time.time(),
                )
                if later:
                    break
                time.sleep(0.3)
            assert later, "the value does not go on"
            assert store.query("up", time.time())[0]["value"][1] == "1"
    finally:
        exporter.terminate()
        recording.terminate()
        recording.wait(60)
        assert exporter.wait(20) == 0
        assert exporter.stderr is not None
        exporter.stderr.close()
