"""What each measure of the shield gains on this machine, and the smallest change that N runs see here.

python benchmarks/shield.py [--minutes 7]
"""

from __future__ import annotations

import argparse

from arms import keep
from godyno.studies.noise.api import measure_noise
from godyno.studies.noise.table import text


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=7.0)
    options = parser.parse_args()
    found = measure_noise(for_s=60 * options.minutes)
    shown = text(found, "the reference (computing, memory, system calls, files)")
    keep("shield", f"```text\n{shown}```", found.as_json())


if __name__ == "__main__":
    main()
