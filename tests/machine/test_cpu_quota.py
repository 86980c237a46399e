"""The CPU quota of what runs, read from recorded trees of v1 and v2."""

from __future__ import annotations

from pathlib import Path

import pytest

from godyno.diagnose.running_quota import findings
from godyno.errors import UsageError
from godyno.machine.cpu_quota import (
    GoProcess,
    Holder,
    Reading,
    Watched,
    expected_gomaxprocs,
    go_process,
    holder,
    place_of,
    read_now,
)


def _write(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)
    return directory


def test_a_v2_quota_is_read_with_what_it_did(tmp_path: Path) -> None:
    place = _write(
        tmp_path, cpu__max="50000 100000\n", cpu__max__burst="0\n",
        cpu__stat="usage_usec 4000000\nnr_periods 100\nnr_throttled 40\nthrottled_usec 2500000\n",
    )  # fmt: skip
    assert holder(place) == Holder(str(place), 0.5, 0.1, 0.0, 100, 40, 2.5)


def test_a_v1_quota_is_read_with_what_it_did(tmp_path: Path) -> None:
    place = _write(
        tmp_path, cpu__cfs_quota_us="20000\n", cpu__cfs_period_us="10000\n", cpu__cfs_burst_us="5000\n",
        cpu__stat="nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000\n",
    )  # fmt: skip
    assert holder(place) == Holder(str(place), 2.0, 0.01, 0.005, 10, 4, 2.5)


@pytest.mark.parametrize("text", ["max 100000\n", "", "garbage", "50000\n", "-1 100000\n"])
def test_no_quota_is_none(tmp_path: Path, text: str) -> None:
    assert holder(_write(tmp_path, cpu__max=text)) is None


def _process(minor: int, setting: int | None = None, allowed: int = 8) -> GoProcess:
    return GoProcess(7, "api", minor, setting, allowed, 20)


def test_gomaxprocs_follows_the_rules_of_the_version() -> None:
    assert expected_gomaxprocs(_process(24), 0.5) == 8
    assert expected_gomaxprocs(_process(25), 0.5) == 2
    assert expected_gomaxprocs(_process(25), 3.2) == 4
    assert expected_gomaxprocs(_process(25, allowed=1), 3.2) == 1
    assert expected_gomaxprocs(_process(25, setting=6), 0.5) == 6
    assert expected_gomaxprocs(_process(25), None) == 8


def test_a_process_is_read_from_proc(tmp_path: Path) -> None:
    place = _write(
        tmp_path / "proc" / "7", status="Name:\tapi\nThreads:\t9\nCpus_allowed:\tff,0000000f\n", environ="A=1\0GOMAXPROCS=3\0",
    )  # fmt: skip
    (place / "exe").write_bytes(
        b"\x7fELF" + bytes(64) + b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x08go1.26.3\n"
    )
    assert go_process(7, tmp_path) == GoProcess(7, "api", 26, 3, 12, 9)
    assert go_process(8, tmp_path) is None


def test_a_directory_that_is_no_cgroup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no cgroup"):
        place_of(None, tmp_path)
    with pytest.raises(UsageError, match="no process"):
        place_of(999_999_999, None)


def test_a_v2_tree_is_read_with_its_ancestors(tmp_path: Path) -> None:
    outer = _write(tmp_path / "cg", cgroup__procs="", cpu__max="200000 100000\n", cpu__stat="usage_usec 9\n")
    inner = _write(
        outer / "api", cgroup__procs="7\n", cpu__max="max 100000\n", cpu__stat="usage_usec 5000000\n"
    )
    reading = read_now(place_of(None, inner), root=tmp_path)
    assert [one.cpus for one in reading.holders] == [2.0]
    assert reading.usage_s == 5.0
    assert reading.version == 2


def _watched(stopped: int, minor: int, cpus: float = 0.5) -> Watched:
    def look(at: int, throttled: int) -> Reading:
        held = Holder("/cg", cpus, 0.1, 0.0, 100 + at // 10**8, throttled, throttled * 0.05)
        return Reading(at, "/cg", 2, at * 1e-9 * 0.5, (held,), (_process(minor),), 4)

    return Watched(look(0, 10), look(2_000_000_000, 10 + stopped), (0.5,) * 20, 4, 3.0)


def test_a_throttled_service_is_told_what_to_set() -> None:
    throttled, procs, demand, wanted = findings(_watched(15, 25), recommend=True)
    assert throttled.kind == "throttled"
    assert throttled.severity == "warning"
    assert throttled.data["throttled_share_ratio"] == 0.75
    assert procs.advice == "Set GOMAXPROCS=1."
    assert procs.data["gomaxprocs"] == 2
    assert procs.estimate is not None
    assert procs.estimate.value == pytest.approx(0.075)
    assert demand.data["mean_cpus"] == 0.5
    # Cut off at its quota, three threads were ready on average: half a CPU is not what it asks for.
    assert wanted.data["quota_cpus"] == pytest.approx(3.6)


def test_a_quota_that_is_not_reached_is_no_warning() -> None:
    throttled = findings(_watched(0, 25, cpus=4.0))[0]
    assert throttled.severity == "info"
    assert "never reached" in throttled.claim
    assert [one.kind for one in findings(_watched(0, 25, cpus=4.0))] == ["throttled", "demand"]
