"""Steps in a history: false calls on stable series with spikes, and how soon a step of two sigma is found.

Beside it the real programs on the same series: Apache Otava (its analysis with its own defaults), PELT of ruptures with its usual penalty.

    python benchmarks/stats_history/run.py [--quick] [--out FILE] [--only steps]
"""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import ruptures
from otava.analysis import compute_change_points
from otava.series import AnalysisOptions

from godyno.stats.changepoint import changes

SIGMA = 0.02


KINDS = (
    "plain",
    "spikes up",
    "spikes both ways",
    "skewed",
    "memory 0.3",
    "memory 0.3, spikes up",
)  # chosen by
OTHERS = (
    "t, 3 degrees",
    "exponential",
    "two modes",
    "uniform",
    "memory 0.15",
    "MA 0.4",
    "15 % spikes up",
)  # looked at when the rank test was added
FRESH = (
    "Cauchy",
    "lognormal",
    "triangular",
    "two horns",
    "counts",
    "memory -0.3",
)  # no part in choosing at all


def series(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    noise = rng.normal(size=n + 1)[1:] if kind != "MA 0.4" else rng.normal(size=n + 1)
    if kind == "MA 0.4":
        noise = noise[1:] + 0.4 * noise[:-1]
    if kind == "t, 3 degrees":
        noise = rng.standard_t(3, n)
    if kind == "exponential":
        noise = rng.exponential(1, n)
    if kind == "two modes":
        noise = 0.5 * noise + np.where(rng.random(n) < 0.3, 3, 0)
    if kind == "uniform":
        noise = rng.uniform(-1.7, 1.7, n)
    if kind == "skewed":
        noise = np.exp(0.7 * noise) - 1
    fresh = {
        "Cauchy": lambda: np.clip(rng.standard_cauchy(n), -300, 300),
        "lognormal": lambda: rng.lognormal(0, 1, n),
        "triangular": lambda: rng.triangular(-1, 2, 2, n),
        "two horns": lambda: 4 * rng.beta(0.3, 0.3, n),
        "counts": lambda: rng.poisson(4, n).astype(float),
    }
    if kind in fresh:
        noise = fresh[kind]()
    if kind.startswith("memory"):
        for i in range(1, n):
            noise[i] += float(kind.split()[1].strip(",")) * noise[i - 1]
    if kind.endswith("spikes up"):
        noise = noise + np.where(rng.random(n) < (0.15 if "15 %" in kind else 0.05), rng.exponential(8, n), 0)
    if kind == "spikes both ways":
        noise += np.where(rng.random(n) < 0.05, rng.normal(0, 8, n), 0)
    return 100 * np.exp(SIGMA * noise)


def ours(values: np.ndarray) -> list[int]:
    return [change.index for change in changes(values)]


def monitored(values: np.ndarray) -> list[int]:
    return [change.index for change in changes(values, monitored=True)]


def otava(values: np.ndarray) -> list[int]:
    usual = AnalysisOptions()
    found, _ = compute_change_points(values.tolist(), usual.window_len, usual.max_pvalue, usual.min_magnitude)
    return [change.index for change in found]


def pelt(values: np.ndarray) -> list[int]:
    scaled = (values - values.mean()) / values.std()
    found = ruptures.Pelt(model="l2", min_size=5).fit(scaled).predict(pen=3 * math.log(values.size))
    return [int(index) for index in found[:-1]]


def stable(rng: np.random.Generator, times: int, kinds: tuple[str, ...], methods: Methods) -> list[str]:
    lines = head("method", *kinds)
    for name, method in methods:
        rates = [sum(bool(method(series(rng, 100, kind))) for _ in range(times)) / times for kind in kinds]
        lines.append(row(name, *(f"{100 * rate:.1f}" for rate in rates)))
    return lines


def watched(rng: np.random.Generator, times: int) -> list[str]:
    """Stable series that are judged again after every point: how many were ever called changed."""
    lines = head("", *KINDS)
    called = []
    for kind in KINDS:
        some = [series(rng, 100, kind) for _ in range(times)]
        called.append(sum(any(monitored(values[:k]) for k in range(20, 101)) for values in some))
        print(kind, called[-1], flush=True)
    return [*lines, row("godyno, `monitored`", *(f"{100 * count / times:.1f} ({count})" for count in called))]


def steps(rng: np.random.Generator, times: int, methods: Methods) -> list[str]:
    lines = head("method", "30 points before", "50", "80", "anywhere in 100", "one sigma, middle of 100")
    for name, method in methods:
        cells = []
        for at, sigmas in ((30, 2), (50, 2), (80, 2), (0, 2), (-50, 1)):
            hits = 0
            for _ in range(times):
                place = abs(at) or int(rng.integers(12, 89))
                values = series(rng, at + 10 if at > 0 else 100, "spikes up")
                values[place:] *= math.exp(sigmas * SIGMA)
                hits += any(abs(found - place) <= 10 for found in method(values))
            cells.append(f"{100 * hits / times:.1f}")
        lines.append(row(name, *cells))
    return lines


Methods = Sequence[tuple[str, Callable[[np.ndarray], list[int]]]]
OURS: Methods = (("godyno", ours),)
RIVALS: Methods = (
    (f"Apache Otava {version('apache-otava')}", otava),
    (f"PELT of ruptures {version('ruptures')}, 3 log n", pelt),
)
LONG, SHORT = (
    "Stable series of 100 called changed",
    "A step of two sigma, 5 % spikes up: seen with ten points after it and placed within ten",
)
ORDER = ("stable", "others", "rivals", "watched", "steps", "rivals' steps", "fresh")  # of the seeds
Section = tuple[str, int, Callable[[np.random.Generator, int], list[str]]]
SECTIONS: dict[str, Section] = {
    "stable": (f"{LONG}: the shapes by which the bars were chosen", 2000, lambda rng, n: stable(rng, n, KINDS, OURS)),
    "others": (f"{LONG}: shapes that the rank test was added for or checked on", 2000, lambda rng, n: stable(rng, n, OTHERS, OURS)),
    "fresh": (f"{LONG}: shapes that had no part in choosing", 800, lambda rng, n: stable(rng, n, FRESH, OURS)),
    "rivals": (f"{LONG}: other programs", 250, lambda rng, n: stable(rng, n, KINDS, RIVALS)),
    "watched": ("Stable series of 100, judged again after every point from 20 on: ever called changed", 400, watched),
    "steps": (SHORT, 1000, lambda rng, n: steps(rng, n, (*OURS, ("godyno, `monitored`", monitored)))),
    "rivals' steps": (f"{SHORT}: other programs", 400, lambda rng, n: steps(rng, n, RIVALS)),
}  # fmt: skip


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def head(*cells: object) -> list[str]:
    return [row(*cells), "|" + "---|" * len(cells)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a sixth of the series")
    parser.add_argument(
        "--only", choices=SECTIONS, action="append", help="work out this section, keep the others of --out"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("table.md"))
    options = parser.parse_args()
    for name in options.only or SECTIONS:
        title, times, make = SECTIONS[name]
        times = times // 6 if options.quick else times
        # Passes with 30 and 31 had a part in choosing the bars: what they decide is judged on fresh series.
        seed = 32 if name in ("stable", "others", "steps") else 30
        lines = make(np.random.default_rng((seed, ORDER.index(name))), times)
        text = "\n".join((f"{title}, % of {times}", "", *lines))
        print(text, flush=True)
        there = options.out.read_text() if options.out.exists() else ""
        kept = re.split(r"^## ", there, flags=re.MULTILINE)[1:]
        found = {part.partition(", % of")[0]: part.strip() for part in kept}
        found[title] = text
        parts = [f"## {found[one]}\n" for one, _, _ in SECTIONS.values() if one in found]
        options.out.write_text("\n".join(("# History\n", *parts)))


if __name__ == "__main__":
    main()
