"""What changes of code would save: the time on the path, as long as nothing that is needed before ready waits for it later.

An init that is made lazy costs nothing until it is used: its whole time is saved, since inits run one after another with nothing beside
them. A call of main is predicted by its share of the path, scaled to how long starts take that are not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

from godyno.diagnose.phases import INIT, MAIN
from godyno.studies.startup.gate import statistic
from godyno.studies.startup.inits import Init
from godyno.studies.startup.result import Waterfall, WhatIf
from godyno.studies.startup.settings import WARM

_LEAST_SHARE = 0.03
_MOST = 6


def what_if(found: Waterfall, took_s: Sequence[float], inits: Sequence[Init]) -> list[WhatIf]:
    """The changes that would save the most, the largest first."""
    median = statistic("median", took_s)
    out = [*_lazy(found, median, inits), *_later(found, median)]
    return sorted((one for one in out if one.share >= _LEAST_SHARE), key=lambda one: -one.gain_s)[:_MOST]


def _lazy(found: Waterfall, median: float, inits: Sequence[Init]) -> list[WhatIf]:
    traced = {one.package: one for one in inits} if found.state == WARM else {}
    out = []
    for row in found.rows:
        if row.kind != INIT or not row.label.startswith("init ") or " packages" in row.label:
            continue
        package = row.label.removeprefix("init ")
        if package in traced:
            gain, basis = traced[package].clock_s, f"GODEBUG=inittrace=1, median of {traced[package].starts} starts"
        else:
            gain, basis = row.took_s / found.slower, "its time in the recorded start, scaled to bare starts"
        out.append(WhatIf(f"{package} initialised on first use instead of at start", found.state, gain, gain / median, basis))
    return out


def _later(found: Waterfall, median: float) -> list[WhatIf]:
    out = []
    total = sum(row.took_s for row in found.rows if row.kind == MAIN)
    for call in found.calls:
        if total and call.function.count(".") and not call.function.startswith("("):
            gain = call.seconds / found.took_s * median
            out.append(
                WhatIf(
                    f"{call.function} after ready, or beside it", found.state, gain, gain / median,
                    "its share of the path of the recorded start, at the length of bare starts",
                )  # fmt: skip
            )
    return out
