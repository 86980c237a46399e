"""Bars in text, Markdown and on the page."""

from __future__ import annotations

from godyno.model import Finding
from godyno.report.document import Bars, Document, Mark, finding_bars, finding_blocks
from godyno.report.html import html
from godyno.report.markdown import bar_lines, markdown

BARS = Bars((Mark("one", 1.0, 0.5, 2.0), Mark("two", 4.0), Mark("none", 0.0)), "s", "times")


def test_lengths_are_in_proportion_and_lines_fit() -> None:
    caption, one, two, none = bar_lines(BARS, 76)
    assert caption == "times"
    assert all(len(line) <= 76 for line in (one, two, none))
    assert one.endswith("1.00 s [500 ms, 2.00 s]")
    assert two.count("━") > 3 * (one.count("━") + one.count("─")) / 2
    assert "━" not in none


def test_values_of_many_orders_are_compared_by_decades_and_the_caption_says_so() -> None:
    wide = Bars((Mark("ns", 3e-7, 0.0, 4e-7), Mark("ms", 3e-2, 2e-2, 4e-2), Mark("s", 1.0)), "s", "waits")
    caption, least, middle, most = bar_lines(wide, 76)
    assert caption == "waits (logarithmic)"
    drawn = [line.count("━") + line.count("─") for line in (least, middle, most)]
    assert 0 < drawn[0] < drawn[1] < drawn[2]
    assert wide.share(0.0) == 0.0 and wide.share(1.0) == 1.0
    assert wide.share(1e-7) == 0.0, "a decade begins"
    assert "(logarithmic)" in html(Document("bars", "", (wide,)))
    assert not Bars((Mark("none", 0.0), Mark("s", 1.0)), "s").logarithmic, "nothing has no logarithm"


def test_a_bar_on_the_page_is_a_picture_with_its_value_as_text() -> None:
    page = html(Document("bars", "", (BARS,)))
    assert page.count("<svg") == 3
    assert 'aria-label="4.00 s"' in page
    assert "500 ms to 2.00 s" in page
    assert "━" in markdown(Document("bars", "", (BARS,)))


def test_hostile_labels_stay_text() -> None:
    page = html(Document("bars", "", (Bars((Mark("<script>alert(1)</script>", 1.0),), "s"),)))
    assert "<script>alert" not in page


def test_bars_come_from_a_findings_data_and_what_is_not_of_that_form_is_left_out() -> None:
    good = {"unit": "s", "marks": [["a", 1, None, None]]}
    assert finding_bars(Finding("x", "y", "z", data={"bars": good})) == Bars((Mark("a", 1.0),), "s")
    for marks in (
        [["a", float("nan"), 1, 2]],
        [["a", -1.0, 1, 2]],
        ["abcd"],
        [["a", 1.0]],
        "text",
        None,
        [["a", "1", 0, 0]],
    ):
        assert finding_bars(Finding("x", "y", "z", data={"bars": {"unit": "s", "marks": marks}})) is None
    assert len(finding_blocks(Finding("x", "y", "z", data={"bars": good}))) == 2
