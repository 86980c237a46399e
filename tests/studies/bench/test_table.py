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
    assert "example.com/a  sec/op" in text
    encode = next(line for line in text.splitlines() if line.startswith("Encode"))
    assert "+16." in encode and "n=12" in encode
    assert " ~ " in next(line for line in text.splitlines() if line.startswith("Decode"))
    assert "geomean" in text


def test_markdown_cannot_be_broken_by_a_name():
    row = _rows()[0]
    text = table.markdown([Row(row.package, "A|B", row.unit, row.comparison)], "old", "new")
    assert "A\\|B" in text


def test_unpaired_rows_carry_their_doubt_once():
    rows = [
        Row("", name, "sec/op", compare.unpaired([1.0, 1.1, 1.2, 1.3], [2.0, 2.1, 2.2, 2.3]))
        for name in ("A", "B")
    ]
    assert table.text(rows, "old", "new").count("not interleaved") == 1
