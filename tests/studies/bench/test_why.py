import random

from godyno.stats import compare
from godyno.studies.bench import table
from godyno.studies.bench.comparing import Row
from godyno.studies.bench.result import Why
from godyno.studies.bench.why import changed_rows, differences


def _profiles(slow, seed):
    rng = random.Random(seed)
    return [
        {"main.encode": slow * rng.gauss(1, 0.02), "main.decode": 0.5 * rng.gauss(1, 0.02), "runtime.mallocgc": 0.3 * rng.gauss(1, 0.02)}
        for _ in range(8)
    ]  # fmt: skip


def test_the_function_that_became_slower_is_named_first_and_the_others_are_not_called():
    found = differences(_profiles(1.0, 1), _profiles(1.5, 2), "self")
    assert found[0].function == "main.encode"
    assert found[0].proven
    assert found[0].interval.low < 0.5 < found[0].interval.high
    assert sum(cause.proven for cause in found[1:]) == 0


def test_a_function_that_only_one_arm_has_is_a_change():
    found = differences([{"a": 1.0}] * 8, [{"a": 1.0, "b": 0.2 + i / 100} for i in range(8)], "self")
    assert (found[0].function, found[0].old_s, found[0].proven) == ("b", 0.0, True)


def test_what_holds_everything_explains_nothing():
    whole = [{"testing.(*B).launch": 2.0 + i / 50, "main.encode": 1.0 + i / 50} for i in range(8)]
    found = differences(whole, whole, "with callees")
    assert [cause.function for cause in found] == ["main.encode"]


def test_only_proven_changes_of_time_are_explained_the_largest_first():
    old = [1.0 + i / 1000 for i in range(20)]
    rows = [
        Row("p", name, unit, compare.paired(old, [ratio * value for value in old]))
        for name, unit, ratio in (
            ("A", "sec/op", 1.1),
            ("B", "cpu-sec/op", 0.5),
            ("C", "sec/op", 1.0),
            ("D", "B/op", 3.0),
        )
    ]
    assert changed_rows(rows) == ["p\tB", "p\tA"]


def test_the_explanation_fits_eighty_columns():
    causes = differences(_profiles(1.0, 1), _profiles(1.5, 2), "self")
    causes += differences([{"x" * 150: 1.0}] * 8, [{"x" * 150: 2.0}] * 8, "self")
    text = table.why_text(Why("new", "Encode", 8, 1600, 1.8, 2.3, tuple(causes)))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "main.encode" in text
