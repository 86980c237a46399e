"""The words of a claim: how long, and in which places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from godyno import units
from godyno.diagnose.why.attribution import Segment, totals

_NEARLY_ALL = 0.9
_LEAST, _MOST = 0.1, 3  # a place that is named beside the first: its share, and how many are
_UNKNOWN = "a place that was not recorded"


def placed(says: str, place: str | None, by: Mapping[str, float], seconds: float, share: float) -> str:
    """A claim with its time and the places that took it: one where that is nearly all of it, else the largest, each with its own time.

    ``place`` is the words before a place (None where none is to be named), ``by`` seconds of each place, the largest first.
    """
    took = f"for {units.show_seconds(seconds)}, {share:.0%} of the path"
    if place is None:
        return f"{says} {took}"
    first, most_s = next(iter(by.items()), (_UNKNOWN, seconds))
    if most_s >= _NEARLY_ALL * seconds:
        return f"{says}{place.rstrip()} {first} {took}"
    named = [name for name, of in by.items() if of >= _LEAST * seconds][:_MOST] or [first]
    word = place.strip(" ,:") or "for"
    parts = [f"{units.show_seconds(by[name])} {word} {name}" for name in named]
    rest_s = seconds - sum(by[name] for name in named)
    if rest_s >= (1 - _NEARLY_ALL) * seconds:
        count = len(by) - len(named)
        parts.append(
            f"the rest {word} {count} other{'' if count == 1 else 's'}" if count else "the rest elsewhere"
        )
    return f"{says} {took}: {', '.join(parts)}"


def in_c(says: str, segments: Sequence[Segment], seconds: float, share: float) -> tuple[str, str]:
    """The claim of time in C, by who called it, and the advice where that is not to call it less often: most was inside of C."""
    callers = totals((one.caller or one.detail, one.seconds) for one in segments if one.caller or one.detail)
    inside = totals((one.inside, one.seconds) for one in segments if one.inside)
    if 2 * sum(inside.values()) < sum(one.seconds for one in segments):
        return placed(says, ", in", callers, seconds, share), ""
    most = next(iter(inside))
    known = {name: of for name, of in callers.items() if name not in inside}
    claim = placed("It was in C code", ", called by" if known else None, known, seconds, share)
    advice = (
        f"Have C do less, or run it beside other work: the time is inside of it, most in {most} ({units.show_seconds(inside[most])}), "
        "and not in the calls."
    )
    return claim, advice
