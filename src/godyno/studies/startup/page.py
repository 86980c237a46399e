"""A startup as a document: what dominates first, then the waterfall, what was tried, what a change of code would save, and how sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from godyno import units
from godyno.diagnose.phases import MEANT
from godyno.report.document import (
    Block,
    Cascade,
    Document,
    Figure,
    Grid,
    Heading,
    KeyFigures,
    Message,
    Paragraph,
    Scatter,
    Step,
    advised,
    estimate_text,
)
from godyno.studies.startup.causes import is_taken, title_of
from godyno.studies.startup.result import Place, Startup, Tried, Waterfall

_KINDS = 6
_INITS = 12
_PLACES = 8
_LEAST = 0.002  # of the whole: a shorter phase gets no row of its own


def document(found: Startup) -> Document:
    """For the terminal, Markdown and the page."""
    ended = {"budget": ", remedies ended by the budget", "interrupted": ", interrupted"}.get(found.ended, "")
    under = f", under {found.conditions}" if found.conditions else ""
    subtitle = f"until {found.meant}{under}; {found.machine}; {units.show_seconds(found.elapsed_s)}{ended}"
    return Document(f"Startup of {' '.join(found.argv)}", subtitle, tuple(_blocks(found)))


def _blocks(found: Startup) -> Iterator[Block]:
    yield KeyFigures(tuple(_figures(found)))
    for gate in found.gates:
        verdict = {0: "holds", 1: "is broken", 2: "does not hold, which is not proven"}[gate.code]
        yield Message(
            f"The gate {gate.gate.text} {verdict} for {gate.state} starts: {gate.gate.statistic} is "
            f"{units.show_seconds(gate.value_s)}; {gate.said}.",
            "warning" if gate.code else "note",
        )
    for warning in found.warnings:
        yield Message(warning, "warning")
    yield Heading("What dominates")
    for one in found.waterfalls:
        yield Paragraph(dominating(one))
    if not found.waterfalls:
        yield Message("Nothing was recorded, so the time is not taken apart; below it says why.", "warning")
    for one in found.waterfalls:
        yield from _waterfall(one)
    yield from _inits(found)
    yield from _tried(found)
    yield from _what_if(found)
    yield from _method(found)


def dominating(one: Waterfall) -> str:
    """In a sentence, what a start mostly is."""
    place = one.dominating
    if place is None:
        if not one.places:
            return f"Nothing stands out in {one.state} starts."
        most = one.places[0]
        return (
            f"Nothing dominates a {one.state} start: the most, {_in_sentence(_where(most))}, is {units.show_ratio(most.own_share)} of its "
            "own time."
        )
    of = ", ".join(f"{title} {units.show_ratio(seconds / one.took_s)}" for title, seconds in place.causes[:3])
    taken = sum(cause.seconds for cause in one.causes if is_taken(cause.state))
    beside = (
        f" The machine took {units.show_ratio(taken / one.took_s)} of the recorded start away from it."
        if taken > 0.1 * one.took_s
        else ""
    )
    return (
        f"{_where(place)} is {units.show_ratio(place.own_share)} of a {one.state} start's own time, which is without what the machine "
        f"took, and {_share(place)} of the whole: {of}.{beside}"
    )


def _where(place: Place) -> str:
    if place.package:
        return f"The init of {place.package}"
    if place.function:
        return f"{place.function}, called by main,"
    return {"main": "main", "program": "The program itself"}.get(
        place.kind, f"The phase {place.kind} ({MEANT.get(place.kind, '')})"
    )


def _in_sentence(text: str) -> str:
    return text[0].lower() + text[1:] if text.startswith("The ") else text


def _share(place: Place) -> str:
    interval = place.estimate.interval
    text = units.show_ratio(place.estimate.value)
    return (
        f"{text} [{units.show_ratio(interval.low)}, {units.show_ratio(interval.high)}]" if interval else text
    )


def _figures(found: Startup) -> Iterator[Figure]:
    for one in found.distributions:
        failed = f"; {len(one.failed)} never ready" if one.failed else ""
        yield Figure(
            f"{one.state} start",
            estimate_text(one.median),
            f"median; each moment known to {units.show_seconds(one.doubt_s)}{failed}",
        )
        yield Figure(
            f"{one.state}, p95", estimate_text(one.p95), f"longest {units.show_seconds(max(one.took_s))}"
        )
    best = min(
        (one for one in found.tried if one.verdict == "faster"), key=lambda one: one.ratio, default=None
    )
    if best:
        yield Figure("best remedy", f"−{units.show_seconds(best.gain_s)}", best.title)


def _waterfall(one: Waterfall) -> Iterator[Block]:
    yield Heading(f"Waterfall of a {one.state} start")
    kinds = tuple(cause.title for cause in sorted(one.causes, key=lambda cause: -cause.seconds))[:_KINDS]
    yield Paragraph(
        f"From exec to ready, {units.show_seconds(one.took_s)}: the middle one of {one.starts} recorded starts, which took "
        f"{one.slower:.2f} times as long as bare ones."
    )
    steps = tuple(
        Step(row.label, row.start_s, row.causes) for row in one.rows if row.took_s >= _LEAST * one.took_s
    )
    yield Cascade(steps, kinds, one.took_s)
    yield Grid(
        ("where", "share of it", "of its own", "time", "mostly"),
        tuple(
            (place.label, _share(place), units.show_ratio(place.own_share), units.show_seconds(place.seconds),
             "; ".join(title for title, _ in place.causes[:2]))
            for place in sorted(one.places, key=lambda place: -place.estimate.value)[:_PLACES]
        ),
        frozenset({1, 2, 3}), "where the time went; the share with its 95 % interval over recorded starts, and the share of the start's "
        "own time, which is without what the machine took",
    )  # fmt: skip
    yield Grid(
        ("what", "share of it", "time", "in"),
        tuple(
            (cause.title, estimate_text(cause.estimate).partition(" (")[0], units.show_seconds(cause.seconds),
             cause.details[0][0] if cause.details else "")
            for cause in one.causes if cause.estimate.value >= _LEAST
        ),
        frozenset({1, 2}), f"what it went to, adding up to {units.show_seconds(one.sum_s)}",
    )  # fmt: skip
    for note in one.notes:
        yield Message(note)


def _inits(found: Startup) -> Iterator[Block]:
    if not found.inits:
        return
    yield Heading("Package inits, as the runtime tells them")
    rows = tuple(
        (str(one["package"]), units.show_seconds(float(one["clock_s"])),
         f"{units.show_seconds(float(one['low_s']))} to {units.show_seconds(float(one['high_s']))}",
         units.show_bytes(float(one["allocated_bytes"])), f"{int(one['allocations']):,}")
        for one in found.inits[:_INITS]
    )  # fmt: skip
    left = found.inits[_INITS:]
    total = sum(float(one["clock_s"]) for one in found.inits)
    yield Grid(
        ("package", "median", "from to", "allocated", "objects"), rows, frozenset({1, 2, 3, 4}),
        f"GODEBUG=inittrace=1, {found.inits[0]['starts']} warm starts; all inits together {units.show_seconds(total)}",
        f"and {len(left)} more, {units.show_seconds(sum(float(one['clock_s']) for one in left))} together" if left else "",
    )  # fmt: skip


def _tried(found: Startup) -> Iterator[Block]:
    if not found.tried:
        return
    yield Heading("Remedies, tried")
    for state in dict.fromkeys(one.state for one in found.tried):
        rows = [one for one in found.tried if one.state == state]
        yield Grid(
            ("remedy", "time", "gain", "verdict"), tuple(map(_remedy, rows)), frozenset({1, 2}),
            f"{state} starts: {rows[0].pairs} pairs in turns; time with it over time without, 95 % interval; judged together",
        )  # fmt: skip
    for one in found.tried:
        if one.verdict == "faster":
            yield Paragraph(f"{one.title}: {one.advice}{f' ({one.note}.)' if one.note else ''}")


def _remedy(one: Tried) -> tuple[str, str, str, str]:
    interval = f"{one.ratio:.2f} [{one.interval.low:.2f}, {one.interval.high:.2f}] ×"
    return one.title, interval, units.show_seconds(one.gain_s), one.verdict


def _what_if(found: Startup) -> Iterator[Block]:
    if not found.what_if:
        return
    yield Heading("What if: changes of code, predicted and not tried")
    yield Grid(
        ("change", "state", "would save", "by"),
        tuple(
            (one.what, one.state, f"{units.show_seconds(one.gain_s)} ({units.show_ratio(one.share)})", one.basis)
            for one in found.what_if
        ),
        frozenset({2}),
    )  # fmt: skip
    yield Message(
        "A prediction holds where nothing that is needed before ready waits for it after all. Predictions of several changes add up as "
        "long as each of them is on the path by itself."
    )


def _method(found: Startup) -> Iterator[Block]:
    yield Heading("How it was measured")
    counts: Sequence[str] = [f"{len(one.took_s)} {one.state}" for one in found.distributions]
    yield Paragraph(
        f"{' and '.join(counts)} bare starts in turns, by a shell that is held until everything is prepared; the time runs from when it is "
        f"let go ({units.show_seconds(1e-4)} before exec) until {found.meant}. What was started was ended after each with all its children."
    )
    if any(one.state == "cold" for one in found.distributions):
        yield Paragraph(
            "Cold: the program's file, its libraries and what it had open were dropped from the page cache before (posix_fadvise); the "
            "disk's own cache, and what other processes have mapped, stay."
        )
    groups = tuple((one.state, tuple(zip(one.at_s, one.took_s, strict=True))) for one in found.distributions)
    yield Scatter("exec to ready", "s, over the time of the start", groups)
    for text in found.missing:
        yield from advised(f"Not told here: {text}")


def short(found: Startup) -> str:
    """One line for a log."""
    parts = [f"{one.state} {units.show_seconds(one.median.value)}" for one in found.distributions]
    first = found.waterfalls[0].dominating if found.waterfalls else None
    if first:
        parts.append(f"{first.label} {units.show_ratio(first.estimate.value)} ({title_of(first.cause)})")
    return ", ".join(parts)
