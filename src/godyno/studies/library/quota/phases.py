"""Collections laid over throttling: how much of each pause and assist fell into times in which the group was stopped."""

from __future__ import annotations

from pathlib import Path

from godyno.formats.exectrace import decode
from godyno.formats.gctrace import GcCycle
from godyno.studies.library.quota.watching import Watch, cut, mean_overlap_s, merged, overlap_s

_PAUSE, _ASSIST, _MARK = "stop-the-world (GC", "GC mark assist", "GC concurrent mark phase"


def phase_measures(decoder: Path, trace: Path, place: Path, watch: Watch) -> dict[str, float]:
    """Seconds of pauses, assists and marking, and those of them in which the group was stopped. Raises FormatError.

    A pause needs every processor, so it waits while any of them is stopped; an assist needs the one on which it runs, so of a stop of
    some processors it has its share.
    """
    decoded = decode(decoder, trace, place, timeout_s=120.0)
    records, strings = decoded.records("ranges"), decoded.strings()
    between = decoded.t_first_ns, decoded.t_last_ns
    union = merged(cut(watch.intervals, between))
    out = {"stopped": sum(high - low for low, high in union) * 1e-9, "stops": float(len(union))}
    names = [str(strings[int(number)]) for number in records["name"]]
    for key, word in (("stw", _PAUSE), ("assist", _ASSIST), ("mark", _MARK)):
        spans = [
            (int(row["t_start_ns"]), int(row["t_end_ns"]))
            for row, name in zip(records, names, strict=True)
            if name.startswith(word)
        ]
        out[key] = sum(high - low for low, high in spans) * 1e-9
        out[f"{key}_owed"] = (
            mean_overlap_s(spans, watch.stops, between) if key == "assist" else overlap_s(spans, union)
        )
        out[f"{key}_count"] = float(len(spans))
        if spans:
            longest = max(spans, key=lambda span: span[1] - span[0])
            out[f"{key}_longest"] = (longest[1] - longest[0]) * 1e-9
            out[f"{key}_longest_owed"] = overlap_s([longest], union)
    return out


def impossible(cycle: GcCycle, cpus: float, period_s: float) -> bool:
    """Whether gctrace says that a collection used more CPU than the quota can have given it.

    Its "cpu" is each phase times the processors that the phase counts, running or not; the quota gives at most ``cpus`` a second and
    what is left of one period. Idle marking is left out, since gctrace counts it as it is.
    """
    said = (
        cycle.stw_sweep_termination_cpu_s + cycle.stw_mark_termination_cpu_s + cycle.assist_cpu_s + cycle.background_cpu_s
    )  # fmt: skip
    return said > cpus * (cycle.duration_s + period_s)
