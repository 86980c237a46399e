"""A small process that puts settings back, and tidies up, when the one that changed them dies: kill -9 leaves nobody else to do it.

It is forked, and waits for its parent's death on a pidfd (a pipe alone would stay open in whatever else the parent forks). It is in a
session of its own and ignores what a terminal sends, so that neither Ctrl-C nor a kill of the parent's process group reaches it. It
shares the lock of ``machine.knobs`` with its parent: as long as it has not restored, no other godyno changes anything.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from godyno.machine.hierarchies import SLASH
from godyno.machine.knobs import Knobs
from godyno.machine.process_name import show_as

_DONE = b"d"
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)


class Guardian:
    """Calls ``restore`` in a process of its own when this one dies before ``dismiss``."""

    def __init__(self, restore: Callable[[], object]) -> None:
        theirs, self._line = os.pipe()
        ready, said = os.pipe()
        parent = os.getpid()
        with may_fork():
            self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._line)
                os.close(ready)
                _wait(theirs, parent, restore, said)
            finally:
                os._exit(0)
        os.close(theirs)
        os.close(said)
        os.read(ready, 1)  # nothing is changed before it is out of reach of what kills this process group
        os.close(ready)

    def dismiss(self) -> None:
        """All is restored already: it ends without doing anything."""
        if self._line < 0:
            return
        try:
            os.write(self._line, _DONE)
        except BrokenPipeError:
            pass  # somebody killed it
        os.close(self._line)
        self._line = -1
        os.waitpid(self.pid, 0)


@contextlib.contextmanager
def may_fork() -> Iterator[None]:
    """Python 3.12 warns of forks among threads, which numpy has; what is forked inside waits or execs and takes none of their locks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextlib.contextmanager
def guarded(root: Path = SLASH, state: Path | None = None) -> Iterator[Knobs]:
    """Knobs that are put back at the end, by a guardian if this process dies. Raises as ``Knobs`` does."""
    knobs = Knobs(root, state)
    try:
        guardian = Guardian(knobs.restore)
    except BaseException:
        knobs.restore()
        raise
    try:
        yield knobs
    finally:
        knobs.restore()
        guardian.dismiss()


def _wait(line: int, parent: int, restore: Callable[[], object], said: int) -> None:
    os.setsid()
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    os.close(said)
    os.chdir("/")
    show_as(b"dyno-guardian")  # a pkill of godyno by its name means its parent
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # a reader of the parent's output must not wait for this process
        os.dup2(null, descriptor)
    watched = select.poll()
    watched.register(line, select.POLLIN | select.POLLHUP)
    with contextlib.suppress(
        OSError
    ):  # before Linux 5.3 there is the pipe only; a parent that is gone is seen by it too
        watched.register(os.pidfd_open(parent), select.POLLIN)
    watched.poll()
    os.set_blocking(line, False)
    try:
        told = os.read(line, 1)
    except BlockingIOError:
        told = b""
    if told != _DONE:
        restore()
