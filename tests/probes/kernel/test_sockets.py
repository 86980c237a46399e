"""Whom a process asks and where it listens, by the kernel's own tables."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import open_capture
from godyno.clock import now_ns
from godyno.probes.kernel.sockets import FILE, Socket, Sockets, read_table, sorted_out

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 12 1 0 20 4 30 10 -1
   2: 0100007F:C351 0200000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0 20 4 30 10 -1
"""
UNIX = """Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01    21 /run/house with spaces.sock
0000000000000000: 00000003 00000000 00000000 0001 03    22 /run/house with spaces.sock
0000000000000000: 00000003 00000000 00000000 0001 03    23
"""


def test_who_accepts_at_a_port_where_it_listens_asks_nobody() -> None:
    listens, accepted, asks = read_table("tcp", TCP)
    assert (listens.local, accepted.remote, asks.remote) == (
        "127.0.0.1:8080",
        "127.0.0.1:50000",
        "10.0.0.2:443",
    )
    assert sorted_out([listens, accepted]) == ([listens], [])
    assert sorted_out([accepted], ["127.0.0.1:8080"]) == ([], [])
    assert sorted_out([listens, accepted, asks]) == ([listens], [asks])


def test_a_socket_in_the_file_system_is_asked_by_who_has_no_path() -> None:
    listens, accepted, asks = read_table("unix", UNIX)
    assert listens.local == "/run/house with spaces.sock"
    assert sorted_out([listens, accepted, asks]) == ([listens], [asks])


@pytest.mark.parametrize(
    ("port", "state", "told"), [(514, "07", (1, 0)), (45000, "07", (0, 0)), (45000, "01", (0, 1))]
)
def test_datagrams_are_listened_for_at_a_port_that_somebody_chose(
    port: int, state: str, told: tuple[int, int]
) -> None:
    one = Socket("udp", 1, state, f"0.0.0.0:{port}", "10.0.0.2:53")
    listens, asks = sorted_out([one])
    assert (len(listens), len(asks)) == told


@given(st.sampled_from(["tcp", "tcp6", "udp", "unix"]), st.text(max_size=400))
def test_whatever_a_table_holds_is_read(family: str, text: str) -> None:
    sorted_out(list(read_table(family, "head\n" + text)))


def test_rows_that_are_none_are_passed_over(tmp_path: Path) -> None:
    rows = [
        [5, 1, "listen", "[::]:80"],
        [5, 1, "dance", "x"],
        [6, 1, "sent", 7],
        [6, 1, "sent", "x"],
        ["a", 1, "ask", "x"],
        [-1, 1, "ask", "x"],
        7,
        [1],
    ]
    (tmp_path / FILE).write_text("\n".join(map(json.dumps, rows)) + "\n{")
    told: list[tuple[Any, ...]] = []

    class Sink:
        def event(self, *event: Any) -> None:
            told.append(event)

    Sockets().decode(tmp_path, Sink(), {})  # type: ignore[arg-type]
    assert told == [
        (5, "socket", "1", "listen", 1, 0, {"address": "[::]:80"}),
        (6, "socket", "1", "sent", 1, 0, {"segments": 7}),
    ]


@pytest.mark.integration
def test_a_program_that_listens_and_asks_is_seen_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = (
            "import socket, sys, time; one = socket.create_server(('127.0.0.1', 0)); print(one.getsockname()[1], flush=True); "
            f"two = socket.create_connection(('127.0.0.1', {server.getsockname()[1]})); [(two.send(b'x'), time.sleep(0.3)) for _ in '12']; "
            "time.sleep(2.4)"  # a look that takes 5 ms is followed by the next 2.5 s later
        )
        out = tmp_path / "run.dyno"
        done = subprocess.run(
            [sys.executable, "-m", "godyno", "record", "-q", "--level", "standard", "-o", out, "--", sys.executable, "-c", program],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        with open_capture(out) as capture:
            rows = capture.sql(
                "SELECT name, args->>'address' AS address, args->>'segments' AS sent FROM events WHERE layer = 'socket'"
            ).to_pylist()
        assert max(int(row["sent"]) for row in rows if row["name"] == "sent") in (1, 2)
        assert {(row["name"], row["address"]) for row in rows if row["address"]} == {
            ("listen", f"127.0.0.1:{done.stdout.strip()}"), ("ask", f"127.0.0.1:{server.getsockname()[1]}"),
        }  # fmt: skip


def test_looks_become_rarer_and_cost_no_more_than_their_share() -> None:
    probe, later = Sockets(period_s=1.0, share=0.002), []

    class Loop:
        def after(self, seconds: float, call: Any) -> None:
            later.append(seconds)

    class Target:
        loop = Loop()

        def pids(self) -> list[int]:
            return []

    probe.target, probe.told, probe.sent, probe.looks, probe.cpu_ns = Target(), {}, {}, 0, 0  # type: ignore[assignment]
    probe.pause_s, probe.stopped, probe.began_ns = 0.02, False, now_ns()
    began = time.monotonic()
    for _ in range(8):
        probe._look()
    assert later[0] >= 0.04 and later[-1] >= 1.0 and time.monotonic() - began < 5
    probe.cpu_ns = 50_000_000  # of which 30 ms are free; the rest is paid for by 0.2 % of a CPU
    probe._look()
    assert 9 < later[-1] < 11
