"""``godyno startup`` as its user runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import GODYNO

from godyno.studies.survey.subject import REFERENCE
from godyno.toolchain.find import find_go

pytestmark = pytest.mark.integration

_SLOW = """package main

import (
	"fmt"
	"net"
	"time"

	"example.com/m/table"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("serving", listener.Addr(), table.Entries[1])
	time.Sleep(time.Minute)
}
"""
_TABLE = """package table

import "slices"

var Entries = build()

func build() []uint32 {
	out := make([]uint32, 1<<16)
	x := uint32(2463534242)
	for range 20 {
		for i := range out {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			out[i] = x
		}
		slices.Sort(out)
	}
	return out
}
"""


_WAITS = """package main

import (
	"net"
	"time"
)

func connect() { time.Sleep(120 * time.Millisecond) }

func main() {
	connect()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	listener.Accept()
}
"""


def test_a_command_that_ends_by_itself(godyno: Any) -> None:
    ran = godyno(
        "startup",
        "--ready",
        "exit",
        "--runs",
        "3",
        "--recorded",
        "0",
        "--no-try",
        "-q",
        "--json",
        "--",
        "sleep",
        "0.05",
    )
    assert ran.code == 0, ran.err
    (warm,) = ran.json["distributions"]
    assert len(warm["took_s"]) == 3 and min(warm["took_s"]) > 0.05
    assert any("is no Go program" in one for one in ran.json["missing"])


def test_a_gate_decides_the_exit_code(godyno: Any) -> None:
    usual = ("startup", "--ready", "exit", "--runs", "6", "--recorded", "0", "--no-try", "-q")
    assert godyno(*usual, "--gate", "median<1ms", "--", "sleep", "0.02").code == 1
    assert godyno(*usual, "--gate", "p95<20s", "--", "sleep", "0.02").code == 0


@pytest.mark.parametrize(
    ("args", "said", "code"),
    [
        (("--ready", "tcp:x", "--", "true"), b"tcp:8080", 64),
        (("--gate", "p95<500", "--", "true"), b"500", 64),
        (("--gate", "p95", "--", "true"), b"p95<500ms", 64),
        (("--no-such-option", "--", "true"), b"--no-such-option", 64),
        (("--runs", "0", "--", "true"), b"--runs 0", 64),
        (("-o", "x.pdf", "--", "true"), b".html or .md", 64),
        (("--ready", "exit", "--gate", "p95<1s", "--", "false"), b"exit code 1 before it was ready", 10),
        (
            ("--ready", "tcp:8", "--timeout", "0.3s", "--gate", "p95<1s", "--", "sleep", "9"),
            b"not ready within",
            10,
        ),
        (("--", "true"), b"--ready exit", 10),
        (("--", "no-such-command"), b"command not found", 127),
    ],
)
def test_what_cannot_be_judged_is_said_and_exits_as_no_gate_does(
    godyno: Any, args: tuple[str, ...], said: bytes, code: int
) -> None:
    ran = godyno("startup", "-q", *args)
    assert said in ran.err, ran.err
    assert ran.code == code
    assert b"Traceback" not in ran.err


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    argv = [
        *GODYNO,
        "startup",
        "--ready",
        "exit",
        "--runs",
        "500",
        "--recorded",
        "0",
        "--no-try",
        "--json",
        "--",
        "sleep",
        "0.05",
    ]
    running = subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stderr is not None
    while b"run 1 of" not in running.stderr.readline():  # it starts what counts
        assert running.poll() is None
    time.sleep(3.0)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    found = json.loads(out)
    assert found["ended"] == "interrupted" and found["distributions"][0]["took_s"]


@pytest.mark.skipif(os.geteuid() != 0, reason="recording every system call and setting uprobes needs root")
def test_a_slow_init_is_named_from_a_recording_and_all_adds_up(godyno: Any, tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.22\n")
    (tmp_path / "main.go").write_text(_SLOW)
    (tmp_path / "table/table.go").write_text(_TABLE)
    page = tmp_path / "out.html"
    ran = godyno(
        "startup", "--runs", "3", "--recorded", "1", "--no-try", "-q", "--json", "-o", str(page), "--capture", str(tmp_path / "kept.dyno"),
        "--", "go", "run", ".", timeout=240,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    (found,) = ran.json["waterfalls"]
    assert found["places"][0]["package"] == "example.com/m/table" and found["places"][0]["cause"] == "go"
    assert abs(found["sum_s"] - found["took_s"]) < 0.02 * found["took_s"]
    assert abs(sum(row["took_s"] for row in found["rows"]) - found["took_s"]) < 0.02 * found["took_s"]
    assert any(
        one["package"] == "example.com/m/table" and one["allocations"] >= 1 for one in ran.json["inits"]
    )
    assert "example.com/m/table" in ran.json["what_if"][0]["what"]
    assert "example.com/m/table" in page.read_text()
    assert (tmp_path / "kept.dyno" / "manifest.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="recording every system call and setting uprobes needs root")
def test_a_sleep_before_ready_is_told_as_one_though_a_server_that_sleeps_later_is_idle(
    godyno: Any, tmp_path: Path
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/waits\n\ngo 1.22\n")
    (tmp_path / "main.go").write_text(_WAITS)
    ran = godyno(
        "startup",
        "--runs",
        "2",
        "--recorded",
        "1",
        "--no-try",
        "-q",
        "--json",
        "--",
        "go",
        "run",
        ".",
        timeout=240,
    )
    assert ran.code == 0, ran.err
    (found,) = ran.json["waterfalls"]
    assert (found["places"][0]["function"], found["places"][0]["cause"]) == ("main.connect", "sleep")
    assert not any(cause["state"] == "idle" for cause in found["causes"])


def test_the_reference_service_is_asked_over_grpc(godyno: Any, tmp_path: Path) -> None:
    pytest.importorskip("h2")
    program = tmp_path / "links"
    subprocess.run(
        [find_go().path, "build", "-mod=mod", "-o", str(program), "."],
        cwd=shutil.copytree(REFERENCE / "service", tmp_path / "service"), env={**os.environ, "GOFLAGS": ""}, check=True,
    )  # fmt: skip
    ran = godyno(
        "startup", "--ready", "grpc:18099", "--runs", "2", "--recorded", "0", "--no-try", "-q", "--json", "--", str(program), "-grpc",
        "127.0.0.1:18099",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.json["distributions"][0]["took_s"]
