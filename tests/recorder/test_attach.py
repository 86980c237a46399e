"""``godyno attach``: what already runs is recorded, and never touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import godyno as api
from godyno.capture.reader import open_capture
from godyno.machine.cgroups import Group

BUSY = "import threading, time\n" + (
    "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    "print('ready', flush=True)\n"
    "end = time.time() + 60\n"
    "while time.time() < end: sum(range(1000))\n"
)

pytestmark = pytest.mark.integration


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_running_process_is_watched_for_the_time_asked_for_and_runs_on(
    busy: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    recording = api.attach(busy.pid, for_s=1.0, out=tmp_path / "a")
    assert busy.poll() is None
    assert recording.result.exit_code == 0
    assert 1.0 <= recording.result.wall_s < 2.0
    with open_capture(recording.capture) as capture:
        (process,) = capture.sql("SELECT * FROM spans WHERE layer = 'process'").to_pylist()
        assert process["pid"] == busy.pid
        assert json.loads(process["args"])["began_before"]
        entry = capture.manifest.probe("scheduler")
        assert entry is not None
        if not entry.availability:
            pytest.skip(entry.availability.reason)
        threads = capture.sql("SELECT * FROM spans WHERE layer = 'thread'").to_pylist()
        assert len(threads) == 2
        args = [json.loads(thread["args"]) for thread in threads]
        assert (
            max(one["sleeping_s"] for one in args) > 0.9
        )  # the thread that sleeps is there, though it never switched
        result = recording.result
        (row,) = capture.sql(
            f"SELECT sum(least(t_end_ns, {result.t_end_ns}) - greatest(t_start_ns, {result.t_start_ns})) * 1e-9 AS s "
            f"FROM spans WHERE layer = 'thread_state' AND name = 'running' AND t_end_ns > {result.t_start_ns} "
            f"AND t_start_ns < {result.t_end_ns}"
        ).to_pylist()
        assert row["s"] == pytest.approx(result.user_s + result.system_s, rel=0.05, abs=0.05)
        entry = capture.manifest.probe("cpu_samples")
        assert entry is not None
        assert entry.notes["missing_share"] < 0.2
        assert not [warning for warning in capture.manifest.warnings if "outlived" in warning]


def test_ctrl_c_ends_the_recording_and_not_the_target(busy: subprocess.Popen[bytes], tmp_path: Path) -> None:
    attaching = subprocess.Popen(
        [sys.executable, "-m", "godyno", "attach", "--level", "light", "-o", "c", str(busy.pid)],
        cwd=tmp_path, stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (tmp_path / "c.dyno" / "raw" / "processes").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    attaching.send_signal(signal.SIGINT)
    _, said = attaching.communicate(timeout=60)
    assert attaching.returncode == 0, said
    assert b"Traceback" not in said
    assert busy.poll() is None
    with open_capture(tmp_path / "c.dyno") as capture:
        assert capture.manifest.state == "sealed"
        assert capture.manifest.notes["ended_by"] == "SIGINT"


def test_it_ends_when_the_last_process_ends(tmp_path: Path) -> None:
    process = subprocess.Popen(["sleep", "1.5"])
    attaching = subprocess.Popen(
        [sys.executable, "-m", "godyno", "attach", "--level", "light", "-q", "-o", "e", str(process.pid)],
        cwd=tmp_path,
    )
    process.wait()
    assert attaching.wait(timeout=60) == 0
    with open_capture(tmp_path / "e.dyno") as capture:
        assert capture.manifest.notes["ended_by"] == "the last process ended"


def test_children_that_come_later_are_seen(tmp_path: Path) -> None:
    script = "echo ready; i=0; while [ $i -lt 200 ]; do sleep 0.05; i=$((i+1)); done"
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        recording = api.attach(process.pid, for_s=1.0, out=tmp_path / "a", level="light")
    finally:
        process.kill()
        process.communicate()
    with open_capture(recording.capture) as capture:
        entry = capture.manifest.probe("processes")
        assert entry is not None
        if entry.notes["source"] != "perf":
            pytest.skip("perf_event_open is refused here")
        (row,) = capture.sql(
            "SELECT count(*) AS n FROM spans WHERE layer = 'process' AND name = 'sleep'"
        ).to_pylist()
        assert row["n"] >= 3


def test_a_cgroup_is_watched_whole_and_left_as_it_was(tmp_path: Path) -> None:
    group, missing = Group.create("attach-test")
    if group is None or "unified" not in group.paths:
        if group:
            group.release()
        pytest.skip(f"no cgroup of version 2 can be made here: {missing}")
    processes = [subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
            group.add(process.pid)
        before = sorted(os.listdir(group.paths["unified"]))  # noqa: PTH208
        recording = api.attach(cgroup=group.paths["unified"], for_s=1.0, out=tmp_path / "g")
        assert all(process.poll() is None for process in processes)
        assert sorted(group.pids()) == sorted(process.pid for process in processes)
        assert sorted(os.listdir(group.paths["unified"])) == before  # noqa: PTH208
        with open_capture(recording.capture) as capture:
            seen = {
                row["pid"]
                for row in capture.sql("SELECT DISTINCT pid FROM spans WHERE layer = 'process'").to_pylist()
            }
            assert seen == {process.pid for process in processes}
            entry = capture.manifest.probe("cpu_samples")
            assert entry is not None
            if entry.availability:
                assert entry.notes["scope"] == "cgroup"
                assert entry.notes["missing_share"] < 0.4  # a busy machine takes samples; how many is told
    finally:
        for process in processes:
            process.kill()
            process.communicate()
        group.release()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["999999999"], 64, b"no process"),
        ([], 64, b"one thing to attach to"),
        (["--cgroup", "/no/such/cgroup"], 64, b"is no cgroup"),
        (["--for", "soon", "1"], 64, b"soon"),
    ],
)
def test_what_cannot_be_attached_to_is_told(
    godyno: Any, tmp_path: Path, words: list[str], code: int, said: bytes
) -> None:
    ran = godyno("attach", *words)
    assert ran.code == code
    assert said in ran.err
    assert b"Traceback" not in ran.err
    assert list(tmp_path.glob("*.dyno")) == []
