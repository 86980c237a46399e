"""What a study takes: how long its runs took here before, and what it says where its budget ended too early.

Kept in the user's cache, one file a study, module and pool (machine and toolchain), so that ``--dry-run`` can say how long it will take.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from godyno import units
from godyno.model import Record, Trial
from godyno.studies.factors import Arm
from godyno.studies.plan import Plan
from godyno.toolchain import versions

_DAY_S = 86400.0
HERE, ROUGHLY = "measured here before", "as on two cores elsewhere"


@dataclass(frozen=True, slots=True)
class Times(Record):
    """Seconds that preparing and a run of each arm (by its name) took. ``source`` says where that was."""

    prepare_s: float
    runs: Mapping[str, float] = field(default_factory=dict)
    source: str = HERE

    def run_s(self, name: str) -> float:
        """Of this arm; of one that never ran, the median of the others."""
        return self.runs.get(name, median(self.runs.values()) if self.runs else 0.0)

    def once_s(self, plan: Plan) -> float:
        """Every arm once, preparation included."""
        return self.prepare_s + sum(self.run_s(arm.name) for arm in plan.arms)

    def whole_s(self, plan: Plan) -> float:
        """The whole plan, preparation included."""
        return self.prepare_s + sum(self.run_s(Arm(slot.levels).name) for slot in plan.slots())

    def text(self, plan: Plan, budget_s: float) -> str:
        """For a person, a line of a plan."""
        whole_s, once_s = self.whole_s(plan), self.once_s(plan)
        held = "all of it" if whole_s <= budget_s else "every arm at least once"
        if once_s > budget_s:
            held = f"not every arm: that needs --budget {suggested(once_s)}"
        return (
            f"time: {units.show_seconds(self.prepare_s)} to prepare, every arm once {units.show_seconds(once_s - self.prepare_s)}, "
            f"all runs {units.show_seconds(whole_s - self.prepare_s)} ({self.source}); "
            f"the budget of {units.show_seconds(budget_s)} holds {held}"
        )


def _file(study: str, module: str, pool: str) -> Path:
    key = hashlib.sha256(f"{module}\0{pool}".encode()).hexdigest()[:16]
    return versions.user_cache() / "studies" / f"{study}-{key}.json"


def remember(study: str, module: str, pool: str, times: Times) -> None:
    """Keeps what a run took, beside what earlier ones said of other arms; a cache that cannot be written forgets."""
    before = recall(study, module, pool)
    if before is not None:
        times = Times(times.prepare_s, {**before.runs, **times.runs})
    file = _file(study, module, pool)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(times.as_json()), encoding="utf-8")
        part.replace(file)


def recall(study: str, module: str, pool: str) -> Times | None:
    """What was kept; None where nothing was, or it cannot be read."""
    try:
        kept: Any = json.loads(_file(study, module, pool).read_text(encoding="utf-8"))
        times = Times(
            float(kept["prepare_s"]), {str(name): float(value) for name, value in kept["runs"].items()}
        )
        good = all(0.0 <= seconds < _DAY_S for seconds in (times.prepare_s, *times.runs.values()))
        return times if good else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def expected(study: Any, plan: Plan, module: str, pool: str) -> Times | None:
    """What a plan will take: as it was here before, else as the study's ``prepare_s`` and ``run_s`` say; None where neither is known."""
    if (known := recall(study.name, module, pool)) is not None:
        return known
    run_s = getattr(study, "run_s", 0.0)
    if not run_s:
        return None
    return Times(getattr(study, "prepare_s", 0.0), {arm.name: run_s for arm in plan.arms}, ROUGHLY)


def suggested(seconds: float) -> str:
    """A budget that holds ``seconds`` with some room, as ``--budget`` takes it: ``8m``, ``90s``."""
    with_room_s = 1.25 * seconds
    return f"{math.ceil(with_room_s / 60)}m" if with_room_s > 90 else f"{30 * math.ceil(with_room_s / 30)}s"


def ended_early(plan: Plan, trials: Sequence[Trial], times: Times, budget_s: float, doing: str) -> str:
    """What to say on top of a report whose budget ended before every arm was run once; empty where each was."""
    done = {Arm(trial.levels).name for trial in trials}
    missing = [arm for arm in plan.arms if arm.name not in done]
    budget = units.show_seconds(budget_s)
    if not missing:
        return ""
    once_s = max(times.once_s(plan), 1.2 * budget_s)  # what was cut off is in it as far as it came
    if not done:
        while_what = f" while it was {doing}" if doing else ""
        return (
            f"The budget of {budget} ended{while_what}, before anything was measured: preparing takes more than that here. "
            f"Give it --budget {suggested(3.0 * budget_s)} or more; what was fetched or compiled into your caches is there next time."
        )
    return (
        f"The budget of {budget} ended before every arm was run once: {len(missing)} of {len(plan.arms)} are missing, so what is said "
        f"below is of the others. Once round takes about {units.show_seconds(once_s)} here: --budget {suggested(once_s)}, with -o and this "
        "directory to go on."
    )
