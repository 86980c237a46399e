import itertools
import json
import random
import subprocess
from pathlib import Path

import pytest

from godyno.errors import FormatError, GodynoError, GoNotFound
from godyno.formats.exectrace import DecodedTrace, decode, read_decoded
from godyno.toolchain import Go, find_go
from godyno.toolchain.programs import build_program, program_sources, trace_decoder

PROGRAM = """package main

import (
	"context"
	"os"
	"runtime"
	"runtime/trace"
	"time"
)

var sink []byte

func blocked(c chan int) { <-c }

func main() {
	f, _ := os.Create(os.Args[1])
	trace.Start(f)
	ctx, task := trace.NewTask(context.Background(), "the task")
	trace.WithRegion(ctx, "the region", func() {
		c := make(chan int)
		go blocked(c)
		time.Sleep(20 * time.Millisecond)
		trace.Log(ctx, "category", "a message")
		c <- 1
		for i := 0; i < 200; i++ {
			sink = make([]byte, 1<<16)
		}
		runtime.GC()
	})
	task.End()
	// So many switches, on any machine, that the decoder trusts the places of the commonest events.
	there, back := make(chan int), make(chan int)
	go func() {
		for i := range there {
			back <- i
		}
	}()
	for i := 0; i < 2000; i++ {
		there <- i
		<-back
	}
	trace.Stop()
	f.Close()
}
"""


@pytest.fixture(scope="session")
def go() -> Go:
    try:
        return find_go()
    except GoNotFound as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def decoder(go: Go) -> Path:
    try:
        return trace_decoder(go)
    except GodynoError as error:
        pytest.skip(f"the decoder cannot be built here: {error}")


@pytest.fixture(scope="session")
def trace(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("traced")
    (root / "main.go").write_text(PROGRAM)
    (root / "go.mod").write_text("module traced\n\ngo 1.22\n")
    go.run("build", "-o", "traced", ".", cwd=root, env={"GOFLAGS": None, "CGO_ENABLED": "0"})
    subprocess.run([root / "traced", root / "out.trace"], check=True, timeout=60)
    return root / "out.trace"


@pytest.fixture(scope="session")
def decoded(decoder: Path, trace: Path, tmp_path_factory: pytest.TempPathFactory) -> DecodedTrace:
    return decode(decoder, trace, tmp_path_factory.mktemp("decoded"))


@pytest.mark.integration
def test_tasks_regions_and_logs_are_found_with_their_names(decoded: DecodedTrace) -> None:
    (task,) = decoded.table("tasks").to_pylist()
    (region,) = decoded.table("regions").to_pylist()
    (log,) = decoded.table("logs").to_pylist()
    assert (task["name"], region["name"]) == ("the task", "the region")
    assert (log["category"], log["message"], log["task"]) == ("category", "a message", task["task"])
    assert task["t_start_ns"] <= region["t_start_ns"] < log["t_ns"] < region["t_end_ns"] <= task["t_end_ns"]
    assert region["t_end_ns"] - region["t_start_ns"] >= 20_000_000
    assert not task["open"] and not region["open"]


@pytest.mark.integration
def test_gc_phases_and_stops_of_the_world_are_ranges(decoded: DecodedTrace) -> None:
    ranges = decoded.table("ranges").to_pylist()
    marks = [r for r in ranges if "concurrent mark" in r["name"]]
    stops = [r for r in ranges if r["name"].startswith("stop-the-world")]
    assert marks and stops
    for mark in marks:
        assert mark["t_start_ns"] < mark["t_end_ns"]


@pytest.mark.integration
def test_a_goroutine_s_states_follow_one_another_without_a_gap(decoded: DecodedTrace) -> None:
    by_goroutine: dict[int, list[dict[str, object]]] = {}
    for row in decoded.table("goroutine_states").to_pylist():
        by_goroutine.setdefault(row["goroutine"], []).append(row)
    assert len(by_goroutine) >= 3
    for rows in by_goroutine.values():
        rows.sort(key=lambda row: (row["t_start_ns"], row["t_end_ns"]))
        assert all(a["t_end_ns"] == b["t_start_ns"] for a, b in itertools.pairwise(rows))
        assert all(not row["open"] for row in rows[:-1])


@pytest.mark.integration
def test_a_blocked_goroutine_waits_where_its_stack_says(decoded: DecodedTrace) -> None:
    frames = decoded.table("frames").to_pylist()
    stacks: dict[int, list[str]] = {}
    for frame in sorted(frames, key=lambda f: (f["stack"], f["depth"])):
        stacks.setdefault(frame["stack"], []).append(frame["function"])
    waits = [
        row
        for row in decoded.table("goroutine_states").to_pylist()
        if row["state"] == "waiting" and "main.blocked" in stacks.get(row["stack"], [])
    ]
    assert [row["reason"] for row in waits] == ["chan receive"]
    assert waits[0]["t_end_ns"] - waits[0]["t_start_ns"] > 10_000_000


@pytest.mark.integration
def test_instants_are_of_the_monotonic_clock(decoded: DecodedTrace) -> None:
    import time

    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert 0 < decoded.t_first_ns < decoded.t_last_ns < now
    assert now - decoded.t_last_ns < 3_600_000_000_000
    assert decoded.ended_by == ""


@pytest.mark.integration
def test_a_trace_that_ends_in_its_middle_is_read_up_to_there(
    decoder: Path, trace: Path, tmp_path: Path
) -> None:
    data = trace.read_bytes()
    (tmp_path / "torn").write_bytes(data[: len(data) - 7])
    try:
        torn = decode(decoder, tmp_path / "torn", tmp_path / "out")
    except FormatError as error:  # a single generation that is torn holds nothing that can be read
        assert "cannot be decoded" in str(error)
    else:
        assert torn.ended_by


@pytest.mark.integration
def test_damaged_traces_are_refused_or_read_and_never_crash(
    decoder: Path, trace: Path, tmp_path: Path
) -> None:
    data, order = trace.read_bytes(), random.Random(1)
    samples = [b"", b"go 1.99 trace\0\0\0", b"hello", data[:16], data[:400]]
    for _ in range(12):
        broken = bytearray(data)
        for _ in range(3):
            broken[order.randrange(16, len(broken))] = order.randrange(256)
        samples.append(bytes(broken))
    for index, sample in enumerate(samples):
        path = tmp_path / f"{index}.trace"
        path.write_bytes(sample)
        try:
            found = decode(decoder, path, tmp_path / str(index))
            for name in found.rows:
                found.table(name)
        except FormatError as error:
            assert "panic" not in str(error), (index, str(error))


def test_a_directory_without_a_decoded_trace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="holds no decoded trace"):
        read_decoded(tmp_path)
    for wrong in (
        "[]",
        "{",
        '{"exectrace": 1}',
        '{"exectrace": 1, "tables": {"../x": {"rows": 1, "columns": []}}}',
    ):
        (tmp_path / "meta.json").write_text(wrong)
        with pytest.raises(FormatError, match="holds no decoded trace"):
            read_decoded(tmp_path)
    (tmp_path / "meta.json").write_text('{"exectrace": 99}')
    with pytest.raises(FormatError, match="another version"):
        read_decoded(tmp_path)


def test_a_decoded_trace_of_the_wrong_size_or_with_wild_references_is_refused(tmp_path: Path) -> None:
    meta = {
        "exectrace": 1, "events": 1, "t_first_ns": 0, "t_last_ns": 0, "ended_by": "", "strings": 1,
        "tables": {"logs": {"rows": 1, "columns": [{"name": "message", "type": "s"}]}},
    }  # fmt: skip
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "strings.offsets").write_bytes(bytes(16))
    with pytest.raises(FormatError, match="not as long"):
        read_decoded(tmp_path).table("logs")
    (tmp_path / "logs").write_bytes(b"\x09\0\0\0")
    with pytest.raises(FormatError, match="refers to what is not there"):
        read_decoded(tmp_path).table("logs")
    (tmp_path / "logs").write_bytes(b"\0\0\0\0")
    assert read_decoded(tmp_path).table("logs").to_pylist() == [{"message": ""}]
    (tmp_path / "strings.offsets").write_bytes(b"\xff" * 16)
    with pytest.raises(FormatError, match="damaged strings"):
        read_decoded(tmp_path).table("logs")


def test_a_decoder_that_cannot_run_is_a_format_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot run"):
        decode(tmp_path / "none", tmp_path / "t", tmp_path / "out")


def test_events_taken_from_where_they_lie_say_what_the_reader_s_methods_say(
    go: Go, trace: Path, decoded: DecodedTrace, tmp_path: Path
) -> None:
    sources = program_sources("godyno.formats.exectrace")
    slow = sources["hot.go"].replace(b"\treturn is(", b"\treturn false && is(")
    assert slow != sources["hot.go"]
    by_methods = decode(
        build_program(go, "exectrace-methods", {**sources, "hot.go": slow}), trace, tmp_path / "slow"
    )
    assert by_methods.events == decoded.events > 1000
    for file in sorted(decoded.directory.iterdir()):
        assert (tmp_path / "slow" / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_trace_of_an_old_go_is_read_from_its_first_event_to_its_last(
    go: Go, decoder: Path, tmp_path: Path
) -> None:
    old = Path(go.goroot, "src/internal/trace/internal/tracev1/testdata/user_task_region_1_21_good")
    if not old.is_file():
        pytest.skip("this Go comes without its own test data")
    trace = decode(decoder, old, tmp_path)
    assert (trace.events, trace.t_first_ns, trace.ended_by) == (
        33,
        -1,
        "",
    )  # the reader begins with one of its own
    assert trace.rows["tasks"] == 1 and trace.rows["regions"] > 1
