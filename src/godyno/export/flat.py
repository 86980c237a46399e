"""The tables of a capture as a table tool wants them: points with their series beside them, and times of day.

Written by DuckDB, straight from the capture's own Parquet files, so that ten million points need no memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from godyno.errors import CaptureCorrupt
from godyno.export.progress import tell
from godyno.export.source import Source


def queries(source: Source) -> Iterator[tuple[str, str]]:
    """(table, SQL) of every table that is written, columns in order. ``time`` is UTC, NULL where no time of day fits."""
    wall = source.wall

    def time(column: str, name: str) -> str:
        unix_ns = wall.sql(column)
        good = f"{unix_ns} BETWEEN 0 AND {2**62}"
        return f"CASE WHEN {good} THEN make_timestamp_ns({unix_ns}) END AS {name}"

    yield (
        "points",
        (
            f"SELECT {time('t_ns', 'time')}, t_ns, name, unit, layer, labels, value, p.series_id"
            " FROM points p LEFT JOIN series s ON s.series_id = p.series_id ORDER BY p.series_id, t_ns"
        ),
    )
    yield (
        "spans",
        (
            f"SELECT {time('t_start_ns', 'time_start')}, {time('t_end_ns', 'time_end')}, * FROM spans"
            " ORDER BY t_start_ns, t_end_ns, layer, track, name"
        ),
    )
    yield "events", f"SELECT {time('t_ns', 'time')}, * FROM events ORDER BY t_ns, layer, track, name"
    yield "lines", f"SELECT {time('t_ns', 'time')}, * FROM lines ORDER BY t_ns"
    yield "samples", f"SELECT {time('t_ns', 'time')}, * FROM stacks ORDER BY t_ns, layer, pid, tid, stack_id"
    yield "frames", "SELECT * FROM frames ORDER BY stack_id, depth"
    yield "findings", "SELECT source, kind, claim, severity, finding FROM findings ORDER BY ALL"


def write(source: Source, folder: Path, suffix: str, options: str) -> None:
    """Writes each table to ``folder``. Raises CaptureCorrupt, OSError."""
    import duckdb

    tables = list(queries(source))
    for at, (name, query) in enumerate(tables):
        tell(name, at, len(tables))
        file = str(folder / f"{name}{suffix}").replace("'", "''")
        try:
            source.capture.connection.execute(f"COPY ({query}) TO '{file}' ({options})")
        except duckdb.IOException as error:
            raise OSError(str(error).splitlines()[0]) from error
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
            raise  # a fault of ours, not of the capture
        except duckdb.Error as error:
            raise CaptureCorrupt(
                f"{source.capture.path} cannot be read: {str(error).strip().splitlines()[0]}",
                hint="It was damaged; restore it from a copy.",
            ) from error
