"""What the probe ``connections`` costs a program that does nothing but open TCP connections: level light with it, beside level light.

    python benchmarks/connections_cost.py [--pairs 20] [--count 16000]

Every run is a new process; arms take turns in mirrored blocks. CPU is the program's and the recorder's while it ran.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from arms import keep
from godyno.capture.manifest import read_manifest
from godyno.model import Workload
from godyno.recorder.session import Options, Session
from godyno.stats.compare import paired
from godyno.toolchain.find import find_go

ARMS: dict[str, tuple[str, ...]] = {"light": (), "light, connections": ("connections",)}


def one(arm: str, program: Path, count: int, out: Path) -> dict[str, Any]:
    """One run: seconds by the program's own clock, and CPU seconds."""
    shutil.rmtree(out, ignore_errors=True)
    outcome = Session(
        Workload((str(program), str(count))), Options(out=out, level="light", also=ARMS[arm], quiet=True)
    ).run()  # fmt: skip
    manifest = read_manifest(outcome.capture)
    result, notes = manifest.result, {probe.name: probe.notes for probe in manifest.probes}
    if result is None or result.exit_code:
        raise RuntimeError(f"{arm}: exit {result and result.exit_code}")
    seen = notes.get("connections", {}).get("opened")
    return {
        "arm": arm, "wall_s": result.wall_s, "cpu_s": result.user_s + result.system_s + manifest.cost.during_cpu_s,
        "seen": seen, "lost": notes.get("connections", {}).get("lost_records", 0),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--count", type=int, default=16000)
    asked = parser.parse_args()
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="godyno-connections-") as place:
        program = Path(place) / "connections"
        go = find_go()
        go.run(
            "build",
            "-o",
            str(program),
            ".",
            cwd=Path(__file__).parent / "connections_go",
            env={"GOWORK": "off"},
        )
        for pair in range(asked.pairs):
            for arm in list(ARMS)[:: -1 if pair % 2 else 1]:
                print(f"\r{pair + 1}/{asked.pairs}", end="", file=sys.stderr)
                runs.append({"pair": pair, **one(arm, program, asked.count, Path(place) / "c.dyno")})
    without, with_it = ([run for run in runs if run["arm"] == arm] for arm in ARMS)
    cells = []
    for measure in ("wall_s", "cpu_s"):
        found = paired([run[measure] for run in without], [run[measure] for run in with_it])
        cells.append(f"{found.estimate:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}]")
    typical = sorted(run["wall_s"] for run in without)[len(without) // 2]
    seen, lost = ({run[name] for run in with_it} for name in ("seen", "lost"))
    text = (
        f"{asked.count:,} connections, {asked.count / typical:,.0f} a second, {asked.pairs} pairs. "
        "Ratios with the probe to without it, 95 %.\n\n"
        f"| wall time | CPU, the recorder's included | connections seen | records lost |\n|---|---|---|---|\n"
        f"| {' | '.join(cells)} | {min(seen):,} to {max(seen):,} of {asked.count:,} | {min(lost):,} to {max(lost):,} |"
    )
    keep("connections_cost", text, runs)


if __name__ == "__main__":
    main()
