"""Command lines of processes, read while they live, without what looks like a secret: ``commands.jsonl``."""

from __future__ import annotations

import json

from godyno.clock import now_ns
from godyno.interfaces import Sink, Target
from godyno.probes.kernel.raw_files import append_to
from godyno.redact import redact_argv

_RETRIES_S = (0.0003, 0.001, 0.003)
_MOST_ARGV_BYTES = 1 << 14


class CommandLines:
    """Reads /proc/PID/cmdline right after an exec, again a little later where the kernel has not filled it in yet."""

    def __init__(self, target: Target, sink: Sink) -> None:
        self.loop = target.loop
        self.out = append_to(sink, "commands.jsonl")

    def read(self, pid: int, attempt: int = 0) -> None:
        """Keeps the command line of ``pid``, without what looks like a secret."""
        t_ns = now_ns()
        try:
            with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as file:  # noqa: PTH123  Path costs ten times the read
                data = file.read(_MOST_ARGV_BYTES)
            if not data:
                if attempt < len(_RETRIES_S):
                    self.loop.after(_RETRIES_S[attempt], lambda: self.read(pid, attempt + 1))
                return
            with open(f"/proc/{pid}/cgroup", "rb", buffering=0) as file:  # noqa: PTH123
                group = file.read(4096)
        except OSError:
            return
        argv = data.rstrip(b"\0").decode("utf-8", "surrogateescape").split("\0")
        kept = [_shortened(word) for word in redact_argv(argv)]
        groups = group.decode("utf-8", "surrogateescape").splitlines()
        memory = next((line for line in groups if ":memory:" in line), groups[-1] if groups else "")
        row = {"t": t_ns, "pid": pid, "argv": kept, "cgroup": memory.rpartition(":")[2]}
        self.out.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")

    def close(self) -> None:
        """Writes the rest."""
        self.out.close()


def _shortened(word: str) -> str:
    return word if len(word) <= 1024 else word[:1000] + f"… ({len(word)} characters)"
