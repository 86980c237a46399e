"""CSV: every table as a file, in one zip or a directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno.export import flat
from godyno.export.source import Source
from godyno.export.target import file_only, whole_folder


class Csv:
    """RFC 4180 with a header, UTF-8; ``FILE.zip``, or a directory where the name has no such ending.

    Text is written as it was recorded. A spreadsheet may take a cell that begins with ``=`` for a formula.
    """

    name: ClassVar[str] = "csv"
    summary: ClassVar[str] = "every table as CSV with times of day, in a zip or a directory"
    suffix: ClassVar[str] = ".csv.zip"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the tables. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        with whole_folder(path) as folder:
            flat.write(source, folder, ".csv", "FORMAT csv, HEADER true")
        source.omitted.say(source.wall.caveat)
        source.omitted.say("CSV has no types: an empty cell is no value or an empty text.")
        source.omitted.say("What the manifest tells of machine, workload and probes is not in it.")
        return source.omitted.sentences()
