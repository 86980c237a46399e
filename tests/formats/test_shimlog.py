import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.shimlog import shim_process

HEADER = '{"shim":1,"clock":"monotonic","pid":7,"ppid":6,"argv0":"compile","package":"fmt","start_ns":5,"exact":true}'
LINE = '{"t_ns":9,"t_start_ns":8,"kind":"gctrace","line":"gc 1 @0.1s"}'
END = '{"end_ns":99,"exit":2,"signal":0,"user_ns":1500000000,"system_ns":1,"peak_rss_bytes":1024}'


def test_a_process_has_its_lines_and_its_end() -> None:
    process = shim_process([HEADER, LINE, END])
    assert (process.pid, process.package, process.exact, process.t_start_ns) == (7, "fmt", True, 5)
    assert [(line.t_start_ns, line.t_ns, line.text) for line in process.lines] == [(8, 9, "gc 1 @0.1s")]
    assert process.end is not None
    assert (process.end.t_ns, process.end.exit_code, process.end.user_s) == (99, 2, 1.5)


def test_a_torn_last_line_is_reported_not_raised() -> None:
    process = shim_process([HEADER, LINE, LINE[:20]])
    assert (len(process.lines), process.end, process.not_understood) == (1, None, 1)


def test_without_a_header_it_is_no_file_of_the_shim() -> None:
    for lines in ([], [LINE], ["[]"], ["{}"]):
        with pytest.raises(FormatError, match="no header"):
            shim_process(lines)


@given(st.lists(st.binary() | st.text() | st.sampled_from([LINE, END, '{"line":3}', '{"end_ns":[]}'])))
def test_nothing_after_a_header_raises(lines: list[str | bytes]) -> None:
    shim_process([HEADER, *lines])
