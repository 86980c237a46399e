"""The causes as an analysis, so that they are in ``show`` and in every report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.why.answer import Answer, attribute
from godyno.diagnose.why.callers import Callers
from godyno.diagnose.why.causes import causes
from godyno.diagnose.why.ending import ending
from godyno.model import Confidence, Estimate, Evidence, Finding

_MOST = 5
_SEEN = "('goroutine_seen', 'thread_seen')"
_STATES_SQL = "SELECT * FROM spans WHERE layer = 'thread_state' ORDER BY t_start_ns"
_LOOKS_SQL = f"SELECT * FROM spans WHERE layer IN {_SEEN} ORDER BY t_start_ns"


class Why:
    """Where the wall time went on the critical path, then what would change it."""

    name: ClassVar[str] = "why"
    summary: ClassVar[str] = "Where the wall time went, and why"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """The path's states, and a finding for each cause; nothing where neither threads' states nor enough looks were recorded."""
        if not told_of(capture):
            return []
        path = attribute(capture)
        if path.looks and not path.enough_looks:
            return []
        own = causes(path, Callers(capture, path))  # other analyses speak for themselves
        found = Answer(path, tuple(own), ending(capture))
        return [self._states(found), *(cause.finding(self.name) for cause in found.causes[:_MOST])]

    def _states(self, found: Answer) -> Finding:
        one = found.attribution
        states = one.states()
        longest = "; ".join(
            f"{state['share']:.0%} {state['title']}" for state in states[:3] if state["share"] >= 0.005
        )
        by = f", by {one.looks} looks" if one.looks else ""
        verdict = f" Nothing of the program is accused. {found.mend_if}".rstrip() if found.healthy else ""
        if one.again and not found.accused:
            verdict = f" Which tests took how long is not known; `{one.again}` tells."
        if found.untold is not None:
            verdict = f" What took {found.untold.share:.0%} was not recorded. {found.untold.advice}".rstrip()
        failed = f"{found.ended.claim} " if found.ended is not None else ""
        return Finding(
            source=self.name, kind="why",
            claim=f"{failed}On the critical path of {one.label}, {units.show_seconds(one.wall_s)}{by}: {longest}.{verdict}",
            estimate=Estimate(one.wall_s, "s", method="critical path"),
            method="looks from outside, each for the time around it" if one.looks else "the critical path, walked backward over wake-ups",
            confidence=Confidence.MEDIUM if one.missing else Confidence.HIGH,
            evidence=(Evidence("spans", one.t_start_ns, one.t_end_ns, _LOOKS_SQL if one.looks else _STATES_SQL),),
            warnings=one.missing,
            data={
                "columns": [["state", "text"], ["time", "s"], ["share", "1"], ["in", "text"]],
                "rows": [
                    [state["title"], state["seconds"], state["share"],
                     units.short_paths(", ".join(part["detail"] for part in state["details"][:2]))]
                    for state in states
                    if state["share"] >= 0.001
                ],
                "healthy": found.healthy,
            },
        )  # fmt: skip


def told_of(capture: Any) -> bool:
    """Whether a capture holds what a path can be made of."""
    found = capture.sql(f"SELECT 1 FROM spans WHERE layer IN ('thread_state', {_SEEN[1:]} LIMIT 1")
    return bool(found.num_rows)
