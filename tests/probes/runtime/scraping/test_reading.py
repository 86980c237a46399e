import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from godyno.clock import REALTIME
from godyno.formats.pprof import Frame, Location, Profile, Sample, ValueType
from godyno.formats.pprof_writing import encoded
from godyno.probes.runtime.scraping.process import INDEX
from godyno.probes.runtime.scraping.reading import read_scraped
from godyno.testing.recording import FakeSink

OFFSET = 10**18
MANIFEST = {
    "brackets": [{"clock": REALTIME, "t_ns": 0, "offset_ns": OFFSET, "error_ns": 50}],
    "result": {"t_start_ns": 1000, "t_end_ns": 9_500_000_000},
}
LOCATIONS = (
    Location(1, frames=(Frame("main.work"),)),
    Location(2, frames=(Frame("runtime/pprof.writeHeap"),)),
)
HEAP = (ValueType("alloc_space", "bytes"), ValueType("inuse_space", "bytes"))
CPU = (ValueType("samples", "count"), ValueType("cpu", "nanoseconds"))
SETTINGS = {"kind": "settings", "kinds": ["cpu", "heap", "allocs", "mutex"], "from_start": False}
READY = {"kind": "ready", "sent_ns": 1500, "end_ns": 1600, "pid": 7, "no_pid": ""}


def scraped(raw: Path, *rows: dict[str, Any] | str, **files: bytes) -> FakeSink:
    raw.mkdir(exist_ok=True)
    for name, data in files.items():
        (raw / name).write_bytes(data)
    (raw / INDEX).write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    )
    sink = FakeSink(raw)
    read_scraped(raw, sink, MANIFEST)
    return sink


def heap(work: int, pprof: int) -> bytes:
    return encoded(Profile(HEAP, (Sample((0,), (work, 10)), Sample((1,), (pprof, 1))), LOCATIONS))


def row(kind: str, file: str, sent: int, first: int, end: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "file": file,
        "sent_ns": sent,
        "first_ns": first,
        "end_ns": end,
        "bytes": 1,
        "whole": True,
    }


def test_attached_to_what_ran_before_only_what_was_allocated_since_counts(tmp_path: Path) -> None:
    sink = scraped(
        tmp_path, SETTINGS, READY, row("heap", "a", 2000, 2100, 2110), row("heap", "b", 5000, 5200, 5210),
        a=heap(1_000_000, 0), b=heap(1_000_900, 100),
    )  # fmt: skip
    allocs = [one for one in sink.samples if one["layer"] == "allocs"]
    assert {(one["t_ns"], one["weight"], one["pid"]) for one in allocs} == {
        (3650, 900.0, 7),
        (3650, 100.0, 7),
    }
    assert [one["t_ns"] for one in sink.samples if one["layer"] == "heap"] == [2100, 2100, 5200, 5200]
    assert sink.notes["alignment_error_ns"] == 200
    assert sink.notes["cost"]["allocated_bytes"] == 100
    assert sink.notes["cost"]["allocated_share"] == 0.1


def test_of_a_program_that_started_with_the_recording_the_first_profile_counts_too(tmp_path: Path) -> None:
    sink = scraped(
        tmp_path, {**SETTINGS, "from_start": True}, READY, row("heap", "a", 2000, 2100, 2110), a=heap(900, 0)
    )
    (sample,) = (one for one in sink.samples if one["layer"] == "allocs")
    assert (sample["t_ns"], sample["weight"]) == ((1000 + 2100) // 2, 900.0)


def test_a_program_that_was_started_anew_is_not_held_against_the_one_before(tmp_path: Path) -> None:
    sink = scraped(
        tmp_path, SETTINGS, READY, row("heap", "a", 2000, 2100, 2110),
        {**READY, "pid": 8, "sent_ns": 4000, "end_ns": 4100}, row("heap", "b", 5000, 5200, 5210),
        a=heap(1_000_000, 0), b=heap(900, 0),
    )  # fmt: skip
    (sample,) = (one for one in sink.samples if one["layer"] == "allocs")
    assert (sample["t_ns"], sample["weight"], sample["pid"]) == ((4000 + 5200) // 2, 900.0, 8)


@pytest.mark.parametrize(
    ("began_ns", "window"), [(2_000_100, (2_000_100, 5_000_100)), (2_000_000_000, (2_000_000, 6_000_000))]
)
def test_a_cpu_profile_lies_where_it_says_unless_its_clock_is_another(
    began_ns: int, window: tuple[int, int], tmp_path: Path
) -> None:
    profile = Profile(
        CPU, (Sample((0,), (1, 10)),), LOCATIONS, time_ns=OFFSET + began_ns, duration_ns=3_000_000
    )
    sink = scraped(
        tmp_path, SETTINGS, READY, row("cpu", "a", 2_000_000, 6_000_000, 6_000_000), a=encoded(profile)
    )
    (span,) = sink.spans
    assert (span["t_start_ns"], span["t_end_ns"]) == window
    assert ("cpu_window" in sink.notes) == (began_ns > 6_000_000)


def test_what_did_not_come_is_one_warning_a_kind(tmp_path: Path) -> None:
    sink = scraped(
        tmp_path, SETTINGS, READY, {"kind": "cpu", "error": "it answers 500"},
        {"kind": "cpu", "error": "it answers 500"}, row("heap", "a", 2000, 2100, 2110), a=heap(1, 0),
    )  # fmt: skip
    assert sink.warnings == ["Scraping cpu: it answers 500 (2 times)."]


def test_that_a_program_which_ends_closes_its_connections_is_no_failure(tmp_path: Path) -> None:
    late = {"kind": "cpu", "error": "it closed the connection", "transient": True, "t_ns": 9 * 10**9}
    assert scraped(tmp_path, SETTINGS, READY, late).warnings == []
    assert scraped(tmp_path, SETTINGS, READY, {**late, "t_ns": 10**9}).warnings != []


def test_where_all_say_the_same_it_is_said_once(tmp_path: Path) -> None:
    rows = [{"kind": kind, "error": "there is nothing (404)"} for kind in ("cpu", "heap", "mutex")]
    assert scraped(tmp_path, SETTINGS, READY, *rows).warnings == [
        "Nothing was scraped: there is nothing (404)."
    ]


@pytest.mark.parametrize(
    "data", [b"", b"<html>", gzip.compress(bytes(2 << 20)), b"\x1f\x8b\x08", encoded(Profile(CPU))]
)
def test_what_is_no_profile_of_the_kind_is_named_and_the_rest_is_read(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("godyno.probes.runtime.scraping.reading._MOST_PROFILE_BYTES", 1 << 20)
    sink = scraped(
        tmp_path, SETTINGS, READY, row("heap", "a", 2000, 2100, 2110), row("cpu", "b", 2000, 6000, 6000),
        a=data, b=encoded(Profile(CPU, (Sample((0,), (1, 10)),), LOCATIONS)),
    )  # fmt: skip
    assert len(sink.samples) == 1
    assert len(sink.warnings) == 1
    assert sink.warnings[0].startswith("Scraping heap: ")


def test_an_index_may_be_torn_or_hostile(tmp_path: Path) -> None:
    rows = ['{"kind": "heap", "fi', "5", '{"kind": []}', '{"kind": "cpu", "file": "../../../etc/passwd", "end_ns": 5}',
            '{"kind": "ready", "pid": "x"}', '{"kind": "nonsense", "file": null, "end_ns": -5}']  # fmt: skip
    sink = scraped(tmp_path, *rows)
    assert not sink.samples
    assert scraped(tmp_path / "none").samples == []
