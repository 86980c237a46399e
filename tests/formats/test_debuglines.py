import itertools
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from godyno.formats.debuglines import DebugLine, DebugLines, OwnText
from godyno.formats.gctrace import gc_cycle
from godyno.formats.inittrace import package_init
from godyno.formats.schedtrace import sched_detail, sched_state

DATA = Path(__file__).parent.parent / "data" / "godebug"
PARSERS = {
    "gctrace": gc_cycle,
    "inittrace": package_init,
    "schedtrace": sched_state,
    "scheddetail": sched_detail,
    "other": str,
    "gcscan": str,
}
GC = (
    "gc 7 @0.041s 1%: 0.041+0.63+0.029 ms clock, 0.083+0.077/0.072/0.14+0.059 ms cpu, "
    "12->15->14 MB, 16 MB goal, 1 MB stacks, 2 MB globals, 2 P (forced)"
)
INIT = "init net/http @4.3 ms, 0.31 ms clock, 0 bytes, 0 allocs"
SCHED = "SCHED 35ms: gomaxprocs=2 idleprocs=1 threads=6 runqueue=0 [ 0 1 ] schedticks=[ 20 70 ]"


def pieces(line: str) -> list[bytes]:
    """The write calls with which the runtime prints ``line``: figures apart from the words between them."""
    found = re.findall(r"[\d.]+|[^\d]+", line)
    if line.startswith("init"):
        found = ["init ", "net/http", *re.findall(r"[\d.]+|[^\d]+", line.removeprefix("init net/http"))]
    return [piece.encode() for piece in found] + [b"\n"]


def read(fragments: list[bytes]) -> tuple[list[DebugLine], bytes, DebugLines]:
    lines = DebugLines()
    found = list(itertools.chain.from_iterable(lines.feed(t, data) for t, data in enumerate(fragments)))
    found += lines.close()
    own = b"".join(item.data for item in found if isinstance(item, OwnText))
    return [item for item in found if isinstance(item, DebugLine)], own, lines


@pytest.mark.parametrize("path", sorted(DATA.glob("*-*.txt")), ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [7, 50, 1 << 20])
def test_real_output_comes_apart_whatever_the_reads_were(path: Path, size: int) -> None:
    data = path.read_bytes()
    found, own, lines = read([data[i : i + size] for i in range(0, len(data), size)])
    for line in found:
        PARSERS[line.kind](line.text)
    own_lines = [
        line for line in own.decode().splitlines() if line != "=20 spans"
    ]  # gctrace=2's own are not put together
    assert own_lines == [
        "start of the program's own text",
        *[f"gc {n}000 of my own".replace("0000", "0") for n in range(6)],
        "end 6000",
    ]
    kinds = {line.kind for line in found}
    expected = path.name.partition("-")[0].removesuffix("2").replace("torn", "gctrace")
    assert expected in kinds
    assert lines.not_understood == []
    numbers = [gc_cycle(line.text).number for line in found if line.kind == "gctrace"]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert sum(len(line.text.encode()) + 1 for line in found) + len(own) == len(data)


def test_a_line_that_the_program_s_text_tore_is_put_together() -> None:
    (line,), own, lines = read(
        [b"gc 1gc 1000 of my own\n @0.031s 2%: " + GC.partition("%: ")[2].encode() + b"\n"]
    )
    assert line.text.startswith("gc 1 @0.031s 2%: 0.041+")
    assert line.torn and lines.torn == 1
    assert own == b"gc 1000 of my own\n"


def test_a_snapshot_inside_another_thread_s_line_gives_both_lines() -> None:
    found, own, _ = read([f"{INIT}{SCHED}\n\n".encode()])
    assert {line.text for line in found} == {INIT, SCHED}
    assert own == b""


def test_times_are_of_the_first_and_the_last_piece() -> None:
    lines = DebugLines()
    parts = pieces(GC)
    found = [item for t, piece in enumerate(parts) for item in lines.feed(100 + t, piece)]
    assert [(item.t_start_ns, item.t_ns) for item in found if isinstance(item, DebugLine)] == [
        (100, 99 + len(parts))
    ]


def test_a_line_that_never_goes_on_becomes_own_text_after_a_while() -> None:
    lines = DebugLines(hold_ns=10)
    assert lines.feed(0, b"gc 1 @0.031s ") == []
    assert lines.feed(5, b"something else\n") == []
    assert lines.feed(20, b"more\n") == [
        OwnText(0, b"gc 1 @0.031s "), OwnText(5, b"something else\n"), OwnText(20, b"more\n"),
    ]  # fmt: skip
    assert lines.not_understood == ["gc 1 @0.031s something else\nmore\n"]


def test_a_stream_cut_in_a_line_says_what_was_not_understood() -> None:
    found, own, lines = read([GC[:50].encode()])
    assert (found, own, lines.not_understood) == ([], GC[:50].encode(), [GC[:50]])


def test_a_prompt_without_a_newline_is_given_at_once() -> None:
    assert DebugLines().feed(1, b"password: ") == [OwnText(1, b"password: ")]


# Empty lines and lines that begin with figures are left out: in a torn line those are told apart only by luck.
OWN = st.lists(
    st.sampled_from([b"hello\n", b"panic: x [recovered]\n", b"time=2024 level=INFO\n", b"a  P1: b\n"]),
    max_size=2,
)


@given(
    own=OWN,
    order=st.randoms(use_true_random=False),
    line=st.sampled_from([GC, INIT, SCHED]),
    merge=st.booleans(),
)
def test_one_line_torn_anywhere_by_the_program_is_recovered_whole(own, order, line, merge) -> None:  # type: ignore[no-untyped-def]
    # The program's lines fall between any two pieces; where reads are not merged, each write is a fragment.
    tagged = [(False, piece) for piece in pieces(line)]
    # What comes just before or after a package's name cannot be told from it.
    first = 3 if line == INIT else 0
    for text in own:
        tagged.insert(order.randrange(first, len(tagged) + 1), (True, text))
    slots = [piece for _, piece in tagged]
    found, rest, _ = read([b"".join(slots)] if merge else slots)
    assert [item.text for item in found] == [line]
    assert rest == b"".join(piece for is_own, piece in tagged if is_own)


@given(
    st.lists(
        st.binary(max_size=80)
        | st.sampled_from([*pieces(GC), *pieces(INIT), *pieces(SCHED), b"  P", b"scav "]),
        max_size=60,
    )
)
@example([b"gc ", b"gc ", b"\n", b"gc "])
def test_no_bytes_are_lost_or_made_up_whatever_comes(fragments: list[bytes]) -> None:
    found, own, _ = read(fragments)
    count = sum(len(line.text.encode("utf-8", "replace")) + 1 for line in found)
    if b"\xef\xbf\xbd" not in b"".join(line.text.encode() for line in found):
        assert count + len(own) == sum(map(len, fragments))


def test_a_megabyte_of_almost_lines_takes_no_time() -> None:
    import time

    started = time.perf_counter()
    _, own, _ = read([b"gc 1 of many\n" * 5000, b"gc " * 5000, b"gc 1 @0.1s 2%: \n" * 2000])
    assert len(own) == 13 * 5000 + 3 * 5000 + 16 * 2000
    assert time.perf_counter() - started < 10
