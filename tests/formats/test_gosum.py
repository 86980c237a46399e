from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from godyno.formats.gosum import h1, h1_of_gomod, is_hash, lookup_sums, sums

# What sum.golang.org says of github.com/pkg/errors; its go.mod does not exist, so go makes one up.
LINES = """github.com/pkg/errors v0.9.1 h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4=
github.com/pkg/errors v0.9.1/go.mod h1:bwawxfHBFNV+L2hUp1rHADufV3IMtnDRdf1r5NINEl0=
"""


def test_each_line_gives_a_hash_by_path_and_version() -> None:
    found = sums(LINES)
    assert (
        found.hashes["github.com/pkg/errors", "v0.9.1"] == "h1:FEBLx1zS214owpjy7qsBeixbURkuhQAwrK5UwLGTwt4="
    )
    assert len(found.hashes) == 2
    assert not found.damaged and not found.contradictions


def test_a_merge_conflict_is_told_by_its_lines() -> None:
    assert sums("<<<<<<< HEAD\n" + LINES + "=======\n").damaged == (1, 4)


def test_two_hashes_for_one_version_contradict_each_other() -> None:
    found = sums(LINES + LINES.replace("h1:F", "h1:G"))
    assert found.contradictions == (("github.com/pkg/errors", "v0.9.1"),)


def test_the_databases_answer_is_read_without_its_signature() -> None:
    answer = f"12345\n{LINES}\ngo.sum database tree\n66393050\nHj8H0Gmw=\n\n— sum.golang.org Az3grh\n"
    found = lookup_sums(answer)
    assert len(found.hashes) == 2
    assert not found.damaged


def test_the_hash_of_a_gomod_is_the_one_that_go_keeps() -> None:
    assert h1_of_gomod(b"module github.com/pkg/errors\n") == "h1:bwawxfHBFNV+L2hUp1rHADufV3IMtnDRdf1r5NINEl0="


@given(st.dictionaries(st.text(min_size=1), st.binary(min_size=32, max_size=32)))
def test_the_hash_does_not_depend_on_the_order_of_the_files(files: dict[str, bytes]) -> None:
    files = {name.encode("utf-8", "replace").decode(): digest for name, digest in files.items()}
    assert h1(files.items()) == h1(reversed(list(files.items())))
    assert is_hash(h1(files.items()))


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = sums(text)
    assert all(is_hash(value) for value in found.hashes.values())
