"""Captures come from strangers: what is not a capture is refused in one sentence, and nothing leaves the archive."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from godyno.capture.manifest import Manifest, Recorder, write_manifest
from godyno.capture.pack import pack
from godyno.capture.reader import captures, open_capture
from godyno.capture.schema import BY_NAME, SCHEMA_VERSION
from godyno.capture.tables import TableWriter, pyramid
from godyno.errors import (
    CaptureCorrupt,
    CaptureNotFound,
    CaptureNotSealed,
    GodynoError,
    QueryError,
    UsageError,
)
from godyno.model import Workload


def a_capture(directory: Path, state: str = "sealed") -> Path:
    directory.mkdir()
    writer = TableWriter(directory / "raw")
    series = writer.series("process.memory.usage", "By", "process", {"pid": "7"})
    for step in range(5000):
        writer.point(series, step * 100, float(step % 97))
    writer.span(0, 50, "process", "7", "compile", 7, 7, {"argv": ["<script>alert(1)</script>"]})
    writer.line(3, "stdout", "hello \udcff world")
    counts = writer.write(directory)
    manifest = Manifest(
        SCHEMA_VERSION,
        "0",
        state,
        "2026-01-01T00:00:00Z",
        Recorder(1, 1, ""),
        Workload(("true",)),
        tables=counts,
    )
    write_manifest(directory, manifest)
    return directory


def test_what_was_written_is_read(tmp_path: Path) -> None:
    with open_capture(a_capture(tmp_path / "a.dyno")) as capture:
        assert capture.tables()["points"] == 5000
        assert capture.tables()["stacks"] == 0
        (row,) = capture.sql("SELECT name, args->>'$.argv[0]' AS word FROM spans").to_pylist()
        assert row == {"name": "compile", "word": "<script>alert(1)</script>"}
        assert capture.table("lines")["text"].to_pylist() == ["hello \\xff world"]
        assert capture.sql("SELECT max(value) AS m FROM points WHERE t_ns < ?", [1000]).to_pylist() == [
            {"m": 9.0}
        ]


def test_a_zip_reads_like_the_directory_and_leaves_no_files(tmp_path: Path) -> None:
    archive = pack(a_capture(tmp_path / "a.dyno"))
    with open_capture(archive) as capture:
        unpacked = capture.directory
        assert capture.tables()["points"] == 5000
    assert not unpacked.exists()
    with pytest.raises(UsageError):
        pack(tmp_path / "a.dyno")


def test_the_pyramid_holds_the_extremes_of_every_bucket() -> None:
    random = np.random.default_rng(1)
    t_ns, values = np.arange(10_000) * 7, random.normal(size=10_000)
    levels = pyramid(t_ns, values)
    assert [level[0] for level in levels] == [1, 2, 3]
    for _, start, end, low, high, count in levels:
        assert count.sum() == len(values)
        for k in range(len(start)):
            inside = values[(t_ns >= start[k]) & (t_ns <= end[k])]
            assert low[k] == inside.min()
            assert high[k] == inside.max()


def test_what_is_missing_or_unfinished_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CaptureNotFound):
        open_capture(tmp_path / "none.dyno")
    (tmp_path / "empty.dyno").mkdir()
    with pytest.raises(CaptureNotFound):
        open_capture(tmp_path / "empty.dyno")
    with pytest.raises(CaptureNotSealed) as caught:
        open_capture(a_capture(tmp_path / "b.dyno", "recording"))
    assert "godyno recover" in caught.value.hint


def test_wrong_sql_is_a_query_error_with_the_tables_named(tmp_path: Path) -> None:
    with open_capture(a_capture(tmp_path / "a.dyno")) as capture:
        with pytest.raises(QueryError) as caught:
            capture.sql("SELECT nothing FROM nowhere")
        assert "spans" in caught.value.hint
        with pytest.raises(QueryError):
            capture.table("points; DROP TABLE spans")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"])
def test_a_zip_that_reaches_outside_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "bad.dyno"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("manifest.json", "{}")
        file.writestr(name, "evil")
    with pytest.raises(CaptureCorrupt, match="outside itself"):
        open_capture(archive)
    assert not (tmp_path.parent / "evil").exists()


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "link.dyno"
    with zipfile.ZipFile(archive, "w") as file:
        link = zipfile.ZipInfo("points.parquet")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(CaptureCorrupt, match="symbolic link"):
        open_capture(archive)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "bomb.dyno"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr("manifest.json", "{}")
        for part in range(3):
            file.writestr(f"points{part}.parquet", b"\0" * (100 << 20))
    with pytest.raises(CaptureCorrupt, match="would unpack to"):
        open_capture(archive)


def test_a_table_of_other_columns_is_refused(tmp_path: Path) -> None:
    directory = a_capture(tmp_path / "a.dyno")
    pq.write_table(pa.table({"series_id": ["x"], "value": [1]}), directory / "points.parquet")
    with open_capture(directory) as capture, pytest.raises(CaptureCorrupt):
        capture.tables()


def test_a_table_that_claims_more_rows_than_its_bytes_can_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = a_capture(tmp_path / "a.dyno")
    monkeypatch.setattr("godyno.capture.reader._MOST_ROWS_PER_BYTE", 0.1)
    with open_capture(directory) as capture, pytest.raises(CaptureCorrupt, match="claims"):
        capture.tables()


@pytest.mark.parametrize("table", ["points", "spans", "series"])
def test_a_truncated_table_is_refused_at_any_length(tmp_path: Path, table: str) -> None:
    directory = a_capture(tmp_path / "a.dyno")
    whole = (directory / f"{table}.parquet").read_bytes()
    for part in (0, 1, 3, len(whole) // 2, len(whole) - 1):
        (directory / f"{table}.parquet").write_bytes(whole[:part])
        with open_capture(directory) as capture, pytest.raises(GodynoError):
            capture.table(table)


def test_damaged_pages_inside_a_table_are_an_error_not_a_crash(tmp_path: Path) -> None:
    directory = a_capture(tmp_path / "a.dyno")
    whole = bytearray((directory / "points.parquet").read_bytes())
    for position in range(4, min(len(whole) - 200, 1500), 37):
        damaged = bytearray(whole)
        damaged[position : position + 8] = b"\xff" * 8
        (directory / "points.parquet").write_bytes(damaged)
        try:
            with open_capture(directory) as capture:
                capture.table("points")
        except GodynoError:
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 99},
        {"schema_version": "1"},
        {"workload": []},
        {"workload": {"argv": 5}},
        {"recorder": None},
        {"machine": {"cpu": 3}},
        {"result": {"t_start_ns": "soon"}},
        {"probes": [{"name": "x"}]},
        {"brackets": {"a": 1}},
    ],
)
def test_a_manifest_that_holds_something_else_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    directory = a_capture(tmp_path / "a.dyno")
    data = json.loads((directory / "manifest.json").read_text())
    (directory / "manifest.json").write_text(json.dumps({**data, **change}))
    with pytest.raises(CaptureCorrupt):
        open_capture(directory)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["state", "workload", "argv", "machine", "cpu", "schema_version", "recorder", "peak", "probes"]), inner, max_size=4), max_leaves=12))  # fmt: skip # noqa: E501
@settings(max_examples=300, deadline=None)
def test_any_json_as_manifest_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    directory = tmp_path_factory.mktemp("m")
    (directory / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(GodynoError):
        open_capture(directory)


def test_a_newer_manifest_with_unknown_fields_is_read(tmp_path: Path) -> None:
    directory = a_capture(tmp_path / "a.dyno")
    data = json.loads((directory / "manifest.json").read_text())
    data["something_new"] = {"x": 1}
    data["machine"]["cpu"]["cache_bytes"] = 5
    (directory / "manifest.json").write_text(json.dumps(data))
    with open_capture(directory) as capture:
        assert capture.manifest.workload.argv == ("true",)


def test_the_captures_of_a_directory_come_with_what_is_wrong_with_them(tmp_path: Path) -> None:
    a_capture(tmp_path / "a.dyno")
    a_capture(tmp_path / "b.dyno", "recording")
    (tmp_path / "c.dyno").mkdir()
    (tmp_path / "d.dyno").write_bytes(b"PK not really")
    found = {path.name: what for path, what in captures(tmp_path)}
    assert isinstance(found["a.dyno"], Manifest)
    assert isinstance(found["b.dyno"], Manifest)
    assert isinstance(found["c.dyno"], CaptureNotFound)
    assert isinstance(found["d.dyno"], CaptureCorrupt)


def test_every_table_of_the_schema_can_be_queried_when_empty(tmp_path: Path) -> None:
    directory = tmp_path / "e.dyno"
    directory.mkdir()
    manifest = Manifest(SCHEMA_VERSION, "0", "sealed", "", Recorder(1, 1, ""), Workload(("true",)))
    write_manifest(directory, manifest)
    with open_capture(directory) as capture:
        for name, table in BY_NAME.items():
            assert capture.table(name).column_names == [column.name for column in table.columns]
