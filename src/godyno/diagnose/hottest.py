"""Where the samples of a layer are: the hottest functions, packages that were built or tested, processes, goroutines.

``flat`` is what samples were taken in the function itself, ``cum`` with all that it called (once a sample, however often it is
on the stack), as ``go tool pprof -top`` counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from godyno.capture.sample_layers import SAMPLE_LAYERS, SUMMABLE_SQL, USABLE_SQL, Placed, sample_layer
from godyno.diagnose.processes import Process, arguments, process
from godyno.errors import UsageError
from godyno.model import Interval, Record
from godyno.stats.share import share_interval

if TYPE_CHECKING:
    from godyno.capture.reader import Capture

GROUPINGS = ("function", "package", "process", "goroutine")
_UNKNOWN = "[unknown]"
# Their samples are chance, a share of all time; other layers count all there was, or were scaled up by their source.
_BY_CHANCE = ("cpu", "trace")


@dataclass(frozen=True, slots=True)
class Hot(Record):
    """One row: weights in the layer's unit, shares of the total. ``flat_interval`` is of ``flat_share``, where chance took samples.

    ``function`` is the hottest function of a package, process or goroutine; of a function its file.
    """

    name: str
    flat: float
    flat_share: float
    cum: float
    cum_share: float
    samples: int  # of flat
    flat_interval: Interval | None = None
    function: str = ""


@dataclass(frozen=True, slots=True)
class Hottest(Record):
    """The hottest of a layer, the one with most flat weight first; ``count`` is how many there are in all."""

    layer: str
    title: str
    unit: str  # s, By, or empty for a plain count
    by: str
    total: float
    samples: int
    count: int
    rows: tuple[Hot, ...]
    note: str = ""


def hottest(capture: Capture, layer: str = "", by: str = "function", most: int = 20) -> Hottest:
    """The ``most`` hottest of ``layer`` (by default the first that has samples, CPU before all), by one of ``GROUPINGS``.

    ``package`` is what each process worked on: ``compile net/http``, ``link …``, ``test …``. Of states, such as the heap, the last
    of each process is counted. Raises UsageError for a grouping that is none, or where the capture has no such samples.
    """
    if by not in GROUPINGS:
        raise UsageError(f"There is no grouping {by!r}", hint=f"Choose one of {', '.join(GROUPINGS)}.")
    layer = _chosen(capture, layer)
    stacks = _stacks(capture)
    rows = _owned(capture, layer)
    flat: dict[str, float] = defaultdict(float)
    cum: dict[str, float] = defaultdict(float)
    samples: dict[str, int] = defaultdict(int)
    leaves: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    squares = 0.0
    for stack, owner, goroutine, count, weight, square in rows:
        names = stacks[stack]
        squares += square
        if by == "function":
            key = names[0]
            for name in set(names):
                cum[name] += weight
        else:
            key = _group(by, owner, goroutine)
            cum[key] += weight
            leaves[key][names[0]] += weight
        flat[key] += weight
        samples[key] += count
    total = sum(flat.values())
    # So many samples of equal weight would be as sure as these (Kish's effective size).
    sure = total * total / squares if layer in _BY_CHANCE and squares else 0.0
    order = sorted(cum, key=lambda name: (-flat[name], -cum[name], name))
    known = sample_layer(layer)
    files = _files(capture, order[:most]) if by == "function" else {}
    return Hottest(
        layer, known.title, known.unit, by, total, sum(samples.values()), len(order),
        tuple(
            Hot(
                name, flat[name], flat[name] / total, cum[name], cum[name] / total, samples[name],
                share_interval(flat[name] / total, sure) if sure else None,
                files.get(name, "") if by == "function" else max(leaves[name], key=lambda leaf: leaves[name][leaf]),
            )
            for name in order[:most]
        ),
        "The last state of each process." if known.placed is Placed.SNAPSHOT else "",
    )  # fmt: skip


def layers(capture: Capture) -> list[str]:
    """The layers of samples that the capture has, godyno's own in the order in which they are shown."""
    query = f"SELECT DISTINCT coalesce(layer, '') AS layer FROM stacks WHERE {USABLE_SQL}"
    return sorted((str(name) for name in capture.sql(query)["layer"].to_pylist()), key=_place)


def _chosen(capture: Capture, layer: str) -> str:
    there = layers(capture)
    if not there:
        raise UsageError(
            f"{capture.path} has no samples of stacks",
            hint="`godyno record --level standard` samples CPU time; `--instrument` or `--pprof` take a program's own profiles.",
        )
    if layer and layer not in there:
        raise UsageError(
            f"{capture.path} has no samples of layer {layer!r}", hint=f"It has {', '.join(there)}."
        )
    return layer or there[0]


def _place(layer: str) -> tuple[int, str]:
    known = list(SAMPLE_LAYERS)
    return (known.index(layer) if layer in known else len(known), layer)


def _stacks(capture: Capture) -> dict[int, list[str]]:
    """The functions of each stack, leaf first."""
    table = capture.sql(
        f"SELECT stack_id, list(CASE WHEN coalesce(function, '') = '' THEN '{_UNKNOWN}' ELSE function END ORDER BY depth) AS names "
        "FROM frames GROUP BY 1"
    )
    return dict(zip(table["stack_id"].to_pylist(), table["names"].to_pylist(), strict=True))


def _owned(capture: Capture, layer: str) -> list[tuple[int, Process, int, int, float, float]]:
    """(stack, process, goroutine, samples, weight, sum of squared weights): pids are reused, the process is the one of that time."""
    table = capture.sql(
        f"WITH s AS (SELECT * FROM stacks WHERE coalesce(layer, '') = ? AND {USABLE_SQL} AND {SUMMABLE_SQL}), "
        "p AS (SELECT pid AS id, t_start_ns AS since, any_value(name) AS name, any_value(args) AS args "
        "FROM spans WHERE layer = 'process' AND pid IS NOT NULL AND t_start_ns IS NOT NULL GROUP BY ALL) "
        "SELECT stack_id, coalesce(s.pid, 0), coalesce(since, 0), any_value(coalesce(p.name, '')), any_value(args), "
        "coalesce(goroutine, 0), count(*), sum(weight), sum(weight * weight) "
        "FROM s ASOF LEFT JOIN p ON s.pid = p.id AND s.t_ns >= p.since GROUP BY 1, 2, 3, 6 ORDER BY 1, 2, 3, 6",
        [layer],
    )
    lives: dict[tuple[int, int], Process] = {}
    out = []
    for stack, pid, since, name, args, goroutine, *figures in zip(
        *(column.to_pylist() for column in table.columns), strict=True
    ):
        owner = lives.get((pid, since))
        if owner is None:
            owner = lives[pid, since] = process(since, since, str(pid), name, pid, arguments(args))
        out.append((stack, owner, goroutine, *figures))
    return out


def _group(by: str, owner: Process, goroutine: int) -> str:
    label = owner.label if owner.kind != "unknown" else "process"
    if by == "package":
        return owner.label if owner.kind != "unknown" else f"process {owner.pid}"
    if by == "process":
        return f"{label} ({owner.pid})"
    return f"goroutine {goroutine} of {label} ({owner.pid})" if goroutine else "no goroutine known"


def _files(capture: Capture, names: Sequence[str]) -> dict[str, str]:
    """Where each function is: its file."""
    table = capture.sql(
        "SELECT function, any_value(file) AS file FROM frames WHERE list_contains(?, function) AND file <> '' GROUP BY 1",
        [list(names)],
    )
    found: dict[str, Any] = dict(zip(table["function"].to_pylist(), table["file"].to_pylist(), strict=True))
    return {str(name): str(file) for name, file in found.items()}
