"""The words of a go command are told apart as go tells them apart."""

import pytest

from godyno.formats.gocommand import go_command


@pytest.mark.parametrize(
    ("line", "subcommand", "directory", "words"),
    [
        ("go build", "build", "", ()),
        ("/usr/bin/go build -o x -tags a,b ./cmd/...", "build", "", ("./cmd/...",)),
        ("go build -C dir -race . ./b", "build", "dir", (".", "./b")),
        ("go -C dir build", "build", "dir", ()),
        ("go run -race a.go b.go c.txt", "run", "", ("a.go", "b.go")),
        ("go run . -race", "run", "", (".",)),
        ("go run example.com/x@latest y", "run", "", ("example.com/x@latest",)),
        ("go test ./a ./b -run X -v -count 1", "test", "", ("./a", "./b")),
        ("go test -run X ./... -args -v ./c", "test", "", ("./...",)),
        ("go test -bench=. -benchmem", "test", "", ()),
    ],
)
def test_packages_are_what_is_no_flag_nor_its_value(
    line: str, subcommand: str, directory: str, words: tuple[str, ...]
) -> None:
    found = go_command(line.split())
    assert found is not None
    assert (found.subcommand, found.directory, found.words()) == (subcommand, directory, words)


@pytest.mark.parametrize("line", ["", "make", "gofmt -l .", "go", "go -x build"])
def test_what_is_no_go_command_is_none(line: str) -> None:
    assert go_command(line.split()) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("go build ./...", "go build -overlay=O ./..."),
        ("go build -C dir -v ./...", "go build -C dir -overlay=O -v ./..."),
        ("go build -C=dir", "go build -C=dir -overlay=O"),
        ("go -C dir test -v", "go -C dir test -overlay=O -v"),
        ("go build -overlay theirs.json .", "go build -overlay=O ."),
        ("go test ./a -overlay=theirs.json", "go test ./a -overlay=O"),
    ],
)
def test_a_flag_goes_behind_the_subcommand_or_where_it_was(line: str, expected: str) -> None:
    found = go_command(line.split())
    assert found is not None
    assert " ".join(found.with_flag("overlay", "O").argv) == expected


def test_a_file_more_goes_behind_the_files_and_before_the_programs_arguments() -> None:
    found = go_command(["go", "run", "-v", "a.go", "b.go", "-v", "in.txt"])
    assert found is not None
    assert " ".join(found.with_word("c.go").argv) == "go run -v a.go b.go c.go -v in.txt"


def test_flags_that_select_files_are_passed_on_with_their_values() -> None:
    found = go_command(["go", "test", "-tags", "a,b", "-race", "-run", "X", "-mod=vendor", "."])
    assert found is not None
    assert found.selecting_flags() == ["-tags=a,b", "-mod=vendor", "-race=true"]
