"""Parquet: every table with its series and times of day beside it, in one zip or a directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno.export import flat
from godyno.export.source import Source
from godyno.export.target import file_only, whole_folder


class Parquet:
    """For pandas, polars, DuckDB and Spark; ``FILE.zip``, or a directory where the name has no such ending.

    A capture's own tables are Parquet too; in these the points carry the names of their series, and every row its time of day.
    """

    name: ClassVar[str] = "parquet"
    summary: ClassVar[str] = "every table as Parquet with times of day, in a zip or a directory"
    suffix: ClassVar[str] = ".parquet.zip"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the tables. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        with whole_folder(path) as folder:
            flat.write(source, folder, ".parquet", "FORMAT parquet, COMPRESSION zstd")
        source.omitted.say(source.wall.caveat)
        source.omitted.say("What the manifest tells of machine, workload and probes is not in it.")
        return source.omitted.sentences()
