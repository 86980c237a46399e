"""From the addresses of a call chain to functions, files and lines. Runs when sealing, on the machine that recorded.

Go code is named by its pclntab (inlined frames included; a stripped binary has it too), other code by its ELF symbols, the
kernel by /proc/kallsyms. What cannot be named keeps its address within its binary, so that it is still one place.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from godyno.errors import FormatError
from godyno.probes.kernel.perf_records import Found, Life, Mapping_, Name

Frame = tuple[str, str, int, str]  # function, file, line, binary

_CONTEXT_FIRST = (1 << 64) - 4095  # PERF_CONTEXT_*: markers among the addresses of a chain
_CONTEXT_USER = (1 << 64) - 512  # of which this stands before the program's part, the last
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_KERNEL_SYMBOLS = "kernel_symbols.json"
_MOST_BINARY_BYTES = 2 << 30
_MOST_BINARIES = 32
_VDSO = "[vdso]"
_STT_FUNC, _STT_GNU_IFUNC = 2, 10
_KERNEL_HALF = 1 << 63
_TOO_FAR = 1 << 20  # beyond the last symbol before it, an address belongs to something else


class GoTable(Protocol):
    """What is asked of a pclntab."""

    def frames(self, address: int) -> Sequence[Any]:
        """The source positions at an address, innermost first; each has function, file and line."""


class Mapped:
    """The executable mappings of one process, as they stand at some moment.

    ``version`` is the same for the processes of one program that have the same code at the same addresses.
    """

    __slots__ = ("starts", "version", "where")

    def __init__(self, other: Mapped | None = None) -> None:
        self.starts: list[int] = list(other.starts) if other else []
        self.where: list[tuple[int, int, str, int]] = list(other.where) if other else []
        self.version = 0

    def layout(self) -> tuple[tuple[int, tuple[int, int, str, int]], ...]:
        """What lies where, without the vdso: its place is drawn for each process, and no other code is found at it by chance."""
        return tuple(one for one in zip(self.starts, self.where, strict=True) if one[1][2] != _VDSO)

    def add(self, start: int, length: int, offset: int, path: str, inode: int) -> None:
        """A new mapping hides what it covers."""
        end = start + length
        kept = [(s, w) for s, w in zip(self.starts, self.where, strict=True) if w[0] <= start or s >= end]
        kept.append((start, (end, offset, path, inode)))
        kept.sort()
        self.starts = [s for s, _ in kept]
        self.where = [w for _, w in kept]

    def find(self, address: int) -> tuple[str, int, int] | None:
        """The file at an address, its inode, and the offset in it."""
        index = bisect_right(self.starts, address) - 1
        if index < 0:
            return None
        end, offset, path, inode = self.where[index]
        return (path, inode, address - self.starts[index] + offset) if address < end else None


class Spaces:
    """The mappings of every process, moved on by the records as they come; ``names`` are the threads' names."""

    def __init__(self) -> None:
        self.by_pid: dict[int, Mapped] = {}
        self.names: dict[int, str] = {}
        self._versions: dict[tuple[tuple[int, tuple[int, int, str, int]], ...], int] = {}

    def of(self, pid: int) -> Mapped:
        """The mappings of ``pid`` now."""
        found = self.by_pid.get(pid)
        if found is None:
            found = self.by_pid[pid] = Mapped()
            self._changed(found)
        return found

    def apply(self, record: Found) -> None:
        """Takes a record into account; those that change nothing are passed over."""
        if isinstance(record, Mapping_):
            self.map(record.pid, record.start, record.length, record.offset, record.path, record.inode)
        elif isinstance(record, Name):
            self.names[record.tid] = record.name
            if record.exec:
                self.by_pid[record.pid] = Mapped()
                self._changed(self.by_pid[record.pid])
        elif isinstance(record, Life) and record.kind == "fork":
            self.names[record.tid] = self.names.get(record.parent_tid, self.names.get(record.parent, ""))
            if record.pid != record.parent:
                self.by_pid[record.pid] = Mapped(self.by_pid.get(record.parent))
                self._changed(self.by_pid[record.pid])

    def map(self, pid: int, start: int, length: int, offset: int, path: str, inode: int) -> None:
        """Adds one mapping."""
        space = self.of(pid)
        space.add(start, length, offset, path, inode)
        self._changed(space)

    def _changed(self, space: Mapped) -> None:
        space.version = self._versions.setdefault(space.layout(), len(self._versions))


class Symbolizer:
    """Names addresses. ``folder`` keeps the kernel's names that were needed, ``copies`` holds programs that were deleted."""

    def __init__(self, folder: Path, copies: Path, same_boot: bool, began_s: float = 0.0) -> None:
        self.folder, self.copies, self.same_boot, self.began_s = folder, copies, same_boot, began_s
        self.missing: dict[str, str] = {}  # binary to why its functions have no names
        self._binaries: dict[tuple[str, int], _Binary | None] = {}
        self._kernel: _Kernel | None = None
        # A build's stacks hold millions of addresses, of which some ten thousand differ.
        self._ids: dict[int, dict[int, bytes]] = {}  # by a mapping's version and a key of _keys
        self._in_kernel: dict[int, Frame] = {}

    def frames(self, chain: bytes, space: Mapped) -> list[Frame]:
        """The frames of a raw call chain, leaf first."""
        return [frame for key in _keys(chain) for frame in self._at(key, space)]

    def ids(self, chain: bytes, space: Mapped, ids_of: Callable[[Sequence[Frame]], bytes]) -> bytes:
        """The frames of a raw call chain, leaf first, as ``ids_of`` gives them for each address, which is asked once."""
        known, keys = self._ids.setdefault(space.version, {}), _keys(chain)
        try:
            return b"".join(map(known.__getitem__, keys))
        except KeyError:
            for key in keys:
                if key not in known:
                    known[key] = ids_of(self._at(key, space))
            return b"".join(map(known.__getitem__, keys))

    def place(self, address: int, space: Mapped) -> tuple[Frame, ...]:
        """The frames at one user address: several where functions were inlined."""
        where = space.find(address)
        if where is None:
            return ((f"{address:#x}", "", 0, "[unmapped]"),)
        path, inode, offset = where
        binary = self._binary(path, inode)
        return binary.frames(offset) if binary else ((f"+{offset:#x}", "", 0, path),)

    def close(self) -> None:
        """Keeps the kernel's names that were needed beside the records, so that these can be read elsewhere."""
        if self._kernel is not None and self._kernel.used and self.folder.is_dir():
            try:
                (self.folder / _KERNEL_SYMBOLS).write_text(json.dumps(self._kernel.used))
            except OSError:
                pass  # the names are in the tables

    def _at(self, key: int, space: Mapped) -> tuple[Frame, ...]:
        # A return address may be the first of the next line, or of the next function: one less is within the call.
        address = ~key if key < 0 else key - 1
        return (self._kernel_frame(address),) if address >= _KERNEL_HALF else self.place(address, space)

    def _kernel_frame(self, address: int) -> Frame:
        found = self._in_kernel.get(address)
        if found is None:
            if self._kernel is None:
                self._kernel = _Kernel(self.folder / _KERNEL_SYMBOLS, self.same_boot)
                if self._kernel.why_not:
                    self.missing["[kernel]"] = self._kernel.why_not
            found = self._in_kernel[address] = self._kernel.frame(address)
        return found

    def _binary(self, path: str, inode: int) -> _Binary | None:
        key = (path, inode)
        if key not in self._binaries:
            try:
                self._binaries[key] = _binary(path, inode, self.copies, self.same_boot, self.began_s)
            except (OSError, FormatError, ValueError) as error:
                self._binaries[key] = None
                if not path.startswith(("//anon", "[")):
                    self.missing[path] = str(error.strerror if isinstance(error, OSError) else error)
        return self._binaries[key]


def _keys(chain: bytes) -> list[int]:
    """The addresses of a raw call chain without the markers among them; that at which something ran, not a return address, as ~address."""
    numbers: list[int] = memoryview(chain).cast("Q").tolist()
    if _CONTEXT_USER in numbers:
        user = numbers.index(_CONTEXT_USER) + 1
        if max(numbers[user:], default=0) >= _KERNEL_HALF:
            # Code without frame pointers leads the walk of a program's stack astray: from an address of the kernel's on it is none.
            del numbers[next(at for at in range(user, len(numbers)) if numbers[at] >= _KERNEL_HALF) :]
    markers = [index for index, number in enumerate(numbers) if number >= _CONTEXT_FIRST]
    for index in (*reversed(markers), -1):  # the first behind a marker, or of all
        if index + 1 < len(numbers) and numbers[index + 1] >= 0:
            numbers[index + 1] = ~numbers[index + 1]
        if index >= 0:
            del numbers[index]
    return numbers


# Several probes name addresses of the same programs when a capture is sealed.
@lru_cache(maxsize=_MOST_BINARIES)
def _binary(path: str, inode: int, copies: Path, same_boot: bool, began_s: float) -> _Binary:
    return _Binary(path, _contents(path, inode, copies, same_boot, began_s))


def forget_programs() -> None:
    """Lets go of the programs and the kernel's names that were read."""
    _binary.cache_clear()
    kernel_symbols.cache_clear()


def _contents(path: str, inode: int, copies: Path, same_boot: bool, began_s: float) -> bytes:
    if path == _VDSO:
        if not same_boot:
            raise FormatError("the vdso of another boot")
        return own_vdso()
    kept = copies / str(inode)
    if kept.is_file() and not kept.is_symlink():
        with kept.open("rb") as file:
            return file.read()
    if not path.startswith("/") or not same_boot:
        raise FormatError("the program is not on this machine any more")
    with Path(path.removesuffix(" (deleted)")).open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_ino != inode and status.st_ctime > began_s:
            raise FormatError("another program has its place now")
        if status.st_size > _MOST_BINARY_BYTES or not os.path.isfile(file.fileno()):  # noqa: PTH113
            raise FormatError("not a file of a program's size")
        return file.read()


class _Binary:
    """One program or library."""

    def __init__(self, path: str, data: bytes) -> None:
        from godyno.formats.elf import elf
        from godyno.formats.pclntab import pclntab

        self.path = path
        self._elf = elf(data)
        self._cache: dict[int, tuple[Frame, ...]] = {}
        self._go: GoTable | None = None
        try:
            self._go = pclntab(data)
        except FormatError:
            pass  # not Go: its ELF symbols are asked
        self._symbols: _Symbols | None = None  # of a Go program few are asked, if any

    def frames(self, offset: int) -> tuple[Frame, ...]:
        """The frames at an offset of the file."""
        found = self._cache.get(offset)
        if found is None:
            found = self._cache[offset] = self._find(offset)
        return found

    def _find(self, offset: int) -> tuple[Frame, ...]:
        address = self._elf.address_of(offset)
        if address is None:
            return ((f"+{offset:#x}", "", 0, self.path),)
        if self._go is not None:
            try:
                found = self._go.frames(address)
            except (FormatError, ValueError, IndexError):
                found = ()
            if found:
                return tuple((one.function, one.file, one.line, self.path) for one in found)
        if self._symbols is None:
            self._symbols = _function_symbols(self._elf)
        return ((self._symbols.name(address) or f"+{address:#x}", "", 0, self.path),)


class _Symbols:
    """Functions by address; their names are read when they are asked for, as programs have a hundred thousand."""

    def __init__(self, starts: Any, sizes: Any, names: Any, text: bytes) -> None:
        self._starts, self._sizes, self._names, self._text = starts, sizes, names, text

    def name(self, address: int) -> str:
        """The function at ``address``; empty where there is none."""
        index = int(self._starts.searchsorted(address, "right")) - 1
        if index < 0:
            return ""
        size = int(self._sizes[index])
        inside = not size or address < int(self._starts[index]) + size
        return _text(self._text, int(self._names[index])) if inside else ""


def _function_symbols(elf: Any) -> _Symbols:
    """The functions in .symtab, or in .dynsym where that was stripped."""
    import numpy as np

    none = np.zeros(0, "<u8")
    if elf.pointer != 8 or elf.order != "<":
        return _Symbols(none, none, none, b"")
    layout = np.dtype(
        [
            ("name", "<u4"),
            ("info", "u1"),
            ("other", "u1"),
            ("section", "<u2"),
            ("value", "<u8"),
            ("size", "<u8"),
        ]
    )
    for table, strings in ((".symtab", ".strtab"), (".dynsym", ".dynstr")):
        section, names = elf.section(table), elf.section(strings)
        if section is None or names is None:
            continue
        data = bytes(elf.contents(section))
        rows = np.frombuffer(data, layout, count=len(data) // layout.itemsize)
        kind = rows["info"] & 0xF
        rows = rows[((kind == _STT_FUNC) | (kind == _STT_GNU_IFUNC)) & (rows["section"] != 0)]
        if not len(rows):
            continue
        rows = rows[np.argsort(rows["value"], kind="stable")]
        starts, sizes, offsets = (rows[name].copy() for name in ("value", "size", "name"))
        return _Symbols(starts, sizes, offsets, bytes(elf.contents(names)))
    return _Symbols(none, none, none, b"")


def _text(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset, offset + 65536)
    return data[offset:end].decode("utf-8", "backslashreplace") if 0 <= offset < end else "?"


class _Kernel:
    """The kernel's functions: of this boot by /proc/kallsyms, else those that were kept when the capture was sealed first."""

    def __init__(self, kept: Path, same_boot: bool) -> None:
        self.used: dict[str, tuple[str, str]] = {}
        self.why_not = ""
        self._kept: dict[str, tuple[str, str]] = {}
        self._starts: list[int] = []
        self._names: list[tuple[str, str]] = []
        if same_boot:
            self._starts, self._names = kernel_symbols()
            if not self._starts:
                self.why_not = (
                    "the kernel hides its addresses; `sudo sysctl kernel.kptr_restrict=0` shows them"
                )
        if not self._starts:
            try:
                found = json.loads(kept.read_bytes())
                self._kept = {str(k): (str(v[0]), str(v[1])) for k, v in found.items()}
                self.why_not = "" if self._kept else self.why_not
            except (OSError, ValueError, AttributeError, TypeError, IndexError, RecursionError):
                self.why_not = self.why_not or "the kernel's names of that boot were not kept"

    def frame(self, address: int) -> Frame:
        """The function at a kernel address."""
        index = bisect_right(self._starts, address) - 1
        if index >= 0 and address - self._starts[index] < _TOO_FAR:
            name, module = self._names[index]
            self.used[f"{address:x}"] = (name, module)
            return (name, "", 0, module)
        name, module = self._kept.get(f"{address:x}", (f"{address:#x}", "[kernel]"))
        return (name, "", 0, module)


@lru_cache(maxsize=1)
def kernel_symbols(file: Path = Path("/proc/kallsyms")) -> tuple[list[int], list[tuple[str, str]]]:
    """Addresses and (function, module) of the running kernel, sorted; nothing where they are hidden (all zero)."""
    rows: list[tuple[int, str, str]] = []
    try:
        with file.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                fields = line.split()
                if len(fields) >= 3 and fields[1] in "tTwW" and (address := _hex(fields[0])):
                    rows.append((address, fields[2], fields[3] if len(fields) > 3 else "[kernel]"))
    except OSError:
        return [], []
    rows.sort()
    return [row[0] for row in rows], [(row[1], row[2]) for row in rows]


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


def own_vdso() -> bytes:
    """The vdso that the kernel gave this process: every process of this boot has the same. Raises OSError."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith("[vdso]"):
            low, _, high = line.split()[0].partition("-")
            with Path("/proc/self/mem").open("rb", buffering=0) as memory:
                memory.seek(int(low, 16))
                return memory.read(int(high, 16) - int(low, 16))
    raise FileNotFoundError(2, "this kernel gives no vdso")


def existing_mappings(pid: int) -> list[list[Any]]:
    """The executable mappings of a running process: [pid, start, length, offset, inode, path]. Raises OSError."""
    out: list[list[Any]] = []
    with open(f"/proc/{pid}/maps", "rb") as lines:  # noqa: PTH123
        for line in lines:
            fields = line.split(None, 5)
            if len(fields) < 5 or b"x" not in fields[1]:
                continue
            low, _, high = fields[0].partition(b"-")
            path = fields[5].rstrip(b"\n").decode("utf-8", "surrogateescape") if len(fields) > 5 else "//anon"
            out.append(
                [pid, int(low, 16), int(high, 16) - int(low, 16), int(fields[2], 16), int(fields[4]), path]
            )
    return out


def recorded_here(manifest: Mapping[str, Any]) -> bool:
    """Whether this is the machine that recorded, not restarted since."""
    recorder = manifest.get("recorder")
    found = recorder.get("boot_id") if isinstance(recorder, dict) else ""
    try:
        return bool(found) and found == _BOOT_ID.read_text().strip()
    except OSError:
        return False
