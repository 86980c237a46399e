"""What would have told more is said as a command that can be called, and only where it could."""

from __future__ import annotations

from types import SimpleNamespace as Made
from typing import Any

import pytest

from godyno.diagnose.why.missing import missing


def untold(*argv: str, notes: dict[str, object] | None = None, looked: bool = True) -> str:
    manifest = Made(
        probes=[Made(name="scheduler", availability=True), Made(name="syscalls", availability=True)],
        notes=notes or {},
        workload=Made(argv=argv),
    )
    stacks: Any = Made(has_cpu=True, has_sleeps=True)
    lanes: Any = Made(traced=False)
    looks: Any = Made(times=[1], any_goroutines=looked)
    return " ".join(missing(Made(manifest=manifest), lanes, stacks, looks, True))


@pytest.mark.parametrize("looked", [True, False])
def test_a_program_is_told_how_to_be_built_and_asked(looked: bool) -> None:
    said = untold("./bin/a server", "-v", looked=looked)
    assert "`godyno record --instrument -- go build -o './bin/a server' PACKAGE`" in said
    assert said.endswith("`godyno why -- './bin/a server' -v` then.")


def test_what_path_finds_is_not_told_to_be_built_over() -> None:
    assert "-o PROGRAM PACKAGE" in untold("sh", "-c", "./server")


def test_what_was_attached_to_is_not_told_to_be_started_by_a_command_that_is_not_known() -> None:
    assert "godyno why" not in untold("./server", notes={"attached": True})


def test_go_run_and_go_test_are_asked_as_they_are() -> None:
    said = untold("go", "test", "./...")
    assert said.endswith("`godyno why -- go test ./...` has them told.")


@pytest.mark.parametrize("subcommand", ["build", "vet", "install"])
def test_of_what_only_builds_nothing_more_could_be_told(subcommand: str) -> None:
    assert untold("go", subcommand, "./...") == ""
