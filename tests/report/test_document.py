from __future__ import annotations

from typing import Any

import pytest

from godyno.model import Confidence, Estimate, Finding, Interval
from godyno.report.document import (
    Document,
    Heading,
    Paragraph,
    doubt_text,
    estimate_text,
    finding_grid,
    sections,
)


def finding(**data: Any) -> Finding:
    return Finding("a", "b", "claim", data=data)


def test_an_estimate_is_shown_with_its_interval_level_and_runs() -> None:
    assert (
        estimate_text(Estimate(253e6, "By", Interval(251e6, 255e6), 5))
        == "253 MB [251 MB, 255 MB] (95 %, n = 5)"
    )
    assert estimate_text(Estimate(0.5, "s")) == "500 ms"


def test_a_findings_table_is_written_in_its_units() -> None:
    grid = finding_grid(
        finding(
            columns=[["kind", "text"], ["CPU", "s"], ["peak", "By"]],
            rows=[["go", 1.5, None], ["vet", 2, 3e6]],
        )
    )
    assert grid and grid.rows == (("go", "1.50 s", "–"), ("vet", "2.00 s", "3.00 MB"))
    assert grid.numeric == {1, 2}


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    grid = finding_grid(finding(columns=[["n", ""]], rows=[[i] for i in range(30)]), most=4)
    assert grid and len(grid.rows) == 4 and grid.more == "and 26 more"


@pytest.mark.parametrize(
    "data",
    [{}, {"columns": "ab", "rows": [[1, 2]]}, {"columns": [["a", 1]], "rows": [[1]]}, {"columns": [["a", ""]], "rows": "x"},
     {"columns": [["a", ""]], "rows": [[1, 2], 5, None]}],
)  # fmt: skip
def test_a_table_that_is_not_of_the_form_is_left_out(data: dict[str, Any]) -> None:
    assert finding_grid(Finding("a", "b", "c", data=data)) is None


def test_doubt_names_confidence_method_and_assumption() -> None:
    doubtful = Finding("a", "b", "c", confidence=Confidence.LOW, method="guessing", assumption="luck")
    assert doubt_text(doubtful) == "confidence: low; method: guessing; assumes: luck"
    assert doubt_text(Finding("a", "b", "c")) == ""


def test_blocks_are_grouped_below_their_section() -> None:
    blocks = (Paragraph("x"), Heading("A"), Paragraph("y"), Heading("part", 3), Heading("B"))
    document = Document("t", "", blocks)
    assert [(h.text if h else None, len(below)) for h, below in sections(document.blocks)] == [
        (None, 1),
        ("A", 2),
        ("B", 0),
    ]
