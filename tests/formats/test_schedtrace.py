import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.schedtrace import sched_detail, sched_state

HEAD = (
    "SCHED 35ms: gomaxprocs=2 idleprocs=1 threads=6 spinningthreads=1 needspinning=0 idlethreads=2 runqueue=3"
)


def test_a_line_up_to_go_1_24_has_run_queues_only() -> None:
    state = sched_state(HEAD + " [4 5]\n")
    assert state.since_first_s == pytest.approx(0.035)
    assert (state.gomaxprocs, state.idle_procs, state.threads, state.idle_threads) == (2, 1, 6, 2)
    assert (state.global_run_queue, state.run_queues, state.sched_ticks) == (3, (4, 5), ())


def test_a_line_since_go_1_25_has_ticks_too() -> None:
    state = sched_state(HEAD + " [ 4 5 ] schedticks=[ 20 70569 ]")
    assert (state.run_queues, state.sched_ticks) == ((4, 5), (20, 70569))


def test_fields_that_are_not_known_yet_are_kept() -> None:
    assert sched_state(HEAD + " newcounter=7 [1]").fields["newcounter"] == "7"


def test_with_detail_the_head_has_flags_and_lines_for_each_p_m_and_g_follow() -> None:
    assert sched_state(HEAD + " gcwaiting=false nmidlelocked=0").fields["gcwaiting"] == "false"
    detail = sched_detail("  P1: status=1 schedtick=3 syscalltick=0 m=nil runqsize=0 gfreecnt=0 timerslen=0")
    assert (detail.kind, detail.id, detail.fields["m"], detail.fields["timerslen"]) == ("P", 1, "nil", "0")
    detail = sched_detail("  G2: status=4(force gc (idle)) m=nil lockedm=nil")
    assert (detail.fields["status"], detail.fields["lockedm"]) == ("4(force gc (idle))", "nil")
    assert sched_detail("  M4: p=nil curg=17 preemptoff= locks=0").fields["preemptoff"] == ""


@pytest.mark.parametrize("line", ["", "SCHED is a word", HEAD + " [1 x]"])
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(FormatError, match="Not a schedtrace line"):
        sched_state(line)
    with pytest.raises(FormatError, match="Not a scheddetail line"):
        sched_detail(line)


@given(
    st.text() | st.text().map(lambda t: f"{HEAD} {t}") | st.text().map(lambda t: f"  P1: status={t} m=nil")
)
def test_no_text_raises_anything_but_format_error(line: str) -> None:
    for parse in (sched_state, sched_detail):
        try:
            parse(line)
        except FormatError:
            pass
