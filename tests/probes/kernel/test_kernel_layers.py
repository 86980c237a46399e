"""The kernel's layers on real Go programs: shares, states, calls and faults that are known beforehand."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.errors import GodynoError
from godyno.recorder import Recording, record
from godyno.toolchain.versions import fetch

PROGRAMS = Path(__file__).parents[2] / "data" / "programs"
VERSIONS = ("1.21.13", "1.27.3")

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Builds a program of the tests' own once for a version and flags: ``built("shares", "1.27.3", "-s -w")``."""
    scratch = tmp_path_factory.mktemp("programs")

    @cache
    def build(name: str, version: str, ldflags: str = "") -> Path:
        try:
            go = fetch(version)
        except GodynoError as error:
            pytest.skip(f"Go {version} cannot be had: {error}")
        out = scratch / f"{name}-{version}-{len(ldflags)}"
        env = {
            **os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "CGO_ENABLED": "0",
            "GOCACHE": str(scratch / "gocache"), "GOROOT": str(go.goroot),
        }  # fmt: skip
        subprocess.run(
            [go.path, "build", f"-ldflags={ldflags}", "-o", str(out), "."],
            cwd=PROGRAMS / name,
            env=env,
            check=True,
        )
        return out

    yield build
    shutil.rmtree(scratch, ignore_errors=True)


def probed(recording: Recording, name: str) -> Capture:
    """The capture, if ``name`` could watch here."""
    capture = open_capture(recording.capture)
    entry = capture.manifest.probe(name)
    assert entry is not None
    if not entry.availability:
        capture.close()
        pytest.skip(f"{name}: {entry.availability.reason}")
    return capture


def rows(capture: Capture, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = capture.sql(sql).to_pylist()
    return found


def spans(capture: Capture, layer: str) -> list[dict[str, Any]]:
    return [
        {**row, **json.loads(row["args"] or "{}")}
        for row in rows(capture, f"SELECT * FROM spans WHERE layer = '{layer}' ORDER BY t_start_ns")
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("ldflags", ["", "-s -w"])
def test_shares_of_a_known_loop_are_right_and_named_down_to_inlined_frames(
    built: Any, tmp_path: Path, version: str, ldflags: str
) -> None:
    from scipy.stats import chisquare

    program = built("shares", version, ldflags)
    recording = record([str(program), "-for", "1500ms"], tmp_path / "c", level="standard")
    with probed(recording, "cpu_samples") as capture:
        counts = {
            row["function"]: row["n"]
            for row in rows(
                capture,
                "SELECT function, count(*) AS n FROM stacks JOIN frames USING (stack_id) "
                "WHERE layer = 'cpu' AND function IN ('main.six', 'main.three', 'main.one') GROUP BY ALL",
            )
        }
        said, _ = rows(capture, "SELECT text FROM lines ORDER BY t_ns")
        spent = dict(
            zip(("main.six", "main.three", "main.one"), map(float, said["text"].split()), strict=True)
        )
        seen, total = sum(counts.values()), sum(spent.values())
        expected = [seen * spent[name] / total for name in spent]
        assert chisquare([counts.get(name, 0) for name in spent], expected).pvalue > 1e-4
        inlined = rows(
            capture,
            "SELECT a.function, a.file, a.line FROM frames a JOIN frames b USING (stack_id) WHERE a.function = 'main.spin' "
            "AND b.function = 'main.six' AND b.depth = a.depth + 1",
        )
        source = (PROGRAMS / "shares" / "main.go").read_text().splitlines()
        assert inlined and all(row["file"].endswith("main.go") for row in inlined)
        assert {source[row["line"] - 1].strip() for row in inlined} <= {
            "for i := uint64(0); i < n; i++ {", "sink = sink*6364136223846793005 + i",
        }  # fmt: skip
        entry = capture.manifest.probe("cpu_samples")
        assert entry is not None
        hz, notes = entry.notes["hz"], entry.notes
        used_s = recording.result.user_s + recording.result.system_s
        assert notes["samples"] == pytest.approx(used_s * hz, rel=0.05, abs=5)
        assert "missing" not in " ".join(capture.manifest.warnings)


@pytest.mark.parametrize("version", VERSIONS)
def test_running_waiting_and_sleeping_add_up_to_wall_and_agree_with_the_kernels_accounting(
    built: Any, tmp_path: Path, version: str
) -> None:
    program = built("shares", version)
    recording = record([str(program), "-for", "800ms"], tmp_path / "c", level="standard")
    with probed(recording, "scheduler") as capture:
        threads, (process,) = spans(capture, "thread"), spans(capture, "process")
        assert len(threads) == process["threads_max"] or len(threads) >= 3
        for thread in threads:
            wall_s = (thread["t_end_ns"] - thread["t_start_ns"]) * 1e-9
            parts_s = thread["running_s"] + thread["runnable_s"] + thread["sleeping_s"]
            assert parts_s == pytest.approx(wall_s, rel=0.02, abs=1e-6)
        running_s = sum(thread["running_s"] for thread in threads)
        assert running_s == pytest.approx(
            recording.result.user_s + recording.result.system_s, rel=0.03, abs=0.01
        )
        (main,) = [thread for thread in threads if thread["tid"] == process["pid"]]
        # The thread was there, held, before the process began with its exec; both end together.
        process_ns = process["t_end_ns"] - process["t_start_ns"]
        assert main["t_start_ns"] <= process["t_start_ns"]
        assert main["t_end_ns"] == pytest.approx(process["t_end_ns"], rel=0, abs=0.02 * process_ns)
        if process["source"] == "taskstats":
            assert running_s == pytest.approx(process["cpu_s"], rel=0.02, abs=0.005)
        entry = capture.manifest.probe("scheduler")
        assert entry is not None
        if "wakeups" in entry.notes:
            return  # part of the waiting is counted as sleep, and said
        _, said = rows(capture, "SELECT text FROM lines ORDER BY t_ns")
        begin, ran_before, waited_before, end, ran_after, waited_after = map(int, said["text"].split())
        ours = {"running": 0, "runnable": 0, "sleeping": 0}
        for span in spans(capture, "thread_state"):
            if span["tid"] == main["tid"]:
                ours[span["name"]] += max(0, min(end, span["t_end_ns"]) - max(begin, span["t_start_ns"]))
        assert sum(ours.values()) == pytest.approx(end - begin, rel=0.001)
        # The kernel's own accounting; it differs by 2 µs a switch, and by a tick for a thread that runs.
        wall_ns = end - begin
        assert ours["running"] == pytest.approx(ran_after - ran_before, abs=0.02 * wall_ns + 4e6)
        assert ours["runnable"] == pytest.approx(waited_after - waited_before, abs=0.02 * wall_ns)


def test_known_calls_sleeps_and_faults_are_counted(built: Any, tmp_path: Path) -> None:
    program = built("calls", "1.27.3")
    recording = record([str(program)], tmp_path / "c", level="deep")
    with probed(recording, "syscalls") as capture:
        last = {
            (json.loads(row["labels"])["call"], row["name"]): row["most"]
            for row in rows(
                capture,
                "SELECT name, labels, max(value) AS most FROM points JOIN series USING (series_id) "
                "WHERE layer = 'syscall' GROUP BY ALL",
            )
        }
        assert 500 <= last[("write", "process.syscall.count")] <= 520
        naps = [span for span in spans(capture, "syscall") if span["name"] == "nanosleep"]
        long = [span for span in naps if span["t_end_ns"] - span["t_start_ns"] >= 60_000_000]
        assert len(long) == 5
        asleep = [
            span
            for span in spans(capture, "thread_state")
            if span["name"] == "sleeping" and span["tid"] == long[0]["tid"]
            and any(nap["t_start_ns"] <= span["t_start_ns"] and span["t_end_ns"] <= nap["t_end_ns"] for nap in long)
        ]  # fmt: skip
        slept_s = sum(span["t_end_ns"] - span["t_start_ns"] for span in asleep) * 1e-9
        assert slept_s >= 0.28
    with probed(recording, "page_faults") as capture:
        (touched,) = rows(
            capture,
            "SELECT sum(weight) AS n FROM stacks JOIN frames USING (stack_id) WHERE layer = 'minor_fault' "
            "AND function = 'main.touch'",
        )
        assert touched["n"] == pytest.approx((64 << 20) / 4096, rel=0.02)
        assert rows(capture, "SELECT 1 FROM stacks JOIN frames USING (stack_id) WHERE layer = 'off_cpu' "
                             "AND function = 'main.main'")  # fmt: skip


def test_a_program_that_go_run_deletes_is_named_all_the_same(built: Any, tmp_path: Path) -> None:
    built("shares", "1.27.3")
    go = fetch("1.27.3")
    command = ["sh", "-c", f"cp {built('shares', '1.27.3')} ./p && ./p -for 300ms; rm p"]
    assert go.path
    (tmp_path / "w").mkdir()
    from godyno.model import Workload

    recording = record(Workload(tuple(command), str(tmp_path / "w")), tmp_path / "c", level="standard")
    with probed(recording, "cpu_samples") as capture:
        assert rows(capture, "SELECT 1 FROM frames WHERE function = 'main.six' LIMIT 1")
        assert not (capture.directory / "raw" / "cpu_samples" / "binaries").exists()


def test_arguments_of_chosen_calls_are_kept_and_the_exit_status_is_the_commands(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    recording = record(
        ["sh", "-c", "cat /etc/hostname /does/not/exist; exit 3"], tmp_path / "c", args=["openat"]
    )
    assert recording.result.exit_code == 3
    with probed(recording, "strace_args") as capture:
        found = spans(capture, "syscall_args")
        assert {span["name"] for span in found} == {"openat"}
        (missing,) = [span for span in found if "/does/not/exist" in span["args"]]
        assert missing["error"] == "ENOENT"
        result = recording.result
        assert all(
            result.t_start_ns - 10**6 <= span["t_start_ns"] <= result.t_end_ns + 10**6 for span in found
        )


def test_a_call_that_strace_does_not_know_is_refused_before_anything_runs(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    with pytest.raises(GodynoError, match="nosuch"):
        record(["touch", str(tmp_path / "ran")], tmp_path / "no.dyno", args=["nosuch"])
    assert not (tmp_path / "ran").exists() and not (tmp_path / "no.dyno").exists()


def test_what_a_machine_cannot_count_is_named_with_its_reason(tmp_path: Path) -> None:
    recording = record(["sleep", "0.3"], tmp_path / "c", level="standard")
    with probed(recording, "counters") as capture:
        entry = capture.manifest.probe("counters")
        assert entry is not None
        counted = {row["name"] for row in rows(capture, "SELECT name FROM series WHERE layer = 'perf'")}
        missing = entry.notes.get("not_supported", {})
        assert "perf.task_clock" in counted
        assert counted | set(missing) >= {"perf.cycles", "perf.instructions"}
        assert all(missing.values())


_PING = """
import os, time
out, into = os.pipe()
if os.fork() == 0:
    os.close(into)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    while os.read(out, 1):
        pass
    os._exit(0)
os.close(out)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
for _ in range(100):
    time.sleep(0.004)
    os.write(into, b"x")
os.close(into)
os.wait()
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two CPUs")
def test_who_woke_a_thread_on_an_idle_cpu_is_seen(tmp_path: Path) -> None:
    """The kernel wakes it in nobody's name, on the CPU that it will run on; who asked for that is what counts."""
    recording = record([sys.executable, "-c", _PING], tmp_path / "c.dyno", level="standard")
    with probed(recording, "scheduler") as capture:
        if capture.manifest.probe("scheduler").notes.get("wakeups"):
            pytest.skip("no tracepoints here")
        states = spans(capture, "thread_state")
    reader = max({row["pid"] for row in states})
    of_reader = [row for row in states if row["pid"] == reader]
    after = [
        b
        for a, b in itertools.pairwise(of_reader)
        if a["name"] == "sleeping" and a["t_end_ns"] - a["t_start_ns"] > 2_000_000
    ]
    told = [row for row in after if row["name"] == "runnable" and row.get("waker") not in (None, 0, reader)]
    assert len(after) > 80
    assert len(told) >= 0.95 * len(after)
