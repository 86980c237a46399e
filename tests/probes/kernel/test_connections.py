"""Where connections go: records of the kernel as bytes, and for real."""

from __future__ import annotations

import ipaddress
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import open_capture
from godyno.probes.kernel.connections import opened
from godyno.probes.kernel.perf_records import Sample, read_meta, read_records

SYN_SENT, CLOSED, ESTABLISHED = 2, 7, 1


def record(
    old: int = CLOSED, new: int = SYN_SENT, to: str = "192.0.2.7", port: int = 443, protocol: int = 6
) -> bytes:
    address = ipaddress.ip_address(to)
    four = address.packed if address.version == 4 else bytes(4)
    six = address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + four
    family = 2 if address.version == 4 else 10
    return struct.pack(
        "<16xiiHHHH4s4s16s16s", old, new, 40000, port, family, protocol, bytes(4), four, bytes(16), six
    )


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (record(), "192.0.2.7:443"),
        (record(to="2001:db8::5", port=80), "[2001:db8::5]:80"),
        (record(to="::ffff:192.0.2.9"), "192.0.2.9:443"),
        (record(protocol=262), "192.0.2.7:443"),
        (record(old=SYN_SENT, new=ESTABLISHED), ""),
        (record(protocol=0x0A06), ""),  # of a kernel whose records are laid out otherwise
        (record()[:40], ""),
        (b"", ""),
    ],
)
def test_only_the_opening_of_a_connection_tells_its_address(raw: bytes, address: str) -> None:
    assert opened(raw) == address


@pytest.mark.integration
def test_the_kernel_tells_of_each_opening_and_of_no_other_change(tmp_path: Path, godyno: Any) -> None:
    program = (
        "import socket\n"
        "listener = socket.create_server(('127.0.0.1', 0), backlog=64)\n"
        "kept = [socket.create_connection(listener.getsockname()) for _ in range(50)]\n"
    )
    done = godyno("record", "-q", "--level", "deep", "-o", "c.dyno", "--", sys.executable, "-c", program)
    assert done.code == 0, done.err
    with open_capture(tmp_path / "c.dyno") as capture:
        entry = capture.manifest.probe("connections")
        if entry is None or not entry.availability or "opened" not in entry.notes:
            pytest.skip("connections cannot be watched here")
        assert entry.notes["opened"] == 50
    raw = tmp_path / "c.dyno" / "raw" / "connections"
    meta = read_meta(raw)
    assert meta and sum(isinstance(one, Sample) for one in read_records(raw, meta)) == 50
