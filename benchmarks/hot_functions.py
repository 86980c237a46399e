"""Do perf's samples and pprof's agree on the hottest functions of a real service under load?

The reference service (HTTP by gin, and gRPC) is recorded with CPU samples of the kernel, its own CPU profile and execution trace
(whose samples are the profile's, with a time), and gctrace. Like is compared with like: the innermost *user* function, since
pprof sees no kernel and books its time to the function that made the system call; without what pprof's own signal handler costs,
which only perf sees; without sysmon, a thread that never runs a goroutine and so never gets a profiling timer of its own; and
with the two halves of reading the clock as one (in the vdso pprof begins at the caller's caller).

The test: chi-square for homogeneity of two samplers over the twenty hottest functions and the rest, corrected for samples that
come in bursts (Rao and Scott, JASA 76, 1981, first order): Pearson's statistic is divided by the mean design effect, estimated
from how the shares vary between blocks of half a second. Plain Pearson is told too.

    python benchmarks/hot_functions.py [--seconds 40] [--rate 0]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import chi2

from arms import keep
from godyno.capture.reader import Capture, open_capture
from godyno.toolchain import find_go
from service import asked, build, free_port, serving

GODYNO = str(Path(sys.executable).parent / "godyno")
HOTTEST = 20
BLOCK_NS = 500_000_000
LEFT_OUT = (
    "runtime.sigtramp", "runtime.sigtrampgo", "runtime.sigprof", "runtime.sighandler", "runtime.sigprofNonGo",
    "runtime.sysmon",
)  # fmt: skip
ALIASES = {"runtime.nanotime1": "runtime.nanotime", "runtime.walltime1": "runtime.walltime"}

# The innermost frame of the program itself: the kernel's come before it, and bear the kernel's name.
INNERMOST = """
SELECT s.t_ns, arg_min(f."function", f.depth) AS name
FROM (SELECT row_number() OVER () AS id, * FROM stacks WHERE layer = ? AND pid = ?) s JOIN frames f USING (stack_id)
WHERE f."binary" NOT LIKE '[%' AND s.stack_id NOT IN (SELECT stack_id FROM frames WHERE list_contains(?, "function"))
AND t_ns BETWEEN ? AND ?
GROUP BY s.id, s.t_ns ORDER BY s.t_ns
"""
LEAF = """
SELECT s.t_ns, f."function" AS name FROM stacks s JOIN frames f USING (stack_id)
WHERE layer = ? AND pid = ? AND depth = 0
AND s.stack_id NOT IN (SELECT stack_id FROM frames WHERE list_contains(?, "function")) AND t_ns BETWEEN ? AND ? ORDER BY 1
"""


def samples(
    capture: Capture, query: str, layer: str, pid: int, within: tuple[int, int]
) -> tuple[Any, list[str]]:
    table = capture.sql(query, [layer, pid, list(LEFT_OUT), *within])
    return table["t_ns"].to_numpy(), [ALIASES.get(name, name) for name in table["name"].to_pylist()]


def counts(times: Any, names: list[str], wanted: list[str], within: tuple[int, int]) -> Any:
    """A row for each block, a column for each function and one for the rest."""
    column = {name: i for i, name in enumerate(wanted)}
    blocks = np.minimum((times - within[0]) // BLOCK_NS, (within[1] - within[0]) // BLOCK_NS - 1)
    out = np.zeros(((within[1] - within[0]) // BLOCK_NS, len(wanted) + 1))
    np.add.at(out, (blocks, [column.get(name, len(wanted)) for name in names]), 1)
    return out


def effects(of: Any) -> Any:
    """The design effect of each share: its variance between blocks over the binomial one (ratio estimator)."""
    n, per_block = of.sum(), of.sum(axis=1, keepdims=True)
    share = of.sum(axis=0) / n
    blocks = len(of)
    between = blocks / (blocks - 1) * ((of - per_block * share) ** 2).sum(axis=0) / n**2
    return between / np.maximum(share * (1 - share) / n, 1e-12)


def homogeneity(one: Any, other: Any) -> dict[str, float]:
    """Pearson's statistic and Rao and Scott's, with their chances under equal shares."""
    a, b = one.sum(axis=0), other.sum(axis=0)
    pooled = (a + b) / (a.sum() + b.sum())
    expected = np.vstack([pooled * a.sum(), pooled * b.sum()])
    statistic = float(((np.vstack([a, b]) - expected) ** 2 / np.maximum(expected, 1e-12)).sum())
    freedom = len(pooled) - 1
    mixed = (b.sum() * effects(one) + a.sum() * effects(other)) / (a.sum() + b.sum())
    design = float(((1 - pooled) * mixed).sum() / freedom)
    return {
        "pearson": statistic, "freedom": freedom, "p_pearson": float(chi2.sf(statistic, freedom)), "design_effect": design,
        "rao_scott": statistic / design, "p": float(chi2.sf(statistic / design, freedom)),
    }  # fmt: skip


def gc_differences(capture: Capture, within: tuple[int, int]) -> list[int]:
    """How far each collection of gctrace begins from one in the trace's lane, ns."""
    query = (
        "SELECT t_start_ns FROM spans WHERE layer = 'gc' AND name LIKE 'GC %' AND track {} '% trace' "
        "AND t_start_ns BETWEEN ? AND ? ORDER BY 1"
    )
    told, traced = (
        capture.sql(query.format(word), list(within))["t_start_ns"].to_numpy()
        for word in ("NOT LIKE", "LIKE")
    )
    if not len(traced):
        return []
    told = told[(told > traced[0] - 10**6) & (told < traced[-1] + 10**6)]  # those that both can have seen
    return [int(np.abs(traced - t).min()) for t in told]


def compared(capture: Capture, pid: int) -> tuple[str, dict[str, Any]]:
    """The table and what is behind it."""
    (ends,) = capture.sql(
        "SELECT min(t_ns) AS a, max(t_ns) AS b FROM stacks WHERE layer = 'trace'"
    ).to_pylist()
    within = (ends["a"], ends["b"])
    perf, trace = (samples(capture, INNERMOST, layer, pid, within) for layer in ("cpu", "trace"))
    total: dict[str, float] = {}
    for _, names in (perf, trace):
        for name in names:
            total[name] = total.get(name, 0.0) + 1 / len(names)
    hottest = sorted(total, key=lambda name: -total[name])[:HOTTEST]
    one, other = counts(*perf, hottest, within), counts(*trace, hottest, within)
    test = homogeneity(one, other)
    raw_times, raw_names = samples(capture, LEAF, "cpu", pid, within)
    raw = counts(raw_times, raw_names, hottest, within).sum(axis=0)
    lines = [
        "| function | perf, innermost user frame | pprof | perf, innermost frame of all |", "|---|---:|---:|---:|",
        *(
            f"| {name} | {a / one.sum():.2%} | {b / other.sum():.2%} | {c / raw.sum():.2%} |"
            for name, a, b, c in zip([*hottest, "all others"], one.sum(axis=0), other.sum(axis=0), raw, strict=True)
        ),
        "",
        f"{int(one.sum())} samples of perf, {int(other.sum())} of pprof, {len(one)} blocks of {BLOCK_NS * 1e-9:g} s. "
        f"Chi-square with {test['freedom']} degrees of freedom: Pearson {test['pearson']:.1f} (p = {test['p_pearson']:.3g}); "
        f"mean design effect {test['design_effect']:.2f}, Rao-Scott {test['rao_scott']:.1f} (p = {test['p']:.3g}): "
        + ("they agree within sampling error." if test["p"] > 0.05 else "they do not agree within sampling error."),
    ]  # fmt: skip
    gcs = gc_differences(capture, within)
    if gcs:
        lines += [
            "",
            f"{len(gcs)} collections of gctrace begin at most {max(gcs) * 1e-6:.3f} ms from one in the trace's lane (median "
            f"{sorted(gcs)[len(gcs) // 2] * 1e-6:.3f} ms).",
        ]
    return "\n".join(lines), {
        "test": test,
        "functions": hottest,
        "perf": one.tolist(),
        "pprof": other.tolist(),
        "gc_ns": gcs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rate", type=float, default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="godyno-hot-") as place:
        scratch = Path(place)
        programs = build(find_go(), scratch)
        address = f"127.0.0.1:{free_port()}"
        argv = [
            GODYNO, "record", "-q", "-o", "c.dyno", "--level", "standard", "--pprof", f"http://{address}",
            "--profiles", "trace,cpu", "--go-debug", "gctrace", "--", str(programs.service),
        ]  # fmt: skip
        with serving(argv, {**os.environ, "PPROF_ADDRESS": address}, scratch) as (process, http, grpc):
            time.sleep(1)
            load = asked(programs, http, grpc, options.rate, options.seconds)
            process.terminate()
            process.wait(300)
        with open_capture(scratch / "c.dyno") as capture:
            print(*capture.manifest.warnings, sep="\n", file=sys.stderr)
            entry = capture.manifest.probe("scrape")
            assert entry is not None
            table, raw = compared(capture, int(entry.notes["pid"]))
    keep("hot_functions", table, {**raw, "load": load})


if __name__ == "__main__":
    main()
