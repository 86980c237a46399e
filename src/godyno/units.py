"""Base units, parsing and display: the only place that converts.

Inside godyno every quantity is in its base unit, named in the field: ``_bytes``, ``_s``, ``_ns`` (int64), ``_hz``,
``_ratio`` (1.0 is all). Units in tables use the UCUM-like names that OpenTelemetry uses: ``By``, ``s``, ``1``, ``Hz``.
"""

from __future__ import annotations

import math
import re

from godyno.errors import UsageError

_DURATION = re.compile(r"(?P<value>\d+(?:\.\d+)?)(?P<unit>ns|us|µs|μs|ms|s|m|h|d)")
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_IMPORT_PATH = re.compile(r"(?<![\w./-])[\w-]+(?:\.[\w-]+)+/(?:[^/\s,(]+/)+([^/\s,(]+/[^/\s,(]+)")
_BYTES = re.compile(r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>[KMGTkmgt]?(?:i?B?|b))")
_POWER: dict[str, int] = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def seconds(text: str) -> float:
    """Seconds in ``text``: ``90s``, ``5m``, ``1h30m``, ``250ms`` (Go's duration syntax, and days).

    Raises UsageError where ``text`` is not a duration.
    """
    position, total = 0, 0.0
    for match in _DURATION.finditer(text):
        if match.start() != position:
            break
        total += float(match["value"]) * _SECONDS[match["unit"]]
        position = match.end()
    if not text or position != len(text):
        raise UsageError(f"{text!r} is not a duration", hint="Write it as Go does: 90s, 5m, 1h30m, 250ms.")
    return total


def byte_count(text: str) -> int:
    """Bytes in ``text``: ``512MB`` (10^6), ``512MiB`` and ``512M`` (2^20, as cgroup files read it), ``1.5GiB``, ``4096``.

    Raises UsageError where ``text`` is not a size.
    """
    match = _BYTES.fullmatch(text.strip())
    if not match:
        raise UsageError(
            f"{text!r} is not a size", hint="Write it as 512MiB, 512M, 1.5GB or a plain number of bytes."
        )
    unit = match["unit"]
    decimal = len(unit) == 2 and unit[1] in "Bb"
    prefix = unit[:1].lower() if unit[:1].lower() in _POWER else ""
    base: int = 1000 if decimal else 1024
    return round(float(match["value"]) * float(base ** _POWER[prefix]))


def show_bytes(value: float) -> str:
    """``value`` bytes for a person, in decimal units with three figures: ``253 MB``, ``1.02 GB``."""
    return _scaled(value, (("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)))


def show_seconds(value: float) -> str:
    """``value`` seconds for a person: ``340 ns``, ``1.25 ms``, ``9.1 s``, ``2 min 05 s``, ``1 h 02 min``."""
    magnitude = abs(value)
    if not math.isfinite(value):
        return str(value)
    if magnitude >= 3599.5:
        minutes = round(magnitude / 60)
        return f"{'-' if value < 0 else ''}{minutes // 60} h {minutes % 60:02d} min"
    if magnitude >= 119.5:
        whole = round(magnitude)
        return f"{'-' if value < 0 else ''}{whole // 60} min {whole % 60:02d} s"
    return _scaled(value, (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)))


def show_count(value: float) -> str:
    """A plain number for a person: thousands grouped, three figures below that."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else _three_figures(value)


def show_ratio(value: float) -> str:
    """A share for a person: ``12.5 %``."""
    return f"{value * 100:.3g} %" if abs(value) < 9.995 else f"{value * 100:,.0f} %"


def short_paths(text: str) -> str:
    """``text`` with each long import path as its last two elements: ``link …/cmd/caddy``."""
    return _IMPORT_PATH.sub(r"…/\1", text)


def show(value: float, unit: str) -> str:
    """``value`` in base unit ``unit`` (``By``, ``s``, ``ns``, ``1``, ``Hz``, ``By/s``, or any name) for a person."""
    if unit == "By":
        return show_bytes(value)
    if unit == "By/s":
        return show_bytes(value) + "/s"
    if unit == "s":
        return show_seconds(value)
    if unit == "ns":
        return show_seconds(value * 1e-9)
    if unit == "1":
        return show_ratio(value)
    return f"{show_count(value)} {unit}".rstrip()


def _scaled(value: float, scale: tuple[tuple[str, float], ...]) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {scale[0][0] if value == 0 and scale[0][1] >= 1 else scale[-1][0]}"
    unit, factor = scale[0]
    for unit, factor in scale:  # noqa: B007  the last pair stands when none is large enough
        if abs(value) < 999.5 * factor:
            break
    return f"{_three_figures(value / factor)} {unit}"


def _three_figures(value: float) -> str:
    magnitude = abs(value)
    if magnitude >= 99.95:
        return f"{value:.0f}"
    if magnitude >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"
