"""The benchmark of the attribution: its scorer judges as its rules say, and a few of its programs are attributed right for real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from godyno.errors import GodynoError
from godyno.toolchain import find_go

FOLDER = Path(__file__).parents[2] / "benchmarks" / "attribution"
MODULES = (
    "sets", "catalogue", "build", "run", "score", "judge", "check", "savings", "held_out", "second_set", "large_set", "third_set",
    "fourth_set", "fifth_set", "sixth_set", "seventh_set",
)  # fmt: skip
LARGE_SETS = pytest.mark.parametrize("of_set", [3, 4, 6], ids=["third", "fourth", "sixth"])


@pytest.fixture(scope="module")
def benchmark() -> Any:
    """Its modules, which lie beside each other in a folder of scripts."""
    before = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    sys.path.insert(0, str(FOLDER))
    try:
        import build
        import catalogue
        import judge
        import run
        import savings
        import score

        yield SimpleNamespace(
            build=build, catalogue=catalogue, judge=judge, run=run, score=score, savings=savings
        )
    finally:
        sys.path.remove(str(FOLDER))
        for name in MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def _case(benchmark: Any, unit: str, strength: str = "middle", condition: str = "bare") -> Any:
    of = benchmark.catalogue
    for program in of.programs():
        if [cause.unit for cause in program.causes] == unit.split("+") and program.conditions != ("bare",):
            return of.Case(program, strength, condition)
    raise LookupError(unit)


def _scored(
    benchmark: Any, case: Any, causes: list[str], states: dict[str, float], queued: float = 0.0, **more: Any
) -> Any:
    spent = [0.3, *case.mix]
    run = {
        "level": "deep",
        "measured": {
            "wall": 1.0,
            "workers": 1,
            "spent": spent,
            "queued": queued,
            "user": 0.2,
            "system": 0.0,
            **more,
        },
    }
    answer = {
        "states": [{"state": name, "seconds": share} for name, share in states.items()], "recorded_s": 1.0,
        "causes": [{"kind": kind.strip("?"), "severity": "info" if kind.endswith("?") else "warning"} for kind in causes],
    }  # fmt: skip
    return benchmark.score.score(case, run, answer)


def test_the_planted_cause_has_to_stand_first(benchmark: Any) -> None:
    case = _case(benchmark, "fsync")
    states = {"go": 0.5, "fsync": 0.5}
    assert _scored(benchmark, case, ["fsync", "sleep"], states).right
    second = _scored(benchmark, case, ["sleep", "fsync"], states)
    assert not second.first and second.second
    third = _scored(benchmark, case, ["sleep", "lock", "fsync"], states)
    assert not third.first and not third.second


def test_a_synonym_counts_only_where_the_catalogue_gives_it(benchmark: Any) -> None:
    assert _scored(benchmark, _case(benchmark, "channel_recv"), ["sleep"], {"sleep": 1.0}).first
    assert not _scored(benchmark, _case(benchmark, "mutex_idle"), ["sleep"], {"sleep": 1.0}).first


def test_neighbours_may_stand_first_only_where_more_was_waited_for_them_than_was_planted(
    benchmark: Any,
) -> None:
    case = _case(benchmark, "fsync", "weak", "neighbours")
    states = {"neighbours": 0.6, "fsync": 0.3, "go": 0.1}
    assert _scored(benchmark, case, ["neighbours?", "fsync"], states, queued=0.5).first
    assert not _scored(benchmark, case, ["neighbours?", "fsync"], states, queued=0.1).first


def test_a_healthy_run_is_accused_by_any_severity_but_info_save_of_the_conditions_own_cause(
    benchmark: Any,
) -> None:
    of = benchmark.catalogue
    program = next(one for one in of.programs() if one.kind == "healthy")
    states = {"go": 1.0}
    assert _scored(benchmark, of.Case(program, "none", "bare"), ["sleep?"], states).first
    assert not _scored(benchmark, of.Case(program, "none", "bare"), ["sleep"], states).first
    assert _scored(benchmark, of.Case(program, "none", "quota"), ["quota"], states).first
    assert not _scored(benchmark, of.Case(program, "none", "bare"), ["quota"], states).first


@LARGE_SETS
def test_a_quota_that_a_healthy_program_cannot_use_up_must_not_be_accused(
    benchmark: Any, of_set: int
) -> None:
    of = benchmark.catalogue
    program = next(one for one in of.programs() if one.of_set == of_set and one.generous)
    case = of.Case(program, "none", "generous")
    assert case.record == ("--cpu-quota", program.generous)
    assert _scored(benchmark, case, ["quota?"], {"go": 1.0}).first
    assert not _scored(benchmark, case, ["quota"], {"go": 1.0}).first


def test_a_case_that_is_recorded_again_has_a_name_of_its_own(benchmark: Any) -> None:
    labels = [case.label for case in benchmark.catalogue.cases()]
    assert len(labels) == len(set(labels))


@LARGE_SETS
def test_a_large_set_is_recorded_alone_and_has_many_healthy_runs(benchmark: Any, of_set: int) -> None:
    options = SimpleNamespace(of_set=of_set, seed=1, only="", names=[], held_out=False, level="")
    wanted = benchmark.run.wanted(options)
    assert {case.program.of_set for case, _ in wanted} == {of_set}
    healthy = [(case, level) for case, level in wanted if case.program.kind == "healthy"]
    assert len(healthy) >= 200
    assert {case.condition for case, _ in healthy} == {"bare", "neighbours", "generous"}


@LARGE_SETS
def test_no_name_stands_for_both_of_two_planted_causes_in_a_large_set(benchmark: Any, of_set: int) -> None:
    accepted = benchmark.score.accepted
    pairs = [
        one.causes for one in benchmark.catalogue.programs() if one.of_set == of_set and one.kind == "two"
    ]
    assert len(pairs) >= {6: 10}.get(of_set, 16)
    for first, second in pairs:
        both = accepted(first.truth, first.also) & accepted(second.truth, second.also)
        assert not both, (first.unit, second.unit, both)


def test_two_planted_causes_have_to_stand_in_their_order(benchmark: Any) -> None:
    of = benchmark.catalogue
    program = next(one for one in of.programs() if [cause.unit for cause in one.causes] == ["fsync", "sleep"])
    case = of.Case(program, "both", "bare")
    states = {"go": 0.2, "fsync": 0.5, "sleep": 0.3}
    assert _scored(benchmark, case, ["neighbours?", "fsync", "sleep"], states).first
    swapped = _scored(benchmark, case, ["sleep", "fsync"], states)
    assert not swapped.first and swapped.second


def test_states_that_do_not_add_up_are_not_right(benchmark: Any) -> None:
    short = _scored(benchmark, _case(benchmark, "fsync"), ["fsync"], {"fsync": 0.9})
    assert short.first and not short.right


def test_a_plant_that_missed_its_share_is_no_test(benchmark: Any) -> None:
    case = _case(benchmark, "fsync")
    found = _scored(benchmark, case, ["fsync"], {"fsync": 1.0}, spent=[0.9, 0.1])
    assert found.void.startswith("fsync took 10%")


def test_a_programs_source_does_not_name_its_cause(benchmark: Any, tmp_path: Path) -> None:
    """No file, package or type is called by what is planted; only what the standard library calls it may stand there."""
    chosen = [
        one
        for one in benchmark.catalogue.programs()
        if one.causes and one.causes[0].unit not in ("loading", "")
    ]
    for program in chosen:
        benchmark.build.write(program, tmp_path / "sample")
        for path in (tmp_path / "sample" / program.name).glob("*.go"):
            text = path.read_text()
            assert path.stem in "abcdefgh"
            assert "unit" not in text.replace("unittest", ""), path
            for word in ("plant", "attribution", "strength", "bottleneck", "contention"):
                assert word not in text, (path, word)


def test_each_planted_cause_and_the_surroundings_are_taken_away_by_themselves(benchmark: Any) -> None:
    pair = _case(benchmark, "fsync+sleep", "both", "neighbours")
    fixed = {arm.away: arm.fixed for arm in benchmark.savings.arms(pair, (100, 20, 30))}
    assert fixed == {"": (100, 20, 30), "fsync": (100, 0, 30), "sleep": (100, 20, 0), "the load beside": (100, 20, 30)}  # fmt: skip
    (_, _, _, alone) = benchmark.savings.arms(pair, (100, 20, 30))
    assert pair.beside and alone.beside is None and alone.kinds == {"neighbours"}
    limited = benchmark.savings.arms(_case(benchmark, "own_threads", "middle", "quota"), (100, 20))
    assert [(arm.away, arm.quota) for arm in limited] == [("", 0.5), ("own_threads", 0.5), ("the quota", None)]  # fmt: skip


def test_of_own_threads_the_passes_stay_and_the_others_go(benchmark: Any) -> None:
    (whole, without) = benchmark.savings.arms(_case(benchmark, "own_threads"), (100, 20))
    assert whole.level > 0 and (without.level, without.fixed) == (0, (100, 20))


def test_a_saving_is_held_against_what_was_measured_without_the_cause(benchmark: Any) -> None:
    case = _case(benchmark, "fsync+sleep", "both")
    answer = {"wall_s": 2.0, "causes": [{"kind": "fsync", "saves_s": 1.0}, {"kind": "sleep", "saves_s": 0.1}]}
    walls = {"": [1.0, 1.01] * 4, "fsync": [0.5, 0.51] * 4, "sleep": [0.7, 0.71] * 4}
    first, second = benchmark.savings.compared(case, answer, walls, (100, 20, 30))
    assert first["predicted"] == 0.5 and first["measured"] == pytest.approx(0.5, abs=0.01)
    assert second["predicted"] == 0.05 and second["measured"] == pytest.approx(0.3, abs=0.01)
    text = "\n".join(benchmark.savings.table([first, second]))
    assert "1 of 2" in text and "larger is said to be larger: 1 of 1" in text and "| -25% |" in text


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="recording needs Linux")
def test_programs_with_a_planted_cause_are_attributed_right(benchmark: Any, tmp_path: Path) -> None:
    try:
        find_go()
    except GodynoError as error:
        pytest.skip(str(error))
    wanted = [_case(benchmark, unit, "strong") for unit in ("fsync", "mutex_idle", "sleep")]
    chosen = [case.program for case in wanted]
    benchmark.build.put_together(chosen, tmp_path / "sample")
    benchmark.build.compiled(chosen, tmp_path / "sample", tmp_path / "bin", instrumented=True)
    for case in wanted:
        home = tmp_path / case.label
        row = benchmark.run.run(case, home, tmp_path / "bin" / case.program.name, [], "deep", 1)
        assert row["exit"] == 0, row
        answer = benchmark.judge.asked(home)
        verdict = benchmark.score.score(case, row, answer)
        assert verdict.first and not verdict.error, (
            verdict.named,
            verdict.shares,
            verdict.waited,
            verdict.error,
        )
        assert abs(verdict.summed - 1) <= benchmark.score.SUM_WITHIN
    home = tmp_path / "fixed"
    home.mkdir()
    wanted_passes = {**benchmark.run.settings(case, [], 1), "fixed": [20, 3]}
    (home / "settings.json").write_text(json.dumps(wanted_passes))
    subprocess.run([tmp_path / "bin" / case.program.name], cwd=home, check=True, stdout=subprocess.DEVNULL)
    assert json.loads((home / "result.json").read_text())["passes"] == [20, 3]
