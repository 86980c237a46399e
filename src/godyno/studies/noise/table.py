"""What was found of a machine's noise, for a terminal of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from godyno.model import Estimate
from godyno.prose import laid_out
from godyno.studies.noise.result import Noisiness, Steadiness, Tried, worth_using
from godyno.units import show_ratio, show_seconds


def text(found: Noisiness, name: str) -> str:
    """Steadiness, what N pairs see, causes, measures, advice."""
    lines = [
        f"{name}: {found.runs} runs in {found.blocks} blocks, {show_seconds(found.took_s)}"
        + (", interrupted" if found.end == "interrupted" else "")
    ]
    lines += ["", *_columns([["", "median", "95% interval", "spread", "memory"], *_steadiness(found)])]
    if found.wall and found.wall.sees:
        lines += ["", "The smallest change that N pairs see, in 80 of 100 tries:"]
        lines += _columns([["N", "wall", "", "CPU", ""], *_sees(found)])
    lines += ["", *_causes(found)]
    lines += _tried(found.tried)
    if found.advice:
        lines += ["", "What would help most:"]
        lines += [_wrap(f"{number}. {one}", "   ") for number, one in enumerate(found.advice, 1)]
    lines += [_wrap(f"note: {one}", "  ") for one in found.warnings]
    return "\n".join(lines).rstrip() + "\n"


def shield_text(tried: Sequence[Tried]) -> str:
    """What ``--shield`` tried before it measured, a line each."""
    return "\n".join(_tried(tried)).strip() + "\n"


def _steadiness(found: Noisiness) -> list[list[str]]:
    rows = []
    for name, one in (("wall", found.wall), ("CPU", found.cpu)):
        if one is None:
            rows.append([name, "too short to be told"])
            continue
        interval = (
            "too few runs"
            if math.isinf(one.interval.low)
            else f"{show_seconds(one.interval.low)} … {show_seconds(one.interval.high)}"
        )
        rows.append(
            [name, show_seconds(one.median_s), interval, show_ratio(one.cv_ratio), f"{one.lag1:+.2f}"]
        )
    return rows


def _sees(found: Noisiness) -> list[list[str]]:
    rows = []
    for count in found.wall.sees if found.wall else ():
        row = [count]
        for one in (found.wall, found.cpu):
            row += _change(one, count)
        rows.append(row)
    return rows


def _change(one: Steadiness | None, count: str) -> list[str]:
    if one is None or count not in one.sees or math.isinf(one.sees[count].value):
        return ["?", ""]
    seen = one.sees[count]
    high = seen.interval.high if seen.interval else seen.value
    low = seen.interval.low if seen.interval else seen.value
    return [show_ratio(seen.value), f"[{100 * low:.3g}, {100 * high:.3g}]"]


def _causes(found: Noisiness) -> list[str]:
    if not found.causes:
        lines = ["Nothing that was watched disturbed it."]
    else:
        rows = [["cause", "in runs", "of their time", "of all"]]
        rows += [
            [one.name, f"{one.runs} of {one.of}", f"{show_ratio(one.share)} [{100 * one.interval.low:.3g}, {100 * one.interval.high:.3g}]",
             show_ratio(one.overall)]
            for one in found.causes
        ]  # fmt: skip
        lines = ["What disturbed it:", *_columns(rows)]
    if found.layers is not None:
        parts = ", ".join(f"{part.layer} {show_ratio(part.sd_ratio)}" for part in found.layers.components)
        lines.append(f"spread by layer: {parts} (address layout and placement differ between processes)")
    if found.late_s is not None:
        lines.append(
            f"sleeps of 100 µs end {show_seconds(found.late_s)} late (timer slack, and who stands in the way)"
        )
    return [
        *(_wrap(line, "  ") if line.startswith("spread") else line for line in lines),
        *(_wrap(f"cannot be told here: {line}", "  ") for line in found.untold),
    ]


def _tried(tried: Sequence[Tried]) -> list[str]:
    done = [one for one in tried if one.wall is not None]
    lines = []
    if done:
        used = worth_using(done)
        rows = [["tried", "wall noise", "CPU noise", "duration", ""]]
        rows += [
            [
                one.name,
                _ratio(one.wall),
                _ratio(one.cpu),
                f"{one.duration.value:.2f}" if one.duration else "?",
                one.verdict,
            ]
            for one in done
        ]
        lines += ["", "Variance with each measure over without (below 1 is calmer):", *_columns(rows)]
        lines.append(f"worth using: {', '.join(used) or 'none'}")
    why = {one.name: one.missing or one.verdict for one in tried if one.wall is None}
    for reason in dict.fromkeys(why.values()):
        names = ", ".join(name for name, its in why.items() if its == reason)
        lines.append(_wrap(f"not tried: {names}: {reason}", "  "))
    return lines


def _ratio(one: Estimate | None) -> str:
    if one is None or one.interval is None:
        return "?"
    return f"{one.value:.2f} [{one.interval.low:.2f}, {one.interval.high:.2f}]"


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    width = max(len(row) for row in rows)
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    widths = [max(len(row[at]) for row in full) for at in range(width)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in full
    ]  # fmt: skip


def _wrap(line: str, indent: str) -> str:
    return "\n".join(laid_out(line, 79, "", indent))
