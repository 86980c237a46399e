"""Steps one after another, drawn."""

from __future__ import annotations

from godyno.report.cascade import kinds_of, rows, step_lines
from godyno.report.document import Cascade, Document, Step
from godyno.report.html import html
from godyno.report.markdown import markdown

_BLOCK = Cascade(
    (
        Step("exec", 0.0, (("kernel", 0.010),)), Step("init a/b", 0.010, (("go", 0.060), ("wait", 0.010))),
        Step("main", 0.080, (("odd", 0.020),)),
    ),
    ("go", "wait", "kernel"), 0.1,
)  # fmt: skip


def test_each_bar_lies_where_its_step_lies_and_is_as_long() -> None:
    lines = step_lines(_BLOCK, 60)
    bars = [line[9:] for line in lines[:3]]
    starts = [len(bar) - len(bar.lstrip()) for bar in bars]
    assert starts == sorted(starts) and starts[0] == 0
    assert bars[1].count("█") > 3 * bars[1].count("▓") > 0
    assert "70.0 ms" in lines[1]


def test_no_line_is_wider_than_it_may_be() -> None:
    assert max(map(len, step_lines(_BLOCK, 60))) <= 60


def test_what_has_no_colour_of_its_own_shares_one() -> None:
    assert [name for name, _ in kinds_of(_BLOCK)] == ["go", "wait", "kernel", "other"]


def test_a_label_cannot_become_markup() -> None:
    evil = Cascade((Step("<script>alert(1)</script>", 0.0, (('"><script>', 1.0),)),), ('"><script>',), 1.0)
    page = html(Document("x", "y", (evil,)))
    assert "<script>alert" not in page and '"><script>' not in "".join(
        picture for _, picture, _ in rows(evil)
    )


def test_markdown_has_the_bars_as_text() -> None:
    assert "█" in markdown(Document("x", "y", (_BLOCK,)))


def test_nothing_to_draw_is_no_error() -> None:
    assert step_lines(Cascade((), (), 0.0), 80) == []
    assert list(rows(Cascade((Step("a", 0.0, ()),), (), 0.0)))
