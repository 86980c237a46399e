"""Commands within prose: never wrapped, cut or decorated."""

from __future__ import annotations

import subprocess

import pytest

from godyno.prose import laid_out, paste, pieces, quoted, wrapped

LONG = "rm -rf " + " ".join(f"/home/someone/go/pkg/mod/example.com/m@v1.0.{n}" for n in range(9))


def test_a_command_stays_whole_on_a_line_of_its_own_however_long() -> None:
    lines = laid_out(
        f"Remove what is here, and have go download it again:{paste(LONG, 'go mod tidy')}\nThen build.",
        30,
        "→ ",
    )
    assert lines[0].startswith("→ Remove") and max(map(len, lines[:2])) <= 30
    assert f"      {LONG}" in lines and "      go mod tidy" in lines
    assert lines[-1] == "  Then build."


def test_what_stands_in_backticks_and_a_long_path_are_not_broken() -> None:
    path = "/a/very/long/path/that/no/terminal/is/wide/enough/for"
    lines = wrapped(f"Look at {path} and run `go mod download example.com/m@v1` there.", 24)
    assert path in lines
    assert "`go mod download example.com/m@v1`" in lines
    assert all(len(line) <= 24 or line in (path, "`go mod download example.com/m@v1`") for line in lines)


def test_prose_and_commands_are_told_apart() -> None:
    assert pieces("Do this:\n    one\n    two\nor that\nat once:\n    three") == [
        ("Do this:", ("one", "two")), ("or that\nat once:", ("three",)),
    ]  # fmt: skip
    assert pieces("\n    only") == [("", ("only",))]
    assert pieces("") == []


@pytest.mark.parametrize(
    "word", ["plain", "two words", "it's", "a\n    rm -rf /", "\u202eback", "ü", "\udcff", "$(x)"]
)
def test_a_word_of_any_kind_is_quoted_on_one_line_as_the_shell_reads_it(word: str) -> None:
    said = quoted(word)
    assert "\n" not in said and "\u202e" not in said
    read = subprocess.run(["bash", "-c", f"printf %s {said}"], capture_output=True, check=True).stdout
    assert read == word.encode("utf-8", "surrogateescape")
