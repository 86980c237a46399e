from __future__ import annotations

import pytest

from godyno.capture.reader import Capture
from godyno.model import Finding
from godyno.prose import paste
from godyno.report.document import Claim, Code, Document, Grid, Line, Message
from godyno.report.markdown import code, escaped, markdown, spark
from godyno.report.summary import capture_document


def test_a_build_becomes_tables_that_github_reads(build: Capture) -> None:
    text = markdown(capture_document(build))
    assert text.startswith("# `go build ./...`\n")
    assert "\n| kind | processes | CPU |" in text and "\n|---|---:|---:|" in text
    assert "**14 processes of 3 kinds: compile took" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"), ("<img src=x>", r"\<img src=x\>"), ("[x](y) @team #1", r"\[x\](y) \@team \#1"), ("a\n\n# b", r"a \# b"),
        ("\x1b[31mred\x07", r"red\\x07"),
    ],
)  # fmt: skip
def test_markup_in_names_is_shown_as_text(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_code_is_fenced_by_more_backticks_than_it_holds() -> None:
    assert code("a``b") == "```a``b```"
    assert code("`x`") == "`` `x` ``"
    assert "````\n```\n````" in markdown(Document("t", "", (Code("```"),)))


def test_a_cell_stays_in_its_row() -> None:
    table = markdown(Document("t", "", (Grid(("a", "b"), (("x|\ny", "z"),)),)))
    assert table.splitlines()[-1] == r"| x\| y | z |"


def test_warnings_are_marked() -> None:
    text = markdown(
        Document(
            "t",
            "",
            (Message("lost", "warning"), Claim(Finding("a", "b", "c", severity="warning", warnings=("d",)))),
        )
    )
    assert "> **Warning:** lost" in text and "⚠ **c**" in text and "⚠ d" in text


def test_a_spark_is_as_high_as_its_share_of_the_top() -> None:
    assert spark(Line("x", "", (0.0, 4.0, None, 8.0))) == "▁▅ █"


def test_commands_of_an_advice_stand_in_a_fence_of_their_own() -> None:
    finding = Finding(
        "a",
        "b",
        "it is broken",
        advice=f"Remove it:{paste('rm -rf `x`*', 'go mod tidy')}",
        tried="Not tried.",
    )
    text = markdown(Document("", "", (Claim(finding),)))
    assert "\n```\nrm -rf `x`*\ngo mod tidy\n```\n" in text
    assert text.index("Remove it:") < text.index("```") < text.index("Not tried.")
