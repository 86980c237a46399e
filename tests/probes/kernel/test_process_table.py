"""What the processes of a build were, on a real one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from godyno.capture.reader import open_capture
from godyno.diagnose.hottest import hottest
from godyno.errors import GodynoError
from godyno.model import Workload
from godyno.probes.kernel.process_table import packages_of
from godyno.recorder import record
from godyno.toolchain import find_go


def test_the_action_graph_tells_what_a_work_directory_was_for(tmp_path: Path) -> None:
    graph = tmp_path / "graph.json"
    graph.write_text(
        json.dumps(
            [
                {"ID": 1, "Mode": "build", "Package": "example.com/a.test", "Objdir": "/tmp/go-build1/b001/"},
                {"ID": 2, "Mode": "test run", "Package": "example.com/a", "Objdir": "/tmp/go-build1/b001/"},
                {"ID": 3, "Mode": "link", "Package": "example.com/cmd/x", "Objdir": "/tmp/go-build1/b002/"},
                {"ID": 4, "Mode": "nop"},
            ]
        )
    )
    assert packages_of(graph) == {
        ("/tmp/go-build1/b001", False): "example.com/a.test",
        ("/tmp/go-build1/b001", True): "example.com/a",
        ("/tmp/go-build1/b002", False): "example.com/cmd/x",
    }
    graph.write_text("[")
    assert packages_of(graph) == packages_of(tmp_path / "none") == {}


@pytest.mark.integration
def test_compiler_linker_and_test_binary_of_a_go_test_are_told_apart_by_package(tmp_path: Path) -> None:
    try:
        go = find_go()
    except GodynoError as error:
        pytest.skip(str(error))
    for package in ("one", "two"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "x_test.go").write_text(
            f'package {package}\n\nimport "testing"\n\nvar sink uint64\n\nfunc TestBusy(t *testing.T) {{\n'
            "\tfor i := uint64(0); i < 200_000_000; i++ {\n\t\tsink = sink*3 + i\n\t}\n}\n"
        )
    (tmp_path / "go.mod").write_text("module example.com/both\n\ngo 1.21\n")
    workload = Workload(
        (go.path, "test", "-count=1", "./..."), str(tmp_path), {"GOTOOLCHAIN": "local", "GOFLAGS": ""}
    )
    recording = record(workload, tmp_path / "c", level="standard")
    assert recording.result.exit_code == 0
    with open_capture(recording.capture) as capture:
        entry = capture.manifest.probe("processes")
        assert entry is not None
        if entry.notes.get("source") != "perf":
            pytest.skip("perf_event_open is refused here")
        found = {
            (row["kind"], row["package"])
            for row in capture.sql(
                "SELECT DISTINCT args->>'kind' AS kind, args->>'package' AS package FROM spans WHERE layer = 'process'"
            ).to_pylist()
        }
        for name in ("one", "two"):
            assert {("test", f"example.com/both/{name}"), ("link", f"example.com/both/{name}.test")} <= found
        if capture.sql("SELECT 1 FROM stacks WHERE layer = 'cpu' LIMIT 1").num_rows:
            rows = {row.name: row for row in hottest(capture, by="package", most=1000).rows}
            for name in ("one", "two"):
                assert ".TestBusy" in rows[f"test example.com/both/{name}"].function
    assert os.listdir(tmp_path / "one") == ["x_test.go"]  # noqa: PTH208
