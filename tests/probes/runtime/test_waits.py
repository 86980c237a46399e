"""What looks at goroutines and threads left, as a capture holds it; and the whole way on a real program."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.capture.reader import open_capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.why import why
from godyno.probes.runtime.wait_tables import decode_looks
from godyno.probes.runtime.waits import FILE
from godyno.toolchain import find_go

SECOND = 1_000_000_000
SHELF = """package main

import (
	"sync"
	"time"
)

type shelf struct{ sync.Mutex }

func (s *shelf) use() {
	for i := 0; i < 25; i++ {
		s.Lock()
		time.Sleep(5 * time.Millisecond)
		s.Unlock()
	}
}

func main() {
	var s shelf
	var group sync.WaitGroup
	for i := 0; i < 5; i++ {
		group.Add(1)
		go func() { defer group.Done(); s.use() }()
	}
	group.Wait()
}
"""

SLOW_START = """package main

import "time"

var counted = count()

func count() (n int) {
	for until := time.Now().Add(400 * time.Millisecond); time.Now().Before(until); n++ {
	}
	return n
}

func main() { time.Sleep(400 * time.Millisecond) }
"""


def decoded(tmp_path: Path, *rows: Any, tail: bytes = b"") -> TableWriter:
    raw = tmp_path / "waits"
    raw.mkdir(exist_ok=True)
    (raw / FILE).write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows) + tail)
    writer = TableWriter(raw)
    decode_looks(raw, writer, {})
    return writer


def spans(writer: TableWriter, layer: str, out: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    out.mkdir(exist_ok=True)
    writer.write(out)
    file = out / "spans.parquet"
    return (
        [one for one in parquet.read_table(file).to_pylist() if one["layer"] == layer]
        if file.exists()
        else []
    )


PROCESS = ("m", SECOND, 7, "go1.26.1", [[0x400000, 0x1000, 0, 5, "/nowhere/server"]])
MAIN = [1, "waiting", "chan receive", 0, 1, 0, 0, 0x400010]


def test_what_looks_the_same_from_look_to_look_is_one_span(tmp_path: Path) -> None:
    writer = decoded(
        tmp_path, ("a", "x86_64"), PROCESS, ("c", 1, [0x400020, 0x400010]),
        ("g", SECOND, 7, [MAIN], []), ("g", 2 * SECOND, 7, [], []), ("g", 3 * SECOND, 7, [[1, "running", "", 9, 0, 0, 0, 0]], []),
        ("g", 4 * SECOND, 7, [], [1]),
    )  # fmt: skip
    found = spans(writer, "goroutine_seen", tmp_path / "out")
    assert [(one["name"], one["t_start_ns"] // SECOND, one["t_end_ns"] // SECOND, one["tid"]) for one in found] == [
        ("waiting", 1, 3, 0), ("running", 3, 4, 9),
    ]  # fmt: skip


def test_a_wait_channel_and_a_call_stand_for_a_stack_that_is_roots_to_see(tmp_path: Path) -> None:
    writer = decoded(
        tmp_path, ("a", "x86_64"), ("w", 1, "74 folio_wait_bit_common"), ("t", SECOND, 7, [[7, 1]], []), ("t", 2 * SECOND, 7, [], [7]),
    )  # fmt: skip
    (one,) = spans(writer, "thread_seen", tmp_path / "out")
    assert one["track"] == "7/7" and one["t_end_ns"] - one["t_start_ns"] == SECOND
    import pyarrow.parquet as parquet

    frames = parquet.read_table(tmp_path / "out" / "frames.parquet").to_pylist()
    assert [(one["function"], one["binary"]) for one in frames] == [
        ("folio_wait_bit_common", "[kernel]"), ("__x64_sys_fsync", "[kernel]"),
    ]  # fmt: skip


def test_what_a_look_tells_besides_stands_with_it(tmp_path: Path) -> None:
    writer = decoded(
        tmp_path, ("a", "x86_64"), ("t", SECOND, 7, [], [], 2, 1), ("t", 2 * SECOND, 7, [], [], 3), PROCESS,
        ("g", 3 * SECOND, 7, [MAIN], [], 1),
    )  # fmt: skip
    import pyarrow.parquet as parquet

    (tmp_path / "out").mkdir()
    writer.write(tmp_path / "out")
    rows = parquet.read_table(tmp_path / "out" / "events.parquet").to_pylist()
    assert [json.loads(one["args"]) for one in rows] == [
        {"running": 2, "loading": 1},
        {"running": 3},
        {"initialising": 1},
    ]


def test_a_torn_last_line_is_nothing_to_warn_of_and_damage_is(tmp_path: Path) -> None:
    assert not decoded(tmp_path, ("a", "x86_64"), tail=b'["g", 10').warnings
    assert decoded(tmp_path, ("g", 1), ("g", "x", 2, 3, 4), ("c", 1, ["a"])).warnings


_ATOMS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
_LISTS = st.lists(_ATOMS, max_size=9)
_VALUES = _ATOMS | _LISTS | st.lists(_LISTS, max_size=4)
_ROWS = st.lists(st.tuples(st.sampled_from("acgkmtw"), _VALUES, _VALUES, _VALUES, _VALUES), max_size=6)


@given(rows=_ROWS, tail=st.binary(max_size=30))
def test_no_file_makes_it_raise(tmp_path_factory: pytest.TempPathFactory, rows: Any, tail: bytes) -> None:
    out = tmp_path_factory.mktemp("looks")
    writer = decoded(out, PROCESS, *rows, ("g", SECOND, 7, [MAIN], []), tail=tail)
    spans(writer, "goroutine_seen", out / "out")


@pytest.mark.integration
@pytest.mark.parametrize("level", ["light", "standard", "deep"])
def test_a_program_that_nobody_instrumented_is_told_what_it_waits_for(
    level: str, tmp_path: Path, godyno: Any
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(SHELF)
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    subprocess.run(
        [find_go().path, "build", "-o", "prog", "."], cwd=tmp_path, env=env, check=True, timeout=300
    )
    done = godyno("record", "-q", "--level", level, "-o", "prog.dyno", "--", "./prog")
    assert done.code == 0, done.err
    found = why(tmp_path / "prog.dyno")
    assert found.causes[0].kind == "lock", [(one.kind, one.claim) for one in found.causes]
    assert "use" in found.causes[0].what
    with open_capture(tmp_path / "prog.dyno") as capture:
        assert capture.sql("SELECT count(*) AS n FROM events WHERE layer = 'look'")["n"][0].as_py() > 5


@pytest.mark.integration
def test_a_light_recording_tells_of_packages_that_compute_while_they_are_initialised(
    tmp_path: Path, godyno: Any
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(SLOW_START)
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    subprocess.run(
        [find_go().path, "build", "-o", "prog", "."], cwd=tmp_path, env=env, check=True, timeout=300
    )
    done = godyno("record", "-q", "-o", "prog.dyno", "--", "./prog")
    assert done.code == 0, done.err
    found = why(tmp_path / "prog.dyno").attribution
    seconds = {**dict.fromkeys(("package_init", "sleep"), 0.0), **found.seconds()}
    ready = sum(seconds.get(name, 0.0) for name in ("neighbours", "own_threads"))
    assert found.looks >= 20 and sum(seconds.values()) == pytest.approx(found.wall_s, rel=0.01)
    assert seconds["package_init"] + ready > 0.2 and seconds["sleep"] > 0.2, seconds


@pytest.mark.integration
def test_a_light_recording_of_a_build_goes_to_what_the_go_command_started(
    tmp_path: Path, godyno: Any
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(SHELF + f"\nconst made = {os.getpid()}\n")
    done = godyno("record", "-q", "-o", "build.dyno", "--", find_go().path, "build", "-o", "prog", ".")
    assert done.code == 0, done.err
    found = why(tmp_path / "build.dyno")
    tools = {
        one.detail.partition(" ")[0]: one.pid for one in found.attribution.segments if one.tool and one.pid
    }
    assert {"compile", "link"} & tools.keys() and len(set(tools.values())) > 1, tools
    assert found.attribution.wall_s == pytest.approx(sum(found.attribution.seconds().values()))
