"""The critical path of the run as a lane of one row: what each of its moments was, coloured by state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from godyno import units
from godyno.diagnose.why import attribute, told_of
from godyno.diagnose.why.states import STATES
from godyno.errors import GodynoError
from godyno.report.lanes import columns_of, pack
from godyno.report.payload import Payload, clean

if TYPE_CHECKING:
    from godyno.report.page_data import Window

# The colours, by family of state: no more than a legend has.
_COLORS = {
    "cpu": "on CPU", "cgo": "on CPU", "kernel": "in the kernel", "gc": "garbage collection", "runnable": "no CPU", "disk": "disk",
    "memory": "short of memory", "network": "network", "lock": "lock, channel", "channel": "lock, channel", "sleep": "timer",
    "child": "child, pipe", "pipe": "child, pipe", "starting": "starting",
}  # fmt: skip
_MOST = 40_000  # segments: the longest; shorter ones leave a hole that no screen shows


def why_lane(capture: Any, window: Window, payload: Payload) -> list[dict[str, Any]]:
    """The lane; none where neither threads' states nor looks were recorded."""
    if not told_of(capture):
        return []
    try:
        found = attribute(capture)
    except GodynoError:  # of a forged one there may be no path
        return []
    longest = sorted(found.segments, key=lambda one: one.t_start_ns - one.t_end_ns)[:_MOST]
    kept = sorted(longest, key=lambda one: one.t_start_ns)
    start = window.ticks(np.array([one.t_start_ns for one in kept], dtype=np.int64))
    end = window.ticks(np.array([one.t_end_ns for one in kept], dtype=np.int64))
    titles = [STATES[one.state].title for one in kept]
    names = [
        clean(f"{title}: {one.detail}" if one.detail else title)
        for title, one in zip(titles, kept, strict=True)
    ]
    details = [
        clean(
            "; ".join(
                filter(
                    None,
                    (
                        units.show_seconds(one.seconds),
                        one.doing and f"meanwhile {one.doing}",
                        f"pid {one.pid}" if one.pid else "",
                    ),
                )
            )
        )
        for one in kept
    ]
    colors = [_COLORS.get(STATES[one.state].family, "idle, unknown") for one in kept]
    of = "requests" if found.view == "requests" else "path"
    note = f"{len(found.segments):,} stretches, as `godyno why` tells them"
    if len(kept) < len(found.segments):
        note += f", the {len(kept):,} longest on this page"
    return [
        {
            "id": "why",
            "title": "Critical path of the requests" if of == "requests" else "Critical path of the run",
            "note": note,
            "open": True,
            "by_name": True,
            **columns_of(
                payload,
                pack([of] * len(kept), start, end, [of]),
                start,
                end,
                names,
                colors,
                details,
                {of: ""},
            ),
        }
    ]
