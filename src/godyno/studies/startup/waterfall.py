"""Phases crossed with causes: what each part of a recorded start went to, so that every moment has one phase and one cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from godyno.capture.reader import open_capture
from godyno.diagnose.phases import INIT, MAIN, OBSERVER, Phase, gathered, phases, start_of
from godyno.diagnose.why.states import STATES
from godyno.studies.startup.causes import Slice, is_surroundings, slices
from godyno.studies.startup.gate import statistic
from godyno.studies.startup.result import Cause, Distribution, Place, Row, Waterfall, mean_share
from godyno.studies.startup.starts import Start

_LEAST_SHARE = 0.01
_MOST_PLACES = 12
_MOST_DETAILS = 5
_MOST_FACTOR = 10.0


class _One:
    """One recorded start, read."""

    def __init__(self, start: Start, capture: Path) -> None:
        self.capture = capture
        with open_capture(capture) as opened:
            self.pid = int(opened.manifest.notes["pid"])
            self.from_ns = start_of(opened, self.pid, start.t_exec_ns)
            self.until_ns = start.t_ready_ns
            self.phases = phases(opened, self.pid, self.from_ns, self.until_ns)
            found, self.notes = slices(opened, self.from_ns, self.until_ns, self.pid)
        self.slices = [
            piece for phase in self.phases for piece in _called(list(_cut(found, phase)), phase.kind == MAIN)
        ]
        self.took_s = (self.until_ns - self.from_ns) * 1e-9
        self.by_state: dict[str, float] = defaultdict(float)
        for one in self.slices:
            self.by_state[one.state] += one.took_s
        self.taken_s = sum(seconds for state, seconds in self.by_state.items() if is_surroundings(state))

    def by_place(self) -> dict[tuple[str, str], dict[str, float]]:
        """Seconds by (phase, package or function of main), then by state."""
        out: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for phase in self.phases:
            for one, seconds in _within(self.slices, phase):
                name = phase.package if phase.kind == INIT else one.call if phase.kind == MAIN else ""
                out[phase.kind, name][one.state] += seconds
        return out


def waterfall(found: Distribution, recorded: Sequence[tuple[Start, Path]]) -> Waterfall:
    """The waterfall of the middle one of the recorded starts, its causes with their shares over all of them. Raises CaptureError."""
    ones = sorted((_One(start, capture) for start, capture in recorded), key=lambda one: one.took_s)
    shown = ones[(len(ones) - 1) // 2]
    bare = statistic("median", found.took_s)
    titles = {one.state: one.title for each in ones for one in each.slices}
    causes = [_cause(state, titles[state], shown, ones) for state in shown.by_state]
    return Waterfall(
        found.state, shown.took_s, sum(one.took_s for one in shown.slices), len(ones),
        statistic("median", [one.took_s - one.by_state.get("observer", 0.0) for one in ones]) / bare,
        tuple(_rows(shown)), tuple(sorted(causes, key=lambda one: -one.estimate.value)), tuple(_places(shown, ones, bare)),
        str(shown.capture), shown.notes,
    )  # fmt: skip


def _cause(state: str, title: str, shown: _One, ones: Sequence[_One]) -> Cause:
    details: dict[str, float] = defaultdict(float)
    for one in shown.slices:
        if one.state == state and one.detail:
            details[one.detail] += one.took_s
    longest = sorted(details.items(), key=lambda pair: -pair[1])[:_MOST_DETAILS]
    seconds = shown.by_state[state]
    return Cause(
        state, title, seconds, seconds / shown.took_s if shown.took_s else 0.0,
        mean_share([one.by_state.get(state, 0.0) / one.took_s for one in ones if one.took_s]), tuple(longest),
    )  # fmt: skip


def _rows(shown: _One) -> list[Row]:
    out = []
    for label, members in gathered(shown.phases, _LEAST_SHARE * shown.took_s):
        causes: dict[str, float] = defaultdict(float)
        for phase in members:
            for one, seconds in _within(shown.slices, phase):
                causes[one.title] += seconds
        first = members[0]
        out.append(
            Row(
                label, first.kind, (first.t_start_ns - shown.from_ns) * 1e-9, sum(one.took_s for one in members),
                _ranked(causes),
            )
        )  # fmt: skip
    return out


def _places(shown: _One, ones: Sequence[_One], bare_s: float) -> list[Place]:
    """Where the time went, the most of the program's own first; what is below a hundredth of it by init is left to the waterfall."""
    found = [(one, one.by_place()) for one in ones]
    mine = next(places for one, places in found if one is shown)
    out = []
    for key, parts in mine.items():
        kind, name = key
        shares = [sum(places.get(key, {}).values()) / one.took_s for one, places in found if one.took_s]
        own = _own(parts, shown)
        seconds = sum(parts.values())
        if seconds < _LEAST_SHARE * shown.took_s:
            continue
        titles = {STATES[state].title: of for state, of in parts.items()}
        each = [_bare(places.get(key, {}), one, bare_s) for one, places in found]
        left = [
            sum(_own(places.get(key, {}), one).values()) / rest
            for one, places in found
            if (rest := one.took_s - one.taken_s) > 0
        ]
        out.append(
            Place(
                f"{kind} {name}".rstrip() if kind == INIT else f"{kind}: {name}" if name else kind, kind, seconds, sum(own.values()),
                mean_share(shares), _ranked(titles), max(own, key=lambda state: own[state], default=""),
                name if kind == INIT else "", name if kind == MAIN else "", statistic("median", each),
                statistic("median", left) if left else 0.0,
            )
        )  # fmt: skip
    return sorted(out, key=lambda one: -one.own_s)[:_MOST_PLACES]


def _own(parts: Mapping[str, float], one: _One) -> dict[str, float]:
    """Seconds of the program's own by state. Waiting for a quota is owed to who used it up, wherever it was waited: as it falls, it may be
    in whatever small thing came next, and in another in each start.
    """
    own = {
        state: seconds for state, seconds in parts.items() if state != "quota" and not is_surroundings(state)
    }
    if owed := _owed(parts, one):
        own["quota"] = owed
    return own


def _owed(parts: Mapping[str, float], one: _One) -> float:
    """Of what ``one`` waited for its quota the part that a place's work used up."""
    of_all = _busy(one.by_state)
    return one.by_state.get("quota", 0.0) * _busy(parts) / of_all if of_all else 0.0


def _bare(parts: Mapping[str, float], one: _One, bare_s: float) -> float:
    """What a place would take in a bare start: its waits as they were, its work scaled as all work of that start has to be.

    What others took from a recorded start they take from bare ones too, in proportion to the work: that is in the factor.
    """
    waited = sum(seconds for state, seconds in one.by_state.items() if _waits(state))
    work = one.took_s - one.taken_s - waited
    factor = (bare_s - waited) / work if work > 0 else 1.0
    factor = min(_MOST_FACTOR, max(1 / _MOST_FACTOR, factor))
    return (
        sum(seconds for state, seconds in parts.items() if _waits(state))
        + (_busy(parts) + _owed(parts, one)) * factor
    )


def _waits(state: str) -> bool:
    return STATES[state].title.startswith("blocked")


def _busy(parts: Mapping[str, float]) -> float:
    """Seconds of the program's own work."""
    return sum(
        seconds
        for state, seconds in parts.items()
        if state != "quota" and not _waits(state) and not is_surroundings(state)
    )


def _cut(found: Sequence[Slice], phase: Phase) -> Iterator[Slice]:
    """The parts of slices that lie in a phase; in godyno's own all is the observer's."""
    for one in found:
        low, high = max(one.t_start_ns, phase.t_start_ns), min(one.t_end_ns, phase.t_end_ns)
        if high > low:
            mine = replace(one, t_start_ns=low, t_end_ns=high)
            title = STATES["observer"].title
            yield (
                replace(mine, state="observer", title=title, detail="", call="")
                if phase.kind == OBSERVER
                else mine
            )


def _called(found: list[Slice], in_main: bool) -> list[Slice]:
    """A moment of main that no stack places (it was ready and had no CPU; it waited for a library's goroutine) belongs to the function
    that main was seen in last: it goes on there.
    """
    if not in_main:
        return found
    last = next((one.call for one in found if one.call), "")
    out = []
    for one in found:
        last = one.call or last
        out.append(one if one.call or one.state == "observer" else replace(one, call=last))
    return out


def _within(found: Sequence[Slice], phase: Phase) -> list[tuple[Slice, float]]:
    out = []
    for one in found:
        length = min(one.t_end_ns, phase.t_end_ns) - max(one.t_start_ns, phase.t_start_ns)
        if length > 0:
            out.append((one, length * 1e-9))
    return out


def _ranked(causes: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(causes.items(), key=lambda pair: -pair[1]))
