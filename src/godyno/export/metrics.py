"""A capture's series as Prometheus metrics: names, types, units and labels.

Names follow the rules by which OpenTelemetry names become Prometheus names (opentelemetry.io, "Prometheus and OpenMetrics
Compatibility"): ``system.cpu.time`` in ``s``, cumulative, is ``system_cpu_time_seconds_total``. Every sample carries
``job="godyno"``, ``instance`` (the machine), ``capture``, and the user's tags as ``tag_…``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from godyno.capture.manifest import Manifest
from godyno.export.source import Series, clean

_UNITS = {
    "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "By": "bytes", "Hz": "hertz",
    "1": "ratio", "%": "percent", "Cel": "celsius", "W": "watts", "J": "joules", "V": "volts", "By/s": "bytes_per_second",
}  # fmt: skip
# Endings that histograms and summaries own: a name that has one is given another.
_RESERVED = {"_count": "_number", "_sum": "_all", "_bucket": "_buckets", "_info": "_about", "_total": "_whole",
             "_created": "_made"}  # fmt: skip
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


@dataclass(slots=True)
class Family:
    """Metrics of one name. ``type`` is ``counter``, ``gauge``, ``info`` or ``unknown``; ``name`` has no ``_total``."""

    name: str
    type: str
    unit: str
    help: str
    members: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # series id, labels

    @property
    def sample_name(self) -> str:
        """What its samples are called."""
        return f"{self.name}_total" if self.type == "counter" else self.name


def families(series: Iterable[Series], common: Mapping[str, str]) -> list[Family]:
    """The metrics of all series, by name. No two members have the same name and labels."""
    found: dict[str, Family] = {}
    taken: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for one in series:
        kind = "gauge"
        if one.cumulative:
            kind = "counter" if one.least >= 0 else "unknown"
        name, unit = metric_name(one.name, one.unit, kind)
        family = found.get(name)
        if family is None:
            family = found[name] = Family(name, kind, unit, f"{one.name or 'unnamed'} ({one.layer})")
        elif family.type != kind or family.unit != unit:
            name = f"{name}_{kind}{'_' + unit if unit else ''}"  # one name, two meanings: only a foreign probe does that
            family = found.setdefault(name, Family(name, kind, "", f"{one.name} ({one.layer})"))
        labels = {**labels_of(one), **common}
        if (name, key := tuple(sorted(labels.items()))) in taken:
            labels["series"] = str(one.id)
            key = tuple(sorted(labels.items()))
        taken.add((name, key))
        family.members.append((one.id, labels))
    return sorted(found.values(), key=lambda family: family.name)


def metric_name(name: str, unit: str, kind: str) -> tuple[str, str]:
    """The name of a metric without ``_total``, and its unit as Prometheus writes it (empty where it has none)."""
    text = _NOT_IN_NAMES.sub("_", name).strip("_").lower() or "unnamed"
    if text[0].isdigit():
        text = f"_{text}"
    suffix = _UNITS.get(unit, "")
    if suffix == "ratio" and kind == "counter":
        suffix = ""
    for ending, other in _RESERVED.items():
        if text.endswith(ending):
            text = text.removesuffix(ending) + other
    if suffix and not text.endswith(f"_{suffix}"):
        text = f"{text}_{suffix}"
    return text, suffix


def labels_of(series: Series) -> dict[str, str]:
    """The labels of a series as Prometheus writes them; an empty one is none, and what only tells the type goes."""
    out = {}
    for key, value in sorted(series.labels.items()):
        if value and (key, value) != ("kind", "counter"):
            out[label_name(key)] = value
    return out


def label_name(name: str) -> str:
    """``name`` as a label's name; never one that godyno sets itself or that Prometheus keeps for itself."""
    text = _NOT_IN_NAMES.sub("_", name).strip("_").lower() or "unnamed"
    if text[0].isdigit() or text in ("job", "instance", "capture", "series", "le", "quantile"):
        text = f"label_{text}"
    return text


def common_labels(manifest: Manifest, capture: str) -> dict[str, str]:
    """What every sample of a capture is labelled with."""
    tags = {
        f"tag_{_NOT_IN_NAMES.sub('_', key).strip('_').lower()}": clean(value)
        for key, value in manifest.tags.items()
    }
    return {
        **{key: value for key, value in sorted(tags.items()) if value},
        "job": "godyno",
        "instance": clean(manifest.machine.hostname) or "unknown",
        "capture": capture,
    }


def outcome(manifest: Manifest) -> list[tuple[Family, float]]:
    """How the run ended, as metrics with one value each; their members are to be labelled by the caller."""
    rows: list[tuple[str, str, str, float]] = []
    if manifest.result is not None:
        result = manifest.result
        rows += [
            ("godyno_run_wall_seconds", "seconds", "Seconds from the command's exec to its end.", result.wall_s),
            ("godyno_run_user_cpu_seconds", "seconds", "CPU in user mode of the command's tree.", result.user_s),
            ("godyno_run_system_cpu_seconds", "seconds", "CPU in the kernel of the command's tree.", result.system_s),
            ("godyno_run_exit_code", "", "What the command exited with.", float(result.exit_code)),
        ]  # fmt: skip
    if manifest.peak is not None:
        rows.append(
            ("godyno_run_memory_peak_bytes", "bytes", f"Peak of {manifest.peak.covers}, by {manifest.peak.source}.",
             float(manifest.peak.value_bytes))
        )  # fmt: skip
    return [(Family(name, "gauge", unit, text), value) for name, unit, text, value in rows]


# ---- text


def header(family: Family, openmetrics: bool) -> str:
    """The lines above a family's samples, in OpenMetrics or in Prometheus' older text format."""
    name = family.name if openmetrics else family.sample_name
    kind = family.type if openmetrics or family.type != "unknown" else "untyped"
    lines = [f"# HELP {name} {_escaped(family.help, quotes=openmetrics)}", f"# TYPE {name} {kind}"]
    if openmetrics and family.unit:
        lines.append(f"# UNIT {name} {family.unit}")
    return "\n".join(lines) + "\n"


def label_text(labels: Mapping[str, str]) -> str:
    """``{a="b",c="d"}``."""
    inside = ",".join(f'{key}="{_escaped(value, quotes=True)}"' for key, value in sorted(labels.items()))
    return f"{{{inside}}}" if inside else ""


def value_text(value: float) -> str:
    """A value so that reading gives the same float."""
    if value == int(value) if abs(value) < 1e15 else False:
        return str(int(value))
    text = repr(value)
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text)


def _escaped(text: str, quotes: bool) -> str:
    text = (
        text.replace("\\", r"\\").replace("\n", r"\n").replace("\0", "\ufffd")
    )  # Prometheus' lexer ends at NUL
    return text.replace('"', r"\"") if quotes else text
