"""System calls from their enters and exits; block requests; strace's arguments."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.formats.syscall_names import syscall_name
from godyno.probes.kernel.strace_args import StraceArgs, redacted
from godyno.probes.kernel.syscall_calls import ENTER, EXIT, GONE, LOST, ROW, Calls
from godyno.testing import FakeSink


@pytest.mark.parametrize(
    ("number", "machine", "name"),
    [(0, "x86_64", "read"), (202, "x86_64", "futex"), (334, "x86_64", "rseq"), (435, "x86_64", "clone3"),
     (63, "aarch64", "read"), (98, "aarch64", "futex"), (221, "riscv64", "execve"), (435, "aarch64", "clone3"),
     (335, "x86_64", "syscall_335"), (0, "s390x", "syscall_0"), (-1, "x86_64", "syscall_-1")],
)  # fmt: skip
def test_numbers_have_the_kernels_names(number: int, machine: str, name: str) -> None:
    assert syscall_name(number, machine) == name


def taken(calls: Calls, *rows: tuple[int, ...]) -> None:
    """Lets ``calls`` take rows of (what, t_ns, pid, tid, number, value)."""
    calls.take(np.array(list(rows), ROW))


def test_long_calls_become_spans_and_all_are_counted(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    calls = Calls(sink, "x86_64", 100)
    taken(
        calls,
        (EXIT, 5, 7, 8, 0, 0),  # its enter was before the recording
        (ENTER, 10, 7, 8, 1, -1),
        (EXIT, 50, 7, 8, 1, 3),
        (ENTER, 60, 7, 8, 1, -1),
        (ENTER, 70, 7, 9, 0, -1),
        (EXIT, 260, 7, 8, 1, -32),
    )
    calls.finish(1000)
    assert [
        (one["name"], one["tid"], one["t_start_ns"], one["t_end_ns"], one["args"]) for one in sink.spans
    ] == [
        ("read", 9, 70, 1000, {"unfinished": True}),
        ("write", 8, 60, 260, {"error": 32}),
    ]
    assert sink.values("process.syscall.count", call="write")[-1] == 2
    assert sink.values("process.syscall.time", call="write")[-1] == pytest.approx(240e-9)


def test_a_call_in_which_its_thread_ended_or_of_which_the_number_changed_is_not_told(tmp_path: Path) -> None:
    sink = FakeSink(tmp_path)
    calls = Calls(sink, "x86_64", 0)
    taken(
        calls,
        (ENTER, 10, 7, 8, 231, 0),
        (GONE, 20, 0, 8, 0, 0),
        (ENTER, 30, 7, 9, 1, 4),
        (EXIT, 40, 7, 9, 0, 0),
    )
    taken(calls, (EXIT, 50, 7, 8, 231, 0), (EXIT, 60, 7, 9, 1, 0), (LOST, 70, 0, 0, 0, 12))
    calls.finish(1000)
    assert not sink.spans and not calls.total and calls.lost == 12


@given(
    st.lists(
        st.tuples(st.sampled_from([8, 9]), st.booleans(), st.integers(0, 4), st.integers(1, 99)), max_size=80
    ),
    st.integers(1, 80),
)
def test_any_order_of_enters_and_exits_gives_counts_that_only_grow_however_they_are_cut(
    tmp_path_factory: Any, steps: list[tuple[int, bool, int, int]], at_once: int
) -> None:
    rows, t_ns = [], 0
    for tid, enter, number, step in steps:
        t_ns += step * 3_000_000
        rows.append((ENTER if enter else EXIT, t_ns, 7, tid, number, 0))
    sinks = []
    for many in (at_once, len(rows) + 1):
        sinks.append(sink := FakeSink(tmp_path_factory.mktemp("calls")))
        calls = Calls(sink, "x86_64", 0, most_spans=5)
        for first in range(0, len(rows), many):
            taken(calls, *rows[first : first + many])
        calls.finish(t_ns)
    for name in {dict(key[3])["call"] for key in sink.declared}:
        values = sink.values("process.syscall.count", call=name)
        assert values == sorted(values)
    assert all(span["t_end_ns"] >= span["t_start_ns"] for span in sink.spans)
    assert sinks[0].spans == sinks[1].spans
    assert sorted(sinks[0].points) == sorted(sinks[1].points)


def test_what_looks_like_a_secret_in_an_argument_is_not_kept() -> None:
    assert redacted('"/bin/tool", ["tool", "--token", "hunter2hunter2"], NULL').count("hunter2") == 0
    assert redacted('AT_FDCWD, "/etc/passwd", O_RDONLY') == 'AT_FDCWD, "/etc/passwd", O_RDONLY'
    assert redacted("3, {sa_family=AF_INET}, 16") == "3, {sa_family=AF_INET}, 16"


def test_calls_are_narrowed_to_what_was_asked_for(tmp_path: Path) -> None:
    from godyno.errors import UsageError
    from godyno.model import Workload

    workload = Workload(("go", "build"))
    assert StraceArgs(calls=()).prepare(workload, tmp_path) == workload
    prepared = StraceArgs(calls=("openat", "%network")).prepare(workload, tmp_path)
    if prepared == workload:
        pytest.skip("strace is not installed, or may not be used here")
    assert "trace=openat,%network" in prepared.argv
    assert prepared.argv[-3:] == ("--", "go", "build")
    with pytest.raises(UsageError, match="no system call"):
        StraceArgs(calls=("openat;rm -rf",)).prepare(workload, tmp_path)


def test_a_block_requests_operation_is_found_before_and_after_linux_6_6() -> None:
    from godyno.probes.kernel.block_io import _kind, _operation

    head = bytes(32)
    assert _operation(head + b"WSM\0\0\0\0\0" + bytes(20)) == "WSM"
    assert _operation(head + struct.pack("<H", 0x4004) + b"RA\0\0\0\0\0\0" + bytes(20)) == "RA"
    assert _operation(bytes(40)) == ""
    assert [_kind(text) for text in ("WSM", "RA", "DS", "F", "")] == [
        "write",
        "read",
        "discard",
        "flush",
        "other",
    ]
