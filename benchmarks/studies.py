"""Runs studies as a user would and keeps how long each took and what it came to: ``studies.py [--quick] [--module M] STUDY...``.

Rows are merged into what is kept, by study, module and kind of run, so that they can be measured in slices. ``--directory D`` keeps the
studies' own directories (for docs/studies/make.py); ``--kept D=SECONDS`` takes a run over that was timed elsewhere.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from godyno import units
from godyno.studies.factors import Arm
from godyno.studies.result import StudyResult
from godyno.studies.study import OTHERS, VERDICTS, figure
from godyno.studies.studying import make_study

RESULTS = Path(__file__).parent / "results"
_LIMIT_S = {"default": 300.0, "quick": 60.0}


def run(study: str, module: str | None, quick: bool, out: Path) -> float:
    """Seconds of the whole command, the interpreter's start and the report included."""
    argv = [
        sys.executable,
        "-m",
        "godyno",
        "study",
        study,
        *([module] if module else []),
        *(["--quick"] if quick else []),
        "-o",
        str(out),
    ]
    began = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    print(done.stderr[-300:], file=sys.stderr)
    return time.monotonic() - began


def row_of(out: Path, wall_s: float) -> dict[str, Any]:
    """What a run came to."""
    result = StudyResult.from_json(json.loads((out / "study.json").read_text(encoding="utf-8")))
    plan = make_study(result.study, quick=result.quick).plan(result.machine, 0)
    done = {Arm(trial.levels).name for trial in result.trials}
    verdicts = Counter(one.data["verdict"] for one in result.findings if one.kind == "claim")
    found = next((one.claim for one in result.findings if one.kind != "claim"), "nothing")
    busy = figure(result.trials, OTHERS, "1")
    return {
        "study": result.study, "module": result.module, "kind": "quick" if result.quick else "default", "wall_s": wall_s,
        "inside_s": result.spent_s, "ended": result.ended, "trials": len(result.trials),
        "passed": sum(trial.verdict in ("", "pass") for trial in result.trials),
        "arms": len(plan.arms), "arms_run": sum(arm.name in done for arm in plan.arms),
        "verdicts": {verdict: verdicts[verdict] for verdict in VERDICTS}, "found": found, "go": result.go_version,
        "busy": busy.value if busy else None,
    }  # fmt: skip


def page(rows: list[dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "# Studies as a user runs them", "",
        "Wall time of the whole `godyno study` command on two cores, what its claims came to (confirmed, not confirmed, not to be tried), "
        "and what it found first. A default run has five minutes, `--quick` one. Busy: what others kept of the processors.",
        "", "| study | module | run | wall | in time | arms run | claims | busy | found |", "|---|---|---|---:|---|---:|---:|---:|---|",
    ]  # fmt: skip
    for row in rows:
        claims = " / ".join(str(row["verdicts"][verdict]) for verdict in VERDICTS)
        within = (
            "yes"
            if row["wall_s"] <= _LIMIT_S[row["kind"]]
            else f"no ({units.show_seconds(row['inside_s'])} inside)"
        )
        busy = "–" if row["busy"] is None else units.show_ratio(row["busy"])
        lines.append(
            f"| {row['study']} | {_short(row['module'])} | {row['kind']} | {units.show_seconds(row['wall_s'])} | {within} | "
            f"{row['arms_run']} of {row['arms']} | {claims} | {busy} | {row['found'].replace('|', '/')} |"
        )
    return "\n".join([*lines, ""])


def _short(module: str) -> str:
    return "reference" if "godyno.example" in module else module or "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--module")
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--kept", action="append", default=[], metavar="DIRECTORY=SECONDS")
    options = parser.parse_args()
    file = RESULTS / "studies.json"
    rows = {_key(row): row for row in (json.loads(file.read_text()) if file.exists() else [])}
    new = [
        row_of(Path(place), float(wall)) for place, _, wall in (one.rpartition("=") for one in options.kept)
    ]
    for study in options.studies:
        with tempfile.TemporaryDirectory(prefix="godyno-studies-") as scratch:
            out = (options.directory or Path(scratch)) / f"{study}{'-quick' if options.quick else ''}"
            new.append(row_of(out, run(study, options.module, options.quick, out)))
    rows |= {_key(row): row for row in new}
    ordered = sorted(rows.values(), key=_key)
    file.write_text(json.dumps(ordered, indent=1) + "\n")
    (RESULTS / "studies.md").write_text(page(ordered))
    print(page(new))


def _key(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["study"], ("godyno.example" in row["module"] and " ") or row["module"], row["kind"]


if __name__ == "__main__":
    main()
