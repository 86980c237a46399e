import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.gctrace import gc_cycle

LINE = (
    "gc 7 @0.041s 1%: 0.041+0.63+0.029 ms clock, 0.083+0.077/0.072/0.14+0.059 ms cpu, "
    "12->15->14 MB, 16 MB goal, 1 MB stacks, 2 MB globals, 2 P"
)
MIB = 1 << 20


def test_a_line_is_read_into_base_units() -> None:
    cycle = gc_cycle(LINE)
    assert (cycle.number, cycle.since_start_s, cycle.cpu_ratio) == (7, 0.041, 0.01)
    assert cycle.pause_s == pytest.approx(70e-6)
    assert cycle.mark_s == pytest.approx(630e-6)
    assert cycle.duration_s == pytest.approx(700e-6)
    assert (cycle.assist_cpu_s, cycle.background_cpu_s, cycle.idle_cpu_s) == pytest.approx(
        (77e-6, 72e-6, 140e-6)
    )
    assert (cycle.heap_start_bytes, cycle.heap_end_bytes, cycle.heap_live_bytes) == (
        12 * MIB,
        15 * MIB,
        14 * MIB,
    )
    assert (cycle.heap_goal_bytes, cycle.stacks_bytes, cycle.globals_bytes) == (16 * MIB, 1 * MIB, 2 * MIB)
    assert (cycle.procs, cycle.forced, cycle.remark) == (2, False, "")


def test_the_middle_figure_is_concurrent_marking_and_no_pause() -> None:
    line = LINE.replace("0.041+0.63+0.029 ms clock", "0.010+128+0.012 ms clock")
    assert gc_cycle(line).pause_s == pytest.approx(22e-6)


def test_a_forced_collection_says_so() -> None:
    assert gc_cycle(LINE + " (forced)\n").forced


def test_a_remark_of_a_newer_go_is_kept() -> None:
    line = LINE.replace("1%:", "1% (checking for goroutine leaks):")
    assert gc_cycle(line).remark == "checking for goroutine leaks"
    assert gc_cycle(LINE + " (forced) and more").remark == "and more"


def test_a_line_of_an_older_go_lacks_stacks_and_globals() -> None:
    cycle = gc_cycle(LINE.replace(" 1 MB stacks, 2 MB globals,", ""))
    assert (cycle.stacks_bytes, cycle.globals_bytes, cycle.procs) == (None, None, 2)


@pytest.mark.parametrize("line", ["", "gc 1000 of my own", LINE[:60], LINE.replace("0.63", "x"), "x" + LINE])
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(FormatError, match="Not a gctrace line"):
        gc_cycle(line)


@given(
    st.text() | st.lists(st.sampled_from([*LINE.replace(" ", " | ").split("|"), "e9", "∞", "٣"])).map("".join)
)
def test_no_text_raises_anything_but_format_error(line: str) -> None:
    try:
        gc_cycle(line)
    except FormatError:
        pass
