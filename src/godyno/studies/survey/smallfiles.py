"""How fast small files are where Go keeps its caches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from godyno.errors import GodynoError
from godyno.model import Machine
from godyno.studies.survey.records import SmallFiles

_SECONDS = 1.0  # for each file system


def small_files(places: Mapping[str, Path], machine: Machine) -> tuple[SmallFiles, ...]:
    """Measured once for each file system: two directories of one disk do not differ."""
    from godyno.machine.storage import small_file_ops

    filesystems = {disk.purpose: (disk.filesystem, disk.device) for disk in machine.disks}
    measured: dict[tuple[str, str], SmallFiles] = {}
    found = []
    for purpose, path in places.items():
        key = filesystems.get(purpose, ("", str(path)))
        if key in measured:
            found.append(replace(measured[key], purpose=purpose, path=str(path)))
            continue
        try:
            one = SmallFiles(purpose, str(path), small_file_ops(path, _SECONDS), key[0])
        except (OSError, GodynoError) as error:
            one = SmallFiles(purpose, str(path), None, key[0], str(error))
        measured[key] = one
        found.append(one)
    return tuple(found)
