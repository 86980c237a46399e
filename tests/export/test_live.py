"""What `godyno exporter` shows of recordings, without a server; that a real Prometheus scrapes it is in test_prometheus."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

from godyno.capture.journal import JOURNAL, Journal
from godyno.capture.manifest import Manifest, Recorder, write_manifest
from godyno.clock import now_ns
from godyno.errors import CaptureNotFound
from godyno.export.live import Recordings
from godyno.model import Workload
from godyno.recorder.identity import present_recorder
from godyno.testing.samples import samples

from .conftest import LAST_S, made

Values = dict[tuple[str, str], float]


def recording(directory: Path, recorder: Recorder) -> Path:
    directory.mkdir()
    write_manifest(
        directory,
        Manifest(1, "0.1.0", "recording", "2026-01-01T00:00:00+00:00", recorder, Workload(("sleep", "9"))),
    )
    return directory


def shown(recordings: Recordings) -> Values:
    """Both formats are read by their parser and say the same."""
    new: Values = {}
    old: Values = {}
    for values, families in (
        (new, openmetrics(recordings.text(openmetrics=True))), (old, text(recordings.text(openmetrics=False))),
    ):  # fmt: skip
        for family in families:
            for one in family.samples:
                values[(one.name, ",".join(f"{k}={v}" for k, v in sorted(one.labels.items())))] = one.value
    assert new == old and new
    return new


def test_a_recording_shows_the_latest_values_as_its_journal_grows(tmp_path: Path) -> None:
    place = recording(tmp_path / "live.dyno", present_recorder())
    journal = Journal(place / JOURNAL)
    sink = journal.sink("x", tmp_path)
    cpu = sink.series("system.cpu.time", "s", "machine", {"mode": "user", "kind": "counter"})
    group = sink.rows([cpu])
    process = sink.series("process.memory.usage", "By", "process", {"pid": "7"})
    gone = sink.series("process.memory.usage", "By", "process", {"pid": "8"})
    sink.row(group, now_ns(), [1.5])
    sink.point(process, now_ns(), 100.0)
    sink.point(gone, now_ns() - 60 * 10**9, 100.0)
    journal.flush()
    recordings = Recordings(tmp_path)
    key = ("system_cpu_time_seconds_total", "capture=live,mode=user")
    first = shown(recordings)
    assert first[key] == 1.5
    assert first[("process_memory_usage_bytes", "capture=live,pid=7")] == 100.0
    assert ("process_memory_usage_bytes", "capture=live,pid=8") not in first  # it has ended
    sink.row(group, now_ns(), [2.5])
    journal.flush()
    torn = (place / JOURNAL).read_bytes()
    with (place / JOURNAL).open("ab") as out:
        out.write(b"\x40\x00\x00\x00half a frame")
    assert shown(recordings)[key] == 2.5
    (place / JOURNAL).write_bytes(torn)
    assert shown(recordings)[key] == 2.5
    journal.close()


def test_captures_are_counted_by_state_and_show_how_they_ended(tmp_path: Path) -> None:
    made(tmp_path / "done.dyno", 1_700_000_000)
    recording(tmp_path / "dead.dyno", Recorder(1, 1, "another boot"))
    (tmp_path / "odd.dyno").mkdir()
    (tmp_path / "odd.dyno" / "manifest.json").write_text("{")
    found = shown(Recordings(tmp_path))
    states = {
        state: found[("godyno_captures", f"state={state}")]
        for state in ("recording", "sealed", "unsealed", "unreadable")
    }
    assert states == {"recording": 0, "sealed": 1, "unsealed": 1, "unreadable": 1}
    assert found[("godyno_run_wall_seconds", "capture=done,tag_commit=abc")] == pytest.approx(LAST_S)


def test_one_capture_is_named_by_its_directory(tmp_path: Path) -> None:
    place = made(tmp_path / "done.dyno", 1_700_000_000)
    assert ("godyno_run_exit_code", "capture=done,tag_commit=abc") in shown(Recordings(place))


def test_strangers_captures_do_no_harm(tmp_path: Path) -> None:
    samples(tmp_path)
    place = recording(tmp_path / "live.dyno", present_recorder())
    journal = Journal(place / JOURNAL)
    odd = '\x00"\n\ud800{}\\'
    journal.add({"k": "series", "id": 1, "name": odd, "unit": odd, "layer": odd, "labels": {odd: odd}})
    for record in (
        {"k": "series", "id": "x"}, {"k": "series", "id": 2, "name": 5, "unit": None, "layer": [], "labels": 7},
        {"k": "rows", "id": 0, "series": "zz"}, {"k": "rows", "id": 0, "series": [9]}, {"k": "point", "s": {}, "t": 1, "v": 1},
        {"k": "point", "s": 1, "t": 5, "v": float("inf")}, {},
    ):  # fmt: skip
        journal.add(record)
    journal.flush()
    assert float("inf") in shown(Recordings(tmp_path)).values()
    journal.close()


def test_a_path_that_is_no_directory_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureNotFound):
        Recordings(tmp_path / "nowhere")
