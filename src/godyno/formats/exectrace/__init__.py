"""Go execution traces (Go 1.11 and newer) as tables, by way of a small Go program on golang.org/x/exp/trace.

The program (``toolchain.programs.trace_decoder`` builds it) writes files of fixed-size records, which numpy
maps directly. Instants are the trace's own: on Linux CLOCK_MONOTONIC in ns since Go 1.22, in steps of 64.

Tables: ``goroutine_states``, ``goroutines``, ``proc_states``, ``ranges`` (GC phases, stop-the-world, assists,
sweeps), ``tasks``, ``regions``, ``logs``, ``samples`` (CPU profile samples), ``metrics``, ``clocks``,
``frames``. States and ranges that are still open when the trace ends end there, with ``open`` = 1; one that
was open when it began starts at its first event.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from godyno.errors import FormatError

if TYPE_CHECKING:
    import numpy
    import pyarrow

GOROUTINE_STATES = ("undetermined", "not-exist", "runnable", "running", "waiting", "syscall")
PROC_STATES = ("undetermined", "not-exist", "running", "idle")
SCOPES = ("none", "goroutine", "proc", "thread")
NO_TASK = -1  # in task and parent

_TYPES = {
    "i8": "<i8", "u8": "<u8", "i4": "<i4", "u4": "<u4", "s": "<u4", "i2": "<i2", "s2": "<u2", "u1": "u1",
}  # fmt: skip
_NAMED = {
    "goroutine_states.state": GOROUTINE_STATES,
    "proc_states.state": PROC_STATES,
    "ranges.scope": SCOPES,
}


@dataclass(frozen=True, slots=True)
class DecodedTrace:
    """A decoded trace in its directory. ``ended_by`` is why reading stopped before the trace's end, or
    empty.
    """

    directory: Path
    events: int
    t_first_ns: int
    t_last_ns: int
    ended_by: str
    rows: dict[str, int]
    columns: dict[str, tuple[tuple[str, str], ...]]
    string_count: int

    def records(self, table: str) -> numpy.ndarray[Any, Any]:
        """The table as a structured array, mapped from its file; strings as numbers into ``strings()``."""
        import numpy

        dtype = numpy.dtype([(name, _TYPES[kind]) for name, kind in self.columns[table]])
        count, path = self.rows[table], self.directory / table
        if not count:
            return numpy.zeros(0, dtype)
        if not path.is_file() or path.stat().st_size != count * dtype.itemsize:
            raise FormatError(f"{path} is not as long as meta.json says", hint="Decode the trace again.")
        return numpy.memmap(path, dtype, "r")

    def strings(self) -> pyarrow.Array:
        """All strings, by number."""
        import numpy
        import pyarrow

        path = self.directory / "strings.bytes"
        try:
            offsets = numpy.fromfile(self.directory / "strings.offsets", "<i8")
        except OSError as error:
            raise FormatError(f"{self.directory} holds no strings", hint="Decode the trace again.") from error
        data = path.read_bytes() if path.is_file() else b""
        if (
            len(offsets) != self.string_count + 1
            or offsets[0]
            or (numpy.diff(offsets) < 0).any()
            or offsets[-1] != len(data)
        ):
            raise FormatError(f"{self.directory} holds damaged strings", hint="Decode the trace again.")
        # Names come from the traced program: whatever is no UTF-8 is made so.
        texts = [data[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(offsets)]
        return pyarrow.array(texts, pyarrow.large_string())

    def table(self, name: str) -> pyarrow.Table:
        """The table with strings and the names of states and scopes in it (dictionary-encoded)."""
        import numpy
        import pyarrow

        records, strings, arrays = self.records(name), None, {}
        for column, kind in self.columns[name]:
            if column == "pad":
                continue
            values = numpy.ascontiguousarray(records[column])
            named = _NAMED.get(f"{name}.{column}")
            if kind in ("s", "s2"):
                strings = self.strings() if strings is None else strings
                _check(values, len(strings), name, column)
                arrays[column] = pyarrow.DictionaryArray.from_arrays(values.astype("<i4"), strings)
            elif named:
                _check(values, len(named), name, column)
                arrays[column] = pyarrow.DictionaryArray.from_arrays(
                    values.astype("<i4"), pyarrow.array(named)
                )
            elif column == "open":
                arrays[column] = pyarrow.array(values != 0)
            else:
                arrays[column] = pyarrow.array(values)
        return pyarrow.table(arrays)


def decode(program: Path, trace: Path, directory: Path, timeout_s: float = 3600.0) -> DecodedTrace:
    """Decodes the file ``trace`` with ``program`` into ``directory`` (made if need be). Raises FormatError.

    A trace that ends in its middle, as a killed program leaves it, is read up to there, and ``ended_by`` says
    so.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "meta.json").unlink(missing_ok=True)
    try:
        result = subprocess.run(
            [str(program), str(trace), str(directory)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise FormatError(f"Decoding {trace} did not end within {timeout_s:g} s") from error
    except OSError as error:
        raise FormatError(f"{program} cannot run: {error.strerror or error}") from error
    if result.returncode != 0:
        said = result.stderr.decode("utf-8", "replace").strip()
        # A crash of the decoder on hostile input prints goroutines; its first line says it.
        first = (
            said.splitlines()[0].removeprefix("exectrace: ") if said else f"it exits with {result.returncode}"
        )
        raise FormatError(
            f"{trace} cannot be decoded: {first[:400]}", hint="Is it whole, and of a Go that godyno knows?"
        )
    return read_decoded(directory)


def read_decoded(directory: Path) -> DecodedTrace:
    """What ``decode`` left in ``directory``. Raises FormatError where that is missing or damaged."""
    try:
        meta = json.loads((directory / "meta.json").read_bytes())
        if meta["exectrace"] != 1:
            raise FormatError(f"{directory} is of another version of godyno", hint="Decode the trace again.")
        tables = {
            str(name): (int(table["rows"]), tuple((str(c["name"]), str(c["type"])) for c in table["columns"]))
            for name, table in meta["tables"].items()
        }
        if any(kind not in _TYPES for _, columns in tables.values() for _, kind in columns):
            raise ValueError("a column of unknown type")
        if any("/" in name or name.startswith(".") or rows < 0 for name, (rows, _) in tables.items()):
            raise ValueError("a table of impossible name or size")
        return DecodedTrace(
            directory, int(meta["events"]), int(meta["t_first_ns"]), int(meta["t_last_ns"]), str(meta["ended_by"]),
            {name: rows for name, (rows, _) in tables.items()}, {name: columns for name, (_, columns) in tables.items()},
            int(meta["strings"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"{directory} holds no decoded trace: {error}", hint="Decode the trace again."
        ) from error


def _check(values: numpy.ndarray[Any, Any], count: int, table: str, column: str) -> None:
    if len(values) and int(values.max()) >= count:
        raise FormatError(f"{table}.{column} refers to what is not there", hint="Decode the trace again.")
