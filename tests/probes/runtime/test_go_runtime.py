"""What instrumented programs of each Go told, as a capture holds it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.errors import GodynoError
from godyno.toolchain import Go, find_go, versions
from godyno.toolchain.programs import trace_decoder

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parents[2] / "data" / "programs" / "runtime"
VERSIONS = ("1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27")


def go_of(version: str) -> Go:
    try:
        trace_decoder(find_go())
        return versions.fetch(version)
    except GodynoError as error:
        pytest.skip(str(error))


def recorded(out: Path, *command: str, options: tuple[str, ...] = (), cwd: Path = PROGRAM) -> Capture:
    argv = [
        sys.executable,
        "-m",
        "godyno",
        "record",
        "-q",
        "--instrument",
        *options,
        "-o",
        str(out),
        "--",
        *command,
    ]
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return open_capture(out)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Any:
    go = go_of(VERSIONS[-1])
    with recorded(
        tmp_path_factory.mktemp("runtime") / "c.dyno", go.path, "run", ".", options=("--go-debug", "gctrace")
    ) as found:
        yield found


def rows(capture: Capture, sql: str) -> list[dict[str, Any]]:
    return list(capture.sql(sql).to_pylist())


@pytest.mark.parametrize("version", VERSIONS)
def test_each_go_tells_of_goroutines_collections_tasks_and_its_last_words(
    version: str, tmp_path: Path
) -> None:
    with recorded(tmp_path / "c.dyno", go_of(version).path, "run", ".") as capture:
        (probe,) = (probe for probe in capture.manifest.probes if probe.name == "go_runtime")
        assert probe.alignment_error_ns is not None and probe.alignment_error_ns < 100_000
        assert not [
            warning
            for warning in capture.manifest.warnings
            if "instrumented" in warning or "trace" in warning
        ]
        told = {
            row["layer"]: row
            for row in rows(
                capture, "SELECT layer, count(*) n, min(t_start_ns) a, max(t_end_ns) b FROM spans GROUP BY 1"
            )
        }
        assert {"goroutine", "goroutine_state", "proc", "gc", "stw", "task", "region"} <= told.keys()
        result = capture.manifest.result
        assert result is not None
        for layer in ("goroutine", "gc", "task"):
            assert result.t_start_ns < told[layer]["a"] <= told[layer]["b"] < result.t_end_ns
        assert [row["name"] for row in rows(capture, "SELECT name FROM events WHERE layer = 'go_log'")] == [
            "last words"
        ]
        spinning = "SELECT count(*) AS n FROM stacks JOIN frames USING (stack_id) WHERE layer = 'trace' AND \"function\" = 'main.spin'"
        assert rows(capture, spinning)[0]["n"] >= 1
        names = {row["name"] for row in rows(capture, "SELECT DISTINCT name FROM series WHERE layer = 'go'")}
        assert {
            "go.memory.used",
            "go.memory.allocated",
            "go.goroutine.count",
            "go.processor.limit",
            "go.schedule.duration",
            "go.config.gogc",
        } <= names


def test_a_goroutines_totals_are_the_sums_of_its_states(capture: Capture) -> None:
    lives = rows(
        capture,
        "SELECT track, args, t_end_ns - t_start_ns AS took FROM spans WHERE layer = 'goroutine' AND args->>'seen' IS NULL",
    )
    sums: dict[tuple[str, str], int] = {}
    for row in rows(
        capture,
        "SELECT track, name, sum(t_end_ns - t_start_ns)::BIGINT AS ns FROM spans WHERE layer = 'goroutine_state' GROUP BY 1, 2",
    ):
        sums[row["track"], row["name"]] = row["ns"]
    assert len(lives) > 5
    for life in lives:
        totals = json.loads(life["args"])
        for state in ("running", "runnable", "waiting", "syscall"):
            assert totals[f"{state}_s"] == pytest.approx(sums.get((life["track"], state), 0) * 1e-9, abs=1e-8)
        assert (
            sum(totals[f"{state}_s"] for state in ("running", "runnable", "waiting", "syscall"))
            <= life["took"] * 1e-9 + 1e-8
        )


def test_goroutines_are_named_and_wait_where_the_program_says(capture: Capture) -> None:
    names = [row["name"] for row in rows(capture, "SELECT name FROM spans WHERE layer = 'goroutine'")]
    assert names.count("main.main") == 1 and "main.blocked" in names and names.count("main.main.func1") == 3
    found = rows(
        capture,
        "SELECT args FROM spans WHERE layer = 'goroutine_state' AND name = 'waiting' AND args LIKE '%main.blocked%'",
    )
    assert [json.loads(row["args"])["reason"] for row in found] == ["chan receive"]
    waits = rows(
        capture,
        "SELECT sum(weight) AS s FROM stacks JOIN frames USING (stack_id) "
        "WHERE layer = 'goroutine_wait' AND \"function\" = 'main.blocked'",
    )
    assert waits[0]["s"] > 0.03


def test_states_over_time_add_up_to_the_goroutines_that_there_are(capture: Capture) -> None:
    over = rows(
        capture,
        "SELECT json_extract_string(labels, '$.state') AS state, t_ns, value FROM series JOIN points USING (series_id) "
        "WHERE name = 'go.goroutine.by_state' ORDER BY 1, 2",
    )
    spans = rows(
        capture,
        "SELECT name AS state, sum(t_end_ns - t_start_ns)::BIGINT AS ns FROM spans WHERE layer = 'goroutine_state' GROUP BY 1",
    )
    expected = {row["state"]: row["ns"] for row in spans}
    for state in ("running", "runnable", "waiting", "syscall"):
        cells = [row for row in over if row["state"] == state]
        widths = [10_000_000, *(b["t_ns"] - a["t_ns"] for a, b in itertools.pairwise(cells))]
        total = sum(width * row["value"] for width, row in zip(widths, cells, strict=True))
        assert total == pytest.approx(expected.get(state, 0), rel=1e-6, abs=1000)


def test_every_collection_of_gctrace_is_in_the_trace_within_a_millisecond(capture: Capture) -> None:
    program = rows(capture, "SELECT DISTINCT pid FROM spans WHERE layer = 'goroutine_state'")[0]["pid"]
    cycles = rows(
        capture,
        f"SELECT * FROM spans WHERE layer = 'gc' AND pid = {program} AND (name LIKE 'GC %') ORDER BY t_start_ns",
    )
    traced = [row for row in cycles if row["track"].endswith("trace")]
    printed = [row for row in cycles if not row["track"].endswith("trace")]
    assert len(traced) == len(printed) >= 2
    for one, other in zip(traced, printed, strict=True):
        assert abs(one["t_start_ns"] - other["t_start_ns"]) < 1_000_000
        assert (
            other["t_end_ns"] < one["t_end_ns"] + 1_000_000
        )  # gctrace's ends before the world is set going again


def test_profiles_and_samples_are_there_with_goroutines(capture: Capture) -> None:
    layers = {
        row["layer"]: row
        for row in rows(
            capture, "SELECT layer, count(*) n, sum(weight) w, max(goroutine) g FROM stacks GROUP BY 1"
        )
    }
    assert {"trace", "heap", "allocs", "goroutine"} <= layers.keys()
    assert layers["trace"]["g"] > 0
    assert layers["heap"]["w"] > 20e6
    metric = rows(
        capture,
        "SELECT max(value) v FROM series JOIN points USING (series_id) WHERE name = 'go.memory.allocated'",
    )[0]["v"]
    assert metric > 25e6


def test_several_test_binaries_are_told_apart(tmp_path: Path) -> None:
    go = go_of(VERSIONS[-1])
    module = tmp_path / "m"
    for name in ("a", "b"):
        (module / name).mkdir(parents=True)
        (module / name / "x_test.go").write_text(
            f'package {name}\n\nimport "testing"\n\nfunc TestX(t *testing.T) {{}}\n'
        )
    (module / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    with recorded(tmp_path / "c.dyno", go.path, "test", "-count=1", "./...", cwd=module) as capture:
        lives = rows(
            capture,
            "SELECT pid, count(*) n FROM spans WHERE layer = 'goroutine' AND args->>'seen' IS NULL GROUP BY 1",
        )
        assert len(lives) == 2
        tracks = rows(
            capture, "SELECT DISTINCT track FROM spans WHERE layer = 'goroutine' AND args->>'seen' IS NULL"
        )
        assert {int(row["track"].split("/")[0]) for row in tracks} == {row["pid"] for row in lives}


def test_hostile_files_are_named_and_cost_nothing_else(tmp_path: Path) -> None:
    from godyno.probes.runtime.go_runtime import GoRuntime
    from godyno.testing.recording import FakeSink

    data = tmp_path / "raw" / "data"
    data.mkdir(parents=True)
    head = {"godyno": 1, "pid": 5, "t_ns": 1, "package": "p", "go": "go1.26", "names": [], "bounds": {}}
    (data / "5-1.jsonl").write_text(json.dumps(head) + "\n")
    (data / "5-1.trace").write_bytes(b"go 1.26 trace\x00\x00\x00" + os.urandom(3000))
    (data / "5-1.9.heap.pprof").write_bytes(os.urandom(300))
    (data / "6-1.jsonl").write_bytes(os.urandom(300))
    sink = FakeSink(tmp_path)
    GoRuntime().decode(tmp_path / "raw", sink, {})
    said = " ".join(sink.warnings)
    assert (
        "without a word" in said
        and "profiles" in said
        and "traces were not" in said
        and "not wholly understood" in said
    )
    assert not sink.spans


def test_a_trace_that_becomes_too_large_is_ended_and_read_up_to_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from godyno import model
    from godyno.probes.runtime.go_runtime import GoRuntime
    from godyno.testing.recording import FakeSink
    from godyno.workload import instrument
    from godyno.workload.instrument.planning import plan

    monkeypatch.setattr(instrument, "MOST_TRACE_BYTES", 100_000)
    module = tmp_path / "m"
    module.mkdir()
    (module / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    (module / "main.go").write_text(
        'package main\n\nimport ("runtime"; "time")\n\nfunc main() {\n'
        "\tfor end := time.Now().Add(700 * time.Millisecond); time.Now().Before(end); {\n"
        "\t\tfor i := 0; i < 50; i++ { runtime.Gosched() }\n\t\ttime.Sleep(time.Millisecond)\n\t}\n}\n"
    )
    argv, raw = (go_of(VERSIONS[-1]).path, "run", "."), tmp_path / "raw"
    made = plan(argv, str(module), ("trace",))
    made.write(raw)
    workload = made.apply(model.Workload(argv), raw)
    env = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        **{name: value for name, value in workload.env.items() if value is not None},
    }
    subprocess.run(workload.argv, cwd=module, env=env, check=True, timeout=120)
    (trace,) = (raw / "data").glob("*.trace")
    assert 0 < trace.stat().st_size <= 200_000
    sink = FakeSink(tmp_path)
    GoRuntime(plan=made).decode(raw, sink, {})
    assert any("too large" in warning for warning in sink.warnings)
    assert [span for span in sink.spans if span["layer"] == "goroutine"], sink.notes
