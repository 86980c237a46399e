import pytest
from hypothesis import given
from hypothesis import strategies as st

<<<<<<< HEAD
from godyno.errors import FormatError
from godyno.formats.benchfmt import BenchResult, Measurement, bench_result, bench_results, bench_text

TEXT = """goos: linux
goarch: amd64
pkg: example.com/m/b
cpu: AMD EPYC
BenchmarkB
BenchmarkB-2   \t      10\t       206.3 ns/op\t         3.500 widgets/op
BenchmarkSub/size=4-2 \t 1000000 \t 1.5 ns/op \t 0 B/op \t 0 allocs/op
note:
PASS
ok  \texample.com/m/b\t0.014s
"""


def test_results_have_their_configuration_and_every_value() -> None:
    first, second = bench_results(TEXT.splitlines())
    assert (first.name, first.procs, first.iterations) == ("B", 2, 10)
    assert first.measurements == (Measurement(206.3, "ns/op"), Measurement(3.5, "widgets/op"))
    assert first.seconds_per_op == pytest.approx(206.3e-9)
    assert first.config == {"goos": "linux", "goarch": "amd64", "pkg": "example.com/m/b", "cpu": "AMD EPYC"}
    assert (second.name, second.value("allocs/op"), second.value("MB/s")) == ("Sub/size=4", 0.0, None)


def test_an_empty_value_takes_a_key_away() -> None:
    (result,) = bench_results(["a: 1", "b: 2", "a:", "BenchmarkX 1 2 ns/op"])
    assert result.config == {"b": "2"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "BenchmarkX",
        "BenchmarkX-2 10",
        "Benchmarking 1 2 ns/op",
        "BenchmarkX ten 1 ns/op",
        "BenchmarkX 1 fast ns/op",
    ],
)
def test_what_is_no_result_is_refused(line: str) -> None:
    with pytest.raises(FormatError):
        bench_result(line)


def test_what_is_written_is_read_back_the_same() -> None:
    results = [
        *list(bench_results(TEXT.splitlines())),
        BenchResult("Y", 1, 3, (Measurement(1e300, "x"),), {"goos": "linux"}),
    ]
    assert list(bench_results(bench_text(results).splitlines())) == results


@given(
    st.text() | st.text().map("BenchmarkX 1 {} ns/op".format) | st.text().map("Benchmark{} 1 1 ns/op".format)
)
def test_no_text_raises_anything_but_format_error(text: str) -> None:
    list(bench_results(text.splitlines()))
    try:
        bench_result(text)
    except FormatError:
        pass
=======
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
>>>>>>> stats
