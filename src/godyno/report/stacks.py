"""Samples of stacks for the page's flame graphs: every sample up to a budget, beyond it added up in slices of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from godyno.capture.sample_layers import SAMPLE_LAYERS, Placed, sample_layer
from godyno.report.payload import Array, Payload, clean

if TYPE_CHECKING:
    from godyno.report.page_data import Window

_PLACED = {
    Placed.WINDOW: "Counted over windows (the lane Profiles), each placed in the middle of its own. ",
    Placed.SNAPSHOT: "States at single instants: a window shows their mean, or the last before it. ",
}
_MOST_STACKS = 200_000
_DEEPEST = 512
_NOBODY = "0 AS pid, 0 AS tid, 0 AS goroutine"


def stacks(
    capture: Any, window: Window, payload: Payload, most: int, baseline: Any = None
) -> dict[str, Any] | None:
    """The ``stacks`` of the page's header, or None without samples; ``baseline`` is the capture to compare with."""
    tables = [(capture, window, False)]
    if baseline is not None:
        from godyno.report.page_data import window_of

        tables.append((baseline, window_of(baseline), True))
    functions: dict[str, int] = {}
    places: list[str] = []
    firsts: list[Array] = []
    frames: list[Array] = []
    layers: list[dict[str, Any]] = []
    offset = frame_offset = 0
    for source, when, is_baseline in tables:
        ids, first, names = _frames(source, functions, places)
        found = _layers(source, when, payload, most, ids, offset, is_baseline)
        if found:
            layers += found
            firsts.append(first + frame_offset)
            frames.append(names)
            offset, frame_offset = offset + len(ids), frame_offset + len(names)
    if not any(not layer["baseline"] for layer in layers):
        return None
    return {
        "functions": list(functions),
        "places": places,
        "first": payload.column(np.concatenate(firsts), "u32", delta=True),
        "frames": payload.column(np.concatenate(frames), "u32"),
        "layers": layers,
    }


def _frames(capture: Any, functions: dict[str, int], places: list[str]) -> tuple[Array, Array, Array]:
    """(stack ids in order, where each one's frames begin, the function of each frame); stacks without frames are one unknown."""
    used = capture.sql(
        f"SELECT stack_id FROM (SELECT stack_id, sum(weight) AS w FROM stacks WHERE stack_id IS NOT NULL AND isfinite(weight) "
        f"GROUP BY 1 ORDER BY w DESC LIMIT {_MOST_STACKS}) ORDER BY stack_id"
    )["stack_id"].to_numpy()
    table = capture.sql(
        "SELECT stack_id, coalesce(function, '') AS function, "
        "coalesce(file, '') || CASE WHEN line > 0 THEN ':' || line ELSE '' END AS place "
        f"FROM frames WHERE depth BETWEEN 0 AND {_DEEPEST} "
        "AND stack_id IN (SELECT stack_id FROM stacks) ORDER BY stack_id, depth"
    )
    names = table["function"].dictionary_encode().combine_chunks()
    place = table["place"].combine_chunks()
    codes = names.indices.to_numpy(zero_copy_only=False)
    # The first row of each function says where it is.
    first_row = (
        {int(code): row for row, code in reversed(list(enumerate(codes.tolist())))}
        if len(codes) < 2_000_000
        else {}
    )
    mapped = np.empty(len(names.dictionary) + 1, dtype=np.int64)
    for code, name in enumerate(names.dictionary.to_pylist()):
        mapped[code] = _known(
            functions,
            places,
            clean(name)[:400] or "[unknown]",
            str(place[first_row[code]]) if code in first_row else "",
        )
    mapped[-1] = _known(functions, places, "[unknown]", "")
    owner = table["stack_id"].to_numpy()
    at = np.searchsorted(used, owner)
    inside = (
        (at < len(used)) & (used[np.minimum(at, max(0, len(used) - 1))] == owner)
        if len(used)
        else np.zeros(len(owner), bool)
    )
    counts = np.bincount(at[inside], minlength=len(used)) if len(used) else np.zeros(0, np.int64)
    empty = counts == 0
    first = (
        np.concatenate(([0], np.cumsum(np.maximum(counts, 1))[:-1])) if len(used) else np.zeros(0, np.int64)
    )
    out = np.full(int(np.maximum(counts, 1).sum()), mapped[-1], dtype=np.int64)
    keep = np.ones(len(out), bool)
    keep[first[empty]] = False
    out[keep] = mapped[codes[inside]]
    return used, first, out


def _known(functions: dict[str, int], places: list[str], name: str, place: str) -> int:
    if name not in functions:
        functions[name] = len(functions)
        places.append(clean(place)[:300])
    return functions[name]


def _layers(
    capture: Any, window: Window, payload: Payload, most: int, ids: Array, offset: int, baseline: bool
) -> list[dict[str, Any]]:
    counts = capture.sql(
        "SELECT coalesce(layer, '') AS layer, count(*) AS n FROM stacks WHERE t_ns BETWEEN ? AND ? AND isfinite(weight) "
        "GROUP BY 1 ORDER BY 1",
        [window.t_start_ns, window.t_end_ns],
    ).to_pylist()
    order = list(SAMPLE_LAYERS)
    counts.sort(
        key=lambda row: (order.index(row["layer"]) if row["layer"] in order else len(order), row["layer"])
    )
    total = sum(row["n"] for row in counts)
    out = []
    for row in counts:
        share = row["n"] if total <= most else max(10_000, most * row["n"] // total)
        known = sample_layer(row["layer"])
        chosen = _states if known.placed is Placed.SNAPSHOT else _samples
        table, note = chosen(capture, window, row["layer"], row["n"], share)
        stack = table["stack_id"].to_numpy()
        at = np.searchsorted(ids, stack)
        good = (
            (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == stack)
            if len(ids)
            else np.zeros(len(stack), bool)
        )
        if not good.any():
            continue
        if not good.all():
            note += f"{int((~good).sum()):,} samples of rare stacks are not on this page. "
        numbers = {
            name: np.clip(table[name].to_numpy()[good], 0, 2**32 - 1) for name in ("pid", "tid", "goroutine")
        }
        out.append(
            {
                "id": clean(row["layer"]),
                "title": clean(known.title),
                "unit": known.unit,
                "note": (note + _PLACED.get(known.placed, "")).strip(),
                "snapshot": known.placed is Placed.SNAPSHOT,
                "baseline": baseline,
                "t": payload.column(window.ticks(table["t"].to_numpy()[good]), "u32", delta=True),
                "stack": payload.column(at[good] + offset, "u32"),
                "weight": payload.column(table["weight"].to_numpy()[good], "f32"),
                **{name: payload.column(values, "u32") for name, values in numbers.items()},
            }
        )
    return out


def _states(capture: Any, window: Window, layer: str, count: int, most: int) -> tuple[Any, str]:
    """The last states that fit, whole: they cannot be added up over time."""
    since, left, note = window.t_start_ns, most, ""
    where = (
        "FROM stacks WHERE layer = ? AND t_ns BETWEEN ? AND ? AND isfinite(weight) AND stack_id IS NOT NULL"
    )
    if count > most:
        instants = capture.sql(
            f"SELECT t_ns, count(*) AS n {where} GROUP BY 1 ORDER BY 1 DESC", [layer, since, window.t_end_ns]
        )
        for t_ns, n in zip(instants["t_ns"].to_pylist(), instants["n"].to_pylist(), strict=True):
            left -= n
            if left < 0 and since != window.t_start_ns:
                break
            since = t_ns
        note = "Earlier states are not on this page. "
    columns = "coalesce(pid, 0) AS pid, coalesce(tid, 0) AS tid, coalesce(goroutine, 0) AS goroutine"
    query = f"SELECT t_ns AS t, stack_id, weight, {columns} {where} ORDER BY t_ns"
    return capture.sql(query, [layer, since, window.t_end_ns]), note


def _samples(capture: Any, window: Window, layer: str, count: int, most: int) -> tuple[Any, str]:
    """Samples in order of time; of too many, those of one stack in one slice of time as one, with their weights added up."""
    where = "FROM stacks WHERE coalesce(layer, '') = ? AND t_ns BETWEEN ? AND ? AND isfinite(weight) AND stack_id IS NOT NULL"
    parameters = [layer, window.t_start_ns, window.t_end_ns]
    columns = "coalesce(pid, 0) AS pid, coalesce(tid, 0) AS tid, coalesce(goroutine, 0) AS goroutine"
    if count <= most:
        return capture.sql(
            f"SELECT t_ns AS t, stack_id, weight, {columns} {where} ORDER BY t_ns", parameters
        ), ""
    slices = 4096
    while True:
        width = max(1, (window.t_end_ns - window.t_start_ns) // slices)
        keys = f"(t_ns - {window.t_start_ns}) // {width} AS slice, stack_id, {columns if slices > 64 else _NOBODY}"
        table = capture.sql(
            f"SELECT {window.t_start_ns} + slice * {width} + {width // 2} AS t, stack_id, sum(weight) AS weight, pid, tid, goroutine "
            f"FROM (SELECT {keys}, weight {where}) GROUP BY ALL ORDER BY t",
            parameters,
        )
        if len(table) <= most or slices <= 8:
            break
        slices //= 4
    told = f"{count:,} samples, added up in slices of {width * 1e-6:.3g} ms. "
    return (
        (table, told)
        if len(table) <= most * 2
        else (table.slice(0, most * 2), told + "The last of them are not on this page. ")
    )
