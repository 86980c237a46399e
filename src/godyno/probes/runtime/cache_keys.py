"""What went into each key of Go's build cache, and which input differs from an earlier recording's: why a package was compiled again.

``GODEBUG=gocachehash=1,gocachetest=1`` makes the go command write every input of every key to its stderr; the keeper takes those lines out.
They cost the go command some 5 % of its own time and change nothing that it builds. One thing they do change: go counts GODEBUG among the
inputs of a test, so a result that was cached without this probe is not found with it, and the test runs (once; the next time it is found).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import REALTIME
from godyno.formats.gocachehash import KEPT, PREFIXES, action_id, cache_story
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import NOT_ASKED, Availability, Clock, Machine, Workload
from godyno.probes.runtime.build_actions import is_build

_SETTINGS = "gocachehash=1,gocachetest=1"
_LINES, _PLACE = "stderr", "gocache"
_MOST_BYTES = 512 << 20
_MOST_CHANGES = (
    40  # of one key: a new toolchain changes every file and dependency of the standard library, too
)
_MANY = {"file": 1, "dependency": 2}  # come after what there is one of, so that this is not cut off


class CacheKeys(SimpleProbe):
    """``asked`` switches it on: every package's key as an event of layer ``cache``."""

    name: ClassVar[str] = "cache_keys"
    summary: ClassVar[str] = (
        "what went into each key of Go's build cache, and what differs from an earlier recording"
    )
    tables: ClassVar[Mapping[str, Clock]] = {"events": Clock.NONE}
    levels: ClassVar[tuple[str, ...]] = ()
    stderr_prefixes: ClassVar[tuple[bytes, ...]] = PREFIXES
    stderr_kept: ClassVar[tuple[bytes, ...]] = KEPT

    def __init__(self, *, asked: bool = False) -> None:
        self.asked, self.place = asked, ""

    def availability(self, machine: Machine) -> Availability:
        """Where it is asked for."""
        return (
            Availability(True) if self.asked else Availability(False, NOT_ASKED, "Record with --cache-keys.")
        )

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """A go command that builds, with the settings in its GODEBUG; anything else as it is."""
        if not self.asked or not is_build(workload.argv):
            return workload
        given = {**os.environ, **{k: v or "" for k, v in workload.env.items()}}
        self.place = given.get("GOCACHE", "")
        godebug = ",".join(filter(None, (given.get("GODEBUG", ""), _SETTINGS)))
        return replace(workload, env={**workload.env, "GODEBUG": godebug})

    def start(self, target: Target, sink: Sink) -> None:
        """Keeps which cache it is about."""
        sink.raw(_PLACE).write_text(self.place)

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """An event for each key, beside what the ledger knows; then the ledger knows these too."""
        from godyno.probes.runtime.cache_ledger import Ledger

        lines = raw / _LINES
        if not lines.exists():
            return
        if lines.stat().st_size > _MOST_BYTES:
            sink.warn("Go's cache keys were left out: they are larger than any build's.")
            return
        with lines.open(encoding="utf-8", errors="replace") as text:
            story = cache_story(text.read().split("\n"))
        place = (raw / _PLACE).read_text(errors="replace") if (raw / _PLACE).exists() else ""
        ledger = Ledger()
        t_ns, at_s = _instant(manifest)
        for key in story.keys:
            compared = ledger.compare(place, key)
            args: dict[str, Any] = {
                "key": action_id(key.id),
                "known": compared.known,
                "seen": compared.seen,
                "inputs": len(key.inputs),
            }
            if compared.before_at_s is not None:
                args["before_s"] = at_s - compared.before_at_s
            if compared.changed:
                changed = sorted(compared.changed, key=lambda one: _MANY.get(one.what, 0))
                args["changed"] = [
                    [one.what, one.name, _short(one.before), _short(one.after)]
                    for one in changed[:_MOST_CHANGES]
                ]
                args["changes"] = len(changed)
            sink.event(t_ns, "cache", key.mode, key.package, args=args)
        for package, said in story.said.items():
            sink.event(t_ns, "cache", "said", package, args={"said": list(dict.fromkeys(_plain(said)))[:10]})
        if story.disabled:
            sink.event(t_ns, "cache", "disabled", "test results", args={"said": story.disabled[:10]})
        sink.note("keys", len(story.keys))
        ledger.add(place, story.keys, at_s)
        try:
            ledger.write()
        except OSError as error:
            sink.warn(f"This recording's cache keys could not be kept for the next: {error}")
        lines.unlink()  # it may hold what -ldflags=-X was given


def _instant(manifest: Mapping[str, Any]) -> tuple[int, float]:
    """When the command began: ns of MONOTONIC, seconds of REALTIME."""
    result = manifest.get("result") or {}
    bracket = next((one for one in manifest.get("brackets") or () if one.get("clock") == REALTIME), None)
    t_ns = int(result.get("t_start_ns") or (bracket or {}).get("t_ns") or 0)
    return t_ns, (t_ns + int((bracket or {}).get("offset_ns") or 0)) * 1e-9


def _short(value: str | None) -> str | None:
    return value if value is None or len(value) <= 160 else value[:157] + "…"


def _plain(said: Sequence[str]) -> list[str]:
    """Without the file names in the cache, which tell nothing."""
    return [text.partition(": cache entry not found")[0].partition(": open ")[0] for text in said]
