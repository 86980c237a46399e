"""What a cache miss comes from, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SAID = {
    "not-in-cache": "again with exactly the inputs of an earlier time: the cache has no entry any more",
    "first": "for the first time in a recording with --cache-keys",
    "hidden": "since something in the key changed that is not kept (a secret value)",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """What a miss comes from: an input (``what``, ``name``, its values) of ``package``, which is empty where it is the same for many."""

    what: str
    name: str = ""
    before: str | None = None
    after: str | None = None
    package: str = ""


def reason(causes: Sequence[Cause]) -> str:
    """The rest of a sentence that begins with what was compiled."""
    texts = []
    for cause in causes[:3]:
        of = f" of {cause.package}" if cause.package else ""
        if cause.what == "-a":
            texts.append("since -a asks for it")
        elif cause.what in _SAID:
            texts.append(_SAID[cause.what])
        elif cause.what == "graph":
            texts.append(
                f"beginning at {cause.package}"
                if cause.package
                else "from the standard library on: the cache was empty, or a setting that is part of every key changed"
            )
        elif cause.what == "newest file":
            texts.append(
                f"beginning at {cause.package}, whose {cause.name} was written {cause.after} before the build"
            )
        elif cause.what == "dependency":
            texts.append(f"since {cause.package} imports another {cause.name}, which the cache had")
        elif cause.what == "file":
            how = "was added" if cause.before is None else "is gone" if cause.after is None else "changed"
            texts.append(f"since {cause.name}{of} {how}")
        else:
            texts.append(_setting(cause, of))
    more = f" and {len(causes) - 3} more" if len(causes) > 3 else ""
    return ", ".join(texts) + more


_TOLD_BY = {"gcflags": "the compiler", "asmflags": "the assembler", "ldflags": "the linker"}


def _setting(cause: Cause, of: str) -> str:
    """Of a flag or a setting, what is another now; of a tool's flags those alone that came or went."""
    if cause.what == "c compiler" and cause.name == "CC" and (cause.before is None or cause.after is None):
        turned = "off now (CGO_ENABLED=0, or there is no C compiler)" if cause.after is None else "on now"
        return f"since cgo{of} is {turned}"
    if cause.what == "flags" and not cause.before and not cause.after:  # one that is there or not
        return f"since -{cause.name}{of} is given {'now' if cause.before is None else 'no more'}"
    if cause.what == "flags" and cause.name in _TOLD_BY:
        before, after = (
            (text or "").replace("[", " ").replace("]", " ").split() for text in (cause.before, cause.after)
        )
        changes = [
            f"{' '.join(words)} {when}"
            for words, when in (
                ([word for word in after if word not in before], "now"),
                ([word for word in before if word not in after], "no more"),
            )
            if words
        ]
        if changes:
            return f"since {_TOLD_BY[cause.name]}{of} is given {', '.join(changes)}"
    if cause.name.startswith("CGO_"):
        return (
            f"since {cause.name}{of} changed from {cause.before or 'nothing'} to {cause.after or 'nothing'}"
        )
    label = f"{cause.what} {cause.name}" if cause.name and cause.name != cause.what else cause.what
    return f"since {label}{of} changed from {cause.before or 'nothing'} to {cause.after or 'nothing'}"
