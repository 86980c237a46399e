import random

import pytest

from godyno.stats.noise import CAUSES, COUNTERS, causes, costs, missing

_QUIET = {
    "wall_s": 2.0, "cpus": 2.0, "throttled_s": 0.0, "steal_s": 0.002, "run_delay_s": 0.02, "other_cpu_s": 0.05,
    "memory_stall_s": 0.0, "io_stall_s": 0.002, "refaults": 0.0, "major_faults": 3.0, "read_bytes": 4096.0,
    "other_io_bytes": 40_000.0, "block_delay_s": 0.001, "hz": 3.0e9, "thermal_events": 0.0, "starved_s": 0.01, "write_bytes": 0.0,
    "max_hz": 3.2e9,
}  # fmt: skip

_DISTURBED = {
    "cpu quota": {"wall_s": 4.0, "throttled_s": 2.0, "run_delay_s": 2.1, "starved_s": 2.1},
    "steal": {"steal_s": 0.4},
    "neighbours": {"wall_s": 3.5, "run_delay_s": 3.0, "starved_s": 1.5, "other_cpu_s": 3.2},
    "memory pressure": {
        "wall_s": 6.0, "memory_stall_s": 3.5, "io_stall_s": 3.0, "refaults": 90_000.0, "read_bytes": 4e8, "block_delay_s": 3.0,
    },
    "cold caches": {"wall_s": 3.0, "read_bytes": 2e8, "block_delay_s": 0.9, "io_stall_s": 0.95, "major_faults": 900.0},
    "disk load": {"wall_s": 2.4, "io_stall_s": 1.0, "other_io_bytes": 3e9},
    "low frequency": {"wall_s": 2.5, "hz": 2.4e9},
    "thermal limit": {"thermal_events": 4.0},
}  # fmt: skip


def _quiet_runs(n=12):
    rng = random.Random(1)
    return [
        {
            name: value * rng.uniform(0.8, 1.2) if name not in ("cpus", "hz", "max_hz") else value
            for name, value in _QUIET.items()
        }
        for _ in range(n)
    ]


@pytest.mark.parametrize("name", list(_DISTURBED))
def test_each_cause_alone_is_named_and_nothing_else(name):
    assert [cause.name for cause in causes(_QUIET | _DISTURBED[name], _quiet_runs())] == [name]


def test_a_quiet_run_has_no_cause():
    assert causes(_QUIET) == []
    assert all(causes(run, _quiet_runs()) == [] for run in _quiet_runs(40))


def test_the_costliest_comes_first_and_says_why():
    found = causes(_QUIET | {"wall_s": 4.0, "throttled_s": 1.0, "steal_s": 0.2}, _quiet_runs())
    assert [cause.name for cause in found] == ["cpu quota", "steal"]
    assert found[0].share == pytest.approx(0.25)
    assert "throttled for 1.00 s" in found[0].because


def test_what_is_usual_here_is_not_a_disturbance():
    restless = [run | {"steal_s": (0.15 + 0.01 * i) * run["wall_s"]} for i, run in enumerate(_quiet_runs())]
    assert causes(_QUIET | {"steal_s": 0.41}, restless) == []
    assert [cause.name for cause in causes(_QUIET | {"steal_s": 0.41}, _quiet_runs())] == ["steal"]


def test_each_cost_lies_within_its_bounds():
    for disturbed in _DISTURBED.values():
        for cause in causes(_QUIET | disturbed, _quiet_runs()):
            assert cause.interval is None or cause.cost_s in cause.interval


def test_without_a_group_of_its_own_the_run_queue_tells_of_neighbours():
    run = _QUIET | _DISTURBED["neighbours"]
    del run["starved_s"]
    assert [cause.name for cause in causes(run)] == ["neighbours"]


def test_waiting_behind_ones_own_threads_is_no_neighbour():
    assert causes(_QUIET | {"run_delay_s": 3.0, "starved_s": 0.0}) == []
    assert causes(_QUIET | {"starved_s": 1.0, "other_cpu_s": 0.01}) == []


def test_a_disk_that_others_use_is_told_from_its_own_cold_reads_by_the_bytes():
    stalled = {"io_stall_s": 1.0, "block_delay_s": 0.0}
    assert [one.name for one in causes(_QUIET | stalled | {"read_bytes": 2e8})] == ["cold caches"]
    assert [one.name for one in causes(_QUIET | stalled | {"other_io_bytes": 2e9})] == ["disk load"]


def test_its_own_writing_is_no_disturbance():
    assert (
        causes(_QUIET | {"io_stall_s": 1.0, "block_delay_s": 0.0, "write_bytes": 1e8, "read_bytes": 0.0})
        == []
    )


def test_far_below_the_highest_frequency_is_named_without_quiet_runs():
    assert [one.name for one in causes(_QUIET | {"hz": 1.2e9})] == ["low frequency"]


def test_costs_are_shares_whatever_the_floors():
    found = costs(_QUIET)
    assert set(found) == set(CAUSES) - {"low frequency", "thermal limit"}
    assert all(0 <= share <= 1 for share in found.values())


def test_counters_that_are_missing_name_nothing_and_are_reported():
    assert causes({}) == []
    assert causes({"wall_s": 1.0}) == []
    assert {line.split(":")[0] for line in missing({"wall_s": 1.0})} == set(CAUSES)
    assert missing(_QUIET) == []
    assert set(_QUIET) == set(COUNTERS)
