from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.integration
def test_noise_of_a_command_is_told_as_json(godyno: Any) -> None:
    ran = godyno("noise", "--for", "2s", "--try", "none", "--json", "--", "true")
    assert ran.code == 0, ran.err
    found = ran.json
    assert found["command"] == "true" and found["runs"] == 2 * found["blocks"] >= 6
    assert found["wall"]["median_s"] > 0


@pytest.mark.integration
def test_a_command_that_fails_is_said_to(godyno: Any) -> None:
    ran = godyno("noise", "--for", "2s", "--", "false")
    assert ran.code == 70 and b"exit code 1" in ran.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--try", "turbine"), b"turbine"),
        (("--for", "soon"), b"soon"),
        (("--", "no-such-command"), b"command not found"),
    ],
)
def test_what_makes_no_sense_is_named(godyno: Any, arguments: tuple[str, ...], word: bytes) -> None:
    ran = godyno("noise", *arguments)
    assert ran.code in (64, 127) and word in ran.err and b"Traceback" not in ran.err


@pytest.mark.integration
def test_restore_has_nothing_to_do_on_a_machine_that_was_left_as_it_was(godyno: Any) -> None:
    ran = godyno("restore")
    assert ran.code == 0 and ran.out == b"Nothing is left changed.\n"
