"""When a process begins to listen, from the kernel's tracepoint sock:inet_sock_set_state: exact, and nobody is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from godyno.errors import NotAvailableHere
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.milestones import STATE, listening
from godyno.probes.kernel.perf_records import Sample, records_in
from godyno.probes.kernel.tracepoints import tracepoint_ids

_PAGES = 8


class Listening:
    """Ports that processes of ours begin to listen on, from now on. Raises NotAvailableHere where the kernel does not tell."""

    def __init__(self) -> None:
        try:
            number = tracepoint_ids([STATE])[STATE]
            event = pe.Event("socket", pe.TYPE_TRACEPOINT, number, 1, pe.SAMPLE_RAW, kernel=True)
            self.rings = pe.Rings([event], pe.Scope("machine"), _PAGES, wakeup_bytes=1)
        except OSError as error:
            raise NotAvailableHere(
                "the kernel does not tell when something begins to listen", hint="Run it as root."
            ) from error
        self._events = {id_: (name, event.sample_type) for id_, name in self.rings.ids.items()}

    @property
    def fds(self) -> tuple[int, ...]:
        """Readable when there is something to take."""
        return tuple(ring.fd for ring in self.rings.rings)

    def take(self, ours: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
        """(t_ns, port) of each process that is ``ours``, by its pid."""
        for ring in self.rings.rings:
            for record in records_in(ring.take(), ring.cpu, self._events):
                found = listening(record.raw) if isinstance(record, Sample) else None
                if found is not None and isinstance(record, Sample) and ours(record.pid):
                    yield record.t_ns, found[1]

    def close(self) -> None:
        """Lets go."""
        self.rings.close()


def descends_from(ancestor: int) -> Callable[[int], bool]:
    """Whether a process is ``ancestor`` or below it."""

    def ours(pid: int) -> bool:
        for _ in range(64):
            if pid == ancestor:
                return True
            if pid <= 1:
                return False
            pid = _parent(pid)
        return False

    return ours


def own(pid: int) -> bool:
    """Whether this process started it, be it by others."""
    return descends_from(os.getpid())(pid)


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        return int(text.rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
