"""From MONOTONIC to the time of day, which other tools want."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from godyno.capture.manifest import ClockBracket, Manifest
from godyno.clock import REALTIME

_MOST = 2**62  # 2116; what lies beyond is no reading of a clock


@dataclass(frozen=True, slots=True)
class WallClock:
    """Two readings of REALTIME against MONOTONIC, linear in between and beyond.

    ``caveat`` is a sentence where the capture has no such reading, and the times are only about right. ``error_ns``
    bounds what the readings themselves leave open.
    """

    t_ns: int
    offset_ns: int
    drift_ns: int = 0  # what the offset moved over ``span_ns``
    span_ns: int = 1
    error_ns: int = 0
    caveat: str = ""

    @classmethod
    def of(cls, manifest: Manifest) -> WallClock:
        """The wall clock of a capture; from the moment of its making where it has no bracket of REALTIME."""
        found = sorted((one for one in manifest.brackets if _sane(one)), key=lambda one: one.t_ns)
        if not found:
            return cls._guessed(manifest)
        first, last = found[0], found[-1]
        span = last.t_ns - first.t_ns
        error = max(first.error_ns, last.error_ns)
        if span <= 0:
            return cls(first.t_ns, first.offset_ns, error_ns=error)
        return cls(first.t_ns, first.offset_ns, last.offset_ns - first.offset_ns, span, error)

    @classmethod
    def _guessed(cls, manifest: Manifest) -> WallClock:
        end = manifest.result.t_end_ns if manifest.result else 0
        if not 0 <= end < _MOST:
            end = 0
        try:
            made_ns = int(datetime.fromisoformat(manifest.created_at).timestamp() * 1e6) * 1000
        except (ValueError, OverflowError, OSError):
            made_ns = end
        return cls(
            end,
            made_ns - end,
            caveat="The capture has no reading of the wall clock: its end was put at the time of its making.",
        )

    def unix_ns(self, t_ns: int) -> int:
        """The time of day, ns since 1970, at MONOTONIC ``t_ns``."""
        return t_ns + self.offset_ns + (t_ns - self.t_ns) * self.drift_ns // self.span_ns

    def sql(self, column: str) -> str:
        """The same as a DuckDB expression; NULL where the result does not fit into 64 bits."""
        moved = ""
        if self.drift_ns:
            moved = f" + (({column}::HUGEINT - {self.t_ns}) * {self.drift_ns}) // {self.span_ns}"
        return f"TRY_CAST({column}::HUGEINT + {self.offset_ns}{moved} AS BIGINT)"


def _sane(bracket: ClockBracket) -> bool:
    return (
        bracket.clock == REALTIME
        and 0 <= bracket.t_ns < _MOST
        and abs(bracket.offset_ns) < _MOST
        and 0 <= bracket.error_ns < _MOST
    )
