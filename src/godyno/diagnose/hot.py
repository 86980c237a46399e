"""Which functions hold the CPU, the memory or the waiting: what ``go tool pprof -top`` tells, with its sampling error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.capture.sample_layers import LAST_STATE, SAMPLE_LAYERS, Placed, sample_layer
from godyno.errors import UsageError
from godyno.model import Estimate, Evidence, Finding, Interval

MOST = 10
CPU_LAYERS = ("cpu", "trace", "pprof_cpu")  # the best first: each is the same time, seen in another way

# A function's own weight, and the weight of all stacks it is on (once a stack, however often it calls itself). A stack
# without frames is [unknown], as in the exported profile.
_GOOD = f"weight > 0 AND isfinite(weight) AND stack_id IS NOT NULL AND {LAST_STATE}"
_TOP_SQL = f"""
WITH held AS (SELECT stack_id, sum(weight) AS weight, count(*) AS n FROM stacks WHERE layer = ? AND {_GOOD} GROUP BY 1),
named AS (SELECT stack_id, depth, coalesce(nullif("function", ''), '[unknown]') AS name FROM frames
          UNION ALL SELECT stack_id, 0, '[unknown]' FROM held WHERE stack_id NOT IN (SELECT stack_id FROM frames)),
own AS (SELECT name, sum(weight) AS weight, sum(n) AS n FROM
        (SELECT stack_id, arg_min(name, depth) AS name FROM named GROUP BY 1) JOIN held USING (stack_id) GROUP BY 1),
below AS (SELECT name, sum(weight) AS weight FROM (SELECT DISTINCT stack_id, name FROM named) JOIN held USING (stack_id) GROUP BY 1)
SELECT name, coalesce(own.weight, 0) AS own, below.weight AS with_calls, coalesce(own.n, 0)::BIGINT AS n
FROM below LEFT JOIN own USING (name) ORDER BY own DESC, with_calls DESC, name LIMIT ?
"""


class Hot:
    """The functions in which CPU time went, where the capture has CPU samples."""

    name: ClassVar[str] = "hot"
    summary: ClassVar[str] = "Where CPU time went, by function"
    needs: ClassVar[tuple[str, ...]] = ("stacks",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding of the best layer of CPU samples; none where nothing was sampled."""
        held = layers(capture)
        layer = next((name for name in CPU_LAYERS if name in held), "")
        return [top(capture, layer, MOST)] if layer else []


def layers(capture: Any) -> list[str]:
    """The layers of samples that the capture has, godyno's own in the order in which they are shown."""
    found = {
        str(name)
        for name in capture.sql(f"SELECT DISTINCT layer FROM stacks WHERE {_GOOD}")["layer"].to_pylist()
    }
    return [name for name in SAMPLE_LAYERS if name in found] + sorted(found - set(SAMPLE_LAYERS))


def top(capture: Any, layer: str = "", most: int = MOST) -> Finding:
    """The ``most`` functions of a layer of samples by their own weight (seconds, bytes or a count, by the layer).

    Without ``layer`` it is the best one of CPU time, else the first there is. Raises UsageError where the capture has no
    such samples.
    """
    held = layers(capture)
    chosen = layer or next((name for name in CPU_LAYERS if name in held), held[0] if held else "")
    if chosen not in held:
        raise UsageError(
            f"This capture has no samples{f' of the layer {layer!r}' if layer else ''}",
            hint=f"It has: {', '.join(held)}."
            if held
            else "Record with --level standard for CPU samples of every program, or with --instrument for Go's own profiles.",
        )
    shape = sample_layer(chosen)
    unit = shape.unit
    total, n = (
        capture.sql(
            f"SELECT sum(weight) AS w, count(*) AS n FROM stacks WHERE layer = ? AND {_GOOD}",
            [chosen],
        )[name][0].as_py()
        for name in ("w", "n")
    )
    rows = capture.sql(_TOP_SQL, [chosen, most]).to_pylist()
    first = rows[0]
    share = first["own"] / total if total else 0.0
    sampled = shape.placed is Placed.SAMPLE and unit == "s"
    claim = (
        f"{first['name']} held {units.show_ratio(share)} of {shape.title}: "
        f"{units.show(first['own'], unit)} of {units.show(total, unit)}"
    )
    sql = (
        'SELECT "function", sum(weight) AS own FROM stacks JOIN frames USING (stack_id) '
        f"WHERE layer = '{chosen}' AND depth = 0 GROUP BY 1 ORDER BY 2 DESC LIMIT {most}"
    )
    return Finding(
        source=Hot.name,
        kind="hot-functions",
        claim=claim,
        estimate=Estimate(
            share, "1", _share_interval(first["n"], n) if sampled else None, n, "share of samples"
        ),
        method=f"{n:,} {'sample' if n == 1 else 'samples'} of the layer {chosen}"
        + (f"; 95 % interval of the first {_interval_text(first['n'], n)}" if sampled else ""),
        evidence=(Evidence("stacks", sql=sql),) if chosen.isidentifier() else (),
        data={
            "layer": chosen,
            "columns": [["function", "text"], ["own", unit], ["of all", "1"], ["with calls", unit]],
            "rows": [
                [row["name"], row["own"], row["own"] / total if total else 0.0, row["with_calls"]]
                for row in rows
            ],
        },
    )


def _interval_text(hits: int, n: int) -> str:
    found = _share_interval(hits, n)
    return f"{units.show_ratio(found.low)} to {units.show_ratio(found.high)}"


def _share_interval(hits: int, n: int, z: float = 1.959964) -> Interval:
    """Wilson's interval (1927) of a share, by normal scores; samples are taken to be independent."""
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half), 0.95)
