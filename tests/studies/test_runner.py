import json
import random

import pytest

from godyno.errors import BuildFailed, FormatError, UsageError
from godyno.model import Trial
from godyno.studies.factors import Factor, Level
from godyno.studies.plan import Plan, for_terminal
from godyno.studies.runner import End, PairedRule, read, run

_POOL = "machine | go1.27"


def _plan(blocks=12, levels=("old", "new"), **settings):
    return Plan.of("demo", [Factor.of("code", *levels)], blocks, measures=("cpu_s",), **settings)


class _Machine:
    """Runs trials on a clock of its own."""

    def __init__(self, ratios, noise=0.02, seed=1):
        self.ratios, self.noise, self.rng, self.now, self.ran = ratios, noise, random.Random(seed), 0.0, []

    def __call__(self, slot):
        level = slot.levels["code"]
        value = self.ratios[level] * (1 + self.rng.gauss(0, self.noise))
        self.now += value
        self.ran.append((slot.block, level))
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures={"cpu_s": value}, verdict="pass"
        )

    def clock(self):
        return self.now


def test_every_trial_is_on_disk_before_the_next_begins(tmp_path):
    out = tmp_path / "study.jsonl"
    machine, seen = _Machine({"old": 1.0, "new": 1.0}), []

    def watched(slot):
        seen.append(len(out.read_text().splitlines()) - 1)
        return machine(slot)

    outcome = run(_plan(3), watched, out, pool=_POOL)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert outcome.end is End.COMPLETE
    plan, pool, trials, warnings = read(out)
    assert (plan, pool, warnings) == (_plan(3), _POOL, [])
    assert [trial.as_json() for trial in trials] == [trial.as_json() for trial in outcome.trials]


def test_ctrl_c_keeps_what_was_measured_and_the_study_goes_on_from_there(tmp_path):
    out = tmp_path / "study.jsonl"
    machine = _Machine({"old": 1.0, "new": 1.0})

    def interrupted(slot):
        if slot.index == 7:
            raise KeyboardInterrupt
        return machine(slot)

    first = run(_plan(6), interrupted, out, pool=_POOL)
    assert (first.end, len(first.trials)) == (End.INTERRUPTED, 7)
    again = run(_plan(6), machine, out, pool=_POOL)
    assert (again.end, len(again.trials)) == (End.COMPLETE, 12)
    assert len(machine.ran) == 12
    assert [trial.index for trial in again.trials] == list(range(12))


def test_a_torn_last_line_is_reported_and_run_again(tmp_path):
    out = tmp_path / "study.jsonl"
    run(_plan(3), _Machine({"old": 1.0, "new": 1.0}), out, pool=_POOL)
    out.write_bytes(out.read_bytes()[:-20])
    machine = _Machine({"old": 1.0, "new": 1.0})
    outcome = run(_plan(3), machine, out, pool=_POOL)
    assert len(machine.ran) == 1
    assert "killed" in outcome.warnings[0]
    assert len(read(out)[2]) == 6


def test_unlike_machines_toolchains_and_plans_are_never_mixed(tmp_path):
    out = tmp_path / "study.jsonl"
    run(_plan(2), _Machine({"old": 1.0, "new": 1.0}), out, pool=_POOL)
    with pytest.raises(UsageError, match="another machine or toolchain"):
        run(_plan(2), _Machine({"old": 1.0, "new": 1.0}), out, pool="machine | go1.26")
    with pytest.raises(UsageError, match="another plan"):
        run(_plan(2, ("old", "other")), _Machine({"old": 1.0, "other": 1.0}), out, pool=_POOL)


def test_a_file_that_is_no_study_is_a_format_error(tmp_path):
    for text in ("", "\n", "{}\n", "[1]\n", '{"version": 1, "plan": 3, "pool": ""}\n', "\x00\xff\n"):
        path = tmp_path / "bad.jsonl"
        path.write_text(text)
        with pytest.raises(FormatError):
            read(path)


def test_a_clear_difference_stops_early(tmp_path):
    plan = _plan(60)
    outcome = run(
        plan, _Machine({"old": 1.0, "new": 1.3}), tmp_path / "s.jsonl", pool=_POOL, rule=PairedRule(plan)
    )
    assert outcome.end is End.DECIDED
    assert len(outcome.trials) < 50


def test_decided_arms_are_not_run_any_more(tmp_path):
    plan = _plan(25, ("old", "slow", "same"))
    machine = _Machine({"old": 1.0, "slow": 2.0, "same": 1.0})
    run(plan, machine, tmp_path / "s.jsonl", pool=_POOL, rule=PairedRule(plan))
    runs = {level: sum(ran == level for _, ran in machine.ran) for level in ("old", "slow", "same")}
    assert runs["slow"] < runs["same"] == runs["old"] == 25


def _cold(machine, blocks, factor):
    """The machine, whose first ``blocks`` take ``factor`` times as much."""

    def one(slot):
        trial = machine(slot)
        took = trial.measures["cpu_s"] * (factor if slot.block < blocks else 1.0)
        return Trial(trial.study, trial.index, trial.block, trial.levels, measures={"cpu_s": took})

    return one


def test_cold_first_blocks_are_left_out_by_the_rule_and_kept_in_the_file(tmp_path):
    plan = _plan(40)
    machine = _Machine({"old": 1.0, "new": 1.0}, noise=0.01)

    cold = _cold(machine, 1, 1.8)
    rule = PairedRule(plan, margin=0.05)
    outcome = run(plan, cold, tmp_path / "s.jsonl", pool=_POOL, rule=rule)
    assert outcome.warmup_blocks == 1
    assert outcome.end is End.DECIDED
    assert len(read(tmp_path / "s.jsonl")[2]) == len(outcome.trials)


def test_warm_up_never_takes_so_many_blocks_that_the_rest_could_prove_nothing(tmp_path):
    plan = _plan(14)
    machine = _Machine({"old": 1.0, "new": 3.0}, noise=0.01)

    cold = _cold(machine, 5, 2.0)
    rule = PairedRule(plan, alpha=0.005, first=11)
    outcome = run(plan, cold, tmp_path / "s.jsonl", pool=_POOL, rule=rule)
    assert outcome.warmup_blocks <= 3
    assert outcome.end is End.DECIDED


def test_a_failing_trial_is_a_trial_and_three_in_a_row_end_the_study(tmp_path):
    def broken(slot):
        if slot.levels["code"] == "new":
            raise BuildFailed("does not build", hint="Fix it.")
        return Trial(slot.study, slot.index, slot.block, slot.levels, measures={"cpu_s": 1.0})

    outcome = run(_plan(10), broken, tmp_path / "s.jsonl", pool=_POOL)
    assert outcome.end is End.FAILED
    failed = [trial for trial in outcome.trials if trial.verdict == "failed"]
    assert len(failed) == 3
    assert "does not build Fix it." in failed[0].warnings[0]


def test_the_budget_holds_and_the_remaining_time_is_told(tmp_path):
    machine = _Machine({"old": 1.0, "new": 2.0}, noise=0.0)
    told = []
    outcome = run(
        _plan(50),
        machine,
        tmp_path / "s.jsonl",
        pool=_POOL,
        budget_s=20.0,
        progress=told.append,
        clock=machine.clock,
    )
    assert outcome.end is End.BUDGET
    assert machine.now <= 20.0
    assert told[3].remaining_s == pytest.approx(20.0 - told[3].elapsed_s)
    unlimited = []
    machine = _Machine({"old": 1.0, "new": 2.0}, noise=0.0)
    run(_plan(10), machine, tmp_path / "t.jsonl", pool=_POOL, progress=unlimited.append, clock=machine.clock)
    assert unlimited[3].remaining_s == pytest.approx(8 * 3.0)
    assert unlimited[-1].remaining_s == 0.0
    assert unlimited[-1].undecided == ("code=new",)


def test_a_plan_prints_what_would_run_and_how_long(tmp_path):
    plan = Plan.of(
        "gc",
        [Factor("GOGC", (Level("50", {"GOGC": "50"}), Level("100", {"GOGC": "100"})), "how eager the GC is")],
        20,
        seed=3,
    )
    text = plan.text({"GOGC=50": 2.0, "GOGC=100": 3.0})
    assert "2 arms x at most 20 blocks = at most 40 runs" in text
    assert "5.00 s a block, at most 100 s" in text
    assert "how eager the GC is" in text
    assert "not known before a pilot run" in plan.text()
    assert plan.settings({"GOGC": "50"}) == {"GOGC": "50"}
    assert Plan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


def test_a_plan_fits_eighty_columns_and_leaves_out_of_its_blocks_what_never_varies():
    calls = [f"a-call-of-some-length-{i}" for i in range(12)]
    text = Plan.of("cgo", [Factor.of("go", "1.27"), Factor.of("call", *calls)], 2).text()
    text = for_terminal(text)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("go=1.27") == 0
    assert text.count(calls[0]) >= 3


class _Benchmarks(_Machine):
    """Each subject has a speed of its own; ``ratios`` are by (subject, level)."""

    def __call__(self, slot):
        value = self.ratios.get((slot.subject, slot.levels["code"]), 1.0) * (
            1 + self.rng.gauss(0, self.noise)
        )
        self.now += 1
        self.ran.append((slot.subject, slot.levels["code"]))
        if value < 0:
            raise BuildFailed("panic: broken")
        return Trial(
            slot.study, slot.index, slot.block, slot.levels, measures={f"{slot.subject}\tsec/op": value}, verdict="pass",
            subject=slot.subject,
        )  # fmt: skip


def _subjects(blocks=30):
    names = ("p\tA", "p\tB", "p\tC")
    return Plan.of(
        "demo",
        [Factor.of("code", "old", "new")],
        blocks,
        subjects=names,
        measures=[f"{name}\tsec/op" for name in names],
    )


def test_the_arms_of_one_subject_run_next_to_each_other():
    slots = _subjects(5).slots()
    assert len(slots) == 5 * 3 * 2
    assert all(first.subject == second.subject for first, second in zip(slots[::2], slots[1::2], strict=True))
    assert len({tuple(slot.subject for slot in slots if slot.block == block) for block in range(5)}) > 1


def test_a_decided_subject_is_not_run_any_more_and_the_others_are(tmp_path):
    plan, machine = _subjects(), _Benchmarks({("p\tA", "new"): 2.0})
    seen = []
    outcome = run(
        plan, machine, tmp_path / "s.jsonl", pool=_POOL, rule=PairedRule(plan), progress=seen.append
    )
    assert outcome.end is End.COMPLETE
    assert machine.ran.count(("p\tA", "old")) == machine.ran.count(("p\tA", "new")) < 20
    assert machine.ran.count(("p\tB", "old")) == 30
    assert seen[-1].subjects == ("p\tB", "p\tC")
    again = run(plan, machine, tmp_path / "s.jsonl", pool=_POOL, rule=PairedRule(plan))
    assert len(again.trials) == len(outcome.trials), "a finished study was run on"


def test_a_subject_that_fails_is_dropped_and_the_others_go_on(tmp_path):
    plan, machine = _subjects(8), _Benchmarks({("p\tB", "new"): -1.0})
    outcome = run(plan, machine, tmp_path / "s.jsonl", pool=_POOL, rule=PairedRule(plan))
    assert machine.ran.count(("p\tB", "new")) == 3
    assert machine.ran.count(("p\tC", "new")) == 8
    assert "new p B failed 3 times in a row: panic: broken" in outcome.warnings[0]
