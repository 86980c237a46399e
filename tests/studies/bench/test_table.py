import pytest

from godyno.stats import compare
from godyno.studies.bench import table
from godyno.studies.bench.comparing import Row


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.718e-6, "1.718µ"),
        (46.55e-9, "46.55n"),
        (237.5e-9, "237.5n"),
        (0.0, "0"),
        (1.0, "1.000"),
        (999.96, "1.000k"),
        (2e9, "2.000G"),
    ],
)
def test_figures_are_written_as_benchstat_writes_them(value, shown):
    assert table.scaled(value) == shown


def _rows():
    slower = compare.paired([1.718e-6 + i * 1e-9 for i in range(12)], [2.0e-6 + i * 1e-9 for i in range(12)])
    same = compare.paired([1e-6, 1.1e-6] * 6, [1.1e-6, 1e-6] * 6)
    return [Row("example.com/a", "Encode", "sec/op", slower), Row("example.com/a", "Decode", "sec/op", same)]


def test_the_table_fits_eighty_columns_and_says_all():
    text = table.text(_rows(), "main", "new")
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "pkg: example.com/a" in text
    encode = next(line for line in text.splitlines() if line.startswith("Encode"))
    assert "+16." in encode and "12" in encode.split()
    assert " ~ " in next(line for line in text.splitlines() if line.startswith("Decode"))
    assert "geomean" in text


def test_a_long_name_is_cut_in_its_middle():
    row = _rows()[0]
    name = "Encode/" + "deep/" * 30 + "last"
    text = table.text([Row(row.package, name, row.unit, row.comparison)], "old", "new")
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "Enc" in text
    assert "/last " in text


def test_counts_that_did_not_change_are_one_line():
    rows = [Row("p", name, "allocs/op", compare.paired([3.0] * 12, [3.0] * 12)) for name in ("A", "B")]
    assert "allocs/op: the same in all 2 of p" in table.text(rows, "old", "new")
    changed = Row("p", "C", "allocs/op", compare.paired([3.0] * 12, [4.0] * 12))
    assert "+33.33%" in table.text([*rows, changed], "old", "new")


def test_what_a_name_holds_cannot_steer_the_terminal():
    row = _rows()[0]
    text = table.text([Row("p", "A\x1b[2J", row.unit, row.comparison)], "old\x1b[31m", "new")
    assert "\x1b" not in text
