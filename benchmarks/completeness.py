"""Is every process in the capture? Each successful execve that strace sees, against the processes that godyno recorded.

strace runs inside the recording, so both watch the very same processes.

    python benchmarks/completeness.py [--load net/http|std|list|short] [--load module --module DIR]
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from arms import keep
from godyno.capture.reader import open_capture

LOADS = {
    "net/http": "GOCACHE=$PWD/gocache go build net/http",
    "std": "GOCACHE=$PWD/gocache go build -a std",
    "list": "for i in 1 2 3 4 5; do go list -deps std; done",
    "short": "i=0; while [ $i -lt 10000 ]; do /bin/true; i=$((i+1)); done",
}
_EXEC = re.compile(r"^(\d+)\s.*(?:execve\(.*|<\.\.\. execve resumed>.*)= 0$")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--load", choices=[*LOADS, "module", "all"], default="all")
    parser.add_argument("--module", type=Path, help="with --load module: a module's directory, built cold")
    options = parser.parse_args()
    if options.module:
        LOADS["module"] = (
            f"cd {options.module.absolute()} && GOCACHE=$OLDPWD/gocache go build -o $OLDPWD/out/ ./..."
        )
    rows, raw = [], []
    for load, script in LOADS.items():
        if options.load not in ("all", load):
            continue
        scratch = Path(tempfile.mkdtemp(prefix="godyno-completeness-"))
        strace = [
            "strace",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-e",
            "trace=execve",
            "-o",
            "trace",
            "sh",
            "-c",
            script,
        ]
        command = [sys.executable, "-m", "godyno", "record", "-q", "--quiet-output", "-o", "c", "--", *strace]
        subprocess.run(command, cwd=scratch, check=True)
        seen = [
            match[1] for line in (scratch / "trace").read_text().splitlines() if (match := _EXEC.match(line))
        ]
        with open_capture(scratch / "c.dyno") as capture:
            found = capture.sql("SELECT pid, args FROM spans WHERE layer = 'process'").to_pylist()
            lost = capture.manifest.warnings
        pids = {row["pid"] for row in found}
        named = sum('"argv"' in row["args"] for row in found)
        missing = [pid for pid in seen if int(pid) not in pids]
        rows.append(
            (
                load,
                len(seen),
                len(seen) - len(missing),
                f"{1 - len(missing) / len(seen):.2%}",
                f"{named / len(found):.1%}",
            )
        )
        raw.append(
            {
                "load": load,
                "execs": len(seen),
                "missing": missing,
                "processes": len(found),
                "warnings": list(lost),
            }
        )
        shutil.rmtree(scratch)
    head = [
        "| load | execs that strace saw | in the capture | | with command line |",
        "|---|---|---|---|---|",
    ]
    name = "completeness" if options.load == "all" else f"completeness_{Path(options.load).name}"
    keep(name, "\n".join([*head, *(f"| {' | '.join(map(str, row))} |" for row in rows)]), raw)


if __name__ == "__main__":
    main()
