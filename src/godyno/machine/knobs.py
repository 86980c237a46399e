"""Settings of the machine that are changed for a measurement, and put back byte for byte, whatever happens to godyno.

Every change is written to a journal, and synced to disk, before it is made. Who changes holds a lock, which a second godyno finds taken.
A guardian process (``machine.guardian``) waits for the death of the one that changes and then restores from the journal; where both were
killed, the next godyno does, or ``godyno restore``. After a restart of the machine there is nothing to undo: these settings live in the
running kernel only, so a journal of another boot is dropped. A setting that somebody else changed meanwhile is left as he set it.
"""

from __future__ import annotations

import base64
import dataclasses
import errno
import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from godyno.errors import NotAvailableHere
from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.memory import chosen
from godyno.model import Record
from godyno.state import KNOBS_JOURNAL, knobs_pending, state_directory

JOURNAL, LOCK = KNOBS_JOURNAL, "knobs.lock"


@dataclass(frozen=True, slots=True)
class Change(Record):
    """A setting as it was and as it was to become. ``path`` is below the root; ``before`` is base64 of the file's bytes."""

    path: str
    before: str
    value: str

    @property
    def before_bytes(self) -> bytes:
        """What the file held."""
        return base64.b64decode(self.before)


@dataclass(frozen=True, slots=True)
class Restored(Record):
    """How putting one setting back went; ``problem`` is empty where the file holds the same bytes as before."""

    path: str
    problem: str = ""


class Knobs:
    """Holds the lock and the journal from its making to ``restore``. Raises NotAvailableHere where another godyno holds them.

    What a killed godyno left is restored first; ``left`` says what that was.
    """

    def __init__(self, root: Path = SLASH, state: Path | None = None) -> None:
        self.root, self.state = root, Path(state or state_directory())
        self._journal = -1
        self._lock = _lock(self.state)
        if self._lock < 0:
            raise NotAvailableHere(
                "Another godyno has changed settings of this machine",
                hint="Wait for it to end; it puts them back. `godyno restore` says more.",
            )
        self.left = _restore_from(self.root, self.state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def set(self, path: str, value: str) -> str:
        """Changes the setting in the file ``path`` (below the root); why that could not be done, or empty."""
        return self.set_all([(path, value)])[0]

    def set_all(self, wanted: Sequence[tuple[str, str]]) -> list[str]:
        """Changes several settings; for each, why that could not be done, or empty.

        The journal's lines are on disk, by one sync for all, before any file is touched.
        """
        problems = [""] * len(wanted)
        changes: list[tuple[int, Change]] = []
        for at, (path, value) in enumerate(wanted):
            name = path.lstrip("/")
            try:
                before = (self.root / name).read_bytes()
            except OSError as error:
                problems[at] = f"/{name}: {os.strerror(error.errno or 0)}"
                continue
            if _says(before) != value:
                changes.append((at, Change(name, base64.b64encode(before).decode(), value)))
        try:
            self._append([change for _, change in changes])
        except OSError as error:  # what cannot be journalled is not changed
            for at, change in changes:
                problems[at] = f"/{change.path}: no journal: {os.strerror(error.errno or 0)}"
            return problems
        for at, change in changes:
            try:
                self._carry_out(change)
            except OSError as error:
                problems[at] = f"/{change.path}: {os.strerror(error.errno or 0)}"
        return problems

    def _carry_out(self, change: Change) -> None:
        file = self.root / change.path
        _write(file, change.value.encode())
        became = _says(file.read_bytes())
        if (
            became != change.value
        ):  # the kernel writes it in its own way, which must not be taken for somebody else's
            self._append([dataclasses.replace(change, value=became)])

    def restore(self) -> list[Restored]:
        """Puts everything back, drops the journal and the lock; more than once does no harm."""
        if self._lock < 0:
            return []
        self._close_journal()
        done = _restore_from(self.root, self.state)
        os.close(self._lock)
        self._lock = -1
        return done

    def _append(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        if self._journal < 0:
            path = self.state / JOURNAL
            self._journal = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            head = {"boot_id": _boot_id(), "pid": os.getpid(), "root": str(self.root)}
            os.write(self._journal, json.dumps(head).encode() + b"\n")
            _sync_directory(self.state)
        lines = "".join(json.dumps(change.as_json()) + "\n" for change in changes)
        if os.write(self._journal, lines.encode()) < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._journal)

    def _close_journal(self) -> None:
        if self._journal >= 0:
            os.close(self._journal)
            self._journal = -1


def restore_left(root: Path = SLASH, state: Path | None = None) -> list[Restored] | None:
    """Restores what a killed godyno left; None where one that lives holds the lock."""
    state = Path(state or state_directory())
    if not knobs_pending(state):
        return []
    lock = _lock(state)
    if lock < 0:
        return None
    try:
        return _restore_from(root, state)
    finally:
        os.close(lock)


def _restore_from(root: Path, state: Path) -> list[Restored]:
    """Undoes the journal, last change first, then removes it. What could not be undone stays in it."""
    path = state / JOURNAL
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    lines.pop()  # what follows the last newline was never whole, so its change was never made
    changes = []
    same_boot = True
    for line in lines:
        try:
            data = json.loads(line)
            if "boot_id" in data:
                same_boot = data["boot_id"] == _boot_id()
            else:
                changes.append(Change.from_json(data))
        except (ValueError, TypeError):
            continue  # damaged by a power cut; then the boot is another one too
    done = _put_all_back(root, changes) if same_boot else []
    failed = {one.path for one in done if one.problem and not one.problem.startswith("left")}
    if failed:
        return done
    path.unlink(missing_ok=True)
    _sync_directory(state)
    return done


def _put_all_back(root: Path, changes: list[Change]) -> list[Restored]:
    """Each setting once, the last changed first: to what it was before its first change, from whatever it was set to."""
    before: dict[str, Change] = {}
    ours: dict[str, set[str]] = {}
    for change in changes:
        before.setdefault(change.path, change)
        ours.setdefault(change.path, set()).add(change.value)
    return [_put_back(root, before[path], ours[path]) for path in reversed(before)]


def _put_back(root: Path, change: Change, ours: set[str]) -> Restored:
    parts = Path(change.path).parts
    if ".." in parts or Path(change.path).is_absolute():
        return Restored(change.path, "left alone: no path of a setting")
    file, before = root / change.path, change.before_bytes
    try:
        now = file.read_bytes()
        if now == before:
            return Restored(change.path)
        if now and _says(now) not in ours:
            return Restored(change.path, f"left as somebody else set it meanwhile: {_says(now)!r}")
        _write(file, _writable(before))
        now = file.read_bytes()
    except FileNotFoundError:
        return Restored(change.path, "left: it is gone (a processor or device was taken away)")
    except OSError as error:
        return Restored(change.path, os.strerror(error.errno or 0))
    return Restored(change.path, "" if now == before else f"it says {_says(now)!r}, not {_says(before)!r}")


def _says(data: bytes) -> str:
    """The value in a settings file: the bracketed word of a choice, else the text."""
    text = data.decode("utf-8", "surrogateescape").strip()
    return chosen(text) or text


def _writable(before: bytes) -> bytes:
    """What is written to get ``before`` back: a choice is set by its one word."""
    return chosen(before.decode("utf-8", "surrogateescape").strip()).encode() or before


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)


def _lock(state: Path) -> int:
    """The lock's descriptor, -1 where it is taken. Children by fork share the lock; what is exec'd does not."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o755)
        descriptor = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NotAvailableHere(
            f"No journal can be kept in {state}: {os.strerror(error.errno or 0)}",
            hint="Settings are changed only where they can be put back; run it as root.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return -1
    return descriptor


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _boot_id() -> str:
    return read_text(SLASH / "proc/sys/kernel/random/boot_id").strip()
