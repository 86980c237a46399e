"""What set the build's length: the chain of actions of which each waited for the one before?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import Process, number, processes, spans, whole
from godyno.model import Confidence, Estimate, Evidence, Finding

MOST = 20  # steps of the path that are listed: the longest


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the build. ``ready_ns`` is when its last dependency was done, None where that is not known."""

    name: str
    mode: str
    t_start_ns: int
    t_end_ns: int
    ready_ns: int | None
    deps: tuple[int, ...]
    command_s: float = 0.0  # of the commands that it ran; 0 where it was cached or is bookkeeping
    args: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def label(self) -> str:
        """As it is shown: ``link example.com/cmd``."""
        return self.name if self.mode in ("build", "") else f"{self.mode} {self.name}".strip()


class CriticalPath:
    """The critical path of a build, from the toolchain's action graph, else guessed from processes."""

    name: ClassVar[str] = "critical_path"
    summary: ClassVar[str] = "The critical path of the build"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding: the path, how much of it was work, how much waiting for a free slot, and the bound without that."""
        actions = read_actions(capture)
        if any(action.deps for action in actions.values()):
            return [_by_actions(self.name, actions)]
        found = [
            one for one in processes(capture) if one.kind in ("compile", "link", "asm", "cgo", "vet", "test")
        ]
        return [_by_processes(self.name, found)] if len(found) > 1 else []


def read_actions(capture: Any) -> dict[int, Action]:
    """The build's actions by id; those without an id or that never ran are left out."""
    out = {}
    for start, end, track, name, _, args in spans(capture, "action"):
        key = whole(args.get("id"))
        if key is None:
            continue
        deps = args.get("deps")
        ids = tuple(dep for dep in deps if whole(dep) is not None) if isinstance(deps, list) else ()
        mode = args.get("mode")
        out[key] = Action(
            name, mode if isinstance(mode, str) else track, start, end, whole(args.get("ready_ns")), ids,
            number(args.get("cmd_real_s")) or 0.0, args,
        )  # fmt: skip
    return out


def path_of(actions: Mapping[int, Action]) -> list[int]:
    """Ids along the critical path, first to last: from the action that ended last, always to the dependency that ended last."""
    at: int | None = max(actions, key=lambda key: (actions[key].t_end_ns, actions[key].t_start_ns))
    path: list[int] = []
    seen: set[int] = set()
    while at is not None and at not in seen:
        seen.add(at)
        path.append(at)
        # Only what ended before this one could have held it up; in a forged graph nothing may.
        waited_for = [
            dep
            for dep in actions[at].deps
            if dep in actions and actions[dep].t_end_ns <= actions[at].t_end_ns
        ]
        at = max(waited_for, key=lambda dep: (actions[dep].t_end_ns, actions[dep].t_start_ns), default=None)
    return path[::-1]


def least_s(actions: Mapping[int, Action]) -> float:
    """The longest chain of dependencies by each action's own duration: the build's time if every action ran as soon as it could."""
    best: dict[int, int] = {}
    for root in actions:
        stack = [(root, False)]
        open_: set[int] = set()
        while stack:
            key, done = stack.pop()
            if key in best or key not in actions:
                continue
            deps = [dep for dep in actions[key].deps if dep in actions]
            if done:
                open_.discard(key)
                best[key] = (
                    actions[key].t_end_ns
                    - actions[key].t_start_ns
                    + max((best.get(dep, 0) for dep in deps), default=0)
                )
            elif key not in open_:
                open_.add(key)
                stack.append((key, True))
                stack.extend((dep, False) for dep in deps if dep not in best and dep not in open_)
    return max(best.values(), default=0) * 1e-9


def _by_actions(source: str, actions: Mapping[int, Action]) -> Finding:
    path = [actions[key] for key in path_of(actions)]
    start, end = min(action.t_start_ns for action in actions.values()), path[-1].t_end_ns
    rows: list[list[Any]] = []
    work_ns, until = 0, path[0].t_start_ns
    for action in path:
        began = max(action.t_start_ns, until)
        waited = max(0, began - until)
        lasted = max(0, action.t_end_ns - began)
        work_ns += lasted
        rows.append([action.label, (action.t_start_ns - start) * 1e-9, waited * 1e-9, lasted * 1e-9])
        until = max(until, action.t_end_ns)
    wall, work, bound = (end - start) * 1e-9, work_ns * 1e-9, least_s(actions)
    long = sorted(sorted(rows, key=lambda row: -row[3])[:MOST], key=lambda row: float(row[1]))
    heaviest = max(rows, key=lambda row: row[3])
    claim = (
        f"The build took {units.show_seconds(wall)}; its critical path is {len(path)} actions, {units.show_seconds(work)} of work "
        f"and {units.show_seconds(wall - work)} of waiting for a free slot; "
        f"the longest on it is {heaviest[0]} ({units.show_seconds(heaviest[3])})"
    )
    slots = wall - work > 0.25 * wall
    return Finding(
        source=source,
        kind="critical-path",
        claim=claim,
        estimate=Estimate(work, "s", method="action graph"),
        method="from the action that ended last, back along the dependency that ended last",
        evidence=(
            Evidence(
                "spans", start, end,
                "SELECT name, track, (t_end_ns::HUGEINT - t_start_ns) / 1e9 AS lasted_s, "
                "TRY_CAST(args->>'queued_s' AS DOUBLE) AS queued_s FROM spans "
                "WHERE layer = 'action' AND json_valid(args) ORDER BY 3 DESC LIMIT 20",
            ),
        ),
        advice=(
            f"More processors would help: with a slot always free, and each action as fast as here, "
            f"it would take {units.show_seconds(bound)}."
            if slots
            else f"More processors would hardly help: the dependencies alone take {units.show_seconds(bound)}. "
            f"Splitting or thinning {heaviest[0]} would."
        ),
        tried="Not tried.",
        data={
            "columns": [["action", "text"], ["at", "s"], ["waited", "s"], ["lasted", "s"]],
            "rows": long,
            "wall_s": wall, "work_s": work, "least_s": bound, "actions": len(actions),
            "path": [{"name": a.name, "mode": a.mode, "t_start_ns": a.t_start_ns, "t_end_ns": a.t_end_ns} for a in path],
        },
    )  # fmt: skip


def _by_processes(source: str, found: list[Process]) -> Finding:
    last = max(found, key=lambda one: one.t_end_ns)
    path = [last]
    while True:
        before = [one for one in found if one.t_end_ns <= path[-1].t_start_ns]
        if not before:
            break
        path.append(max(before, key=lambda one: one.t_end_ns))
    path.reverse()
    start = min(one.t_start_ns for one in found)
    wall, work = (last.t_end_ns - start) * 1e-9, sum(one.wall_s for one in path)
    label = [" ".join(filter(None, (one.kind, one.package))) for one in path]
    longest = max(range(len(path)), key=lambda index: path[index].wall_s)
    rows: list[list[Any]] = [
        [label[i], (one.t_start_ns - start) * 1e-9, one.wall_s] for i, one in enumerate(path)
    ]
    return Finding(
        source=source,
        kind="critical-path",
        claim=f"The toolchain's processes lasted {units.show_seconds(wall)}; a chain of {len(path)} of them, one after another, "
        f"covers {units.show_seconds(work)}; the longest is {label[longest]} ({units.show_seconds(path[longest].wall_s)})",
        estimate=Estimate(work, "s", method="processes"),
        method="from the process that ended last, back to the one that ended last before it began",
        assumption="that each began because the one before had ended; there is no action graph to know it from",
        confidence=Confidence.LOW,
        evidence=(Evidence("spans", start, last.t_end_ns, "SELECT * FROM spans WHERE layer = 'process' ORDER BY t_start_ns"),),
        data={
            "columns": [["process", "text"], ["at", "s"], ["lasted", "s"]],
            "rows": sorted(sorted(rows, key=lambda row: -row[2])[:MOST], key=lambda row: float(row[1])),
            "wall_s": wall, "work_s": work,
        },
    )  # fmt: skip
