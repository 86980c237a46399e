"""From the looks of the probe ``waits`` to rows. Runs when sealing.

``goroutine_seen``  spans: a goroutine of a program that has no execution trace, as long as every look saw it in one state at one place;
                    stacks: where it waited, or was in a system call, in seconds, at the moment from which on it was seen there
``thread_seen``     the same of a thread that was blocked in the kernel, of programs that are not Go's
``goroutine``       spans: its life, as far as it was seen, named by the function it was started with
``look``            events: each look at a process; of threads with how many of them ran or were ready (``running``), and whether
                    its program was still being loaded (``loading``); of goroutines with whether packages were (``initialising``)
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from godyno.formats.syscall_names import syscall_name
from godyno.interfaces import Sink
from godyno.probes.kernel.stacks import HOLDER, began_s
from godyno.probes.kernel.symbols import Frame, Mapped, Symbolizer, recorded_here
from godyno.probes.runtime.goroutine_memory import STATES
from godyno.probes.runtime.waits import FILE

_STATES = frozenset(STATES.values())
_KERNEL_LINE = re.compile(r"\[<[0-9a-fx]*>\]\s+([^\s+]+)")
_PREFIXES = {"x86_64": "__x64_sys_", "aarch64": "__arm64_sys_"}
_MOST_ROWS = 2_000_000
_MOST_NS = 1 << 62


def decode_looks(raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
    """Writes what the looks of ``raw`` saw; nothing where there are none. Whatever a stranger's file holds is passed over, and counted."""
    try:
        file = (raw / FILE).open("rb")
    except OSError:
        return
    with file:
        decoder = _Decoder(raw, sink, manifest)
        for line in file:
            decoder.take(line)
        decoder.finish()


class _Decoder:
    def __init__(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        self.sink = sink
        self.symbols = Symbolizer(
            raw, raw.parent / HOLDER / "binaries", recorded_here(manifest), began_s(manifest)
        )
        self.machine = ""
        self.chains: dict[int, bytes] = {}
        self.blocked: dict[int, tuple[Frame, ...]] = {}
        self.spaces: dict[int, Mapped] = {}
        # By process, since a build has thousands of them: what there is of one is dropped with it.
        self.states: dict[int, dict[str, dict[int, _Seen]]] = {}
        self.last: dict[int, int] = {}  # its last look
        self.lives: dict[int, dict[int, list[Any]]] = {}
        self.stacks: dict[int, dict[tuple[int, int], int]] = {}
        self.roots: dict[int, dict[int, str]] = {}
        self.rows = self.damaged = 0

    def take(self, line: bytes) -> None:
        try:
            self._take(json.loads(line))
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            OverflowError,
            struct.error,
            RecursionError,
            AttributeError,
        ):
            self.damaged += 1

    def _take(self, row: Any) -> None:
        kind = row[0]
        if kind == "a":
            self.machine = str(row[1])
        elif kind == "c":
            self.chains[int(row[1])] = struct.pack(f"<{len(row[2])}Q", *row[2])
        elif kind == "k":
            names = _KERNEL_LINE.findall(str(row[2]))
            self.blocked[int(row[1])] = tuple((name, "", 0, "[kernel]") for name in names)
        elif kind == "w":
            self.blocked[int(row[1])] = self._by_channel(str(row[2]))
        elif kind == "m":
            self._process(int(row[2]), int(row[1]), row[4])
        elif kind in ("g", "t"):
            marks = ("running", "loading") if kind == "t" else ("initialising",)
            args = {name: _whole(value) for name, value in zip(marks, row[5:], strict=False)}
            self._look(kind, int(row[1]), int(row[2]), row[3], row[4], args)

    def _by_channel(self, text: str) -> tuple[Frame, ...]:
        """What a wait channel and the number of a call tell, in the form of a stack."""
        number, _, channel = text.partition(" ")
        frames = [(channel, "", 0, "[kernel]")] if channel.isidentifier() else []
        if number.isdecimal():
            name = syscall_name(int(number), self.machine)
            frames.append((_PREFIXES.get(self.machine, "__x64_sys_") + name, "", 0, "[kernel]"))
        return tuple(frames)

    def _process(self, pid: int, t_ns: int, mappings: Any) -> None:
        """A process, or a new program in it."""
        self._leave(pid, t_ns)
        space = self.spaces[pid] = Mapped()
        for start, length, offset, inode, path in mappings:
            space.add(int(start), int(length), int(offset), str(path), int(inode))
        self.stacks.pop(pid, None)
        self.roots.pop(pid, None)

    def _look(self, kind: str, t_ns: int, pid: int, changed: Any, gone: Any, args: Mapping[str, Any]) -> None:
        if not 0 < t_ns < _MOST_NS:
            raise ValueError(t_ns)
        self.last[pid] = t_ns
        layer = "goroutine_seen" if kind == "g" else "thread_seen"
        self.sink.event(t_ns, "look", str(pid), layer, pid, 0, args)
        known = self.states.setdefault(pid, {}).setdefault(layer, {})
        for number in gone:
            if (was := known.pop(int(number), None)) is not None:
                self._write(pid, layer, was, t_ns)
        for row in changed:
            seen = (
                _Seen(t_ns, row)
                if kind == "g"
                else _Seen(t_ns, [row[0], "blocked", "", row[0], 0, row[1], 0, 0])
            )
            was = known.get(seen.number)
            known[seen.number] = seen
            if was is not None:
                self._write(pid, layer, was, t_ns)
            if kind == "g":
                life = self.lives.setdefault(pid, {}).setdefault(
                    seen.number, [t_ns, t_ns, seen.root, seen.parent]
                )
                life[1] = t_ns

    def _leave(self, pid: int, t_ns: int) -> None:
        end = self.last.get(pid, t_ns)
        for layer, known in self.states.pop(pid, {}).items():
            for seen in known.values():
                self._write(pid, layer, seen, max(seen.t_ns, end))
        for number, (first, last, root, parent) in self.lives.pop(pid, {}).items():
            args = {"seen": True, **({"parent": parent} if parent > 0 else {})}
            name = self._root(pid, root) or "?"
            self.sink.span(first, max(first, last, end), "goroutine", f"{pid}/{number}", name, pid, 0, args)

    def _write(self, pid: int, layer: str, seen: _Seen, t_end_ns: int) -> None:
        if self.rows >= _MOST_ROWS or self._aside(pid, seen):
            return  # the runtime's own wait all the time, for nothing
        self.rows += 1
        stack = self._stack(pid, seen)
        args = {"reason": seen.reason} if seen.reason else {}
        track = f"{pid}/{seen.number}"
        self.sink.span(seen.t_ns, t_end_ns, layer, track, seen.state, pid, seen.thread, args)
        if stack and (seen.blocked or seen.state in ("waiting", "syscall")):
            goroutine = seen.number if layer == "goroutine_seen" else 0
            self.sink.sample(
                seen.t_ns, layer, stack, (t_end_ns - seen.t_ns) * 1e-9, pid, seen.thread, goroutine
            )

    def _stack(self, pid: int, seen: _Seen) -> int:
        known, key = self.stacks.setdefault(pid, {}), (seen.chain, seen.blocked)
        found = known.get(key)
        if found is None:
            frames = list(self.blocked.get(seen.blocked, ()))
            space = self.spaces.get(pid)
            if seen.chain and space is not None:
                frames += self.symbols.frames(self.chains.get(seen.chain, b""), space)
            found = known[key] = self.sink.stack(frames) if frames else 0
        return found

    def _root(self, pid: int, address: int) -> str:
        known, space = self.roots.setdefault(pid, {}), self.spaces.get(pid)
        if address not in known:
            known[address] = (
                self.symbols.place(address, space)[-1][0] if address and space is not None else ""
            )
        return known[address]

    def _aside(self, pid: int, seen: _Seen) -> bool:
        """Whether it is one of the runtime's own goroutines, but for the main one and what an iter.Pull pulls from."""
        root = self._root(pid, seen.root)
        return root.startswith("runtime.") and seen.number != 1 and root != "runtime.corostart"

    def finish(self) -> None:
        for pid in list(dict.fromkeys([*self.states, *self.lives])):
            self._leave(pid, self.last.get(pid, 0))
        self.symbols.close()
        if self.symbols.missing:
            self.sink.note("unnamed", dict(list(self.symbols.missing.items())[:50]))
        if self.damaged > 1:  # the last line of a killed recorder is torn
            self.sink.warn(f"{self.damaged} records of what goroutines waited for could not be read.")
        if self.rows >= _MOST_ROWS:
            self.sink.warn(
                "More was seen of what goroutines waited for than a capture holds: the rest was left out."
            )


class _Seen:
    """What a look saw of a goroutine or a thread, and since when."""

    __slots__ = ("blocked", "chain", "number", "parent", "reason", "root", "state", "t_ns", "thread")

    def __init__(self, t_ns: int, row: Iterator[Any] | list[Any]) -> None:
        self.t_ns = t_ns
        number, state, reason, thread, chain, blocked, parent, root = row
        self.number, self.thread, self.parent, self.root = (
            _whole(one) for one in (number, thread, parent, root)
        )
        self.state = state if state in _STATES else "blocked"
        self.reason, self.chain, self.blocked = str(reason), int(chain), int(blocked)


def _whole(value: Any) -> int:
    found = int(value)
    if not 0 <= found < 1 << 63:
        raise ValueError(value)
    return found
