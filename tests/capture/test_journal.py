"""The journal keeps every whole frame, whatever happens to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from godyno.capture import journal as journals
from godyno.capture.journal import Journal
from godyno.errors import CaptureCorrupt


def contents(
    path: Path,
) -> tuple[list[dict[str, Any]], list[tuple[int, int, tuple[float, ...]]], list[tuple[str, int, bytes]]]:
    objects: list[dict[str, Any]] = []
    rows: list[tuple[int, int, tuple[float, ...]]] = []
    chunks = []
    for kind, payload in journals.frames(path):
        if kind == journals.JSON:
            objects.extend(journals.objects(payload))
        elif kind == journals.ROWS:
            widths = {record["id"]: len(record["series"]) for record in objects if record["k"] == "rows"}
            rows.extend(journals.rows(payload, widths))
        else:
            chunks.append(journals.chunk(payload))
    return objects, rows, chunks


def write_some(path: Path) -> Journal:
    journal = Journal(path)
    sink = journal.sink("probe", path.parent / "raw")
    group = sink.rows([sink.series("a", "By", "test"), sink.series("b", "s", "test", {"k": "v"})])
    sink.row(group, 5, (1.5, 2.5))
    sink.span(1, 2, "layer", "track", "name", 3, 4, {"x": "\udcff<script>"})
    journal.chunk(1, 7, b"out\n")
    journal.flush()
    sink.row(group, 6, (3.5, float("nan")))
    journal.flush()
    return journal


def test_what_was_flushed_is_read_back(tmp_path: Path) -> None:
    write_some(tmp_path / "j").close()
    objects, rows, chunks = contents(tmp_path / "j")
    assert [record["k"] for record in objects] == ["series", "series", "rows", "span"]
    assert objects[3]["args"] == {"x": "\udcff<script>"}
    assert rows[0] == (0, 5, (1.5, 2.5))
    assert rows[1][:2] == (0, 6)
    assert chunks == [("stdout", 7, b"out\n")]


def test_the_same_series_has_the_same_id(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    sink = journal.sink("probe", tmp_path)
    assert sink.series("a", "s", "x", {"b": "1", "c": "2"}) == sink.series(
        "a", "s", "x", {"c": "2", "b": "1"}
    )
    assert sink.series("a", "s", "x") != sink.series("a", "s", "y")
    journal.close()


def test_every_torn_length_gives_the_whole_frames_before_it(tmp_path: Path) -> None:
    write_some(tmp_path / "j").close()
    whole = (tmp_path / "j").read_bytes()
    most = len(list(journals.frames(tmp_path / "j")))
    seen = set()
    for length in range(len(journals.MAGIC), len(whole)):
        (tmp_path / "torn").write_bytes(whole[:length])
        seen.add(len(list(journals.frames(tmp_path / "torn"))))
    assert seen == set(range(most))


def test_a_flipped_bit_ends_the_journal_there_and_is_never_believed(tmp_path: Path) -> None:
    write_some(tmp_path / "j").close()
    whole = bytearray((tmp_path / "j").read_bytes())
    good = list(journals.frames(tmp_path / "j"))
    for position in range(len(journals.MAGIC), len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        (tmp_path / "d").write_bytes(damaged)
        found = list(journals.frames(tmp_path / "d"))
        assert found == good[: len(found)]
        assert len(found) < len(good)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("j") / "j"
    path.write_bytes(journals.MAGIC + data)
    assert list(journals.frames(path)) == [] or data
    path.write_bytes(data)
    if not data.startswith(journals.MAGIC):
        with pytest.raises(CaptureCorrupt):
            list(journals.frames(path))


def test_a_full_disk_is_told_once_and_what_waits_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    told: list[OSError] = []
    journal = Journal(tmp_path / "j", told.append)
    real, full = os.write, True

    def write(fd: int, data: bytes) -> int:
        if full:
            raise OSError(28, "No space left on device")
        return real(fd, bytes(data[:100]))  # in pieces, too

    monkeypatch.setattr("godyno.capture.appender.os.write", write)
    for t_ns in range(50):
        journal.chunk(0, t_ns, b"x" * 50)
        journal.flush()
    assert len(told) == 1
    assert journal.lost_bytes == 0
    full = False
    journal.flush()
    journal.close()
    _, _, chunks = contents(tmp_path / "j")
    assert [t_ns for _, t_ns, _ in chunks] == list(range(50))


def test_what_a_full_disk_costs_is_counted_and_the_rest_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    journal = Journal(tmp_path / "j")
    real, full = os.write, True

    def write(fd: int, data: bytes) -> int:
        if full:
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr("godyno.capture.appender.os.write", write)
    for t_ns in range(200):
        journal.chunk(0, t_ns, b"x" * 100_000)
        journal.flush()
    assert journal.lost_bytes > 10_000_000
    full = False
    journal.close()
    _, _, chunks = contents(tmp_path / "j")
    kept = [t_ns for _, t_ns, _ in chunks]
    assert kept == list(range(len(kept)))
    assert len(kept) * 100_000 + journal.lost_bytes == pytest.approx(20_000_000, rel=0.01)
