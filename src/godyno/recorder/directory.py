"""The directory of a new capture."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from godyno.errors import UsageError
from godyno.model import Workload


def new_directory(out: Path | None, workload: Workload) -> Path:
    """A directory of that name that was not there before. Raises UsageError."""
    if out is not None:
        path = out if out.name.endswith(".dyno") else out.with_name(out.name + ".dyno")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            raise UsageError(
                f"{path} exists already", hint="Choose another name with -o, or remove it."
            ) from None
        except OSError as error:
            raise UsageError(
                f"{path} cannot be made: {error.strerror}", hint="Choose another place with -o."
            ) from error
        return path
    words = [Path(workload.argv[0]).name, *(w for w in workload.argv[1:2] if w.isalnum())]
    stem = f"{'-'.join(words)}-{time.strftime('%Y%m%d-%H%M%S')}"
    for attempt in range(1, 1000):
        path = Path(f"{stem}.dyno" if attempt == 1 else f"{stem}-{attempt}.dyno")
        try:
            path.mkdir()
            return path
        except FileExistsError:
            continue  # two recordings began in one second
        except OSError as error:
            raise UsageError(
                f"{path} cannot be made here: {error.strerror}", hint="Choose another place with -o."
            ) from error
    raise UsageError(f"{stem}.dyno and 999 more exist already", hint="Choose a name with -o.")


def remove_unused(directory: Path) -> None:
    """Removes the directory of a capture that came to nothing."""
    shutil.rmtree(directory, ignore_errors=True)
