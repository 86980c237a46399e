"""Searches for the limit of P(killed) = 50 % under real cgroups, against the truth of many unlimited runs of the same test binary.

``race_memory_truth.py [--truth N] [--searches N] [--budget S] [MODULE PACKAGE]``. Raced is one package of a module, or else the reference
workload whose heap is varied at random by --vary. Beside the posterior stand bisection and majority of three on the same budget of
probing runs. A run with the settings of a kept one adds to it, since these machines are shared and memory, unlike time, does not change
with the hour.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from arms import RESULTS, keep
from godyno.machine import read_machine
from godyno.stats.interval import median_interval
from godyno.stats.threshold import Probe, Search
from godyno.studies.library.race_memory import ends
from godyno.studies.library.race_memory.programs import Binaries
from godyno.studies.stand import Stand
from godyno.studies.survey.subject import open_subject
from godyno.toolchain import find_go
from godyno.workload.limited import Limited, Limits, run_limited

_MOST = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", nargs="?", default="")
    parser.add_argument("package", nargs="?", default="")
    parser.add_argument("--truth", type=int, default=300)
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--vary", type=float, default=0.02)
    parser.add_argument("--size", type=float, default=24.0)
    parser.add_argument("--budget", type=float, default=460.0)
    parser.add_argument("--name", default="race_memory_truth")
    options = parser.parse_args()
    deadline = time.monotonic() + options.budget
    with tempfile.TemporaryDirectory(prefix="godyno-truth-") as place:
        go = find_go()
        subject = open_subject(go, options.module, Path(place)) if options.module else None
        binaries = Binaries(Stand(read_machine(), go, subject, Path(place), Path(place)))
        if subject is None:
            workload = binaries.load_run("heap", options.size, True, {"LOAD_VARY": str(options.vary)})
        else:  # the race runtime's second of waiting at exit changes no peak
            workload = binaries.test_run(options.package, {"GORACE": "atexit_sleep_ms=0"})

        def run(limit: float | None) -> Limited:
            return run_limited(workload, Limits(None if limit is None else int(limit)), timeout_s=60.0)

        rows, peaks = kept(options)
        # Truth and searches alternate, so that whatever drifts is in both.
        while time.monotonic() < deadline and (len(rows) < options.searches or len(peaks) < options.truth):
            per_search = max(
                1, math.ceil((options.truth - len(peaks)) / max(1, options.searches - len(rows)))
            )
            more = min(per_search, options.truth - len(peaks))
            peaks += [float(run(None).held_bytes or 0) for _ in range(more)]
            if len(rows) < options.searches:
                rows.append(searched(run, deadline))
            report(options, peaks, rows)  # as it goes: whatever ends it, what was measured is kept


def kept(options: argparse.Namespace) -> tuple[list[dict[str, float | bool]], list[float]]:
    """The searches and peaks of an earlier run with the same settings."""
    path = RESULTS / f"{options.name}.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    if any(before.get(key) != value for key, value in _settings(options).items()):
        return [], []
    return list(before["searches"]), list(before["peaks"])


def _settings(options: argparse.Namespace) -> dict[str, object]:
    if options.module:
        return {"module": options.module, "package": options.package}
    return {"vary": options.vary, "size": options.size}


def searched(run: Callable[[float | None], Limited], deadline: float) -> dict[str, float | bool]:
    """One search by posterior, and bisection and majority of three from the same unlimited run, six probing runs each."""
    first = float(run(None).held_bytes or 0)
    search = Search(most=_MOST)
    search.observe(Probe(True, None, first))
    while not search.done and time.monotonic() < deadline + 60:
        limit = search.next_limit()
        got = run(limit)
        passed = ends.verdict(got) == "pass"
        search.observe(Probe(passed, limit, float(got.held_bytes or 0) if passed else None))
    found = search.result()
    return {
        "first": first, "limit": found.limit_bytes, "low": found.interval.low, "high": found.interval.high,
        "probing": search.probing_runs, "bisection": bisected(run, first, 1), "majority": bisected(run, first, 3),
    }  # fmt: skip


def bisected(run: Callable[[float | None], Limited], first: float, votes: int) -> float:
    """The middle of the bracket after six probing runs, each step decided by ``votes`` of them."""
    low, high = 0.9 * first, 1.1 * first
    for _ in range(_MOST // votes):
        middle = math.sqrt(low * high)
        passes = sum(ends.verdict(run(middle)) == "pass" for _ in range(votes))
        low, high = (low, middle) if 2 * passes > votes else (middle, high)
    return math.sqrt(low * high)


def report(options: argparse.Namespace, peaks: list[float], rows: list[dict[str, float | bool]]) -> None:
    truth, interval = statistics.median(peaks), median_interval(peaks)
    cv = statistics.stdev(peaks) / statistics.fmean(peaks)
    lines = [
        "# The limit of P(killed) = 50 % under real memory cgroups", "",
        f"Raced: {f'the tests of {options.package} in {options.module}' if options.module else 'the reference workload'}.", "",
        f"Truth: the median peak of {len(peaks)} unlimited runs, {truth / 2**20:.2f} MiB "
        f"[{interval.low / 2**20:.2f}, {interval.high / 2**20:.2f}], peaks vary by {cv:.1%}. {len(rows)} searches of at most {_MOST} "
        "probing runs each, every run a raced test binary in a cgroup of its own.", "",
        "| search | error, median | within 2 % | interval holds the truth | probing runs, median |", "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, key in (("posterior", "limit"), ("bisection", "bisection"), ("majority of three", "majority")):
        errors = [abs(float(row[key]) / truth - 1) for row in rows]
        within = sum(error <= 0.02 for error in errors)
        holds = (
            sum(float(row["low"]) <= truth <= float(row["high"]) for row in rows) if key == "limit" else None
        )
        runs = statistics.median(float(row["probing"]) for row in rows) if key == "limit" else _MOST
        lines.append(
            f"| {name} | {statistics.median(errors):.2%} | {within} of {len(rows)} | "
            f"{'–' if holds is None else f'{holds} of {len(rows)}'} | {runs:g} |"
        )
    keep(
        options.name,
        "\n".join(lines),
        {**_settings(options), "peaks": peaks, "searches": rows},
    )


if __name__ == "__main__":
    main()
