"""A reference command of godyno's own: four parts that each lean on one thing, timed from inside. Runs as a script, needs only Python.

``computing`` stays in registers and first-level cache, ``memory`` streams through more than any cache and faults fresh pages in,
``calls`` enters the kernel, ``files`` reads from the page cache and writes through to the disk. Prints one JSON object: seconds of wall and
CPU of each part in each round, and ``late_s``, how much later than asked 0.1 ms sleeps end (timer slack, and who stands in the way).
"""

from __future__ import annotations

import json
import os
import sys
import time

PARTS = ("computing", "memory", "calls", "files")
# Units of work of each part that take about 10 ms on a present-day processor; ``scale`` multiplies them.
UNITS = {"computing": 120_000, "memory": 3, "calls": 20_000, "files": 4}
_BLOCK = 4 << 20
_TABLE = bytes(255 - value for value in range(256))


def argv(directory: str, scale: float = 1.0, rounds: int = 2, parts: tuple[str, ...] = PARTS) -> list[str]:
    """How it is started; ``directory`` is where ``files`` keeps its file. Ten milliseconds of it are the interpreter's start."""
    return [sys.executable, "-I", "-S", __file__, directory, repr(scale), str(rounds), *parts]


def _computing(units: int, directory: str) -> None:
    value = 1
    for _ in range(units):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF


def _memory(units: int, directory: str) -> None:
    for _ in range(units):
        bytearray(_BLOCK).translate(_TABLE)


def _calls(units: int, directory: str) -> None:
    for _ in range(units):
        os.getppid()


def _files(units: int, directory: str) -> None:
    path = os.path.join(directory, "yardstick.data")  # noqa: PTH118  pathlib would double the start
    for index in range(units):
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            while file.read(1 << 20):
                pass
        with open(path + str(index), "wb", buffering=0) as file:  # noqa: PTH123
            file.write(b"x" * 16384)
            os.fsync(file.fileno())


_WORK = {"computing": _computing, "memory": _memory, "calls": _calls, "files": _files}


def prepare(directory: str) -> None:
    """Makes the file that ``files`` reads, once."""
    path = os.path.join(directory, "yardstick.data")  # noqa: PTH118
    if not os.path.exists(path):  # noqa: PTH110
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(os.urandom(_BLOCK))
            os.fsync(file.fileno())


def main() -> None:
    """One process: ``rounds`` times every part."""
    directory, scale, rounds = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    parts = sys.argv[4:] or list(PARTS)
    prepare(directory)
    out = []
    for _ in range(rounds):
        seen = {}
        for part in parts:
            units = max(1, round(UNITS[part] * scale))
            wall, cpu = time.perf_counter(), time.process_time()
            _WORK[part](units, directory)
            seen[part] = [time.perf_counter() - wall, time.process_time() - cpu]
        out.append(seen)
    late = []
    for _ in range(10):
        began = time.perf_counter()
        time.sleep(1e-4)
        late.append(time.perf_counter() - began - 1e-4)
    print(json.dumps({"rounds": out, "late_s": late}))


if __name__ == "__main__":
    main()
