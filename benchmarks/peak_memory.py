"""Peak memory of a process tree: what godyno, psrecord, procpath and /usr/bin/time -v say of the same run.

All watch one and the same build, so no noise lies between them. The truth is the kernel's own high-water mark of the build's cgroup,
which only godyno reads; resident memory of all processes at once, which psrecord and procpath sample, leaves out the page cache that
the cgroup counts, so the highest sampled anonymous memory stands beside it.

    python benchmarks/peak_memory.py [--load std|MODULE_DIRECTORY]     (needs benchmarks/requirements.txt)
"""

from __future__ import annotations

import argparse
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arms import keep
from godyno.capture.reader import open_capture

BIN = Path(sys.executable).parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--load", default="std")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="godyno-peak-"))
    build = f"GOCACHE={scratch}/gocache go build -a std"
    if options.load != "std":
        build = f"cd {options.load} && GOCACHE={scratch}/gocache go build -o {scratch}/out/ ./..."
    timed = f"echo $$ > {scratch}/pid; exec /usr/bin/time -v -o {scratch}/time sh -c '{build}'"
    recorder = subprocess.Popen(
        [sys.executable, "-m", "godyno", "record", "-q", "-o", str(scratch / "c"), "--", "sh", "-c", timed],
        stdin=subprocess.DEVNULL,
    )
    while not (scratch / "pid").exists() or not (scratch / "pid").read_text().strip():
        time.sleep(0.01)
    pid = (scratch / "pid").read_text().strip()
    psrecord = subprocess.Popen(
        [
            str(BIN / "psrecord"),
            pid,
            "--interval",
            "0.1",
            "--include-children",
            "--log",
            str(scratch / "psrecord"),
        ],
        stdout=subprocess.DEVNULL,
    )
    procpath = subprocess.Popen(
        [str(BIN / "procpath"), "record", "-i", "0.1", "-d", str(scratch / "procpath.sqlite"), "--stop-without-result",
         f"$..children[?(@.stat.pid == {pid})]"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    recorder.wait()
    psrecord.wait()
    procpath.wait()
    with open_capture(scratch / "c.dyno") as capture:
        peak, notes = capture.manifest.peak, capture.manifest.probe("cgroup")
        assert peak is not None
        assert notes is not None
        resident = capture.sql(
            "WITH p AS (SELECT round(t_ns / 1e8) AS tick, series_id, max(value) AS v FROM points JOIN series USING (series_id)"
            " WHERE name = 'process.memory.usage' GROUP BY ALL) SELECT max(s) AS m FROM (SELECT tick, sum(v) AS s FROM p GROUP BY tick)"
        )["m"][0].as_py()
        largest = capture.sql(
            "SELECT max((args->>'rss_peak_bytes')::BIGINT) AS m FROM spans WHERE layer = 'process'"
        )["m"][0].as_py()
    said = re.search(r"Maximum resident set size \(kbytes\): (\d+)", (scratch / "time").read_text())
    assert said is not None
    log = [line.split() for line in (scratch / "psrecord").read_text().splitlines()[1:] if line.split()]
    with sqlite3.connect(scratch / "procpath.sqlite") as database:
        (pages,) = database.execute(
            "SELECT max(s) FROM (SELECT sum(stat_rss) AS s FROM record GROUP BY ts)"
        ).fetchone()
    exact = peak.value_bytes
    rows = [
        ("godyno: the tree's peak", peak.source, exact),
        (
            "godyno: anonymous memory of the tree",
            "highest of 10 samples a second",
            notes.notes.get("highest_anon_seen_bytes", 0),
        ),
        ("godyno: resident, all processes at once", "highest of 10 samples a second", resident),
        (
            "psrecord --include-children",
            "highest of its samples, 10 a second asked",
            max(float(row[2]) for row in log) * (1 << 20),
        ),
        ("procpath", "highest of its samples, 10 a second asked", pages * 4096),
        ("/usr/bin/time -v", "the largest single process", int(said[1]) * 1024),
        ("godyno: the largest single process", "the kernel's accounting", largest),
    ]
    table = ["| who | by what | MB | of the tree's peak |", "|---|---|---|---|"]
    table += [f"| {who} | {what} | {value / 1e6:.0f} | {value / exact:.1%} |" for who, what, value in rows]
    keep(
        f"peak_memory_{Path(options.load).name}",
        "\n".join([f"`{options.load}`, one run watched by all", "", *table]),
        rows,
    )
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
