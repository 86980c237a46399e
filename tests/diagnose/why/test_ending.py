"""How a run ended is told where that was not well, and only there."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import open_capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.why.ending import Ending, ending
from godyno.model import Result, Workload
from godyno.testing.captures import SECOND, T0, write_capture


def ended(
    tmp_path: Path,
    result: Result | None,
    below: dict[str, dict[str, int]] | None = None,
    pid: int = 0,
    lines: Sequence[str] = (),
    argv: tuple[str, ...] = (),
    **notes: Any,
) -> Ending | None:
    def fill(writer: TableWriter) -> None:
        for line in lines:
            writer.line(T0, "stderr", line)
        writer.span(
            T0, T0 + SECOND, "process", "1", "go", 1, 1, {"ppid": 0, "exe": "/usr/bin/go", "exit_code": 1}
        )
        for number, (name, args) in enumerate((below or {}).items(), 2):
            writer.span(
                T0,
                T0 + SECOND,
                "process",
                str(number),
                name,
                number,
                number,
                {"ppid": 1, "exe": f"/tmp/{name}", **args},
            )

    with open_capture(
        write_capture(tmp_path / "x.dyno", fill, result=result, notes=notes, workload=Workload(argv))
    ) as capture:
        return ending(capture, pid)


def run(code: int, killed_by: int = 0) -> Result:
    return Result(T0, T0 + SECOND, code, killed_by)


@pytest.mark.parametrize(
    ("subcommand", "said"),
    [("vet", "stat /src/nosuch: directory not found. "), ("run", "")],
)
def test_what_go_said_last_is_told_where_nothing_else_could_have_said_it(
    tmp_path: Path, subcommand: str, said: str
) -> None:
    lines = (
        "go: downloading example.com/m v1.0.0",
        "stat /src/nosuch: directory not found",
        "Run 'go help' for usage.",
    )
    found = ended(tmp_path, run(1), lines=lines, argv=("go", subcommand, "./nosuch"))
    assert found is not None and found.claim.startswith(f"{said}The command failed")


@pytest.mark.parametrize("result", [run(0), None])
def test_of_a_run_that_ended_well_or_was_cut_off_nothing_is_said(
    tmp_path: Path, result: Result | None
) -> None:
    assert ended(tmp_path, result, {"probe": {"exit_code": 1}}) is None


@pytest.mark.parametrize(
    ("result", "notes", "claim"),
    [
        (run(1), {}, "The command failed: exit code 1 after 1.00 s."),
        (run(137), {}, "The command failed: exit code 137 (a shell's for SIGKILL) after 1.00 s."),
        (run(255), {}, "The command failed: exit code 255 after 1.00 s."),
        (run(0, signal.SIGSEGV), {}, "The command was killed by SIGSEGV after 1.00 s."),
        (run(0, signal.SIGTERM), {}, "The command was ended by SIGTERM after 1.00 s."),
        (run(0, signal.SIGRTMIN + 1), {}, "The command was killed by signal 35 after 1.00 s."),
        (run(0, signal.SIGTERM), {"timed_out": True}, "The command was ended by SIGTERM after 1.00 s, when its --timeout was over."),
        (
            run(0, signal.SIGKILL),
            {"oom_kills": 1, "timed_out": False},
            "The command was killed by SIGKILL after 1.00 s, and the kernel killed 1 process for want of memory.",
        ),
        (run(1), {"oom_kills": "many"}, "The command failed: exit code 1 after 1.00 s."),
    ],
)  # fmt: skip
def test_the_sentence_says_how_it_ended(
    tmp_path: Path, result: Result, notes: dict[str, Any], claim: str
) -> None:
    found = ended(tmp_path, result, **notes)
    assert found is not None and found.claim == claim
    assert (found.exit_code, found.signal) == (result.exit_code, result.signal)


def test_what_failed_below_is_named(tmp_path: Path) -> None:
    below = {
        "broken.test": {"exit_code": 1, "exit_signal": 0},
        "fine.test": {"exit_code": 0},
        "killed.test": {"exit_code": 0, "exit_signal": 9},
    }
    found = ended(tmp_path, run(1), below)
    assert found is not None
    assert found.below == ("test broken.test (exit code 1)", "test killed.test (SIGKILL)")
    assert found.claim.endswith(
        "after 1.00 s; below it so did test broken.test (exit code 1), test killed.test (SIGKILL)."
    )


def test_of_many_that_failed_three_are_named(tmp_path: Path) -> None:
    found = ended(tmp_path, run(1), {f"t{number}": {"exit_code": 1} for number in range(5)})
    assert found is not None and found.claim.endswith("t2 (exit code 1) and 2 more.")


def test_a_process_that_is_asked_for_is_told_by_its_own_end(tmp_path: Path) -> None:
    found = ended(tmp_path, run(0), {"broken.test": {"exit_code": 2}}, pid=2)
    assert found is not None and found.claim.startswith("test broken.test failed: exit code 2 after 1.00 s")
    assert found.below == ()


PANIC = (
    "panic: assignment to entry in nil map", "", "goroutine 22 [running]:", "internal/sync.(*Mutex).Unlock(...)", "\t/go/src/m.go:1",
    "main.worker(0x3)", "\t/src/app/main.go:24 +0x39", "main.main()", "\t/src/app/main.go:13 +0x37",
)  # fmt: skip


def test_a_panic_is_told_first_with_the_programs_own_place(tmp_path: Path) -> None:
    found = ended(tmp_path, run(2), lines=("panic: an old one", *PANIC))
    assert found is not None
    assert found.said == "panic: assignment to entry in nil map in main.worker, app/main.go:24"
    assert found.claim == f"{found.said}. The command failed: exit code 2 after 1.00 s."


@pytest.mark.parametrize("result", [run(0, signal.SIGTERM), run(0, signal.SIGINT)])
def test_what_a_program_that_was_asked_to_end_said_is_no_cause(tmp_path: Path, result: Result) -> None:
    found = ended(tmp_path, result, lines=PANIC)
    assert found is not None and found.said == ""


def test_the_first_error_in_sources_is_told_of_a_build(tmp_path: Path) -> None:
    found = ended(tmp_path, run(1), lines=("# example.com/x", "./a.go:2:23: undefined: y"))
    assert found is not None and found.claim.startswith("./a.go:2:23: undefined: y. The command failed")


def test_what_was_said_does_nothing_to_a_terminal_and_is_bounded(tmp_path: Path) -> None:
    found = ended(tmp_path, run(2), lines=("panic: \x1b]0;title\x07" + "x" * 10_000,))
    assert found is not None and found.said.isprintable() and len(found.said) == 200
