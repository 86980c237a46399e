from godyno.stats import compare
from godyno.studies.bench import table
from godyno.studies.bench.comparing import Row
from godyno.studies.bench.verdict import verdict

_BASE = [1e-6 * (1 + i / 1000) for i in range(14)]


def _row(name, unit="sec/op", factor=1.0):
    return Row("p", name, unit, compare.paired(_BASE, [value * factor for value in _BASE]))


def test_the_verdict_counts_benchmarks_and_names_the_largest_change_with_its_interval_and_n():
    rows = [_row("Small", factor=1.1), _row("Large", factor=1.5), _row("Same"), _row("Better", factor=0.9)]
    assert verdict(rows, "new") == (
        "new: 2 of 4 benchmarks slower, 1 faster, 1 undecided; most: Large +50.00% sec/op (+50.0…+50.0%, n 14)"
    )


def test_cpu_time_decides_where_the_clock_does_not():
    rows = [_row("A"), _row("A", "cpu-sec/op", 1.2)]
    assert verdict(rows, "new") == "new: 1 benchmark slower; A +20.00% cpu-sec/op (+20.0…+20.0%, n 14)"


def test_other_units_are_said_where_they_changed():
    rows = [_row("A"), _row("A", "allocs/op", 2.0), _row("A", "peak-B", 0.5)]
    assert verdict(rows, "new") == "new: 1 benchmark undecided; allocs/op higher in 1; peak-B lower in 1"


def test_a_command_is_not_called_a_benchmark():
    assert (
        verdict([_row("Command", factor=1.5)], "b")
        == "b: slower; Command +50.00% sec/op (+50.0…+50.0%, n 14)"
    )
    assert verdict([_row("command", "sec")], "b.dyno") == "b.dyno: undecided"


def test_without_times_there_is_no_verdict():
    assert verdict([_row("A", "B/op")], "new") == ""


def test_a_mean_of_changes_none_of_which_is_proven_is_not_called_a_change():
    shaken = [value * (3.0 if i % 2 else 0.5) for i, value in enumerate(_BASE)]
    rows = [Row("p", name, "sec/op", compare.paired(_BASE, shaken)) for name in ("A", "B")]
    mean = table.geomean(rows)
    assert mean is not None and mean[3] == "~"
    proven = table.geomean([_row("A", factor=1.5), _row("B")])
    assert proven is not None and proven[3] == "+22.47%"
