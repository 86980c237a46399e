"""A capture as one zip, to send to somebody."""

from __future__ import annotations

import zipfile
from pathlib import Path

from godyno.capture.manifest import read_manifest
from godyno.errors import CaptureNotSealed, UsageError


def pack(directory: Path, out: Path | None = None) -> Path:
    """Writes the sealed capture in ``directory`` to ``NAME.dyno.zip`` (or ``out``) and gives its path.

    Parquet is compressed already and is stored as it is. Raises CaptureNotFound, CaptureNotSealed, CaptureCorrupt,
    UsageError where the file exists, OSError.
    """
    if read_manifest(directory).state != "sealed":
        raise CaptureNotSealed(f"{directory} is not sealed", hint=f"`godyno recover {directory}` seals it.")
    target = out or directory.with_name(directory.name + ".zip")
    if target.exists():
        raise UsageError(f"{target} exists already", hint="Choose another name with -o, or remove it.")
    scratch = target.with_name(target.name + ".new")
    try:
        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(directory.rglob("*")):
                if path.is_symlink() or not path.is_file():
                    continue
                stored = zipfile.ZIP_STORED if path.suffix == ".parquet" else zipfile.ZIP_DEFLATED
                file.write(path, str(path.relative_to(directory)), compress_type=stored)
        scratch.rename(target)
    finally:
        scratch.unlink(missing_ok=True)
    return target
