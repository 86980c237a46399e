"""CSV and Parquet, read by the tools they are for."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from godyno.capture.reader import Capture
from godyno.errors import GodynoError, UsageError
from godyno.export.csv import Csv
from godyno.export.parquet import Parquet
from godyno.export.walltime import WallClock

from .conftest import LAST_S, SECOND, T0_NS


def test_a_table_tool_reads_the_same_sums_from_parquet(
    capture: Capture, start_s: float, tmp_path: Path
) -> None:
    Parquet().export(capture, str(tmp_path / "tables"))
    points = str(tmp_path / "tables" / "points.parquet")
    with duckdb.connect() as other:
        found = other.sql(
            f"SELECT name, count(*), sum(value) FROM '{points}' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    wanted = capture.sql(
        "SELECT name, count(*) AS n, sum(value) AS s FROM points JOIN series USING (series_id) GROUP BY 1 ORDER BY 1"
    )
    assert found == [pytest.approx(tuple(row.values())) for row in wanted.to_pylist()]
    table = pq.read_table(points)
    assert str(table.schema.field("time").type) == "timestamp[ns]"
    first = table["time"].cast("int64").to_pylist()[0]
    assert first == int(start_s) * SECOND


def test_csv_reads_back_with_odd_text_whole(capture: Capture, start_s: float, tmp_path: Path) -> None:
    Csv().export(capture, str(tmp_path / "x.zip"))
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.testzip() is None
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(texts) == {
        f"{name}.csv" for name in ("points", "spans", "events", "lines", "samples", "frames", "findings")
    }
    lines = list(csv.DictReader(io.StringIO(texts["lines.csv"])))
    assert lines[0]["text"] == 'a "line", of; output'
    assert datetime.fromisoformat(lines[0]["time"]).replace(tzinfo=UTC).timestamp() == start_s + 3
    points = list(csv.DictReader(io.StringIO(texts["points.csv"])))
    wanted = capture.sql("SELECT value FROM points ORDER BY series_id, t_ns")["value"].to_pylist()
    assert [float(row["value"]) for row in points] == wanted


def test_a_directory_that_holds_something_is_left_alone(capture: Capture, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(UsageError, match="exists already"):
        Csv().export(capture, str(tmp_path / "full"))
    assert [one.name for one in tmp_path.iterdir()] == ["full"]


def test_what_cannot_be_written_leaves_nothing_behind(capture: Capture, tmp_path: Path) -> None:
    with pytest.raises(GodynoError, match="cannot be written"):
        Parquet().export(capture, str(tmp_path / "no" / "x.zip"))
    assert not list(tmp_path.iterdir())


def test_the_time_of_day_follows_a_clock_that_was_slewed(capture: Capture) -> None:
    wall = WallClock(T0_NS, 10**18, drift_ns=1000, span_ns=LAST_S * SECOND)
    middle = T0_NS + LAST_S * SECOND // 2
    assert wall.unix_ns(middle) == middle + 10**18 + 500
    found = capture.sql(
        f"SELECT {wall.sql(str(middle))} AS t, {wall.sql(str(2**63 - 1))} AS beyond"
    ).to_pylist()[0]
    assert found == {"t": middle + 10**18 + 500, "beyond": None}
