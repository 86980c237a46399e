import random
from pathlib import Path

import pytest

from godyno.formats import benchfmt
from godyno.model import Result
from godyno.stats.compare import Verdict
from godyno.studies.bench.arms import sides
from godyno.studies.bench.gate import Gate
from godyno.studies.bench.pilot import Pilot, Subject, TrialFailed, pilot
from godyno.studies.bench.process import Finished
from godyno.studies.bench.result import Bench, conclude, finite, gobench
from godyno.studies.bench.rule import deciding, rule_for
from godyno.studies.bench.settings import Settings
from godyno.studies.bench.trials import BenchTrials, CommandTrials
from godyno.studies.factors import Arm, Factor
from godyno.studies.plan import Plan
from godyno.studies.runner import End, run
from godyno.studies.schedule import Slot


def _bench(tmp_path, speeds, noise=0.01, **options):
    settings = Settings(**options)
    from tests.studies.bench.fakes import FakeLaunch, built

    launch, arms = FakeLaunch(speeds, noise), built("old", "new")
    found = pilot(arms, settings, launch)
    names = [subject.key for subject in found.subjects]
    measures = [
        one
        for name in names
        for one in deciding(name, ("sec/op", "cpu-sec/op", "B/op", "allocs/op"), settings.gates)
    ]
    plan = Plan.of(
        "bench", [Factor.of("revision", "old", "new")], settings.blocks, measures=measures, subjects=names
    )
    rule = rule_for(plan, settings)
    trials = BenchTrials({Arm(arm.side.levels).name: arm for arm in arms}, found, settings, launch)
    outcome = run(plan, trials, tmp_path / "t.jsonl", pool="here", rule=rule)
    return conclude(settings, plan, found, [arm.side for arm in arms], outcome, rule, "here"), launch


_SPEEDS = {("old", "Slow"): 1e-6, ("new", "Slow"): 1.3e-6, ("old", "Same"): 2e-6, ("new", "Same"): 2e-6}


def test_a_slower_benchmark_is_proven_and_not_run_any_more_while_the_other_goes_on(tmp_path):
    bench, launch = _bench(tmp_path, _SPEEDS, blocks=30)
    rows = {(row.name, row.unit): row.comparison for row in bench.rows["new"]}
    assert rows["Slow", "sec/op"].verdict is Verdict.HIGHER
    assert 1.28 < rows["Slow", "sec/op"].estimate < 1.32
    assert rows["Slow", "cpu-sec/op"].n_new < 20
    assert rows["Same", "sec/op"].n_new == 30 - bench.warmup_blocks
    assert bench.warmup_blocks < 6
    assert {row.unit for row in bench.rows["new"]} == {"sec/op", "cpu-sec/op", "B/op", "allocs/op", "peak-B"}
    ran = [options["bench"] for _, options in launch.ran if options["benchtime"].endswith("00x")]
    assert ran.count("^BenchmarkSlow$") < ran.count("^BenchmarkSame$")


def test_cpu_time_is_without_what_the_binary_needs_to_start(tmp_path):
    bench, _ = _bench(tmp_path, _SPEEDS, noise=1e-6, blocks=12)
    cpu = next(row.comparison for row in bench.rows["new"] if (row.name, row.unit) == ("Same", "cpu-sec/op"))
    assert cpu.median_old == pytest.approx(2e-6, rel=1e-3)


def test_a_gate_is_settled_by_its_bound_and_not_by_any_difference(tmp_path):
    gates = (Gate.parse("time/op<+50%"),)
    bench, _ = _bench(tmp_path, {**_SPEEDS}, blocks=40, gates=gates)
    assert bench.end == End.DECIDED.value
    assert bench.exit_code == 0
    broken, _ = _bench(tmp_path / "..", _SPEEDS, blocks=40, gates=(Gate.parse("time/op<+3%"),), seed=1)
    assert (broken.exit_code, broken.gates[0].failed) == (1, ("Slow",))


def test_a_gate_on_counts_needs_few_runs(tmp_path):
    bench, _ = _bench(tmp_path, _SPEEDS, blocks=40, gates=(Gate.parse("allocs/op<+0%"),))
    assert (bench.end, bench.exit_code) == (End.DECIDED.value, 0)
    assert bench.blocks < 16


def test_the_go_format_has_a_line_for_each_process_and_comes_back(tmp_path):
    bench, _ = _bench(tmp_path, _SPEEDS, blocks=12)
    text = gobench(bench, "old")
    results = list(benchfmt.read(text.splitlines()))
    assert len(results) == sum(
        at >= bench.warm_s
        for key, points in bench.points.items()
        if key.endswith("\tsec/op")
        for at, _ in points["old"]
    )
    assert {one.name for one in results} == {"Slow-4", "Same-4"}
    assert results[0].config["pkg"] == "p"
    assert "cpu-sec/op" in text


def test_a_result_comes_back_from_json(tmp_path):
    bench, _ = _bench(tmp_path, _SPEEDS, blocks=12)
    assert Bench.from_json(bench.as_json()).as_json() == bench.as_json()
    assert "Infinity" not in str(finite({"a": [float("inf")]}))


def test_noise_is_split_by_process_and_iteration(tmp_path):
    bench, _ = _bench(tmp_path, _SPEEDS, noise=0.05, blocks=30)
    (noise,) = [one for one in bench.noise if one.name == "Same"]
    layers = {part.layer: part.sd_ratio for part in noise.layers}
    assert 0.04 < layers["iteration"] < 0.06
    assert layers["process"] < 0.02


# ---- commands


class _Commands:
    def __init__(self, codes):
        self.codes, self.rng, self.ran = codes, random.Random(2), []

    def __call__(self, argv, *, cwd, env, timeout_s, label=""):
        self.ran.append(tuple(argv))
        code = self.codes.get(argv[0], 0)
        took = 10_000_000 + self.rng.randrange(100_000)
        return Finished(
            Result(0, took, code, 0, 0.01, 0.0), 1 << 20, "fake", False, "", "went wrong" if code else ""
        )


def _run_command(codes, **options):
    settings = Settings(commands=("a", "b"), **options)
    launch = _Commands(codes)
    trials = CommandTrials(
        {Arm(side.levels).name: side for side in sides(settings)},
        {"working tree": Path("/")},
        settings,
        launch,
        launch,
    )
    return [trials(Slot("bench", i, 0, {"cmd": name}, "\tCommand")) for i, name in enumerate("ab")], launch


def test_a_command_is_prepared_and_measured():
    trials, launch = _run_command({}, prepare=("make it",))
    assert trials[0].measures["\tCommand\tsec/op"] == pytest.approx(0.01, rel=0.02)
    assert launch.ran[:2] == [("/bin/sh", "-c", "make it"), ("a",)]


def test_a_command_that_fails_is_an_error_unless_that_is_to_be_ignored():
    with pytest.raises(TrialFailed, match=r"b exits with 3\nwent wrong"):
        _run_command({"b": 3})
    trials, _ = _run_command({"b": 3}, ignore_failure=True)
    assert trials[1].measures["\tCommand\texit-code"] == 3
    with pytest.raises(TrialFailed, match="127"):
        _run_command({"b": 127}, ignore_failure=True)
    with pytest.raises(TrialFailed, match="--prepare 'x' failed"):
        _run_command({"/bin/sh": 1}, prepare=("x",))


def test_a_pilot_knows_its_subjects():
    with pytest.raises(KeyError):
        Pilot((Subject("p", "A"),)).subject("p\tB")
