"""Where CPU time went, by function: the finding that is read first of a capture with CPU samples; ``hottest`` counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.hottest import Hottest, hottest, layers
from godyno.model import Estimate, Evidence, Finding

MOST = 10
CPU_LAYERS = ("cpu", "trace", "pprof_cpu")  # the best first: each is the same time, seen in another way


class Hot:
    """The functions in which CPU time went, where the capture has CPU samples."""

    name: ClassVar[str] = "hot"
    summary: ClassVar[str] = "Where CPU time went, by function"
    needs: ClassVar[tuple[str, ...]] = ("stacks", "frames")

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding of the best layer of CPU samples; none where nothing was sampled."""
        held = layers(capture)
        layer = next((name for name in CPU_LAYERS if name in held), "")
        return [_finding(hottest(capture, layer, "function", MOST))] if layer else []


def _finding(hot: Hottest) -> Finding:
    first = hot.rows[0]
    between = first.flat_interval
    sql = (
        'SELECT "function", sum(weight) AS flat FROM stacks JOIN frames USING (stack_id) '
        f"WHERE layer = '{hot.layer}' AND depth = 0 GROUP BY 1 ORDER BY 2 DESC LIMIT {MOST}"
    )
    return Finding(
        source=Hot.name,
        kind="hot-functions",
        claim=f"{first.name} held {units.show_ratio(first.flat_share)} of {hot.title}: "
        f"{units.show(first.flat, hot.unit)} of {units.show(hot.total, hot.unit)}",
        estimate=Estimate(first.flat_share, "1", between, hot.samples, "share of samples"),
        method=f"{hot.samples:,} {'sample' if hot.samples == 1 else 'samples'} of the layer {hot.layer}",
        evidence=(Evidence("stacks", sql=sql),),
        data={
            "layer": hot.layer,
            "columns": [["function", "text"], ["flat", hot.unit], ["of all", "1"], ["cum", hot.unit]],
            "rows": [[row.name, row.flat, row.flat_share, row.cum] for row in hot.rows],
        },
    )
