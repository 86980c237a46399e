"""What a look of each probe of the machine costs: CPU time of the recorder's thread, its share at the default
rate.

Run it as ``python benchmarks/probe_cost.py [--json]``. Each probe looks 500 times at this machine, into the
journal that a recording writes; the figure is the median of ten batches with their lowest and highest. The
cgroup probe reads a group made for it.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from godyno import registry
from godyno.capture.journal import Journal
from godyno.machine import read_machine
from godyno.machine.cgroups import Group
from godyno.testing import FakeTarget

DEFAULT_HZ = 10.0
BATCHES, LOOKS = 10, 50
NAMES = (
    "cgroup",
    "system_cpu",
    "system_memory",
    "pressure",
    "disk",
    "network",
    "frequency",
    "thermal",
    "power",
)


def measure() -> list[dict[str, object]]:
    machine = read_machine()
    group, _ = Group.create("probe-cost")
    rows: list[dict[str, object]] = []
    try:
        with tempfile.TemporaryDirectory() as place:
            for name in NAMES:
                probe = registry.load("probes", name)()
                available = probe.availability(machine)
                if not available:
                    rows.append({"probe": name, "not_here": available.reason})
                    continue
                target = FakeTarget(cgroups=group.paths if group else {}, hz=DEFAULT_HZ)
                journal = Journal(Path(place) / name)
                sink = journal.sink(name, Path(place))
                with probe.attach(target, sink):
                    if not target.loop.looks:
                        rows.append({"probe": name, "not_here": "nothing to look at"})
                        continue
                    period_s, look = target.loop.looks[0]
                    costs = []
                    for _ in range(BATCHES):
                        began = time.thread_time_ns()
                        for _ in range(LOOKS):
                            look(time.monotonic_ns())
                        journal.flush()
                        costs.append((time.thread_time_ns() - began) / LOOKS * 1e-9)
                rows.append(
                    {
                        "probe": name,
                        "look_s": statistics.median(costs),
                        "lowest_s": min(costs),
                        "highest_s": max(costs),
                        "hz": 1 / period_s,
                        "cpu_share": statistics.median(costs) / period_s,
                    }
                )
    finally:
        if group:
            group.release()
    return rows


def main() -> None:
    rows = measure()
    if "--json" in sys.argv[1:]:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'probe':<14} {'look µs':>8} {'lowest':>8} {'highest':>8} {'Hz':>5} {'of one CPU':>11}")
    total = 0.0
    for row in rows:
        if "not_here" in row:
            print(f"{row['probe']:<14} not here: {row['not_here']}")
            continue
        look, low, high, share = (
            float(str(row[key])) for key in ("look_s", "lowest_s", "highest_s", "cpu_share")
        )
        total += share
        print(
            f"{row['probe']:<14} {look * 1e6:8.0f} {low * 1e6:8.0f} {high * 1e6:8.0f} {row['hz']:5.1f}"
            f" {share * 100:9.3f} %"
        )
    print(f"{'together':<14} {'':>32} {total * 100:9.3f} %")


if __name__ == "__main__":
    main()
