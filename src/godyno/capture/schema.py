"""The tables of a capture: names, columns, units. Everything that writes or reads a capture goes by this file."""

from __future__ import annotations

from godyno.model import Column, Table

SCHEMA_VERSION = 1

_NS = "ns"


def _column(name: str, kind: str, unit: str = "", summary: str = "") -> Column:
    return Column(name, kind, unit, summary)


TABLES: tuple[Table, ...] = (
    Table(
        "series",
        "What each series of points is.",
        (
            _column("series_id", "int64"),
            _column("name", "string", "", "OpenTelemetry name where one exists"),
            _column("unit", "string", "", "By, s, 1, Hz, {process} …"),
            _column("layer", "string", "", "machine, cgroup, pressure, process, go …"),
            _column("labels", "json", "", "an object of strings"),
        ),
    ),
    Table(
        "points",
        "Every value of every series, sorted by series, then time.",
        (
            _column("series_id", "int64"),
            _column("t_ns", "int64", _NS, "CLOCK_MONOTONIC"),
            _column("value", "float64"),
        ),
    ),
    Table(
        "pyramid",
        "Minimum, maximum and count of each series in buckets of 16, 256, … points, so that a picture reads only what it draws.",
        (
            _column("series_id", "int64"),
            _column("level", "int64", "", "1 is 16 points a bucket, 2 is 256, …"),
            _column("t_start_ns", "int64", _NS),
            _column("t_end_ns", "int64", _NS),
            _column("min", "float64"),
            _column("max", "float64"),
            _column("count", "int64"),
        ),
    ),
    Table(
        "spans",
        "What lasted: processes, build actions, tests, GC phases, system calls, throttled periods.",
        (
            _column("t_start_ns", "int64", _NS, "CLOCK_MONOTONIC"),
            _column("t_end_ns", "int64", _NS, "CLOCK_MONOTONIC"),
            _column("layer", "string", "", "process, action, test, gc, init, …"),
            _column("track", "string", "", "the row on which it is drawn"),
            _column("name", "string"),
            _column("pid", "int64", "", "0 where it belongs to no process"),
            _column("tid", "int64"),
            _column("args", "json", "", "an object"),
        ),
    ),
    Table(
        "events",
        "Instants.",
        (
            _column("t_ns", "int64", _NS, "CLOCK_MONOTONIC"),
            _column("layer", "string"),
            _column("track", "string"),
            _column("name", "string"),
            _column("pid", "int64"),
            _column("tid", "int64"),
            _column("args", "json", "", "an object"),
        ),
    ),
    Table(
        "lines",
        "Every line of output with the time at which its end arrived.",
        (
            _column("t_ns", "int64", _NS, "CLOCK_MONOTONIC"),
            _column("stream", "string", "", "stdout, stderr, or output where both are one"),
            _column("pid", "int64", "", "0 where the writer is not known"),
            _column("text", "string"),
        ),
    ),
    Table(
        "stacks",
        "Samples.",
        (
            _column("t_ns", "int64", _NS, "CLOCK_MONOTONIC"),
            _column("layer", "string"),
            _column("pid", "int64"),
            _column("tid", "int64"),
            _column("goroutine", "int64"),
            _column("weight", "float64", "", "in the layer's unit"),
            _column("stack_id", "int64"),
        ),
    ),
    Table(
        "frames",
        "The frames of each stack, leaf at depth 0.",
        (
            _column("stack_id", "int64"),
            _column("depth", "int64"),
            _column("function", "string"),
            _column("file", "string"),
            _column("line", "int64"),
            _column("binary", "string"),
        ),
    ),
    Table(
        "findings",
        "What the built-in analyses said when the capture was sealed.",
        (
            _column("source", "string"),
            _column("kind", "string"),
            _column("claim", "string"),
            _column("severity", "string"),
            _column("finding", "json", "", "the whole finding"),
        ),
    ),
)

BY_NAME = {table.name: table for table in TABLES}
