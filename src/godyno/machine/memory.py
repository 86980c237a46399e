"""Physical memory, swap and huge pages."""

from __future__ import annotations

import os
from pathlib import Path

from godyno.machine.hierarchies import SLASH, read_text
from godyno.model import Memory


def read_memory(root: Path = SLASH) -> Memory:
    """Memory by ``/proc/meminfo``; zeros where there is none."""
    values = meminfo_bytes(read_text(root / "proc/meminfo"))
    # Kernels before 3.14 have no MemAvailable; free and cached memory is what they offer instead.
    rough = values.get("MemFree", 0) + values.get("Cached", 0)
    return Memory(
        total_bytes=values.get("MemTotal", 0),
        available_bytes=values.get("MemAvailable", rough),
        swap_total_bytes=values.get("SwapTotal", 0),
        page_bytes=os.sysconf("SC_PAGE_SIZE"),
        transparent_hugepage=chosen(read_text(root / "sys/kernel/mm/transparent_hugepage/enabled")),
    )


def meminfo_bytes(text: str) -> dict[str, int]:
    """The lines of ``/proc/meminfo`` in bytes (they say kB and mean 1024); those that are counts are left
    out."""
    values = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isascii() and words[0].isdecimal():
            values[name] = int(words[0]) * 1024
    return values


def chosen(text: str) -> str:
    """The choice in brackets of a file like ``always [madvise] never``; empty where none is."""
    return text.partition("[")[2].partition("]")[0]
