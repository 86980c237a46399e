"""One start after another, as bare as can be: started by a shell of a few hundred KB, watched from outside, ended with all it started.

exec is the moment at which the held shell is let go; it then reads a byte and execs, which takes about a tenth of a millisecond.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.clock import now_ns
from godyno.errors import CommandNotExecutable, NotAvailableHere, UsageError
from godyno.machine.cgroups import Group
from godyno.machine.guardian import Guardian
from godyno.machine.listeners import ports_of
from godyno.machine.pagecache import mapped_files
from godyno.model import Record
from godyno.studies.startup.listening import Listening, descends_from, own
from godyno.studies.startup.watching import ENDED, LATE, READY, Output, Reached, wait_until_ready
from godyno.workload.launcher import find_command
from godyno.workload.limited import Limits, limited_group
from godyno.workload.ready import EXIT, GRPC, LISTEN, Ready
from godyno.workload.ready.asking import is_taken

# echo and read are built into the shell, so that it moves itself and waits itself: for a line on its standard input.
_HELD = 'while [ "$1" != -- ]; do echo 0 > "$1" || exit 126; shift; done; shift; read -r go || exit 125; exec "$@" </dev/null'
_TERM_S, _KILL_S = 2.0, 5.0
_BETWEEN_S = 0.02
_FREE_S = 3.0


@dataclass(frozen=True, slots=True)
class Start(Record):
    """One start. Times are CLOCK_MONOTONIC ns; ``outcome`` is ready, ended (before it was ready) or late (it never was)."""

    t_exec_ns: int
    t_ready_ns: int
    doubt_ns: int
    outcome: str
    how: str = ""
    exit_code: int = 0
    signal: int = 0
    said: str = ""  # the last of its output, and of what was asked
    lines: tuple[tuple[int, str], ...] = ()  # of stderr, where they were wanted
    files: tuple[str, ...] = ()  # mapped or open when it was ready
    ports: tuple[int, ...] = ()  # where it listened when patience ended

    @property
    def took_s(self) -> float:
        """Seconds from exec to ready."""
        return (self.t_ready_ns - self.t_exec_ns) * 1e-9


@dataclass
class Starter:
    """Starts ``argv`` again and again. A context manager: nothing that it started outlives it, nor a godyno that is killed."""

    argv: Sequence[str]
    ready: Ready
    timeout_s: float
    limits: Limits = field(default_factory=Limits)
    cwd: str = ""

    def __enter__(self) -> Starter:
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.file = find_command(self.argv[0] if self.argv else "")
            if self.ready.kind == GRPC:
                from godyno.workload.ready import grpc_health

                if not grpc_health.available():
                    raise NotAvailableHere(
                        "gRPC's health cannot be asked without the package h2",
                        hint="pip install 'godyno[grpc]'",
                    )
            self.group = stack.enter_context(_group(self.limits))
            self._pgid = stack.enter_context(_guarded_session()) if self.group is None else None
            self.listening: Listening | None = None
            with contextlib.suppress(NotAvailableHere):
                self.listening = Listening()
                stack.callback(self.listening.close)
            if self.ready.kind == LISTEN and self.listening is None:
                raise NotAvailableHere(
                    "Whether a program listens anywhere is told by the kernel to root only",
                    hint="Say where: --ready tcp:PORT, a URL, grpc:PORT, log:REGEX or exit.",
                )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(
        self, *, env: Mapping[str, str | None] | None = None, before: Callable[[], None] = lambda: None,
        want_lines: bool = False, want_files: bool = False,
    ) -> Start:  # fmt: skip
        """One start, from exec to ready or to the end of patience, and the end of all that it started.

        ``before`` is called when everything is prepared (to make the caches cold). Raises UsageError where somebody else listens
        there, CommandNotExecutable.
        """
        self._wait_for_port()
        lines: list[tuple[int, str]] = []

        def keep(t_ns: int, stream: str, text: str) -> None:
            if want_lines and stream == "stderr":
                lines.append((t_ns, text))

        gate, release = os.pipe()
        process = self._spawn(env or {}, gate)
        assert process.stdout and process.stderr
        output = Output({process.stdout.fileno(): "stdout", process.stderr.fileno(): "stderr"}, keep)
        ended_fd = os.pidfd_open(process.pid)
        try:
            if self.listening:
                list(self.listening.take(own))  # of the start before
            before()
            t_exec_ns = now_ns()
            os.write(release, b"\n")
            reached = wait_until_ready(self.ready, ended_fd, own, output, self.timeout_s, self.listening)
            files = mapped_files(process.pid) if want_files and reached.outcome == READY else ()
            ports = tuple(ports_of(descends_from(process.pid))) if reached.outcome == LATE else ()
        finally:
            os.close(release)
            self._end(process, ended_fd, output)
            os.close(ended_fd)
            process.stdout.close()
            process.stderr.close()
        code = process.returncode
        return self._told(t_exec_ns, reached, code, output, tuple(lines), files, ports)

    def _told(
        self, t_exec_ns: int, reached: Reached, code: int, output: Output, lines: tuple[tuple[int, str], ...],
        files: tuple[str, ...], ports: tuple[int, ...],
    ) -> Start:  # fmt: skip
        if code in (126, 127) and reached.outcome == ENDED and not lines:
            text = output.said.decode("utf-8", "replace").strip()
            raise CommandNotExecutable(f"{self.argv[0]} cannot be started: {text[-300:]}")
        outcome = reached.outcome
        if self.ready.kind == EXIT and code != 0 and outcome == READY:
            outcome = ENDED
        said = output.said.decode("utf-8", "replace")[-2000:]
        if reached.said:
            said = f"{said.rstrip()}\n(asked, it said: {reached.said})".lstrip()
        return Start(
            t_exec_ns, reached.t_ns, reached.doubt_ns, outcome, reached.how, max(code, 0), max(-code, 0), said, lines, files, ports
        )  # fmt: skip

    def _spawn(self, changes: Mapping[str, str | None], gate: int) -> subprocess.Popen[bytes]:
        env = {**os.environ, **{key: value for key, value in changes.items() if value is not None}}
        for key in [key for key, value in changes.items() if value is None]:
            env.pop(key, None)
        places = [str(file) for file in self.group.procs_files()] if self.group else []
        argv = ["/bin/sh", "-c", _HELD, "sh", *places, "--", self.file, *self.argv[1:]]
        try:
            process = subprocess.Popen(
                argv, cwd=self.cwd or None, env=env, stdin=gate, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise CommandNotExecutable(
                f"{self.argv[0]} cannot be started: {error.strerror or error}"
            ) from error
        finally:
            os.close(gate)
        if self._pgid is not None:
            self._pgid(process.pid)
        return process

    def _end(self, process: subprocess.Popen[bytes], ended_fd: int, output: Output) -> None:
        """SIGTERM, patience while its output is read, then SIGKILL to everything that it started."""
        if process.poll() is None:
            process.terminate()
            poll = select.poll()
            for fd in (ended_fd, *output.open):
                poll.register(fd, select.POLLIN)
            deadline = time.monotonic() + _TERM_S
            while process.poll() is None and time.monotonic() < deadline:
                for fd, _ in poll.poll(50):
                    if fd in output.fds:
                        output.read(fd)
                        if fd not in output.open:
                            poll.unregister(fd)
        if self.group:
            self.group.kill(_KILL_S)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            self._pgid(0) if self._pgid else None
        process.wait()
        output.drain()

    def _wait_for_port(self) -> None:
        """The port of the start before is free again within a moment; else somebody else has it."""
        time.sleep(max(_BETWEEN_S, (self.limits.period_s if self.limits.cpus else 0.0)))
        deadline = time.monotonic() + _FREE_S
        while is_taken(self.ready):
            if time.monotonic() > deadline:
                raise UsageError(
                    f"Something listens on port {self.ready.port} already, so this would not be measured",
                    hint=f"End it (`ss -ltnp 'sport = :{self.ready.port}'` shows who), or choose another port.",
                )
            time.sleep(0.05)


def hint(start: Start, ready: Ready) -> str:
    """What to do where a start came to nothing, by what is known of it."""
    ended_well = start.outcome == ENDED and not start.exit_code and not start.signal
    if ready.kind == LISTEN and ended_well:
        return "It listened nowhere. For a command that ends by itself: --ready exit."
    if ready.kind == EXIT and start.outcome == ENDED:
        return "With --ready exit it has to end with exit code 0: mend what it says, or start it so that it does."
    if start.ports and ready.port and ready.port not in start.ports:
        at = ", ".join(str(port) for port in start.ports)
        return f"It listens on port {at}, not on {ready.port}: --ready tcp:{start.ports[0]}."
    if ready.port and start.outcome == LATE and not start.ports:
        return "It listened nowhere until then. Say with --timeout how long to wait, or with --ready what else counts."
    return "Say with --ready what counts as ready, and with --timeout how long to wait for it."


def failure(start: Start, argv: Sequence[str], ready: Ready, timeout_s: float) -> str:
    """Why a start came to nothing, with the last of its output, in words for its user."""
    name = Path(argv[0]).name
    if start.outcome == LATE:
        what = f"{name} was not ready within {timeout_s:g} s: waited until {ready.meant}"
    elif start.signal:
        what = f"{name} was killed by signal {start.signal} ({signal.strsignal(start.signal)}) before it was ready"
    else:
        what = f"{name} ended with exit code {start.exit_code} before it was ready"
    tail = start.said.strip().splitlines()[-8:]
    return what + ("; its last output:\n    " + "\n    ".join(tail) if tail else "; it said nothing")


@contextlib.contextmanager
def _group(limits: Limits) -> Iterator[Group | None]:
    """A cgroup, or None where none can be made and no limit was asked for."""
    with contextlib.ExitStack() as stack:
        group: Group | None = None
        try:
            group = stack.enter_context(limited_group(limits))
        except NotAvailableHere:
            if limits.memory_bytes is not None or limits.cpus is not None:
                raise
        yield group


@contextlib.contextmanager
def _guarded_session() -> Iterator[Callable[[int], None]]:
    """Says which session a guardian is to end, should godyno be killed."""
    shared = mmap.mmap(-1, 8)

    def kill() -> None:
        (pgid,) = struct.unpack("q", shared[:8])
        if pgid:
            with contextlib.suppress(OSError):
                os.killpg(pgid, signal.SIGKILL)

    def tell(pgid: int) -> None:
        shared[:8] = struct.pack("q", pgid)

    guardian = Guardian(kill)
    try:
        yield tell
    finally:
        guardian.dismiss()
