"""A build played again: how long would it have taken had some actions been shorter, or had there been more workers?

List scheduling of the recorded actions on as many workers as the go command had, each action as long as it was. The build's own time played
again differs from the recorded one (go's own work between actions, neighbours), so what is saved is always the difference of two plays.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from godyno.diagnose.critical_path import Action, read_actions
from godyno.formats.gocommand import GoCommand, go_command

METHOD = "the recorded action graph played again on as many workers, with and without it"
ASSUMPTION = "the other actions would last as long as they did"


@dataclass(frozen=True, slots=True)
class Build:
    """The command, its actions, its workers (``-p``)."""

    command: GoCommand
    actions: Mapping[int, Action]
    workers: int
    t_start_ns: int
    t_end_ns: int

    @property
    def wall_s(self) -> float:
        """Of the command."""
        return (self.t_end_ns - self.t_start_ns) * 1e-9

    def saves_s(self, lasts_s: Callable[[Action], float | None]) -> float:
        """How much shorter it would be, were each action as long as ``lasts_s`` gives it; None leaves it as it was."""
        changed = {
            key: max(0.0, new) for key, one in self.actions.items() if (new := lasts_s(one)) is not None
        }
        if not changed:
            return 0.0
        return max(0.0, played_s(self.actions, self.workers) - played_s(self.actions, self.workers, changed))


def build_of(capture: Any) -> Build | None:
    """The build that a capture tells of; None where it is not of a go command, or has no actions."""
    command = go_command(capture.manifest.workload.argv)
    actions = read_actions(capture) if command else {}
    if command is None or not actions:
        return None
    workers = command.value("p") or ""
    result = capture.manifest.result
    return Build(
        command,
        actions,
        int(workers)
        if workers.isdecimal() and int(workers) > 0
        else max(1, capture.manifest.machine.cpu.allowed),
        result.t_start_ns if result else min(one.t_start_ns for one in actions.values()),
        result.t_end_ns if result else max(one.t_end_ns for one in actions.values()),
    )


def worked_s(action: Action) -> float:
    """How long it took a worker."""
    return (action.t_end_ns - action.t_start_ns) * 1e-9


def played_s(
    actions: Mapping[int, Action], workers: int, lasts_s: Mapping[int, float] | None = None
) -> float:
    """Seconds until the last action is done, the ready ones taken in the order in which they were begun."""
    lasts_s = lasts_s or {}
    waits = {key: sum(dep in actions for dep in set(one.deps)) for key, one in actions.items()}
    dependents: dict[int, list[int]] = {}
    for key, one in actions.items():
        for dep in set(one.deps):
            if dep in actions:
                dependents.setdefault(dep, []).append(key)
    ready = [(actions[key].t_start_ns, key) for key, count in waits.items() if count == 0]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < workers:
            _, key = heapq.heappop(ready)
            heapq.heappush(running, (now + lasts_s.get(key, worked_s(actions[key])), key))
        now, done = heapq.heappop(running)
        for key in dependents.get(done, ()):
            waits[key] -= 1
            if waits[key] == 0:
                heapq.heappush(ready, (actions[key].t_start_ns, key))
    return now
