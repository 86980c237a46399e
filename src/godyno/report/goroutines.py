"""Goroutines as tracks of the page: named by what they run, the busiest on rows of their own, the rest folded into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Layers whose tracks are PID/GOROUTINE.
LAYERS = frozenset(
    {"goroutine", "goroutine_state", "goroutine_seen", "go_syscall", "gc_assist", "gc_sweep", "region"}
)
MOST_ROWS = 40
OTHERS = "others"


def labels(capture: Any, named: Mapping[str, str]) -> dict[str, str]:
    """A name for each track of these layers: its number and first function, and its process where there are several."""
    rows = capture.sql(
        "SELECT coalesce(track, '') AS track, coalesce(name, '') AS name, coalesce(pid, 0) AS pid FROM spans WHERE layer = 'goroutine'"
    ).to_pylist()
    several = len({row["pid"] for row in rows}) > 1
    out = {}
    for row in rows:
        process = f"{named.get(str(row['pid']), row['pid'])} " if several else ""
        out[row["track"]] = f"{process}{row['track'].rpartition('/')[2]} {row['name'].rpartition('/')[2]}"
    return out


def sampled(capture: Any, named: Mapping[str, str], most: int = 20_000) -> dict[str, str]:
    """The labels of the goroutines that samples are of, those with the most samples where they are too many."""
    rows = capture.sql(
        f"SELECT pid || '/' || goroutine AS track FROM stacks WHERE goroutine > 0 GROUP BY 1 ORDER BY count(*) DESC LIMIT {most}"
    ).to_pylist()
    known = labels(capture, named) if rows else {}
    return {row["track"]: known[row["track"]] for row in rows if row["track"] in known}


def by_function(tracks: Sequence[str], names: Sequence[str], several: bool) -> list[str]:
    """The tracks of lives: one for each first function, within its process where there are several."""
    return [
        f"{track.partition('/')[0]}/{name}" if several and "/" in track else name
        for track, name in zip(tracks, names, strict=True)
    ]


def label(layer: str, track: str, named: Mapping[str, str], several: bool) -> str:
    """How a track of the Go runtime is called on the page; of another layer as it is."""
    pid, slash, rest = track.partition("/")
    if layer == "proc" and slash:
        return f"{named.get(pid, pid)} {rest}" if several else rest
    if layer == "goroutine" and several and slash:
        return f"{named.get(pid, pid)} {rest}"
    return named.get(track, track) if layer in LAYERS else track


def folded(
    tracks: Sequence[str], order: Sequence[str], running: Sequence[bool]
) -> tuple[list[str | None], list[str], str]:
    """(track of each span, order of tracks, what to say of it): behind the busiest all are one track, which shows them running.

    A span that is not drawn has no track.
    """
    if len(order) <= MOST_ROWS + 1:
        return list(tracks), list(order), ""
    own = set(order[:MOST_ROWS])
    moved = [
        track if track in own else OTHERS if runs else None
        for track, runs in zip(tracks, running, strict=True)
    ]
    told = f", {len(order) - MOST_ROWS:,} of the less busy goroutines in one row, only while they ran"
    return moved, [*order[:MOST_ROWS], OTHERS], told
