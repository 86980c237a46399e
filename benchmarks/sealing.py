"""What sealing a large capture costs: CPU seconds by probe, and the peak of resident memory.

    godyno record --level deep --no-seal -o cold.dyno -- go build ./cmd/caddy
    python benchmarks/sealing.py cold.dyno

The capture itself stays unsealed: a copy of it, by hard links, is sealed in this process.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from arms import keep
from godyno.capture.manifest import read_manifest
from godyno.capture.tables import TableWriter
from godyno.recorder import seal

_LEAST_S = 0.2


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    source = Path(sys.argv[1])
    copy = source.with_name(f"{source.name}.sealing")
    os.environ["GODYNO_STATE"] = str(copy / "state")
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-al", str(source), str(copy)], check=True)
    steps: list[tuple[str, float, int]] = []

    def timed(name: str, call: Any, *given: Any) -> Any:
        began = time.process_time()
        try:
            return call(*given)
        finally:
            steps.append((name, time.process_time() - began, resident_bytes()))

    decode, write = seal._decode, TableWriter.write
    seal._decode = lambda name, *given: timed(name, decode, name, *given)
    TableWriter.write = lambda self, directory: timed("writing the tables", write, self, directory)  # type: ignore[method-assign]
    result = read_manifest(source).result
    raw_bytes = sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
    began, wall = time.process_time(), time.monotonic()
    try:
        manifest = seal.seal(copy)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    cpu, wall = time.process_time() - began, time.monotonic() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    lines = [
        f"`{' '.join(manifest.workload.argv)}`, {result.wall_s if result else 0:.0f} s, {raw_bytes / 1e6:,.0f} MB of raw records: sealed "
        f"in {cpu:.1f} s of CPU, {wall:.1f} s; {peak / 1e9:.2f} GB resident at the peak.",
        "",
        "| step | CPU, s | resident after it, MB |",
        "|---|---:|---:|",
        *(
            f"| {name} | {cpu_s:.1f} | {size / 1e6:,.0f} |"
            for name, cpu_s, size in steps
            if cpu_s >= _LEAST_S
        ),
        "",
        "Rows: " + ", ".join(f"{name} {count:,}" for name, count in manifest.tables.items()) + ".",
    ]
    keep(
        "sealing",
        "# What sealing costs\n\n" + "\n".join(lines),
        {"cpu_s": cpu, "wall_s": wall, "peak_bytes": peak, "steps": steps},
    )


if __name__ == "__main__":
    main()
