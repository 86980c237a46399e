"""Which layer left its own usual range in the same stretch, by how much of the time, and how long before?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from godyno.model import Record
from godyno.stats.sample import MAD_TO_SD, Floats

_Layers = Mapping[str, Floats]
_REFAULTS = 100.0  # pages a second that are read again: fewer hold nobody up
_MORE = 0.2  # of the processors: others that had so much more than usual are why it waited
_MOST, _GREW = 0.5, 0.1  # others have most of the processors always; its own need is a tenth above its usual
_LATE_STEPS, _EARLY_STEPS, _APART = (
    4,
    8,
    0.3,
)  # what begins so much after its effect, or before it, counts for so much


@dataclass(frozen=True, slots=True)
class Suspect(Record):
    """A layer that changed with the figure. ``share`` is how much more of the time (or of the processors) it took than usual, ``usual``
    what it takes otherwise, ``lag_s`` by how much it came before (negative: after).
    """

    name: str
    share: float
    usual: float
    lag_s: float
    score: float  # share, weighed by how directly it holds a request up


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    title: str
    needs: tuple[str, ...]
    lost: Callable[[_Layers], Floats]  # on the grid: the share of the time that is lost to it
    floor: float
    weight: float
    advice: str
    layer: str  # whose series show it


def _part(layers: _Layers, name: str) -> Floats:
    return layers[name] if name in layers else np.zeros(next(iter(layers.values())).size)


def _neighbours(layers: _Layers) -> Floats:
    # Time in which all of it waited and others had more of the processors than usual; what the quota held back waits too. Where others had
    # no more than ever, it is its own need that grew – unless it did not grow, and others have most of the processors always: then what
    # changed is not how much they take, but that they do not give way any more.
    waited = np.maximum(layers["cpu_full"] - _part(layers, "throttled"), 0.0)
    usual = float(np.median(layers["others_cpu"]))
    more = np.clip((layers["others_cpu"] - usual) / _MORE, 0.0, 1.0)
    if usual > _MOST and "own_cpu" in layers:
        grew = np.maximum(_more(layers["own_cpu"]), _more(_part(layers, "children_cpu")))
        more = np.maximum(more, grew < _GREW * float(np.median(layers["own_cpu"])))
    return waited * more


def _more(values: Floats) -> Floats:
    more: Floats = values - float(np.median(values))
    return more


def _memory(layers: _Layers) -> Floats:
    stalled = layers["memory_some"]
    # Pages that are read again soon after they were evicted are waited for as I/O, and owed to memory.
    again = np.where(_part(layers, "refaults") > _REFAULTS, _part(layers, "io_some"), 0.0)
    return np.maximum(stalled, again)


def _disk(layers: _Layers) -> Floats:
    rest = np.where(_part(layers, "refaults") > _REFAULTS, 0.0, layers["io_some"])
    return np.maximum(rest - _part(layers, "memory_some"), 0.0)


def _others_disk(layers: _Layers) -> Floats:
    total = layers["own_disk"] + layers["others_disk"]
    part = np.divide(layers["others_disk"], total, out=np.zeros_like(total), where=total > 0)
    return _disk(layers) * part


def _own_disk(layers: _Layers) -> Floats:
    return np.maximum(_disk(layers) - _others_disk(layers), 0.0)


def _own_cpu(layers: _Layers) -> Floats:
    return np.maximum(layers["own_cpu"] - _part(layers, "children_cpu"), 0.0)


def _load(layers: _Layers) -> Floats:
    """Above the usual, as a share of it. Lines tell of answers: what was held up and came in one go is no more than usual."""
    usual = float(np.median(layers["load"]))
    if usual <= 0:
        return np.zeros(layers["load"].size)
    around = np.ones(2 * _LATE_STEPS + 1)
    smooth = np.convolve(layers["load"], around, "same") / np.convolve(
        np.ones(layers["load"].size), around, "same"
    )
    return np.maximum(smooth / usual - 1.0, 0.0)


_RULES = (
    _Rule("cpu quota", "its cgroup was throttled", ("throttled",), lambda x: x["throttled"], 0.01, 2.0,
          "Raise the CPU quota, or set GOMAXPROCS to it.", "cgroup.cpu.throttled_time"),
    _Rule("steal", "the hypervisor took processors away", ("steal",), lambda x: x["steal"], 0.02, 1.5,
          "Look at the host, or move to another.", "system.cpu.time"),
    _Rule("neighbours", "others used the processors that it waited for", ("cpu_full", "others_cpu"), _neighbours, 0.03, 1.5,
          "Find who it was (`godyno noise`), give this a larger CPU weight or processors of its own.", "cgroup.pressure.cpu"),
    _Rule("memory", "memory was short: pages were reclaimed and read again", ("memory_some",), _memory, 0.01, 1.5,
          "Raise the memory limit, or lower GOMEMLIMIT and what it caches.", "cgroup.pressure.memory"),
    _Rule("others' disk load", "it waited for a disk that others used", ("io_some", "own_disk", "others_disk"), _others_disk, 0.03, 1.2,
          "Give it a disk of its own, or limit the others' I/O (io.max).", "system.disk.io"),
    _Rule("its own disk I/O", "it waited for a disk that it used itself", ("io_some", "own_disk", "others_disk"), _own_disk, 0.05, 1.0,
          "Write less often, in larger pieces, and sync off the path of requests.", "process.disk.io"),
    _Rule("lock", "its goroutines waited for each other's locks", ("lock_wait",), lambda x: np.minimum(x["lock_wait"], 1.0), 0.05, 0.4,
          "Hold it for a shorter time, or split what it guards (`--instrument-with mutex` tells who held others up).", "go.mutex.wait"),
    _Rule("garbage collection", "the collector ran more than usual", ("gc",), lambda x: x["gc"], 0.10, 0.5,
          "Look at GOGC and GOMEMLIMIT, and at what allocates (`godyno show --top --layer allocs`).", "gc"),
    _Rule("child process", "processes that it started used the processors", ("children_cpu",), lambda x: x["children_cpu"], 0.05, 0.8,
          "Run them elsewhere, or with a lower priority.", "process.cpu.time"),
    _Rule("its own computing", "it computed more itself", ("own_cpu",), _own_cpu, 0.15, 0.3,
          "Look at where its CPU time went then (`godyno show --top`, recorded with --level standard).", "cgroup.cpu.usage"),
    _Rule("more load", "more requests came", ("load",), _load, 0.3, 0.4, "Nothing is wrong: it needs more capacity.", "lines"),
)  # fmt: skip
TITLES = {rule.name: rule.title for rule in _RULES}
ADVICE = {rule.name: rule.advice for rule in _RULES}
SHOWN_IN = {rule.name: rule.layer for rule in _RULES}


def suspects(
    layers: _Layers, start: int, end: int, step_s: float, odd: Floats | None = None
) -> list[Suspect]:
    """What changed in the steps from ``start`` to ``end``, the likeliest first. ``odd`` marks the steps of other episodes, which tell
    nothing of what is usual.
    """
    found = []
    for rule in _RULES:
        if not all(name in layers for name in rule.needs):
            continue
        lost = rule.lost(layers)
        outside = np.ones(lost.size, dtype=bool) if odd is None else ~odd.astype(bool)
        outside[max(0, start - 2) : end + 2] = False
        rest = lost[outside]
        if rest.size < 10:
            continue
        usual = float(np.median(rest))
        spread = MAD_TO_SD * float(np.median(np.abs(rest - usual)))
        high = _often(lost, outside, end - start)
        share = float(lost[start:end].mean()) - usual
        if share < rule.floor or share < 4 * spread / (end - start) ** 0.5 or share + usual < high:
            continue
        began = _onset(lost, usual + max(rule.floor / 2, 3 * spread), start, end)
        late = began - start > max(_LATE_STEPS, (end - start) // 4)
        early = start - began > max(
            _EARLY_STEPS, (end - start) // 4
        )  # it went on for so long, and nothing came of it
        score = share * rule.weight * (_APART if late or early else 1.0)
        found.append(Suspect(rule.name, share, usual, (start - began) * step_s, score))
    return sorted(found, key=lambda one: -one.score)


def _often(lost: Floats, outside: NDArray[np.bool_], width: int) -> float:
    """What stretches of this length outside of any episode reach in one of twenty: chance explains no more than that."""
    kept = np.where(outside, lost, np.nan)
    width = max(1, min(width, kept.size // 4))
    known = np.isfinite(kept)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, kept, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    count = counts[width:] - counts[:-width]
    means = (sums[width:] - sums[:-width])[count >= max(1, width // 2)] / count[count >= max(1, width // 2)]
    return float(np.quantile(means, 0.95)) if means.size else 0.0


def _onset(lost: Floats, bar: float, start: int, end: int) -> int:
    """The first step at which the layer was over the bar and stayed there into the episode."""
    over = lost > bar
    at = next((index for index in range(start, end) if over[index]), start)
    while at > max(0, start - 40) and over[at - 1]:
        at -= 1
    return at
