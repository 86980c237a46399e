import pytest
from hypothesis import given
from hypothesis import strategies as st

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
