<<<<<<< HEAD
"""Go's benchmark format: https://go.dev/design/14313-benchmark-format. Read, and written so that benchstat
reads it.
=======
"""Go's benchmark format, read and written. https://go.dev/design/14313-benchmark-format

Values are kept in base units, as benchstat does: ``ns/op`` becomes ``sec/op``, ``MB/s`` becomes ``B/s``.
>>>>>>> stats
"""

from __future__ import annotations

import math
import re
<<<<<<< HEAD
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from godyno.errors import FormatError

_KEY = re.compile(r"([a-z][^\sA-Z:]*):(?:[ \t]+(.*))?")
_PROCS = re.compile(r"(.+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value with its unit as written: ``ns/op``, ``B/op``, ``MB/s``, or the benchmark's own."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One line of results. ``name`` is without ``Benchmark`` and without the ``-N`` of GOMAXPROCS, which is
    ``procs``.

    ``config`` holds the file's ``key: value`` lines that were in force.
    """

    name: str
    procs: int
    iterations: int
    measurements: tuple[Measurement, ...]
    config: Mapping[str, str] = field(default_factory=dict)

    def value(self, unit: str) -> float | None:
        """The value with that unit, None where there is none."""
        return next((m.value for m in self.measurements if m.unit == unit), None)

    @property
    def seconds_per_op(self) -> float | None:
        """From ``ns/op``."""
        value = self.value("ns/op")
        return None if value is None else value * 1e-9


def bench_results(lines: Iterable[str]) -> Iterator[BenchResult]:
    """The results in ``lines``. What is neither a result nor configuration is passed over, as the format
    demands.
    """
    config: dict[str, str] = {}
    for raw in lines:
        line = raw.rstrip("\r\n")
        if match := _KEY.fullmatch(line):
            if match[2]:
                config = {**config, match[1]: match[2].strip()}
            else:
                config = {key: value for key, value in config.items() if key != match[1]}
        elif line.startswith("Benchmark"):
            try:
                yield bench_result(line, config)
            except FormatError:
                continue  # "BenchmarkX" alone, or a log line


def bench_result(line: str, config: Mapping[str, str] | None = None) -> BenchResult:
    """The result in one line. Raises FormatError where it is none."""
    words = line.split()
    if len(words) < 4 or len(words) % 2 or not words[0].startswith("Benchmark") or _lower_follows(words[0]):
        raise FormatError(f"Not a benchmark result: {line[:120]!r}")
    if not words[1].isascii() or not words[1].isdecimal() or len(words[1]) > 18:
        raise FormatError(f"Not a number of iterations: {words[1][:40]!r}")
    measurements = []
    for text, unit in zip(words[2::2], words[3::2], strict=True):
        try:
            value = float(text)
        except ValueError as error:
            raise FormatError(f"Not a benchmark's value: {text[:40]!r}") from error
        measurements.append(Measurement(value, unit))
    name, procs = words[0].removeprefix("Benchmark"), 1
    if (match := _PROCS.fullmatch(name)) and len(match[2]) < 7 and match[2].isascii():
        name, procs = match[1], int(match[2])
    return BenchResult(name, procs, int(words[1]), tuple(measurements), dict(config or {}))


def bench_text(results: Sequence[BenchResult]) -> str:
    """``results`` as text: configuration where it changes, then the lines."""
    lines: list[str] = []
    config: Mapping[str, str] = {}
    for result in results:
        lines += [f"{key}:" for key in config if key not in result.config]
        lines += [f"{key}: {value}" for key, value in result.config.items() if config.get(key) != value]
        config = result.config
        suffix = f"-{result.procs}" if result.procs != 1 else ""
        values = "\t".join(f"{_number(m.value)} {m.unit}" for m in result.measurements)
        lines.append(f"Benchmark{result.name}{suffix}\t{result.iterations}\t{values}")
    return "".join(line + "\n" for line in lines)


def _lower_follows(word: str) -> bool:
    following = word.removeprefix("Benchmark")[:1]
    return bool(following) and following.islower()


def _number(value: float) -> str:
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)
=======
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
>>>>>>> stats
