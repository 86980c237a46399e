"""From a decoded trace's records to columns of a capture: names, stacks, tracks, times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from godyno.errors import FormatError

if TYPE_CHECKING:
    from godyno.formats.exectrace import DecodedTrace
    from godyno.interfaces import TableSink

Array = np.ndarray[Any, Any]
# Where these wait or call for a program's own code, the frame below says more.
_INNER = ("runtime.", "runtime/internal/", "internal/", "syscall.", "golang.org/x/sys/unix.", "sync.runtime_")


class Names:
    """Strings and stacks of a decoded trace, each looked up once."""

    def __init__(self, trace: DecodedTrace) -> None:
        self.strings = trace.strings().cast(pa.string())
        frames = trace.records("frames")
        order = np.lexsort((frames["depth"], frames["stack"]))
        self.frames = frames[order]
        if len(frames) and int(max(frames["function"].max(), frames["file"].max())) >= len(self.strings):
            raise FormatError("frames refer to strings that are not there", hint="Decode the trace again.")
        count = int(self.frames["stack"][-1]) + 1 if len(frames) else 0
        if count > len(frames) + 1:
            raise FormatError("frames are numbered out of order", hint="Decode the trace again.")
        self.first = np.searchsorted(self.frames["stack"], np.arange(count + 1))
        self._ids = np.zeros(count, np.int64)  # the sink's, 0 until it was asked for

    def of(self, index: Array) -> Any:
        """The strings with these numbers, as a dictionary array."""
        if len(index) and int(index.max()) >= len(self.strings):
            raise FormatError("a row refers to a string that is not there", hint="Decode the trace again.")
        return pa.DictionaryArray.from_arrays(index.astype(np.int32), self.strings)

    def functions(self, stack: int) -> list[str]:
        """The functions of a stack, leaf first."""
        if not 0 < stack < len(self._ids):
            return []
        rows = self.frames["function"][self.first[stack] : self.first[stack + 1]]
        return [self.strings[int(number)].as_py() for number in rows]

    def where(self, stack: int) -> str:
        """The innermost function that is not of the runtime or another inner part of Go."""
        functions = self.functions(stack)
        return next(
            (name for name in functions if not name.startswith(_INNER)), functions[0] if functions else ""
        )

    def root(self, stack: int) -> str:
        """The function that a goroutine with this stack was started with."""
        functions = self.functions(stack)
        return "main.main" if functions[-1:] == ["runtime.main"] else functions[-1] if functions else ""

    def stack_ids(self, sink: TableSink, stacks: Array) -> Array:
        """The sink's ids of these stacks; 0 where there is none."""
        for stack in np.unique(stacks).tolist():
            if 0 < stack < len(self._ids) and not self._ids[stack]:
                rows = self.frames[self.first[stack] : self.first[stack + 1]]
                self._ids[stack] = sink.stack(
                    [
                        (
                            self.strings[int(f["function"])].as_py(),
                            self.strings[int(f["file"])].as_py(),
                            int(f["line"]),
                            "",
                        )
                        for f in rows
                    ]
                )
        if not len(self._ids):
            return np.zeros(len(stacks), np.int64)
        return np.where(stacks < len(self._ids), self._ids[np.minimum(stacks, len(self._ids) - 1)], 0)


def times(records: Array, shift: int) -> dict[str, Array]:
    """Start and end of each row, on MONOTONIC; none ends before it begins."""
    start = records["t_start_ns"] + shift
    return {"t_start_ns": start, "t_end_ns": np.maximum(records["t_end_ns"] + shift, start)}


def numbered(pid: int, numbers: Array, between: str = "") -> Any:
    """``PID/NUMBER`` for each, as a dictionary."""
    unique, index = np.unique(numbers, return_inverse=True)
    return pa.DictionaryArray.from_arrays(
        index.astype(np.int32), pa.array([f"{pid}/{between}{one}" for one in unique.tolist()], pa.string())
    )


def taken(words: Any, index: Array) -> Any:
    """A word for each number, the last for those beyond."""
    index = np.minimum(index.astype(np.int32), len(words) - 1)
    return pa.DictionaryArray.from_arrays(index, pa.array(list(words), pa.string()))


def objects(**columns: Array) -> Any:
    """A JSON object of whole numbers for each row; negative ones ("none") are left out."""
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return pa.array(
        [
            "{" + ",".join(f'"{k}":{v}' for k, v in zip(columns, row, strict=True) if v >= 0) + "}"
            for row in rows
        ],
        pa.string(),
    )
