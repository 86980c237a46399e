from __future__ import annotations

import pytest

from godyno.report.charts import Series, charts, declared, label


def series(number: int, name: str, unit: str = "By", layer: str = "machine", **labels: str) -> Series:
    return Series(number, name, unit, layer, labels, 10)


@pytest.mark.parametrize(
    ("one", "counter", "unit"),
    [
        (series(1, "process.cpu.time", "s", mode="user", kind="counter"), True, "CPU"),
        (series(1, "system.pressure.cpu", "s", kind="some"), True, "1"),
        (series(1, "cgroup.cpu.throttled_time", "s"), True, "1"),
        (series(1, "system.disk.io", "By", kind="counter"), True, "By/s"),
        (series(1, "process.memory.usage"), False, "By"),
        (series(1, "odd.thing", "parsec"), False, "parsec"),
    ],
)
def test_what_only_adds_up_is_drawn_as_a_rate(one: Series, counter: bool, unit: str) -> None:
    assert (one.counter, one.shown_unit) == (counter, unit)


def test_every_series_is_in_exactly_one_chart() -> None:
    all_series = [
        series(i, f"system.x{i % 3}.y{i}", "By" if i % 2 else "s", "process" if i % 5 else "machine")
        for i in range(60)
    ]
    drawn = [one.series_id for chart in charts(all_series) for one in chart.series]
    assert sorted(drawn) == list(range(60))


def test_a_family_of_one_unit_shares_a_chart_and_names_its_members() -> None:
    (chart,) = charts(
        [series(1, "cgroup.memory.anon", layer="cgroup"), series(2, "cgroup.memory.file", layer="cgroup")]
    )
    assert [label(one, chart.series, {}) for one in chart.series] == ["anon", "file"]


def test_a_pid_is_named_by_its_process() -> None:
    two = [
        series(1, "process.memory.usage", layer="process", pid="5"),
        series(2, "process.memory.usage", layer="process", pid="6"),
    ]
    assert [label(one, two, {"5": "link (5)"}) for one in two] == ["link (5)", "pid 6"]


def test_charts_of_one_title_are_told_apart() -> None:
    titles = [
        chart.title
        for chart in charts(
            [series(1, "system.disk.io", "By"), series(2, "system.disk.merged", "{operation}")]
        )
    ]
    assert len(set(titles)) == 2


def test_declarations_of_strangers_are_taken_with_tolerance() -> None:
    rows = [{"series_id": 1, "name": None, "unit": None, "layer": None, "labels": "[", "points": 3},
            {"series_id": None, "name": "x", "unit": "", "layer": "", "labels": "{}", "points": 3}]  # fmt: skip
    (one,) = declared(rows)
    assert one.name == "" and one.labels == {}
    assert charts([one])[0].title
