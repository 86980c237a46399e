"""Which packages had the machine to themselves: the stretches in which one compile or link ran and no other worker had anything to do?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.schedule import ASSUMPTION, METHOD, build_of, played_s
from godyno.diagnose.critical_path import Action
from godyno.model import Confidence, Estimate, Evidence, Finding

_LEAST_SHARE = 0.1
_EVIDENCE = Evidence(
    "spans",
    sql="SELECT t_start_ns, t_end_ns, track, name FROM spans WHERE layer = 'action' ORDER BY t_start_ns",
)


class Slots:
    """Idle workers, by the package that was waited for; and more workers, where all were busy."""

    name: ClassVar[str] = "slots"
    summary: ClassVar[str] = "Idle and missing workers of the build"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """At most one finding each: what ran alone, and what more workers would have given."""
        build = build_of(capture)
        if build is None:
            return []
        worked = [one for one in build.actions.values() if one.command_s > 0]
        # Only the main module's packages can be cut: their sources were looked at.
        mine = {id(one) for one in worked if one.mode == "build" and one.args.get("source_bytes")}
        if not worked:
            return []  # all was cached: what is left is go's own bookkeeping
        out = []
        alone = _alone_s(worked)
        total = sum(alone.values())
        if build.workers > 1 and len(worked) > 2 and total >= _LEAST_SHARE * build.wall_s:
            rows = sorted(alone.items(), key=lambda row: -row[1])
            labels = {id(one): one.label for one in worked}
            name = labels[rows[0][0]]
            own = next(
                (key for key, lasted in rows if key in mine and lasted >= _LEAST_SHARE * build.wall_s / 2),
                None,
            )
            # Cut in two that run side by side, it would have its own time alone halved.
            saves = alone[own] / 2 if own is not None else 0.0
            out.append(
                Finding(
                    source=self.name,
                    kind="alone",
                    claim=f"For {units.show_seconds(total)} of {units.show_seconds(build.wall_s)} one package was worked on while "
                    f"{build.workers - 1} of {build.workers} workers had nothing to do; the longest was {name} "
                    f"({units.show_seconds(rows[0][1])})",
                    estimate=Estimate(total, "s"),
                    method="stretches of the action graph in which a single action ran a command",
                    assumption="saved where the longest is cut into two halves that can be made side by side",
                    confidence=Confidence.LOW,
                    evidence=(_EVIDENCE,),
                    advice=(
                        f"Cut {labels[own]} into packages that do not import each other, or let what imports it import less."
                        if own is not None
                        else ""
                    ),
                    tried="Not tried." if own is not None else "",
                    data={
                        "columns": [["action", "text"], ["alone", "s"]],
                        "rows": [[labels[key], lasted] for key, lasted in rows[:12]],
                        "saves_s": saves,
                        "alone_s": total,
                        "workers": build.workers,
                    },
                )
            )
        base, twice = played_s(build.actions, build.workers), played_s(build.actions, 2 * build.workers)
        if base - twice >= _LEAST_SHARE * build.wall_s:
            out.append(
                Finding(
                    source=self.name,
                    kind="more-workers",
                    claim=f"All {build.workers} workers were busy much of the time: with twice as many, each on a processor "
                    f"of its own, it "
                    f"would take {units.show_seconds(base - twice)} less",
                    estimate=Estimate(base - twice, "s"),
                    method=METHOD,
                    assumption=ASSUMPTION,
                    confidence=Confidence.MEDIUM,
                    evidence=(_EVIDENCE,),
                    advice=f"A machine with {2 * build.workers} processors would build faster; a larger -p on this one would not.",
                    tried="Not tried.",
                    data={"saves_s": base - twice, "workers": build.workers, "needs": "hardware"},
                )
            )
        return out


def _alone_s(worked: Sequence[Action]) -> dict[int, float]:
    """Seconds for which each action (by identity) was the only one that ran."""
    marks = sorted(
        mark for one in worked for mark in ((one.t_start_ns, 1, id(one)), (one.t_end_ns, 0, id(one)))
    )
    out: dict[int, float] = {}
    running: set[int] = set()
    last = 0
    for t, begins, key in marks:
        if len(running) == 1:
            (only,) = running
            out[only] = out.get(only, 0.0) + (t - last) * 1e-9
        running.add(key) if begins else running.discard(key)
        last = t
    return out
