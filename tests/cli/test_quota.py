"""``godyno quota`` reads what runs and changes nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from godyno.cli.quota import command
from godyno.errors import UsageError


def test_it_tells_of_a_process_as_json() -> None:
    done = CliRunner().invoke(command, [str(os.getpid()), "--for", "200ms", "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["watched"]["last"]["processes"][0]["pid"] == os.getpid()
    assert told["findings"][0]["kind"] in ("no-quota", "throttled")


@pytest.mark.parametrize("arguments", [[], ["1", "--cgroup", "/sys/fs/cgroup"]])
def test_it_wants_a_process_or_a_cgroup(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="either a process or a cgroup"):
        CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_a_directory_that_is_no_cgroup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no cgroup"):
        CliRunner().invoke(command, ["--cgroup", str(tmp_path), "--for", "100ms"], catch_exceptions=False)
