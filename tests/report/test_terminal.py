from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from godyno.capture.reader import Capture
from godyno.model import Finding
from godyno.prose import paste
from godyno.report.document import (
    Claim,
    Code,
    Document,
    Figure,
    Grid,
    Heading,
    KeyFigures,
    Message,
    Paragraph,
)
from godyno.report.summary import capture_document
from godyno.report.terminal import print_document, print_rows

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202egnp\rx\n[bold]not markup[/bold] :smile:"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(document: Document, width: int | None = None, **options: str) -> str:
    out = io.StringIO()
    print_document(document, out, width, **options)
    return out.getvalue()


def test_a_build_fits_into_80_columns(build: Capture) -> None:
    text = printed(capture_document(build))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "compile took 9" in text and "Peak memory  250 MB" in text


def test_nothing_is_coloured_and_no_line_ends_in_blanks_without_a_terminal(build: Capture) -> None:
    text = printed(capture_document(build))
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colour_only_on_a_terminal_without_no_color(
    build: Capture, monkeypatch: pytest.MonkeyPatch, no_color: str | None, coloured: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    out = Terminal()
    print_document(capture_document(build), out)
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", out.getvalue())) == coloured


def test_hostile_text_cannot_steer_the_terminal() -> None:
    blocks = (
        Heading(HOSTILE), Paragraph(HOSTILE), Code(HOSTILE), Message(HOSTILE, "warning"), Claim(Finding("a", "b", HOSTILE, advice=HOSTILE)),
        Grid((HOSTILE,), ((HOSTILE,),), caption=HOSTILE), KeyFigures((Figure(HOSTILE, HOSTILE, HOSTILE),)),
    )  # fmt: skip
    text = printed(Document(HOSTILE, HOSTILE, blocks))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "[bold]not markup[/bold] :smile:" in text


def test_a_long_table_is_cut_and_where_all_of_it_is_named() -> None:
    long = Document("t", "", (Grid(("n",), tuple((str(i),) for i in range(40))),))
    assert "and 28 more: FILE.html" in printed(long, whole="FILE.html")
    assert "and 28 more: --json" in printed(long)


def test_rows_for_a_pipe_are_never_cut() -> None:
    out = io.StringIO()
    print_rows(("name", "n"), [("x" * 200, 1), ("y", 20)], out)
    assert out.getvalue() == f"{'name':200}   n\n{'x' * 200}   1\n{'y':200}  20\n"


LONG = "rm -rf " + " ".join(f"'/home/someone/go/pkg/mod/example.com/m@v1.0.{n}'" for n in range(9))


@pytest.mark.parametrize("width", [None, 20, 200])
def test_commands_are_printed_whole_however_long(width: int | None) -> None:
    finding = Finding(
        "a", "b", "it is broken", advice=f"Remove it:{paste(LONG, 'go mod tidy')}", tried="Not tried."
    )
    lines = printed(Document("", "", (Code(LONG), Claim(finding))), width).splitlines()
    assert f"  {LONG}" in lines
    at = lines.index(f"      {LONG}")
    assert lines[at - 1 : at + 3] == [
        "  → Remove it:",
        f"      {LONG}",
        "      go mod tidy",
        "    Not tried.",
    ]


def test_a_path_in_prose_is_not_broken() -> None:
    path = "/" + "/".join(f"directory{n}" for n in range(20))
    text = printed(Document("", "", (Paragraph(f"Look at {path} there."), Message(f"See {path}."))), 40)
    assert path in text.splitlines() and f"{path}." in text
