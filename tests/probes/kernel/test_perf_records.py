"""Records of perf_event_open: what is whole is read, what is torn or hostile is passed over."""

from __future__ import annotations

import heapq
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_decoding import _merged
from godyno.probes.kernel.perf_records import (
    META,
    Life,
    Mapping_,
    Name,
    Sample,
    Switch,
    Trouble,
    read_meta,
    read_records,
)

CHAIN = pe.SAMPLE_IP | pe.SAMPLE_PERIOD | pe.SAMPLE_CALLCHAIN
TIMES = st.integers(0, 2**62)
IDS = st.integers(0, 2**31 - 1)


def meta_text(**changes: Any) -> str:
    events = [
        [7, "cpu", CHAIN | pe.Event("x").sample_type],
        [8, "point", pe.SAMPLE_RAW | pe.Event("x").sample_type],
    ]
    whole: dict[str, Any] = {
        "clock": "monotonic", "byte_order": "little", "scope": "tasks", "complete": True, "counts": {},
        "events": events, "settings": {},
    }  # fmt: skip
    return json.dumps({**whole, **changes})


def record(kind: int, body: bytes, misc: int = 0) -> bytes:
    body += b"\0" * (-len(body) % 8)
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


def trailer(pid: int, tid: int, t_ns: int) -> bytes:
    return struct.pack("<IIQQ", pid, tid, t_ns, 7)


def cpu_sample(t_ns: int, pid: int, tid: int, chain: list[int], period: int = 10_101_010) -> bytes:
    head = struct.pack("<QQIIQQ", 7, chain[0] if chain else 5, pid, tid, t_ns, period)
    return record(pe.RECORD_SAMPLE, head + struct.pack(f"<Q{len(chain)}Q", len(chain), *chain))


def raw_sample(t_ns: int, pid: int, tid: int, raw: bytes) -> bytes:
    raw += b"\0" * ((4 - len(raw)) % 8)
    return record(pe.RECORD_SAMPLE, struct.pack("<QIIQI", 8, pid, tid, t_ns, len(raw)) + raw)


def read(folder: Path, *cpus: bytes) -> list[Any]:
    (folder / META).write_text(meta_text())
    for number, data in enumerate(cpus):
        (folder / f"cpu{number}.records").write_bytes(data)
    meta = read_meta(folder)
    assert meta is not None
    return list(read_records(folder, meta))


def test_each_kind_of_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    data = b"".join(
        [
            cpu_sample(10, 3, 4, [0xFFFF_FFFF_FFFF_FE00, 0x401000, 0x402000]),
            raw_sample(11, 3, 4, b"abcdefgh" * 4),
            record(pe.RECORD_SWITCH, trailer(3, 4, 12), pe.MISC_SWITCH_OUT | pe.MISC_SWITCH_OUT_PREEMPTED),
            record(pe.RECORD_SWITCH, trailer(3, 4, 13)),
            record(pe.RECORD_FORK, struct.pack("<IIIIQ", 5, 3, 5, 4, 14) + trailer(3, 4, 14)),
            record(pe.RECORD_EXIT, struct.pack("<IIIIQ", 5, 3, 5, 4, 15) + trailer(5, 5, 15)),
            record(
                pe.RECORD_COMM, struct.pack("<II16s", 5, 5, b"name") + trailer(5, 5, 16), pe.MISC_COMM_EXEC
            ),
            record(
                pe.RECORD_MMAP2,
                struct.pack("<IIQQQIIQQII8s", 5, 5, 0x400000, 0x1000, 0, 8, 1, 99, 0, 5, 2, b"/a/b")
                + trailer(5, 5, 17),
            ),
            record(pe.RECORD_LOST, struct.pack("<QQ", 7, 42) + trailer(5, 5, 18)),
            record(pe.RECORD_THROTTLE, struct.pack("<QQQ", 19, 7, 7) + trailer(5, 5, 19)),
            record(77, b"unknown kinds are passed over" + trailer(5, 5, 20)),
        ]
    )
    chain = struct.pack("<3Q", 0xFFFF_FFFF_FFFF_FE00, 0x401000, 0x402000)
    assert read(tmp_path, data) == [
        Sample(10, 0, "cpu", 3, 4, 0xFFFF_FFFF_FFFF_FE00, 0, 10_101_010, chain, b""),
        Sample(11, 0, "point", 3, 4, 0, 0, 0, b"", b"abcdefgh" * 4 + b"\0" * 4),
        Switch(12, 0, 3, 4, True, True),
        Switch(13, 0, 3, 4, False, False),
        Life(14, 0, "fork", 5, 5, 3, 4),
        Life(15, 0, "exit", 5, 5, 3, 4),
        Name(16, 0, 5, 5, "name", True),
        Mapping_(17, 0, 5, 0x400000, 0x1000, 0, (8, 1), 99, "/a/b"),
        Trouble(18, 0, "lost", 42),
        Trouble(19, 0, "throttled", 1),
    ]


@given(
    st.lists(st.tuples(TIMES, IDS, st.lists(st.integers(0, 2**64 - 1), max_size=20)), max_size=30), st.data()
)
def test_samples_come_back_and_a_torn_end_costs_only_the_last(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, list[int]]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("perf")
    rows.sort(key=lambda row: row[0])
    whole = [cpu_sample(t_ns, tid, tid, chain) for t_ns, tid, chain in rows]
    found = read(folder, b"".join(whole))
    assert [(one.t_ns, one.tid, one.chain) for one in found] == [
        (t_ns, tid, struct.pack(f"<{len(chain)}Q", *chain)) for t_ns, tid, chain in rows
    ]
    if whole:
        cut = data.draw(st.integers(1, len(whole[-1]) - 1))
        assert read(folder, b"".join(whole)[:-cut]) == found[:-1]


@given(st.lists(st.lists(TIMES, max_size=20).map(sorted), min_size=1, max_size=4))
def test_the_records_of_all_cpus_come_in_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, cpus: list[list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("perf")
    found = read(folder, *(b"".join(cpu_sample(t_ns, 1, 1, [1]) for t_ns in times) for times in cpus))
    assert [one.t_ns for one in found] == sorted(t_ns for times in cpus for t_ns in times)


@given(st.binary(max_size=2000), st.integers(0, 4))
def test_garbage_is_never_raised(tmp_path_factory: pytest.TempPathFactory, garbage: bytes, good: int) -> None:
    folder = tmp_path_factory.mktemp("perf")
    found = read(folder, cpu_sample(5, 1, 1, [1, 2]) * good + garbage)
    assert len(found) >= good


@given(st.sampled_from([2, 3, 4, 5, 7, 9, 10, 13, 14, 15]), st.integers(0, 65535), st.binary(max_size=200))
def test_a_record_of_any_body_is_never_raised(
    tmp_path_factory: pytest.TempPathFactory, kind: int, misc: int, body: bytes
) -> None:
    after = cpu_sample(2**62, 1, 1, [1])
    found = read(tmp_path_factory.mktemp("perf"), record(kind, body, misc) + after)
    assert found[-1].t_ns == 2**62


def test_records_of_another_clock_are_refused(tmp_path: Path) -> None:
    (tmp_path / META).write_text(meta_text(clock="sched_clock"))
    with pytest.raises(FormatError, match="sched_clock"):
        read_meta(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "nonsense", meta_text(events=[[1]]), meta_text(events=[[1, "x", 1 << 40]]),
     meta_text(counts=[]), meta_text(settings=7), meta_text(byte_order="big")],
)  # fmt: skip
def test_a_damaged_description_is_a_format_error(tmp_path: Path, text: str) -> None:
    (tmp_path / META).write_text(text)
    with pytest.raises(FormatError):
        read_meta(tmp_path)


def test_without_a_description_there_is_nothing(tmp_path: Path) -> None:
    assert read_meta(tmp_path) is None


@given(st.lists(st.lists(TIMES, max_size=30), min_size=1, max_size=4), st.integers(1, 4))
def test_a_late_record_stays_behind_the_one_before_it_and_pieces_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, cpus: list[list[int]], many: int
) -> None:
    streams = [[(t_ns, cpu, place) for place, t_ns in enumerate(times)] for cpu, times in enumerate(cpus)]

    def cut(stream: list[tuple[int, int, int]]) -> Iterator[tuple[Any, Any]]:
        for first in range(0, len(stream), many):
            rows = np.empty(len(stream[first : first + many]), object)
            rows[:] = stream[first : first + many]
            order = np.maximum.accumulate(np.array([one[0] for one in stream], "<u8"))
            yield rows, order[first : first + many]

    found = [row for piece in _merged([cut(stream) for stream in streams]) for row in piece.tolist()]
    assert found == list(heapq.merge(*streams, key=lambda one: one[0]))
