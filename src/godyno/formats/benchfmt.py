"""Go's benchmark format, read and written. https://go.dev/design/14313-benchmark-format

Values are kept in base units, as benchstat does: ``ns/op`` becomes ``sec/op``, ``MB/s`` becomes ``B/s``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from godyno.model import Record

_CONFIG = re.compile(r"([a-z][^\s:A-Z]*):[ \t]+(.*)")
_PROCS = re.compile(r"-(\d+)$")
_TIDY = {"ns": ("sec", 1e-9), "MB": ("B", 1e6)}


@dataclass(frozen=True, slots=True)
class Result(Record):
    """One benchmark line. ``name`` is without ``Benchmark`` and with ``-N`` for GOMAXPROCS as printed; values are by base unit."""

    name: str
    iterations: int
    values: Mapping[str, float]
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_name(self) -> str:
        """The name without GOMAXPROCS."""
        return _PROCS.sub("", self.name)


def read(lines: Iterable[str]) -> Iterator[Result]:
    """The results in ``lines``; lines that are none (log output, PASS) are skipped, as the format demands.

    ``key: value`` lines hold for all results after them.
    """
    config: dict[str, str] = {}
    for line in lines:
        match = _CONFIG.match(line)
        if match:
            config[match[1]] = match[2].strip()
            continue
        words = line.split()
        if (
            len(words) < 4
            or not words[0].startswith("Benchmark")
            or not words[1].isdecimal()
            or not words[1].isascii()
        ):
            continue
        values: dict[str, float] = {}
        for number, unit in zip(words[2::2], words[3::2], strict=False):
            try:
                value = float(number)
            except ValueError:
                break
            if math.isfinite(value):
                name, factor = base_unit(unit)
                values[name] = value * factor
        if values and len(words[1]) <= 18:
            yield Result(words[0].removeprefix("Benchmark"), int(words[1]), values, dict(config))


def base_unit(unit: str) -> tuple[str, float]:
    """The base unit of ``unit`` and the factor to it: ``ns/op`` gives (``sec/op``, 1e-9)."""
    head, slash, tail = unit.partition("/")
    if head in _TIDY:
        base, factor = _TIDY[head]
        return base + slash + tail, factor
    for suffix, (base, factor) in _TIDY.items():  # custom units end in -ns, as p99-ns
        if head.endswith("-" + suffix):
            return head.removesuffix(suffix) + base + slash + tail, factor
    return unit, 1.0


def text(results: Iterable[Result]) -> str:
    """``results`` as the format has them; a configuration line where it changes."""
    lines: list[str] = []
    config: dict[str, str] = {}
    for result in results:
        lines += [f"{key}: {value}" for key, value in result.config.items() if config.get(key) != value]
        config.update(result.config)
        values = "".join(f" {_number(value, unit)}" for unit, value in result.values.items())
        lines.append(f"Benchmark{result.name} {result.iterations}{values}")
    return "\n".join(lines) + "\n"


def _number(value: float, unit: str) -> str:
    if unit.startswith("sec"):
        return f"{value * 1e9:.6g} {unit.replace('sec', 'ns', 1)}"
    return f"{value:.10g} {unit}"
