"""Runs into estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from godyno.model import Estimate, Interval
from godyno.studies.survey.records import FAILED, PASS, Run

# name of the figure -> its unit; each is a field of Run
FIGURES: Mapping[str, str] = {
    "wall_s": "s",
    "cpu_s": "s",
    "peak_bytes": "By",
    "anon_peak_bytes": "By",
    "read_bytes": "By",
    "write_bytes": "By",
    "major_faults": "{fault}",
}


def estimate(values: Sequence[float], unit: str) -> Estimate | None:
    """The median with its order-statistic interval; None without values.

    Below six values no interval of the median reaches 95 %: the range is given with the level that it has,
    1 - 2^(1 - n). One value has none.
    """
    if not values:
        return None
    from godyno.stats.interval import median, median_interval

    if len(values) == 1:
        return Estimate(float(values[0]), unit, None, 1, "one run")
    if len(values) < 6:
        interval = Interval(float(min(values)), float(max(values)), 1 - 2.0 ** (1 - len(values)))
        return Estimate(median(values), unit, interval, len(values), "median; range of the runs")
    return Estimate(median(values), unit, median_interval(values), len(values), "median; order statistics")


def run_figures(runs: Sequence[Run], failing_too: bool = False) -> dict[str, Estimate]:
    """An estimate of each figure over the runs that passed; ``failing_too``: a test run that fails went to its end as well."""
    whole = [run for run in runs if run.verdict == PASS or (failing_too and run.verdict == FAILED)]
    found = {}
    for name, unit in FIGURES.items():
        values = [float(value) for run in whole if (value := getattr(run, name)) is not None]
        summary = estimate(values, unit)
        if summary is not None:
            found[name] = summary
    return found
