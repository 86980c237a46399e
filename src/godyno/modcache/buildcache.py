"""GOCACHE: are its entries whole, and for which Go, target and flags were they made?

An entry is ``HASH-a`` (``v1 ACTION OUTPUT SIZE TIME``) which names its output ``HASH-d``; an output's name is the SHA-256 of its
contents (cmd/go/internal/cache). Compiled packages say in their first line for which target and by which Go they were made.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from godyno.modcache.faults import fault, removing
from godyno.modcache.versions import unreadable
from godyno.model import Finding

_ENTRY = re.compile(rb"v1 ([0-9a-f]{64}) ([0-9a-f]{64}) ([ 0-9]{20}) ([ 0-9]{20})\n")
_ARCHIVE = b"!<arch>\n"
_OBJECT = re.compile(rb"^go object (\S+) (\S+) (\S+)(?: ([^\n]*))?", re.M)


@dataclass(slots=True)
class Part:
    """What one of the 256 directories holds. ``made_for`` counts bytes of compiled packages by (GOOS/GOARCH, Go, level)."""

    faults: list[Finding] = field(default_factory=list)
    entries: int = 0
    outputs: int = 0
    size_bytes: int = 0
    made_for: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wanted: dict[str, tuple[str, int]] = field(default_factory=dict)  # output -> entry's file and size
    have: dict[str, int] = field(default_factory=dict)  # output -> size


def check_part(directory: str) -> Part:
    """Checks every file of one directory of the cache. Never raises."""
    part = Part()
    try:
        names = sorted(entry.name for entry in os.scandir(directory))
    except OSError as error:
        part.faults.append(unreadable(directory, error))
        return part
    for name in names:
        place = f"{directory}/{name}"
        try:
            if name.endswith("-a"):
                _entry(place, name, part)
            elif name.endswith("-d"):
                _output(place, name, part)
        except FileNotFoundError:
            continue  # a build is trimming it
        except OSError as error:
            part.faults.append(unreadable(place, error))
    return part


def _entry(place: str, name: str, part: Part) -> None:
    with open(place, "rb") as file:
        text = file.read(200)
    part.entries += 1
    match = _ENTRY.fullmatch(text)
    if not match or match[1].decode() != name[:-2]:
        what = "is empty" if not text else "is no entry of a build cache"
        part.faults.append(fault(
            "entry-damaged", f"{place} {what}", severity="note",
            advice=removing(place, "Remove it, and go compiles what it was for again"), path=place,
        ))  # fmt: skip
        return
    part.wanted[match[2].decode()] = (place, int(match[3]))


def _output(place: str, name: str, part: Part) -> None:
    part.outputs += 1
    if os.path.isdir(place):  #  an executable, in a directory of its own (Go 1.24 and newer)
        inside = [entry.path for entry in os.scandir(place)]
        if len(inside) != 1:
            part.faults.append(_damaged(place, f"holds {len(inside)} files instead of one"))
            return
        file_at = inside[0]
    else:
        file_at = place
    whole, first, size = hashlib.sha256(), b"", 0
    with open(file_at, "rb") as file:
        while content := file.read(1 << 20):
            first = first or content[:400]
            whole.update(content)
            size += len(content)
    part.have[name[:-2]] = size
    part.size_bytes += size
    if whole.hexdigest() != name[:-2]:
        part.faults.append(_damaged(place, "does not hold what its name says"))
    elif first.startswith(_ARCHIVE) and (match := _OBJECT.search(first)):
        goos, goarch, version, rest = (
            word.decode("utf-8", "replace") if word else "" for word in match.groups()
        )
        level = next((word for word in rest.split() if word.startswith("GO")), "")
        part.made_for[f"{goos}/{goarch}", version, level] += size


def _damaged(place: str, what: str) -> Finding:
    return fault(
        "output-damaged", f"{place} {what}; go links it without looking where the size is right",
        advice=removing(place, "Remove it, and go compiles it again"), path=place,
    )  # fmt: skip


def unmatched(parts: Iterable[Part]) -> list[Finding]:
    """Entries whose output is of another size than they say; and, in one note, how many have none any more."""
    parts = list(parts)
    have = {output: size for part in parts for output, size in part.have.items()}
    faults, trimmed = [], []
    for part in parts:
        for output, (place, size) in part.wanted.items():
            if output not in have:
                trimmed.append(place)
            elif have[output] != size:
                faults.append(fault(
                    "output-size", f"{place} says {size} bytes of its output, which has {have[output]}; go compiles it again",
                    severity="note", advice=removing(place, "Remove it, and nothing is missed"), path=place,
                ))  # fmt: skip
    if trimmed:
        faults.append(fault(
            "outputs-gone", f"{len(trimmed)} entries of the build cache name outputs that are gone; go compiles them again",
            severity="note", path=trimmed[0], count=len(trimmed), paths=trimmed[:100],
        ))  # fmt: skip
    return faults
