"""The directory of a kept study: new, gone on with, or refused because it is another one."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from godyno.errors import FormatError, UsageError
from godyno.machine import read_machine
from godyno.model import Record
from godyno.studies.bench.arms import Side
from godyno.studies.bench.pilot import Pilot
from godyno.studies.bench.settings import Settings
from godyno.studies.factors import Arm
from godyno.toolchain.versions import user_cache

TRIALS, STUDY_FILE = "trials.jsonl", "settings.json"
# What may differ when a study goes on; all else decides what a trial is.
_MAY_CHANGE = ("blocks", "budget_s", "margin", "gates", "why", "timeout_s", "alpha", "setup", "cleanup")


def open_place(out: Path | None, stack: contextlib.ExitStack) -> Path:
    """The directory ``out``, or a scratch one that goes with ``stack``. Raises UsageError where it holds something else."""
    if out is None:
        home = user_cache() / "bench"
        home.mkdir(parents=True, exist_ok=True)
        for left in home.glob("*-*"):  # of one that was killed
            pid = left.name.rpartition("-")[0].rpartition("-")[2]
            if pid.isdecimal() and not left.name.endswith("interrupted") and not Path("/proc", pid).exists():
                shutil.rmtree(left, ignore_errors=True)
        return Path(
            stack.enter_context(
                _removed(
                    tempfile.mkdtemp(prefix=f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-", dir=home)
                )
            )
        )
    if out.is_file():
        raise UsageError(f"{out} is a file", hint="Name a directory; a study there is continued.")
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()) and not (out / STUDY_FILE).exists() and not (out / "trees").exists():
        raise UsageError(
            f"{out} holds something else", hint="Name a new directory, or one of an earlier bench."
        )
    return out.absolute()


@contextlib.contextmanager
def _removed(path: str) -> Iterator[str]:
    """Removes the directory at the end, unless it was kept under another name."""
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def keep(place: Path) -> Path:
    """An interrupted study without a name: it stays where ``-o`` can go on with it."""
    target = place.with_name(f"{place.name}-interrupted")
    shutil.copytree(place, target, ignore=shutil.ignore_patterns("trees"))
    return target


def read_study(place: Path, settings: Settings) -> dict[str, Any]:
    """What is known of the study in ``place``; empty for a new one. Raises UsageError where it is another one."""
    file = place / STUDY_FILE
    if not file.exists():
        return {}
    try:
        known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        before = Settings.from_json(known["settings"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FormatError(f"{file} is not a study's: {error!r}", hint="Name a new directory.") from error
    for one in dataclasses.fields(Settings):
        old, new = getattr(before, one.name), getattr(settings, one.name)
        if one.name not in _MAY_CHANGE and old != new:
            raise UsageError(
                f"{place} holds a study with another {one.name}: {old!r}, not {new!r}",
                hint="Go on with the same options, or name another directory.",
            )
    return known


def known_pilot(known: Mapping[str, Any], pooled: str, place: Path) -> Pilot | None:
    """The pilot of the study that is gone on with. Raises UsageError where binaries, toolchains or the machine are others."""
    if not known:
        return None
    if known["pool"] != pooled:
        raise UsageError(
            f"{place} holds a study of other binaries, toolchains or another machine",
            hint="Code that changed is another arm: name another directory, and `godyno compare` the two.",
        )
    return Pilot.from_json(known["pilot"])


def write_study(place: Path, settings: Settings, pooled: str, found: Pilot, wanted: Sequence[Side]) -> None:
    """Keeps what a study is, so that it can be gone on with."""
    arms = {Arm(side.levels).name: side.name for side in wanted}
    write(
        place, STUDY_FILE,
        {"settings": settings.as_json(), "pool": pooled, "pilot": found.as_json(), "arms": arms,
         "machine": read_machine().as_json()},
    )  # fmt: skip


def write(place: Path, name: str, data: Record | dict[str, Any]) -> None:
    """Writes JSON so that a reader sees the old file or the whole new one."""
    scratch = place / f".{name}.tmp"
    text = json.dumps(data.as_json() if isinstance(data, Record) else data)
    # JSON has no infinity, but a number beyond every double, which is read as one.
    text = re.sub(r"(?<=[:\[,] )(-?)Infinity(?=[,\]}])", r"\g<1>1e999", text)
    scratch.write_text(text + "\n", encoding="utf-8")
    scratch.replace(place / name)
