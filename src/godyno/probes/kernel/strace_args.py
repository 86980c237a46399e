"""The arguments of chosen system calls, by strace: which files are opened, to what is connected. Only where asked for (``--args``).

strace stops a process at every traced call, so it is narrowed to the chosen ones by a seccomp filter: the others run at full
speed. It runs beside the command (``-DDD``), so that pid, signals and exit status stay the command's. Contents of buffers
are not recorded (``-s 0``), since they may hold secrets; paths and addresses are. It stamps with REALTIME, 20 to 350 µs late.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from godyno.clock import REALTIME, Bracket, Conversion
from godyno.errors import UsageError
from godyno.interfaces import SimpleProbe, Sink, Target
from godyno.model import Availability, Clock, Machine, Workload
from godyno.redact import redact_argv

OUTPUT = "strace.txt"
_YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
_CALL_NAME = re.compile(r"%?[a-z_][a-z0-9_]*")
# strace stamps when it gets to see the stop: 20 to 350 µs late, and later where it must wait for a CPU: 4 ms at the 99th
# percentile of a busy machine (benchmarks/alignment).
_LATE_NS = 5_000_000
_WAIT_S = 2.0
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


class StraceArgs(SimpleProbe):
    """Arguments of the calls named in ``calls`` (strace's names; ``%network`` and the like are classes of calls)."""

    name: ClassVar[str] = "strace_args"
    summary: ClassVar[str] = "arguments of chosen system calls: files opened, addresses connected to (--args)"
    tables: ClassVar[Mapping[str, Clock]] = {"spans": Clock.CONVERTED}
    levels: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, calls: Sequence[str] = ("openat", "connect", "bind")) -> None:
        self.calls = tuple(calls)

    def availability(self, machine: Machine) -> Availability:
        """Needs strace."""
        if machine.os not in ("", "linux"):
            return Availability(False, "strace is Linux's", "Record on Linux.")
        return _usable()

    def prepare(self, workload: Workload, raw: Path) -> Workload:
        """The same command below strace."""
        if not self.calls or not _usable():
            return workload
        unfit = [call for call in self.calls if not _CALL_NAME.fullmatch(call)]
        if unfit:
            raise UsageError(
                f"{unfit[0]!r} is no system call's name", hint="Write them as --args openat,connect,bind."
            )
        command = (
            "strace", "-DDD", "-f", "--seccomp-bpf", "-qq", "-s", "0", "--absolute-timestamps=format:unix,precision:ns",
            "--syscall-times=ns", "--signal=none", "-e", f"trace={','.join(self.calls)}", "-o", str(raw.absolute() / OUTPUT), "--",
        )  # fmt: skip
        return replace(workload, argv=(*command, *workload.argv))

    def start(self, target: Target, sink: Sink) -> None:
        """Makes the place for strace's output."""
        self.out = sink.raw(OUTPUT)
        sink.note("calls", list(self.calls))
        sink.note("alignment_error_ns", _LATE_NS)

    def stop(self) -> None:
        """The tracer writes a moment longer than the command lives: waits until nothing comes any more."""
        deadline, before = time.monotonic() + _WAIT_S, -1
        while time.monotonic() < deadline:
            try:
                size = self.out.stat().st_size
            except OSError:
                return
            if size == before:
                return
            before = size
            time.sleep(0.02)

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """Spans of layer ``syscall_args``."""
        from godyno.formats.strace import Strace, StraceCall

        file = raw / OUTPUT
        if not file.is_file():
            return
        conversion = _conversion(manifest)
        if conversion is None:
            sink.warn(
                "strace's times cannot be placed: the capture holds no reading of the clock that it used."
            )
            return
        strace = Strace()
        count = 0
        with file.open(encoding="utf-8", errors="surrogateescape") as lines:
            for event in strace.events(lines):
                if not isinstance(event, StraceCall):
                    continue
                start = conversion.monotonic_ns(event.at_ns)
                end = start + max(0, int((event.duration_s or 0.0) * 1e9))
                args: dict[str, Any] = {"args": redacted(event.args)}
                if event.result is not None:
                    args["result"] = event.result
                if event.error:
                    args["error"] = event.error
                # strace names the thread, not its process.
                sink.span(start, end, "syscall_args", str(event.pid), event.name, 0, event.pid, args)
                count += 1
        sink.note("seen", count)
        sink.note("alignment_error_ns", _LATE_NS + conversion.error_ns)
        if strace.not_understood:
            sink.note("lines_not_understood", strace.not_understood)


def _usable() -> Availability:
    if not shutil.which("strace"):
        return Availability(False, "strace is not installed", "sudo apt-get install strace")
    try:
        forbidden = _YAMA.read_text().strip() == "3"
    except OSError:
        forbidden = False  # a kernel without Yama
    if forbidden:
        return Availability(
            False, "kernel.yama.ptrace_scope is 3: no process may trace another", "Restart with it at 1."
        )
    return Availability(True)


def redacted(args: str) -> str:
    """A call's arguments with what looks like a secret in its strings taken out, as in a command line."""
    words = _QUOTED.findall(args)
    if not words:
        return args
    shown = iter(redact_argv(words))
    return _QUOTED.sub(lambda match: f'"{next(shown, "")}"', args)


def _conversion(manifest: Mapping[str, Any]) -> Conversion | None:
    found: list[Bracket] = []
    brackets = manifest.get("brackets")
    for one in brackets if isinstance(brackets, list | tuple) else ():
        if isinstance(one, dict) and one.get("clock") == REALTIME:
            values = [one.get(key) for key in ("t_ns", "offset_ns", "error_ns")]
            if all(isinstance(value, int) for value in values):
                found.append(Bracket(REALTIME, *(int(value) for value in values if value is not None)))
    return Conversion(found[0], found[-1]) if found else None
