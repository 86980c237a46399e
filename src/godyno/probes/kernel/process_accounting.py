"""What each process of the tree used in all, as taskstats tells at its exit."""

from __future__ import annotations

import struct
import time

from godyno.interfaces import Sink, Target
from godyno.probes.kernel import taskstats
from godyno.probes.kernel.process_tree import LivingProcesses
from godyno.probes.kernel.raw_files import append_to

_LENGTH = struct.Struct("<I")


class Accounting:
    """taskstats of the tree, kept as it came: ``raw/processes/taskstats``, each message behind its length.

    The kernel tells of every exit on the machine, which on a busy one is hundreds of megabytes an hour; what is not of the
    tree is dropped. A message may come before the record of the fork was read, so a stranger's waits for one look more.
    """

    def __init__(self, target: Target, sink: Sink, tree: LivingProcesses) -> None:
        self.listener = taskstats.Listener()
        self.target, self.sink, self.tree = target, sink, tree
        self.out = append_to(sink, "taskstats")
        self.strangers: list[tuple[int, bytes]] = []
        target.loop.every(1.0 / target.hz, lambda t_ns: self.take())

    def take(self) -> None:
        """Keeps what waits."""
        again, self.strangers = self.strangers, []
        ever = self.tree.ever
        for pid, message in again:
            if pid in ever:
                self.out.write(_LENGTH.pack(len(message)) + message)
        while messages := self.listener.take():
            for message in messages:
                pid = taskstats.process_of(message)
                if pid in ever:
                    self.out.write(_LENGTH.pack(len(message)) + message)
                elif pid:
                    self.strangers.append((pid, message))
        self.out.flush()

    def close(self) -> None:
        """Takes the rest. An exit is told a moment after the parent can know of it, so one is given that moment."""
        time.sleep(0.002)
        self.take()
        self.take()
        self.listener.close()
        self.out.close()
        if self.listener.overruns:
            self.sink.warn(
                "Some processes' totals are missing: the kernel's accounting came faster than it was read."
            )
