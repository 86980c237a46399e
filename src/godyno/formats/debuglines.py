"""GODEBUG lines and a program's own text, told apart on the stderr that they share.

The Go runtime prints a line of gctrace in up to 39 write calls and holds no lock that the program, another
thread's schedtrace or another process respects, so lines tear: ``gc 1gc 1000 of my own\\n @0.031s 2%: …``. A
line is therefore followed piece by piece (a piece is what the runtime writes at once, never cut itself).
Where the next piece is missing, something intruded; it lasts to the end of one of its lines, or to where one
read of the pipe ended and the next began, and there the rest must go on. What intruded may be a GODEBUG line
itself and is looked at in its turn.

Not certain, by nature: text that itself begins as such a line, inside a torn one; a word beside a package's
name, and digits beside a figure, where both came in one read. ``DebugLine.torn`` marks what was put together.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HOLD_NS = 1_000_000_000  # a line that began longer ago will not be completed any more
_SLICE = 1 << 16  # of what is fed at once; also the most that is held back
_MAX_INTRUSIONS = 4  # in one line
_MAX_RESUMPTIONS = 12  # places tried after one tear
_KEPT_SAMPLES = 20

_END = ""
_Graph = dict[str, tuple[tuple[re.Pattern[bytes], str], ...]]


@dataclass(frozen=True, slots=True)
class DebugLine:
    """A whole GODEBUG line without its newline. ``kind`` is gctrace, inittrace, schedtrace, scheddetail, or
    other.
    """

    t_start_ns: int  # when its first piece arrived
    t_ns: int  # when its end arrived
    kind: str
    text: str
    torn: bool = False


@dataclass(frozen=True, slots=True)
class OwnText:
    """What the program itself wrote, in order."""

    t_ns: int
    data: bytes


def _graph(spec: str) -> _Graph:
    """``state: piece > next | piece > next`` a line, pieces as regular expressions, ``.`` for the line's
    end.
    """
    graph: _Graph = {}
    for line in spec.strip().splitlines():
        state, _, ways = line.strip().partition(" :: ")
        graph[state] = tuple(
            (re.compile(piece.encode()), _END if following == "." else following)
            for piece, _, following in (way.rpartition(" > ") for way in ways.split(" || "))
        )
    return graph


def _chain(pieces: Iterable[str], last: str) -> str:
    pieces = list(pieces)
    lines = [f"{i} :: {piece} > {i + 1}" for i, piece in enumerate(pieces)]
    return "\n".join(lines).removesuffix(f"> {len(pieces)}") + f"> {last}"


_NUM, _INT = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", r"\d+"
_GC = _graph(
    _chain(
        [
            "gc ", _INT, " @", _NUM, "s ", _INT, "%", r"(?: \([^()\n]*\))?: ", _NUM, r"\+", _NUM, r"\+", _NUM,
            " ms clock, ", _NUM, r"\+", _NUM, "/", _NUM, "/", _NUM, r"\+", _NUM, " ms cpu, ", _INT, "->", _INT, "->",
            _INT, " MB, ", _INT, " MB goal, ",
        ],
        "size",
    )
    + f"\nsize :: {_INT} > unit\nunit ::  MB [a-z ]+,  > size ||  P > end\n"
    + r"end ::  \([^()\n]*\) > end || \n > ."
)  # fmt: skip
_INIT = _graph(
    _chain(
        [
            "init ",
            r"[^\s@]+",
            " @",
            _NUM,
            " ms, ",
            _NUM,
            " ms clock, ",
            _INT,
            " bytes, ",
            _INT,
            " allocs",
            r"\n",
        ],
        ".",
    )
)
_SCHED = _graph(
    r"""
    0 :: SCHED  > 1
    1 :: \d+ > 2
    2 :: ms: > name
    name ::  [a-z]+= > value ||  \[ ? > list
    value :: -?\d+ > name || (?:true|false) > tail || \[ ? > list
    tail ::  [a-z]+= > value || \n > .
    list :: \d+ > list ||  ?\] > tail ||   > list
    """
)
_DETAIL = _graph(
    r"""
    0 ::   [PMG] > 1
    1 :: -?\d+ > 2
    2 :: : status= > value || : p= > value
    name ::  [a-z]+= > value || \n > .
    value :: \d+\( > reason || -?\d+ > name || [a-z]\w* > name || (?=[ \n]) > name
    reason :: (?:[^()\n]|\([^()\n]*\))*\) > name
    """
)
_SCAN = _graph(
    r"""
    0 :: scan: total  > figure || scan: class L  > figure || scan: class  > figure
    figure :: \d+ > unit
    unit :: \+ > figure || = > figure || B  > figure ||  objs,  > figure ||  (?:objs|spans)\n > .
    """
)
# Printed by other GODEBUG settings; their inside is not known here, so that they are taken only whole.
_OTHER = _graph(r"0 :: (?:scav \d+ KiB|pacer: )[^\n]*\n > .")

_KINDS: dict[str, _Graph] = {
    "gctrace": _GC, "inittrace": _INIT, "schedtrace": _SCHED, "scheddetail": _DETAIL, "gcscan": _SCAN,
    "other": _OTHER,
}  # fmt: skip
_START = re.compile(
    rb"(?P<gctrace>gc )|(?P<inittrace>init )|(?P<schedtrace>SCHED )|(?P<scheddetail>(?m:^)  [PMG])"
    rb"|(?P<gcscan>scan: (?:total|class) )|(?P<other>scav \d+ KiB|pacer: )"
)
_SURE = re.compile(rb"gc \d+ @\d|init \S+ @\d|SCHED \d+ms: ")  # nobody else writes such a thing


class DebugLines:
    """Takes the fragments of one stderr as they were read, gives GODEBUG lines and the program's own text.

    ``feed`` and ``close`` give what is certain by then; own text is held back only while it may be part of a
    line that began less than ``hold_ns`` before. ``not_understood`` holds the first pieces of text that began
    as a GODEBUG line does and went on as none does (they are given as own text), ``torn`` counts the lines
    that had to be put together.
    """

    def __init__(self, hold_ns: int = HOLD_NS) -> None:
        self.hold_ns = hold_ns
        self.torn = 0
        self.not_understood: list[str] = []
        self._data = bytearray()
        self._starts: list[int] = []  # where in _data each fragment begins
        self._times: list[int] = []
        self._now_ns = 0

    def feed(self, t_ns: int, data: bytes) -> list[DebugLine | OwnText]:
        """What became certain with the fragment ``data`` that was read at ``t_ns`` (MONOTONIC, not
        falling).
        """
        found: list[DebugLine | OwnText] = []
        for start in range(0, len(data), _SLICE):
            self._now_ns = t_ns
            self._starts.append(len(self._data))
            self._times.append(t_ns)
            self._data += data[start : start + _SLICE]
            found += self._scan(False)
        return found

    def close(self) -> list[DebugLine | OwnText]:
        """What is left when the stream has ended."""
        return list(self._scan(True))

    def _scan(self, ended: bool) -> Iterator[DebugLine | OwnText]:
        position = 0
        while match := _START.search(self._data, position):
            start = match.start()
            data = bytes(self._data)
            kind, pieces, open_ended = self._line_at(data, match)
            if len(pieces) > 1:
                kind, pieces = self._least_torn(data, kind, pieces)
            if pieces:
                yield from self._own(start)
                yield self._take(kind, [(a - start, b - start) for a, b in pieces])
                position = 0
                continue
            waited = self._now_ns - self._times[self._fragment(start)] > self.hold_ns
            if open_ended and not ended and not waited and len(self._data) - start <= _SLICE:
                yield from self._own(start)
                return
            if _SURE.match(self._data, start) and len(self.not_understood) < _KEPT_SAMPLES:
                self.not_understood.append(self._data[start : start + 160].decode("utf-8", "replace"))
            position = start + 1
        # The last bytes may be the beginning of a beginning.
        keep = 0 if ended else _prefix_length(self._data)
        yield from self._own(len(self._data) - keep)

    def _line_at(self, data: bytes, match: re.Match[bytes]) -> tuple[str, list[tuple[int, int]], bool]:
        kind = str(match.lastgroup)
        return kind, *_assemble(_KINDS[kind], data, self._starts, match.start())

    def _least_torn(
        self, data: bytes, kind: str, pieces: list[tuple[int, int]]
    ) -> tuple[str, list[tuple[int, int]]]:
        """Of the torn line ``pieces`` and those that begin inside it, the likeliest.

        So a whole line that intruded goes first, and text such as "gc 0 of my own" never takes the rest of a
        line that is whole without it.
        """
        best = self._unlikeliness(data, pieces)
        for match in _START.finditer(data, pieces[0][0] + 1, pieces[-1][1]):
            other, parts, _ = self._line_at(data, match)
            if parts and (cost := self._unlikeliness(data, parts)) < best:
                best, kind, pieces = cost, other, parts
                if len(pieces) == 1:
                    break
        return kind, pieces

    def _unlikeliness(self, data: bytes, pieces: list[tuple[int, int]]) -> tuple[int, int, bool, int]:
        """Few parts come first; then tears where reads ended and parts that follow a line's end; then a
        beginning at a line's own; then the shortest.
        """
        tears = sum(not self._is_cut(end) for _, end in pieces[:-1])
        odd = sum(data[begin - 1] != 0x0A for begin, _ in pieces[1:])
        start = pieces[0][0]
        fresh = start == 0 or data[start - 1] == 0x0A or self._is_cut(start)
        return len(pieces), tears + odd, not fresh, pieces[-1][1] - start

    def _is_cut(self, offset: int) -> bool:
        index = bisect_left(self._starts, offset)
        return index < len(self._starts) and self._starts[index] == offset

    def _fragment(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _own(self, end: int) -> Iterator[OwnText]:
        """Gives the first ``end`` bytes as own text, in the fragments in which they came, and forgets
        them.
        """
        if end <= 0:
            return
        for index, start in enumerate(self._starts):
            stop = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._data)
            if start >= end:
                break
            if stop > start:
                yield OwnText(self._times[index], bytes(self._data[start : min(stop, end)]))
        self._forget([(0, end)])

    def _take(self, kind: str, pieces: list[tuple[int, int]]) -> DebugLine:
        text = b"".join(bytes(self._data[a:b]) for a, b in pieces)
        first = self._times[self._fragment(pieces[0][0])]
        last = self._times[self._fragment(pieces[-1][1] - 1)]
        self._forget(pieces)
        self.torn += len(pieces) > 1
        return DebugLine(first, last, kind, text.decode("utf-8", "replace").rstrip("\n"), len(pieces) > 1)

    def _forget(self, pieces: list[tuple[int, int]]) -> None:
        for a, b in reversed(pieces):
            del self._data[a:b]
            self._starts = [s if s <= a else max(a, s - (b - a)) for s in self._starts]
        # Fragments that have become empty go, but for the last.
        kept = [
            i for i, s in enumerate(self._starts) if i + 1 == len(self._starts) or s < self._starts[i + 1]
        ]
        if kept and self._starts[kept[-1]] >= len(self._data):
            kept.pop()
        self._starts, self._times = [self._starts[i] for i in kept], [self._times[i] for i in kept]


def _walk(graph: _Graph, data: bytes, state: str, position: int) -> list[tuple[str, int]]:
    """Every (state, position) that is reached piece by piece; the last is where it ends or where a piece is
    missing.
    """
    trail = [(state, position)]
    while state != _END:
        for piece, following in graph[state]:
            if match := piece.match(data, position):
                if match.end() == position and following == state:
                    continue
                state, position = following, match.end()
                trail.append((state, position))
                break
        else:
            break
        if len(trail) > 20_000:
            break
    return trail


def _assemble(graph: _Graph, data: bytes, cuts: list[int], start: int) -> tuple[list[tuple[int, int]], bool]:
    """The parts of ``data`` that are the line which begins at ``start``, or none; and whether more text could
    complete it.
    """
    return _continue(graph, data, cuts, "0", start, 0, [2000])


def _continue(
    graph: _Graph, data: bytes, cuts: list[int], state: str, start: int, depth: int, budget: list[int]
) -> tuple[list[tuple[int, int]], bool]:
    trail = _walk(graph, data, state, start)
    last_state, last = trail[-1]
    if last_state == _END:
        return [(start, last)], False
    if (
        len(trail) < (3 if depth > 1 else 2) or depth == _MAX_INTRUSIONS
    ):  # torn twice within two pieces: chance, not a line
        return [], False
    # The last piece may be, or may have swallowed, the first bytes of what intruded.
    before_state, before = trail[-2]
    inside = [
        cut for cut in cuts[bisect_right(cuts, before) : bisect_left(cuts, last)] if before < cut < last
    ]
    tears = [*[(last_state, cut) for cut in inside[:2]], (last_state, last)]
    if before > start:
        tears.append((before_state, before))
    # What intruded mostly is whole lines; that a read ended there is the weaker sign.
    for places in (_line_starts, _cuts):
        for torn_state, tear in tears:
            for resume in places(data, cuts, tear):
                budget[0] -= 1
                if budget[0] < 0:
                    return [], False
                rest, _ = _continue(graph, data, cuts, torn_state, resume, depth + 1, budget)
                if rest:
                    return [(start, tear), *rest], False
    return [], True


def _line_starts(data: bytes, cuts: list[int], tear: int) -> list[int]:
    found: list[int] = []
    position = tear
    while len(found) < _MAX_RESUMPTIONS and (newline := data.find(b"\n", position)) >= 0:
        position = newline + 1
        if position < len(data):
            found.append(position)
    return found


def _cuts(data: bytes, cuts: list[int], tear: int) -> list[int]:
    first = bisect_right(cuts, tear)
    return [cut for cut in cuts[first : first + _MAX_RESUMPTIONS] if cut < len(data)]


def _prefix_length(data: bytearray) -> int:
    """How many of the last bytes could be the beginning of a line's first piece."""
    for length in range(min(len(data), 6), 0, -1):
        tail = bytes(data[-length:])
        if any(first.startswith(tail) for first in (b"gc ", b"init ", b"SCHED ", b"pacer: ")):
            return length
        # The others begin at a line's start only, lest a prompt's last space be held back.
        fresh = length == len(data) or data[-length - 1] == 0x0A
        if fresh and any(first.startswith(tail) for first in (b"  P", b"  M", b"  G", b"scav ", b"scan: ")):
            return length
    return 0
