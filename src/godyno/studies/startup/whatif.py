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
_SHARE = "its time on the path of recorded starts: waits as they were, work scaled to bare starts"


def what_if(found: Waterfall, took_s: Sequence[float], inits: Sequence[Init]) -> list[WhatIf]:
    """The changes that would save the most, the largest first."""
    median = statistic("median", took_s)
    out = [*_lazy(found, median, inits), *_later(found, median)]
    return sorted((one for one in out if one.share >= _LEAST_SHARE), key=lambda one: -one.gain_s)[:_MOST]


def what_if_of_inits(took_s: Sequence[float], inits: Sequence[Init]) -> list[WhatIf]:
    """What inits alone tell, where nothing could be recorded."""
    median = statistic("median", took_s)
    out = [_without(one, median) for one in inits]
    return sorted((one for one in out if one.share >= _LEAST_SHARE), key=lambda one: -one.gain_s)[:_MOST]


def _without(one: Init, median: float) -> WhatIf:
    what = f"{one.package} initialised on first use instead of at start"
    basis = f"GODEBUG=inittrace=1: its share of {one.starts} starts"
    return WhatIf(what, WARM, one.share * median, one.share, basis)


def _lazy(found: Waterfall, median: float, inits: Sequence[Init]) -> list[WhatIf]:
    # Of a quota inits are told only what was waited for in them; what they used up is waited for later, too.
    throttled = any(cause.state == "quota" and cause.estimate.value >= _LEAST_SHARE for cause in found.causes)
    traced = {one.package: one for one in inits} if found.state == WARM and not throttled else {}
    out = []
    for place in found.places:
        if place.kind != INIT or not place.package:
            continue
        if place.package in traced:
            out.append(_without(traced[place.package], median))
            continue
        what = f"{place.package} initialised on first use instead of at start"
        out.append(WhatIf(what, found.state, place.bare_s, place.bare_s / median, _SHARE))
    return out


def _later(found: Waterfall, median: float) -> list[WhatIf]:
    return [
        WhatIf(
            f"{place.function} after ready, or beside it", found.state, place.bare_s, place.bare_s / median, _SHARE
        )
        for place in found.places
        if place.kind == MAIN and place.function and place.function != "main.main"
    ]  # fmt: skip
