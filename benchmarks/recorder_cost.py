"""What recording costs: the default tier against the bare command, psrecord at the same rate, and perf record alone.

Two loads: a cold compile, and `go list -deps std` in a loop (many short processes). Arms are interleaved; each figure is a
ratio to the bare command's run beside it. CPU counts everything that the arm started, sealing included.

    python benchmarks/recorder_cost.py [--pairs 20] [--load compile|list] [--arms bare,godyno]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from arms import Arm, interleave, keep, ratio
from godyno.capture.reader import open_capture

BIN = Path(sys.executable).parent
LOADS = {
    "compile": ["sh", "-c", "GOFLAGS=-p=2 GOCACHE=$PWD/gocache go build -a std"],
    "list": ["sh", "-c", "i=0; while [ $i -lt 160 ]; do go list -deps std >/dev/null; i=$((i+1)); done"],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--load", choices=[*LOADS, "both"], default="both")
    parser.add_argument("--arms", default="bare,godyno,psrecord,perf")
    options = parser.parse_args()
    wanted = options.arms.split(",")
    rows, raw, own = [], [], []
    for load in LOADS if options.load == "both" else [options.load]:
        scratch = Path(tempfile.mkdtemp(prefix="godyno-cost-"))
        command = LOADS[load]
        arms = [
            Arm("bare", lambda scratch, command=command: command),
            Arm("godyno", lambda scratch, command=command: [str(BIN / "godyno"), "record", "-q", "-o", "c.dyno", "--", *command]),
            Arm("psrecord", lambda scratch, command=command: [
                str(BIN / "psrecord"), " ".join(f"'{w}'" if " " in w else w for w in command),
                "--interval", "0.1", "--include-children", "--log", "log.txt"]),
            Arm("perf", lambda scratch, command=command: ["perf", "record", "-q", "-o", "perf.data", "--", *command]),
        ]  # fmt: skip
        costs: list[dict[str, float]] = []

        def before(scratch: Path, costs: list[dict[str, float]] = costs) -> None:
            if (scratch / "c.dyno").exists():
                with open_capture(scratch / "c.dyno") as capture:
                    cost, result = capture.manifest.cost, capture.manifest.result
                    assert result is not None
                    costs.append(
                        {
                            "command_cpu_s": result.user_s + result.system_s,
                            "wall_s": result.wall_s,
                            **cost.as_json(),
                        }
                    )
            for name in ("gocache", "c.dyno"):
                shutil.rmtree(scratch / name, ignore_errors=True)
            (scratch / "perf.data").unlink(missing_ok=True)

        runs = interleave([arm for arm in arms if arm.name in wanted], options.pairs, scratch, before)
        before(scratch)
        shutil.rmtree(scratch)
        rows += [
            (load, arm, ratio(runs, "bare", arm, "wall_s"), ratio(runs, "bare", arm, "cpu_s"))
            for arm in wanted[1:]
        ]
        own.append(_own(load, costs))
        raw.append({"load": load, "runs": [asdict(run) for run in runs], "reported": costs})
    table = ["| load | arm | wall, ratio to bare | CPU, ratio to bare |", "|---|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    keep("recorder_cost", "\n".join([*table, "", *own]), raw)


def _own(load: str, costs: list[dict[str, float]]) -> str:
    """What godyno says of itself in its captures, to hold against the table."""
    if not costs:
        return ""
    during = sorted(cost["during_cpu_s"] / cost["command_cpu_s"] for cost in costs)
    whole = sorted(
        (cost["during_cpu_s"] + cost["around_cpu_s"] + cost["sealing_cpu_s"]) / cost["command_cpu_s"]
        for cost in costs
    )
    middle = len(costs) // 2
    return (
        f"{load}: godyno's own figures in the captures (median of {len(costs)}): while the command ran {during[middle]:.2%} of its "
        f"CPU, starting and sealing included {whole[middle]:.2%}; peak resident {max(c['rss_peak_bytes'] for c in costs) / 1e6:.0f} MB."
    )


if __name__ == "__main__":
    main()
