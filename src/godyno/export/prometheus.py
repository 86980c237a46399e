"""Prometheus: text with timestamps to a file, or backfill by remote write to an address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.export.metrics import (
    Family,
    common_labels,
    families,
    header,
    label_text,
    outcome,
    value_text,
)
from godyno.export.source import Source, placed
from godyno.export.target import is_url, whole_file


class Prometheus:
    """Every series as a metric, each point at its time of day.

    ``FILE.om`` is OpenMetrics, which ``promtool tsdb create-blocks-from openmetrics`` turns into blocks; ``FILE.prom`` is
    Prometheus' older text format, which ``promtool check metrics`` reads. An address is sent remote write 1.0.
    """

    name: ClassVar[str] = "prometheus"
    summary: ClassVar[str] = "OpenMetrics text with timestamps; --to sends it by remote write"
    suffix: ClassVar[str] = ".om"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes or sends. Raises GodynoError, EndpointError, CaptureCorrupt."""
        source = Source(capture)
        metrics = Metrics(source)
        if is_url(out):
            from godyno.export.remote_write import send

            send(metrics, out)
        else:
            with whole_file(Path(out)) as file:
                for text in metrics.text(openmetrics=Path(out).suffix != ".prom"):
                    file.write(text.encode())
            source.omitted.say(
                "Text cannot say that a series ends: Prometheus shows its last value for five minutes more."
            )
        source.omitted.say(source.wall.caveat)
        source.omit_tables(
            "Prometheus holds numbers, not intervals, texts or stacks",
            "spans",
            "events",
            "lines",
            "stacks",
            "findings",
        )
        return source.omitted.sentences()


class Metrics:
    """The metrics of one capture, and their samples in the order in which they are wanted."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.common = common_labels(source.manifest, source.name)
        self.families = families(source.series(), self.common)
        self.single = [
            (family, value) for family, value in outcome(source.manifest) if family.name not in self._names()
        ]
        end = source.manifest.result.t_end_ns if source.manifest.result else 0
        self.end_ms = max(0, min(source.wall.unix_ns(end), 2**62)) // 1_000_000
        self.order = [
            (family, number, labels) for family in self.families for number, labels in family.members
        ]

    def text(self, openmetrics: bool) -> Iterator[str]:
        """The whole text, a metric family at a time; every family in one piece, every series by time."""
        begun: Family | None = None
        current, start = -1, ""
        for rank, unix_ms, value in self.samples("rank, unix_ms"):
            if rank != current:
                current = rank
                family, _, labels = self.order[rank]
                if family is not begun:
                    begun = family
                    yield header(family, openmetrics)
                start = f"{family.sample_name}{label_text(labels)} "
            assert value is not None
            yield f"{start}{value_text(value)} {_time(unix_ms, openmetrics)}\n"
        for family, value in self.single:
            yield header(family, openmetrics)
            start = f"{family.sample_name}{label_text(self.common)} "
            yield f"{start}{value_text(value)} {_time(self.end_ms, openmetrics)}\n"
        if openmetrics:
            yield "# EOF\n"

    def samples(self, order: str, ends: bool = False) -> Iterator[tuple[int, int, float | None]]:
        """Every sample as (index in ``order``, ms since 1970, value); of several in one millisecond the last stays.

        With ``ends``, each series is followed, 1 ms later, by a None.
        """
        import pyarrow as pa

        source, connection = self.source, self.source.capture.connection
        ranks = pa.table(
            {
                "series_id": pa.array([number for _, number, _ in self.order], pa.int64()),
                "rank": pa.array(range(len(self.order)), pa.int64()),
            }
        )
        connection.register("export_order", ranks)
        unix_ms = f"({source.wall.sql('t_ns')}) // 1000000"
        usable = f"{placed('t_ns')} AND {unix_ms} BETWEEN 0 AND {2**62 // 1_000_000}"
        joined = f"FROM points JOIN export_order USING (series_id) WHERE {usable}"
        try:
            source.omitted.count(
                source.number(f"SELECT count(*) FROM points WHERE {placed('t_ns')}")
                - source.number(f"SELECT count(*) {joined}"),
                "point",
                "times of day before 1970 or too far ahead",
            )
            kept = 0
            total = source.number(f"SELECT count(*) {joined}")
            samples = (
                f"SELECT rank, {unix_ms} AS unix_ms, arg_max(value, t_ns) AS value {joined} GROUP BY 1, 2"
            )
            if ends:
                samples += f" UNION ALL SELECT rank, max({unix_ms}) + 1, NULL {joined} GROUP BY 1"
            for rank, at_ms, value in source.rows(f"FROM ({samples}) ORDER BY {order}", "points"):
                kept += value is not None
                yield rank, at_ms, value
            source.omitted.count(
                total - kept, "point", "Prometheus has one value of a series in a millisecond"
            )
        finally:
            connection.unregister("export_order")

    def _names(self) -> set[str]:
        return {family.name for family in self.families}


def _time(unix_ms: int, openmetrics: bool) -> str:
    return f"{unix_ms // 1000}.{unix_ms % 1000:03d}" if openmetrics else str(unix_ms)
