"""How much of what a CPU quota adds to pauses and assists is time in which the group was stopped, arm by arm.

``quota_growth.py [--budget S] [--fresh]``. Runs of the study ``quota`` without remedies, in shuffled blocks with twice as many runs without
a quota, added to those that were kept. Told is stopped time over growth, which the claim wants within 15 % of 1.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

from arms import RESULTS, keep
from godyno.machine import read_machine
from godyno.model import Trial
from godyno.studies.library.quota.growth import growth
from godyno.studies.library.quota.study import Quota
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.toolchain import find_go

_ARMS = ("none", "none", "400", "200", "100", "50", "20")
_NAME = "quota_growth"
_KEPT = ("mark_count", "stw", "stw_owed", "assist", "assist_owed", "rate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=200.0)
    parser.add_argument("--fresh", action="store_true", help="forget what was kept")
    options = parser.parse_args()
    path = RESULTS / f"{_NAME}.json"
    runs: list[dict[str, float | str]] = (
        json.loads(path.read_text()) if path.exists() and not options.fresh else []
    )
    deadline = time.monotonic() + options.budget
    with tempfile.TemporaryDirectory(prefix="godyno-growth-") as place:
        stand = Stand(read_machine(), find_go(), None, Path(place), Path(place))
        with Quota().open(stand) as run:
            while time.monotonic() < deadline:
                for arm in random.sample(_ARMS, len(_ARMS)):
                    slot = Slot("quota", len(runs), 0, {"go": "newest", "quota": arm, "remedy": "as-it-is"})
                    measures = run(slot).measures
                    runs.append({"quota": arm, **{key: measures[key] for key in _KEPT}})
    report(runs)


def report(runs: list[dict[str, float | str]]) -> None:
    arms: dict[str, list[Trial]] = {}
    for one in runs:
        measures = {key: float(value) for key, value in one.items() if key != "quota"}
        arms.setdefault(str(one["quota"]), []).append(
            Trial("quota", 0, 0, {}, measures=measures, facts={}, verdict="pass")
        )
    lines = [
        "# What of the growth of pauses and assists under a quota is stopped time", "",
        "A collection's pauses and assists, summed over goroutines; both with a 95 % interval by drawing runs anew.", "",
        "| quota | runs | requests/s | without, ms | under it, ms | stopped, ms | stopped over growth |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]  # fmt: skip
    for arm in sorted(arms, key=lambda name: -int(name) if name.isdecimal() else -(10**9)):
        found = growth(arms["none"], arms[arm], ("stw", "assist"))
        rate = sorted(one.measures["rate"] for one in arms[arm])[len(arms[arm]) // 2]
        lines.append(
            f"| {arm} | {len(arms[arm])} | {rate:.0f} | {1e3 * found.without_s:.1f} | {1e3 * found.under_s:.1f} | "
            f"{1e3 * found.stopped_s:.1f} | {'–' if arm == 'none' else found.shown} |"
        )
    keep(_NAME, "\n".join(lines), runs)


if __name__ == "__main__":
    main()
