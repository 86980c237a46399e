import itertools
from collections import Counter

import pytest

from godyno.errors import UsageError
from godyno.model import Cpu, Machine, Trial
from godyno.studies.factors import Arm, Constraint, Factor, arms
from godyno.studies.schedule import Order, pairs, pool, schedule

_ARMS = [Arm({"go": version}) for version in ("1.25", "1.26", "1.27")]


def test_every_block_holds_every_arm_once():
    slots = schedule("s", _ARMS, 20, seed=1)
    for block in range(20):
        assert sorted(slot.levels["go"] for slot in slots if slot.block == block) == ["1.25", "1.26", "1.27"]
    assert [slot.index for slot in slots] == list(range(60))


def test_trials_are_interleaved_across_levels_and_each_goes_first_about_equally_often():
    slots = schedule("s", _ARMS[:2], 400, seed=2)
    first = Counter(slots[i].levels["go"] for i in range(0, 800, 2))
    assert 160 <= first["1.25"] <= 240
    firsts = [slots[i].levels["go"] for i in range(0, 800, 2)]
    same_as_before = sum(a == b for a, b in itertools.pairwise(firsts))
    assert 160 <= same_as_before <= 240  # independent of the block before


def test_mirrored_blocks_are_abba():
    slots = schedule("s", _ARMS, 10, seed=3, order=Order.MIRRORED)
    for block in range(0, 10, 2):
        there = [slot.levels["go"] for slot in slots if slot.block == block]
        back = [slot.levels["go"] for slot in slots if slot.block == block + 1]
        assert there == back[::-1]


def test_the_same_seed_gives_the_same_order_and_more_blocks_only_add():
    assert schedule("s", _ARMS, 5, seed=4) == schedule("s", _ARMS, 9, seed=4)[:15]
    assert schedule("s", _ARMS, 9, seed=4) != schedule("s", _ARMS, 9, seed=5)


def test_a_schedule_without_arms_or_blocks_is_refused():
    with pytest.raises(UsageError):
        schedule("s", [], 3, seed=0)
    with pytest.raises(UsageError):
        schedule("s", _ARMS, 0, seed=0)


def test_pairs_take_only_whole_blocks_that_passed():
    def trial(block, version, value, verdict="pass"):
        return Trial("s", 0, block, {"go": version}, measures={"cpu_s": value}, verdict=verdict)

    trials = [
        trial(0, "1.27", 2.0), trial(0, "1.26", 1.0), trial(1, "1.26", 1.1),
        trial(2, "1.26", 1.2), trial(2, "1.27", 2.2, "killed"), trial(3, "1.26", 1.3), trial(3, "1.27", 2.3),
    ]  # fmt: skip
    assert pairs(trials, {"go": "1.26"}, {"go": "1.27"}, "cpu_s") == ([1.0, 1.3], [2.0, 2.3], [0, 3])
    assert pairs(trials, {"go": "1.26"}, {"go": "1.27"}, "wall_s") == ([], [], [])


def test_unlike_machines_have_unlike_pools():
    one = Machine(hostname="a", cpu=Cpu(model="x", online=2))
    assert pool(one, "go1.27") != pool(Machine(hostname="a", cpu=Cpu(model="x", online=4)), "go1.27")
    assert pool(one, "go1.27") != pool(one, "go1.26")
    assert pool(one, "go1.27") == pool(Machine(hostname="a", cpu=Cpu(model="x", online=2)), "go1.27")


def test_constraints_leave_out_and_say_why():
    factors = [Factor.of("go", "1.24", "1.27"), Factor.of("gc", "on", "off")]
    no_old_off = Constraint(
        "off is not measured before 1.27", lambda at: (at["go"], at["gc"]) != ("1.24", "off")
    )
    kept, left_out = arms(factors, [no_old_off])
    assert [arm.name for arm in kept] == ["go=1.24 gc=on", "go=1.27 gc=on", "go=1.27 gc=off"]
    assert left_out == {"off is not measured before 1.27": 1}


def test_factors_that_make_no_sense_are_refused():
    for bad in ([Factor.of("a")], [Factor.of("a", "x", "x")], [Factor.of("a", "x"), Factor.of("a", "y")]):
        with pytest.raises(UsageError):
            arms(bad)
    with pytest.raises(UsageError, match="No combination"):
        arms([Factor.of("a", "x")], [Constraint("nothing is allowed", lambda at: False)])
