"""``--instrument``: a file more in a Go program's build, by the toolchain's own ``-overlay``, that tells what its runtime does.

The user's tree is not touched and no package but the programs' own is compiled anew: the file is added to package main, or to
the tests of each tested package. A program built so does nothing more than before unless GODYNO_INSTRUMENT names a directory.

So that the last events are not lost, the file adds itself to what the runtime calls at exit. That list is an internal variable:
its shape is read in the sources of the very toolchain that builds, and left alone where it is another. Since Go 1.23 the linker
wants ``-checklinkname=0`` for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from godyno.formats.gocommand import go_command
from godyno.model import Workload

KINDS = ("trace", "metrics", "cpu", "heap", "allocs", "mutex", "block", "goroutine")
DEFAULT_KINDS = (
    "trace",
    "metrics",
    "cpu",
    "heap",
    "allocs",
    "goroutine",
)  # mutex and block profiles slow each lock
DIRECTORY_VARIABLE, KINDS_VARIABLE, MOST_VARIABLE = (
    "GODYNO_INSTRUMENT",
    "GODYNO_INSTRUMENT_WITH",
    "GODYNO_INSTRUMENT_MOST",
)
# A capture often lies in the module that it is of: where a name begins with _, go looks for no packages.
OVERLAY, SOURCES, DATA = "overlay.json", "_source", "data"
MOST_TRACE_BYTES = 256 << 20
# How old the last events of a killed program may be that are not lost: the tracer hands out what it has at this pace.
_ADVANCE = "traceadvanceperiod=200000000"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to add to a go command.

    ``sources`` maps a name of ours to a file's text, ``overlay`` a path of the build to such a name; ``theirs`` is the user's
    own overlay. ``flags`` go beside the overlay's, ``file`` to the files that ``go run`` was given. ``packages`` are those
    that are instrumented, ``warnings`` what is less than whole. A plan without an overlay is for a program that was
    instrumented when it was built.
    """

    flags: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    overlay: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = DEFAULT_KINDS
    warnings: tuple[str, ...] = ()

    def apply(self, workload: Workload, raw: Path) -> Workload:
        """The workload with the overlay, which ``write`` puts below ``raw``, and with the directory to write to. Pure."""
        raw = raw.absolute()
        environment = {
            **workload.env, DIRECTORY_VARIABLE: str(raw / DATA), KINDS_VARIABLE: ",".join(self.kinds),
            MOST_VARIABLE: str(MOST_TRACE_BYTES),
        }  # fmt: skip
        debug = environment["GODEBUG"] if "GODEBUG" in environment else os.environ.get("GODEBUG")
        if "trace" in self.kinds and "traceadvanceperiod" not in (debug or ""):
            environment["GODEBUG"] = ",".join(filter(None, (debug, _ADVANCE)))
        command = go_command(workload.argv)
        if command is None or not self.overlay:
            return replace(workload, env=environment)
        for flag, value in {**self.flags, "overlay": str(raw / OVERLAY)}.items():
            command = command.with_flag(flag, value)
        if self.file:
            command = command.with_word(self.file)
        return replace(workload, argv=command.argv, env=environment)

    def write(self, raw: Path) -> None:
        """Writes the sources and the overlay, and makes the folder for what programs tell. Raises OSError."""
        (raw / DATA).mkdir(parents=True, exist_ok=True)
        if not self.overlay:
            return
        (raw / SOURCES).mkdir(exist_ok=True)
        for name, text in self.sources.items():
            (raw / SOURCES / name).write_text(text)
        ours = {path: str((raw / SOURCES / name).absolute()) for path, name in self.overlay.items()}
        (raw / OVERLAY).write_text(json.dumps({"Replace": {**self.theirs, **ours}}, indent=1))
