"""How a run ended is told where that was not well, and only there."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import open_capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.why.ending import Ending, ending
from godyno.model import Result
from godyno.testing.captures import SECOND, T0, write_capture


def ended(
    tmp_path: Path,
    result: Result | None,
    below: dict[str, dict[str, int]] | None = None,
    pid: int = 0,
    **notes: Any,
) -> Ending | None:
    def fill(writer: TableWriter) -> None:
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

    with open_capture(write_capture(tmp_path / "x.dyno", fill, result=result, notes=notes)) as capture:
        return ending(capture, pid)


def run(code: int, killed_by: int = 0) -> Result:
    return Result(T0, T0 + SECOND, code, killed_by)


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
