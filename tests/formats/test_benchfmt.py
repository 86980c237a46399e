import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.formats import benchfmt

_TEXT = """goos: linux
pkg: example.com/a
BenchmarkEncode/format=json-48   \t 690848 \t 1726 ns/op \t 12.5 MB/s \t 96 B/op \t 2 allocs/op
some log line
BenchmarkBroken-48
BenchmarkHalf-48 100 12 ns/op trailing
PASS
pkg: example.com/b
BenchmarkTail 10 3.5 p99-ns/op 7 widgets
ok  example.com/b 1.2s
"""


def test_results_are_read_in_base_units_with_their_configuration():
    encode, half, tail = benchfmt.read(_TEXT.splitlines())
    assert (encode.name, encode.base_name, encode.iterations) == (
        "Encode/format=json-48",
        "Encode/format=json",
        690848,
    )
    assert encode.values == pytest.approx({"sec/op": 1.726e-6, "B/s": 12.5e6, "B/op": 96.0, "allocs/op": 2.0})
    assert encode.config == {"goos": "linux", "pkg": "example.com/a"}
    assert half.values == pytest.approx({"sec/op": 1.2e-8})
    assert tail.values == pytest.approx({"p99-sec/op": 3.5e-9, "widgets": 7.0})
    assert tail.config["pkg"] == "example.com/b"


def test_what_is_written_reads_back():
    results = list(benchfmt.read(_TEXT.splitlines()))
    again = list(benchfmt.read(benchfmt.text(results).splitlines()))
    assert [(r.name, r.iterations, r.config) for r in again] == [
        (r.name, r.iterations, r.config) for r in results
    ]
    for one, other in zip(results, again, strict=True):
        assert other.values == pytest.approx(one.values)


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text):
    for result in benchfmt.read(text.splitlines()):
        assert result.values


def test_numbers_that_are_none_are_dropped():
    assert (
        list(
            benchfmt.read(
                ["BenchmarkA 1 NaN ns/op", "BenchmarkA 1 1e999 ns/op", f"BenchmarkA {'9' * 40} 1 ns/op"]
            )
        )
        == []
    )
