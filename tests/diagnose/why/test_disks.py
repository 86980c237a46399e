"""Who kept the disk busy that the path waited for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from godyno.diagnose.why import answer

SYNC = (
    "k:schedule",
    "k:blkdev_issue_flush",
    "k:ext4_sync_file",
    "k:__x64_sys_fsync",
    "syscall.Fsync",
    "main.save",
)
MS = 1_000_000
MB = 1e6

Made = Callable[..., Any]


def _waits_for_a_sync(
    s: Any,
    disk: tuple[float, ...],
    own: tuple[float, ...],
    counted: float = 0.0,
    stack: tuple[str, ...] = SYNC,
) -> None:
    """A second of which 0.8 s is one fsync; what the disk wrote in all, and the process did, each quarter of a second."""
    s.process(1, 0, 1000, **({"write_bytes": counted} if counted else {}))
    s.thread(
        1, (0, 100, "running"), (100, 899, "sleeping"), (899, 900, "runnable", 0), (900, 1000, "running")
    )
    s.sample("off_cpu", 100, stack)
    _written(s, "system.disk.io", "disk", {"device": "sda", "direction": "write"}, disk)
    if own:
        _written(s, "process.disk.io", "1", {"pid": "1", "direction": "write", "kind": "counter"}, own)


def _operations(s: Any, values: tuple[float, ...]) -> None:
    _written(s, "system.disk.operations", "disk", {"device": "sda", "direction": "write"}, values)


NFS = (
    "k:schedule",
    "k:rpc_wait_bit_killable",
    "k:nfs_file_fsync",
    "k:__x64_sys_fsync",
    "syscall.Fsync",
    "main.save",
)


@pytest.mark.parametrize(
    ("operations", "stack", "stalled"),
    [
        pytest.param((0, 2, 2, 3, 4), SYNC, 0.799, id="a disk that hardly answers"),
        pytest.param((0, 50, 50, 50, 50), SYNC, 0.65, id="one that answered before"),
        pytest.param((0, 100, 200, 300, 400), SYNC, 0, id="one that is as slow as disks may be"),
        pytest.param((0, 2, 2, 3, 4), NFS, 0, id="none of this machine's disks"),
        pytest.param((), SYNC, 0, id="not recorded"),
    ],
)
def test_a_disk_that_hardly_answers_anybody_is_no_fault_of_the_program(
    scene: Made, operations: tuple[float, ...], stack: tuple[str, ...], stalled: float
) -> None:
    def fill(s: Any) -> None:
        _waits_for_a_sync(s, (0, 4096, 4096, 8192, 8192), (0, 0, 0, 0, 4096), stack=stack)
        if operations:
            _operations(s, operations)

    found = answer(scene(fill))
    assert found.attribution.seconds().get("disk_stall", 0.0) == pytest.approx(stalled, abs=0.002)
    assert ("disk_stall" in [cause.kind for cause in found.causes]) == bool(stalled)


def _written(s: Any, name: str, track: str, labels: dict[str, str], values: tuple[float, ...]) -> None:
    series = s.writer.series(name, "By", track, labels)
    for index, value in enumerate(values):
        s.writer.point(series, index * 250 * MS, value)


def test_a_disk_that_others_kept_busy_is_told_as_theirs_and_accuses_nobody(scene: Made) -> None:
    others = tuple(n * 50 * MB for n in range(5))
    found = answer(scene(lambda s: _waits_for_a_sync(s, others, (0.0, 0.0, 0.0, 0.0, 0.0))))
    assert found.attribution.seconds()["disk_neighbours"] == pytest.approx(0.799, abs=0.002)
    cause = next(one for one in found.causes if one.kind == "disk_neighbours")
    assert cause.where == "machine" and "200 MB/s" in cause.claim and found.healthy
    # It could still wait for less of it, so that is what is told first.
    assert found.causes[0].kind == "fsync" and "others kept the disk busy" in found.causes[0].claim


def test_half_of_what_the_disk_did_is_half_of_the_wait(scene: Made) -> None:
    both, own = tuple(n * 40 * MB for n in range(5)), tuple(n * 16 * MB for n in range(5))
    found = answer(scene(lambda s: _waits_for_a_sync(s, both, (*own[:-1], own[-1]))))
    # What it asks for within the next second may be on the disk already, so all its writes count from the start.
    theirs = found.attribution.seconds()["disk_neighbours"]
    assert 0.3 < theirs < 0.6 and found.attribution.seconds()["fsync"] == pytest.approx(
        0.799 - theirs, abs=0.002
    )
    assert next(one.kind for one in found.accused) == "fsync"


@pytest.mark.parametrize(
    ("disk", "own", "counted"),
    [
        pytest.param((0, 50 * MB, 100 * MB, 150 * MB, 200 * MB), (0, 50 * MB, 100 * MB, 150 * MB, 200 * MB), 0, id="its own"),
        pytest.param((0, 0, 0, 100 * MB, 200 * MB), (0, 200 * MB, 200 * MB, 200 * MB, 200 * MB), 0, id="written back later"),
        pytest.param((0, 100 * MB, 200 * MB, 200 * MB, 200 * MB), (0, 0, 0, 0, 200 * MB), 0, id="sampled later"),
        pytest.param((0, 50 * MB, 100 * MB, 150 * MB, 200 * MB), (), 200 * MB, id="never sampled, but counted at its end"),
        pytest.param((0, 1 * MB, 2 * MB, 3 * MB, 4 * MB), (0, 0, 0, 0, 0), 0, id="a journal's few bytes"),
        pytest.param((0, float("nan"), 0, 0, 0), (0, 0, 0, 0, 0), 0, id="nothing"),
        pytest.param((), (), 0, id="not recorded"),
        pytest.param((0, 50 * MB, 100 * MB, 150 * MB, 200 * MB), (), 0, id="its own not recorded"),
    ],
)  # fmt: skip
def test_what_may_be_its_own_is_its_own(
    scene: Made, disk: tuple[float, ...], own: tuple[float, ...], counted: float
) -> None:
    found = answer(scene(lambda s: _waits_for_a_sync(s, disk, own, counted)))
    assert "disk_neighbours" not in found.attribution.seconds() and found.causes[0].kind == "fsync"


@pytest.mark.parametrize(
    "forged",
    [(0, 1e308, -1e308, 1e308, 1e308), (1e308, -1e308, 1e308, 0, 1e308), (-1, -2, -3, -4, -5), (1e300,) * 5],
)
def test_what_a_forged_capture_says_of_disks_ends_nothing(scene: Made, forged: tuple[float, ...]) -> None:
    def fill(s: Any) -> None:
        _waits_for_a_sync(s, forged, forged[::-1])
        _operations(s, forged)

    assert sum(answer(scene(fill)).attribution.seconds().values()) == pytest.approx(1.0)


def test_segments_cover_the_time_as_before(scene: Made) -> None:
    others = (0.0, 0.0, 60 * MB, 60 * MB, 100 * MB)
    found = answer(scene(lambda s: _waits_for_a_sync(s, others, (0.0, 0.0, 0.0, 0.0, 0.0)))).attribution
    ends = [one.t_end_ns for one in found.segments]
    assert [one.t_start_ns for one in found.segments] == [found.t_start_ns, *ends[:-1]] and ends[
        -1
    ] == found.t_end_ns
    json.dumps([one.as_json() for one in found.segments])
