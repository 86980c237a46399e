"""Sealing what a killed recorder left, and cleaning up after it."""

from __future__ import annotations

from pathlib import Path

from godyno.capture.manifest import Manifest, read_manifest
from godyno.errors import CaptureNotSealed
from godyno.machine.cgroups import sweep_stale
from godyno.recorder.identity import is_alive
from godyno.recorder.seal import seal


def recover(directory: Path) -> Manifest:
    """Seals the capture in ``directory`` from whatever its journals hold and gives its manifest.

    What a killed godyno left in the cgroup file system is removed too. Raises CaptureNotSealed where the recorder is
    still at work, CaptureNotFound, CaptureCorrupt, and OSError where the directory cannot be written.
    """
    manifest = read_manifest(directory)
    if manifest.state != "sealed" and is_alive(manifest.recorder):
        raise CaptureNotSealed(
            f"{directory} is still being recorded, by process {manifest.recorder.pid}",
            hint="Wait until the command has ended, or end the recorder.",
        )
    sweep_stale()
    return seal(directory, recovered=True)
