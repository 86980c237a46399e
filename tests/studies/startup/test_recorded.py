"""A start is recorded until it is ready: with its milestones in every form a program can have, and nothing is left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from godyno.capture.reader import open_capture
from godyno.probes.kernel.milestones import listening, milestones_of
from godyno.studies.startup.listening import Listening
from godyno.studies.startup.recorded import record_start
from godyno.studies.startup.watching import READY
from godyno.toolchain.find import find_go
from godyno.workload.limited import Limits
from godyno.workload.ready import ready_of

_MAIN = """package main

import (
	"net"
	"time"

	"example.com/m/table"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	println(listener.Addr().String(), table.Entries["a"])
	time.Sleep(time.Minute)
}
"""
_TABLE = """package table

var Entries = map[string]int{}

func init() { Entries["a"] = 1 }
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("module")
    (place / "table").mkdir()
    (place / "go.mod").write_text("module example.com/m\n\ngo 1.22\n")
    (place / "main.go").write_text(_MAIN)
    (place / "table/table.go").write_text(_TABLE)
    return place


def _build(module: Path, *flags: str, cgo: str = "0") -> Path:
    subprocess.run(
        [find_go().path, "build", *flags, "-o", "program", "."],
        cwd=module,
        check=True,
        env={**os.environ, "CGO_ENABLED": cgo, "GOFLAGS": ""},
    )
    return module / "program"


def test_what_begins_to_listen_is_read_out_of_the_kernels_record() -> None:
    record = bytearray(72)
    record[16:24] = (7).to_bytes(4, "little") + (10).to_bytes(4, "little")
    record[24:26], record[28:30] = (8080).to_bytes(2, "little"), (2).to_bytes(2, "little")
    record[32:36] = bytes((127, 0, 0, 1))
    assert listening(bytes(record)) == ("127.0.0.1", 8080)
    record[20:24] = (7).to_bytes(4, "little")
    assert listening(bytes(record)) is None
    assert listening(b"short") is None


def test_what_is_no_program_has_no_milestones_and_says_why(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nexit 0\n")
    assert milestones_of(script) == ({}, "Not an ELF file")
    assert milestones_of(tmp_path / "gone")[1]


@pytest.mark.integration
@pytest.mark.skipif(os.geteuid() != 0, reason="uprobes need root")
@pytest.mark.parametrize(
    "flags", [("-trimpath",), ("-ldflags=-s -w", "-buildmode=pie")], ids=["static", "stripped PIE"]
)
def test_the_milestones_of_any_form_of_a_go_program_are_seen(
    module: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    program = _build(module, *flags, cgo="1" if "-buildmode=pie" in flags else "0")
    places, why = milestones_of(program)
    assert not why and {"entry", "runtime", "init", "main"} <= set(places)
    watch = Listening()
    try:
        found = record_start(
            [str(program)],
            ready_of("listen"),
            30.0,
            tmp_path / "start.dyno",
            places=places,
            limits=Limits(),
            listening=watch,
        )
    finally:
        watch.close()
    assert found.start.outcome == READY
    with open_capture(found.recording.capture) as capture:
        rows = capture.sql(
            "SELECT t_ns, name, args FROM events WHERE layer = 'start' ORDER BY t_ns"
        ).to_pylist()
    names = [row["name"] for row in rows]
    assert names.index("runtime") < names.index("init") < names.index("main") < names.index("listen")
    assert any("example.com/m/table" in row["args"] for row in rows)
    told = next(row["t_ns"] for row in rows if row["name"] == "listen")
    assert abs(told - found.start.t_ready_ns) < 1_000_000  # the two saw the same


@pytest.mark.integration
@pytest.mark.skipif(os.geteuid() != 0, reason="recording every system call needs root")
def test_kill_9_of_who_records_ends_the_recorder_and_the_program(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from godyno.studies.startup.recorded import record_start
from godyno.workload.limited import Limits
from godyno.workload.ready import ready_of
record_start(["/bin/sh", "-c", "echo $$ > {tmp_path}/pid; sleep 300"], ready_of("log:never"), 120.0, Path("{tmp_path}/x.dyno"),
             places={{}}, limits=Limits())
"""
    parent = subprocess.Popen([sys.executable, "-c", script])
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < deadline and parent.poll() is None
            time.sleep(0.05)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    pid, deadline = int((tmp_path / "pid").read_text()), time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
