"""Starting a command so that nothing of its life is missed: forked, placed, held before exec until every probe is attached."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Callable, Mapping

from godyno.errors import CommandNotExecutable, CommandNotFound

_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores these


def find_command(name: str, path: str | None = None) -> str:
    """The file that a shell would run for ``name``. Raises CommandNotFound or CommandNotExecutable."""
    if not name:
        raise CommandNotFound(
            "There is no command to record", hint="Write it behind `--`: godyno record -- go build ./..."
        )
    found = shutil.which(name, path=path)
    if found:
        return found
    if os.path.isdir(name) and os.sep in name:  # noqa: PTH112
        raise CommandNotExecutable(f"{name} is a directory", hint="Name the program to run.")
    if os.sep in name and os.path.exists(name):  # noqa: PTH110
        raise CommandNotExecutable(f"{name} may not be executed", hint=f"If it is a program: chmod +x {name}")
    raise CommandNotFound(
        f"{name}: command not found", hint="Check the name and PATH; godyno runs it without a shell."
    )


class Held:
    """A forked child that waits. ``release`` lets it exec; ``pid`` can be attached to until then.

    ``in_child`` runs in the child first (it places itself in a cgroup); ``channels`` maps its descriptors 1 and 2.
    """

    def __init__(
        self,
        argv: tuple[str, ...],
        env: Mapping[str, str],
        cwd: str,
        descriptors: Mapping[int, int],
        mask: set[int],
        in_child: Callable[[], None],
    ) -> None:
        file = find_command(argv[0], env.get("PATH"))
        gate, self._gate = os.pipe()
        self._status, status = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(gate)
            os.close(status)
            return
        try:
            os.close(self._gate)
            for target, source in descriptors.items():
                os.dup2(source, target, inheritable=True)
            for number in _RESTORED:
                signal.signal(number, signal.SIG_DFL)
            if (
                signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
            ):  # nohup-like parents ignore it on purpose
                signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            in_child()
            if cwd:
                os.chdir(cwd)
            if not os.read(gate, 1):
                os._exit(0)  # the recorder died or gave up before it let go
            os.execve(file, argv, dict(env))
        except OSError as error:
            os.write(status, str(error.errno or errno.EIO).encode())
        finally:
            os._exit(127)

    def release(self) -> None:
        """Lets it exec. Raises CommandNotExecutable where the kernel refuses."""
        os.write(self._gate, b"x")
        os.close(self._gate)
        answer = os.read(self._status, 16)
        os.close(self._status)
        if answer:
            code = int(answer)
            raise CommandNotExecutable(
                f"The command cannot be started: {os.strerror(code)}",
                hint="A script needs a `#!` line; a binary must be of this machine's architecture.",
            )

    def abandon(self) -> None:
        """Ends it without an exec."""
        os.close(self._gate)
        os.close(self._status)
        os.waitpid(self.pid, 0)
