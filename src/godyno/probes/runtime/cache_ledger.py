"""The inputs of cache keys that earlier recordings saw: what a new key is compared with.

One file per user in godyno's state directory (``GODYNO_STATE`` names another), for each build cache, package and kind of action the
last few keys. Only names and hashes are kept; values that hold words (flags, build information) without secrets.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.formats.gocachehash import CacheKey
from godyno.redact import is_secret_name, redact_text
from godyno.state import state_directory

FILE = "cache_keys.json.gz"
_KEPT = 4  # keys of one package: enough for -race and plain, tests and builds, in turns
_MOST_PACKAGES = 20_000
_MOST_BYTES = 64 << 20
_WORDS = ("flags", "build info", "c compiler", "arguments", "other", "environment", "experiment")


@dataclass(frozen=True, slots=True)
class Difference:
    """One input that differs: ``before`` or ``after`` is None where it was not there."""

    what: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A key beside the ledger. ``known`` says that this very key was seen before; ``changed`` is empty where nothing was, or no
    difference is visible (a secret).
    """

    known: bool
    seen: bool  # any key of this package and kind of action
    before_at_s: float | None
    changed: tuple[Difference, ...]


class Ledger:
    """Read once, asked, added to, written once."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or Path(os.environ.get("GODYNO_STATE") or state_directory(), FILE)
        self._rows: dict[str, list[dict[str, Any]]] = self._read()

    def compare(self, place: str, key: CacheKey) -> Compared:
        """``key`` beside the nearest of the earlier keys of its package: one for the same target where there is
        any, of those the one that differs in the fewest inputs, and of those the latest.
        """
        earlier = self._rows.get(_row_name(place, key), [])
        now = _shown(key)
        if any(row["id"] == key.id[:30] for row in earlier):
            return Compared(True, True, max(row["at_s"] for row in earlier), ())
        if not earlier:
            return Compared(False, False, None, ())
        nearest = min(earlier, key=lambda row: (_distance(now, row["inputs"]), -row["at_s"]))
        return Compared(False, True, nearest["at_s"], tuple(_differences(now, nearest["inputs"])))

    def add(self, place: str, keys: Iterable[CacheKey], at_s: float) -> None:
        """Remembers ``keys`` as of ``at_s`` (REALTIME seconds)."""
        for key in keys:
            name = _row_name(place, key)
            rows = [row for row in self._rows.pop(name, []) if row["id"] != key.id[:30]]
            self._rows[name] = [
                *rows[-(_KEPT - 1) :], {"id": key.id[:30], "at_s": at_s, "inputs": _shown(key)}
            ]  # fmt: skip
        while len(self._rows) > _MOST_PACKAGES:
            del self._rows[next(iter(self._rows))]

    def write(self) -> None:
        """Keeps it. Raises OSError."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        part = self.file.with_name(f"{FILE}.{os.getpid()}")
        try:
            part.touch(0o600)
            part.write_bytes(gzip.compress(json.dumps(self._rows, separators=(",", ":")).encode(), 1))
            part.replace(self.file)
        finally:
            part.unlink(missing_ok=True)

    def _read(self) -> dict[str, list[dict[str, Any]]]:
        try:
            with gzip.open(self.file, "rt") as text:
                rows = json.loads(text.read(_MOST_BYTES))
        except (OSError, ValueError, EOFError):
            return {}  # none yet, or torn: it begins anew
        if not isinstance(rows, dict):
            return {}
        return {
            name: sorted(whole, key=lambda row: row["at_s"])
            for name, found in rows.items()
            if isinstance(found, list) and (whole := [row for row in found if _is_whole(row)])
        }


def _is_whole(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("id"), str)
        and isinstance(row.get("at_s"), int | float)
        and isinstance(row.get("inputs"), dict)
        and all(isinstance(value, str) for value in row["inputs"].values())
    )


def _row_name(place: str, key: CacheKey) -> str:
    return f"{place}\n{key.mode}\n{key.package}"


def _shown(key: CacheKey) -> dict[str, str]:
    out = {}
    for (what, name), value in key.inputs.items():
        if what in _WORDS and is_secret_name(name):
            value = "…"
        out[f"{what}\t{name}"] = redact_text(value) if what in _WORDS else value
    return out


def _distance(now: Mapping[str, str], before: Mapping[str, str]) -> tuple[bool, int, int]:
    names = [name for name in now.keys() | before.keys() if now.get(name) != before.get(name)]
    kinds = {name.partition("\t")[0] for name in names}
    return "target" in kinds, len(kinds), len(names)


def _differences(now: Mapping[str, str], before: Mapping[str, str]) -> Iterable[Difference]:
    for name in sorted(now.keys() | before.keys()):
        if now.get(name) != before.get(name):
            what, _, called = name.partition("\t")
            yield Difference(what, called, before.get(name), now.get(name))
