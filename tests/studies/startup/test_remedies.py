"""What is tried, and how it is judged."""

from __future__ import annotations

import random
from pathlib import Path

from godyno.studies.startup.inits import inits_of, with_godebug
from godyno.studies.startup.remedies import Remedy, judged, remedies
from godyno.studies.startup.starts import Start


def _names(root: Path, **changes: object) -> set[str]:
    usual: dict[str, object] = {
        "go": True,
        "dynamic": True,
        "cpus": 4,
        "quota": None,
        "memory_bytes": 1 << 30,
    }
    return {one.name for one in remedies({}, **{**usual, **changes}, root=root)}  # type: ignore[arg-type]


def test_a_program_that_is_not_go_gets_no_remedy_of_go(tmp_path: Path) -> None:
    assert _names(tmp_path, go=False) == {"preload", "malloc-hugetlb", "bind-now"}


def test_what_the_user_set_is_left_alone(tmp_path: Path) -> None:
    env = {"GOGC": "50", "GOMAXPROCS": "3", "LD_BIND_NOW": "1"}
    found = remedies(env, go=True, dynamic=True, cpus=4, quota=None, memory_bytes=1 << 30, root=tmp_path)
    assert not {"gogc-off", "gomaxprocs-1", "bind-now"} & {one.name for one in found}


def test_a_quota_is_tried_as_the_number_of_processors(tmp_path: Path) -> None:
    assert "gomaxprocs-3" in _names(tmp_path, quota=3.0)


def test_huge_pages_are_tried_only_where_they_are_not_always_there_already(tmp_path: Path) -> None:
    file = tmp_path / "sys/kernel/mm/transparent_hugepage/enabled"
    file.parent.mkdir(parents=True)
    file.write_text("always [madvise] never\n")
    assert "thp-always" in _names(tmp_path)
    file.write_text("[always] madvise never\n")
    assert "thp-always" not in _names(tmp_path) and "disablethp" in _names(tmp_path)


def test_a_true_gain_is_found_and_none_is_invented() -> None:
    coin = random.Random(1)
    old = [0.1 * coin.uniform(0.95, 1.05) for _ in range(20)]
    faster, same = [value * 0.8 for value in old], [value * coin.uniform(0.97, 1.03) for value in old]
    found = {
        one.name: one
        for one in judged(
            [(Remedy("a", "a", ""), "warm", old, faster), (Remedy("b", "b", ""), "warm", old, same)]
        )
    }
    assert found["a"].verdict == "faster" and abs(found["a"].gain_s - 0.02) < 0.002
    assert found["b"].verdict == "no difference shown"


def test_too_few_pairs_are_no_verdict() -> None:
    assert judged([(Remedy("a", "a", ""), "warm", [1.0] * 5, [0.5] * 5)]) == []


def test_the_users_own_godebug_stays() -> None:
    assert with_godebug({"GODEBUG": "netdns=go"}, "inittrace=1")["GODEBUG"] == "netdns=go,inittrace=1"


def test_inits_are_medians_over_starts_and_other_lines_are_the_programs() -> None:
    lines = [f"init a/b @1.0 ms, {clock} ms clock, 100 bytes, 3 allocs" for clock in ("1.0", "3.0", "2.0")]
    starts = [Start(0, 1, 0, "ready", lines=((5, "init is a word"), (9, line))) for line in lines]
    (found,) = inits_of(starts)
    assert (found.package, found.clock_s, found.allocations, found.starts) == ("a/b", 0.002, 3, 3)
