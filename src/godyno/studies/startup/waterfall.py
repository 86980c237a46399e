"""Phases crossed with causes: what each part of a recorded start went to, so that every moment has one phase and one cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from godyno.capture.reader import open_capture
from godyno.diagnose.phases import MAIN, PROGRAM, Phase, gathered, phases, start_of
from godyno.studies.startup.causes import Slice, slices
from godyno.studies.startup.gate import statistic
from godyno.studies.startup.result import Call, Cause, Distribution, Row, Waterfall, mean_share
from godyno.studies.startup.starts import Start

_LEAST_SHARE = 0.01
_MOST_CALLS = 12
_MOST_DETAILS = 5


class _One:
    """One recorded start, read."""

    def __init__(self, start: Start, capture: Path) -> None:
        self.capture = capture
        with open_capture(capture) as opened:
            self.pid = int(opened.manifest.notes["pid"])
            self.from_ns = start_of(opened, self.pid, start.t_exec_ns)
            self.until_ns = start.t_ready_ns
            self.phases = phases(opened, self.pid, self.from_ns, self.until_ns)
            self.slices, self.notes = slices(opened, self.from_ns, self.until_ns, self.pid)
        self.took_s = (self.until_ns - self.from_ns) * 1e-9
        self.by_state: dict[str, float] = defaultdict(float)
        for one in self.slices:
            self.by_state[one.state] += one.took_s


def waterfall(found: Distribution, recorded: Sequence[tuple[Start, Path]]) -> Waterfall:
    """The waterfall of the middle one of the recorded starts, its causes with their shares over all of them. Raises CaptureError."""
    ones = sorted((_One(start, capture) for start, capture in recorded), key=lambda one: one.took_s)
    shown = ones[(len(ones) - 1) // 2]
    titles = {one.state: one.title for each in ones for one in each.slices}
    causes = [_cause(state, titles[state], shown, ones) for state in shown.by_state]
    return Waterfall(
        found.state, shown.took_s, sum(one.took_s for one in shown.slices), len(ones),
        statistic("median", [one.took_s for one in ones]) / statistic("median", found.took_s),
        tuple(_rows(shown)), tuple(sorted(causes, key=lambda one: -one.estimate.value)), tuple(_calls(shown)),
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
            )  # fmt: skip
        )
    return out


def _calls(shown: _One) -> list[Call]:
    """What main did, by its own functions."""
    by_call: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for phase in shown.phases:
        if phase.kind in (MAIN, PROGRAM):
            for one, seconds in _within(shown.slices, phase):
                by_call[one.call or "(not in a sampled stack)"][one.title] += seconds
    rows = [Call(call, sum(causes.values()), _ranked(causes)) for call, causes in by_call.items()]
    return sorted(rows, key=lambda one: -one.seconds)[:_MOST_CALLS]


def _within(found: Sequence[Slice], phase: Phase) -> list[tuple[Slice, float]]:
    out = []
    for one in found:
        length = min(one.t_end_ns, phase.t_end_ns) - max(one.t_start_ns, phase.t_start_ns)
        if length > 0:
            out.append((one, length * 1e-9))
    return out


def _ranked(causes: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(causes.items(), key=lambda pair: -pair[1]))
