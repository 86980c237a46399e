"""The command line: each command in a file of its own, imported only when it is called, so that ``--help`` is fast.

A command parses, calls the Python API, prints; nothing else. Errors of godyno's own tree end it with one sentence, the
hint below it, and the error's exit code.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click

from godyno import __version__
from godyno.errors import GodynoError, OutputError, UsageError
from godyno.prose import printable
from godyno.state import knobs_pending

# A full disk, a place that is another user's: no bug of godyno, whatever did not foresee it.
_OF_THE_MACHINE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EIO,
)

# name -> one line for --help; the module is godyno.cli.NAME (with _ for -), the command in it is `command`.
COMMANDS = {
    "survey": "Is this machine enough for Go, and for this module?",
    "studies": "List the studies: what each answers, how long it takes, what it needs.",
    "study": "Run a study: a question about Go, answered by planned runs.",
    "bench": "Compare benchmarks or commands, interleaved, until decided.",
    "compare": "Compare what was measured before: benchmark files, captures, studies.",
    "noise": "How noisy is this machine, why, and what would help?",
    "record": "Run a command and keep what it did in a capture.",
    "attach": "Record what already runs, without touching it.",
    "show": "What a capture shows.",
    "why": "Where a run's wall time went, and what would change it.",
    "report": "Write a capture's report as one HTML page or Markdown.",
    "export": "Write a capture in another tool's format, or send it there.",
    "exporter": "Serve recordings to Prometheus at /metrics.",
    "query": "Ask a capture in SQL.",
    "list": "List the captures in a directory.",
    "recover": "Seal what a killed recorder left.",
    "restore": "Put back settings that a killed godyno left changed.",
    "pack": "Put a capture into one zip.",
    "quota": "Is what runs held up by a CPU quota? Reads, and touches nothing.",
    "startup": "Why does it start slowly? From exec to ready, taken apart.",
    "modcache": "Are Go's caches whole, what does an error mean, how to share them?",
    "doctor": "What can be observed here, what not, why, and what would enable it.",
    "completion": "Print the completion script for your shell.",
}


@contextlib.contextmanager
def _reader() -> Iterator[None]:
    """Ends with 141 where who read the output went away."""
    try:
        yield
    except BrokenPipeError:
        _quiet()
        sys.exit(141)


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"godyno.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            meant = f" Did you mean {close[0]!r}?" if close else " `godyno --help` lists the commands."
            raise click.UsageError(f"There is no command {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """As click's, which prints ``--help`` here, and would exit with 1 where its reader went away."""
        with _reader():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Ctrl-C exits with 130 as a shell's command does, a reader that went away (`| head`) with 141: click's 1 would say that a gate is
        broken.
        """
        try:
            with _reader():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("godyno: interrupted", err=True)
            ctx.exit(130)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="godyno")
def group() -> None:
    """A dynamometer for Go.

    How much machine does a Go build, test run, benchmark or service need, where do time and memory go, why, and did it
    get worse? Answered with evidence measured on this machine.

    \b
    Examples:
      godyno survey                       is this machine enough for Go?
      godyno survey ~/src/mymodule        ... and for this module?
      godyno record -- go build ./...     keep everything about one build
      godyno show go-build-*.dyno         what happened in it
    """


def main(argv: list[str] | None = None) -> Any:
    """The entry point; ends with SystemExit. What fails exits neither with 1 nor with 2, which are a gate's answers (``godyno.errors``)."""
    _put_back()
    _tell_lost_output()
    code: Any
    try:
        try:
            code = group.main(args=argv, prog_name="godyno", standalone_mode=False)
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()
    except OutputError as error:
        _quiet()
        print_error(error)
        code = error.exit_code
    except BrokenPipeError:
        _quiet()
        code = 141
    except GodynoError as error:
        print_error(error)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = UsageError.exit_code
    except click.Abort:
        code = 130
    except Exception as error:
        if os.environ.get("GODYNO_DEBUG"):
            raise
        print_unexpected(error)
        code = GodynoError.exit_code
    sys.exit(code)


class _Standard(io.FileIO):
    """Standard output, whose failures can be told from those of other files: an OSError of a stream bears no name."""

    def write(self, data: Any, /) -> Any:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"The output could not be written: {error.strerror}") from None


def _tell_lost_output() -> None:
    """Has a full disk below standard output raise OutputError, whoever prints."""
    now = sys.stdout
    if isinstance(now, io.TextIOWrapper) and isinstance(
        getattr(now.buffer, "raw", now.buffer), io.FileIO
    ):  # not a test's
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Standard(now.fileno(), "w", closefd=False)), now.encoding, now.errors,
            line_buffering=now.line_buffering or now.write_through,
        )  # fmt: skip


def _quiet() -> None:
    """What is still to be written goes nowhere: at its end Python would complain, and exit with 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _put_back() -> None:
    """Settings that a godyno left changed when it and its guardian were killed; one that lives looks after its own."""
    if not knobs_pending() or sys.argv[1:2] == ["restore"]:
        return
    from godyno.machine.knobs import restore_left

    try:
        for one in restore_left() or ():
            print(
                f"godyno: /{one.path}, changed by a godyno that was killed: {one.problem or 'restored'}",
                file=sys.stderr,
            )
    except (GodynoError, OSError):
        pass  # not ours to restore; `godyno restore` says why


def print_unexpected(error: Exception) -> None:
    """What no error of godyno's tree foresaw, in a sentence with the innermost place in godyno where it was raised."""
    own = __file__.removesuffix("cli/__init__.py")
    at, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(own):
            at = f" in {file.removeprefix(own)}:{trace.tb_lineno}"
        trace = trace.tb_next
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        what = f"{error.strerror}: {error.filename}" if error.filename else f"{error.strerror}"
    else:
        what = f"this is a bug of godyno: {type(error).__name__}: {str(error)[:300]}{at}."
    print(f"godyno: {printable(what)}", file=sys.stderr)
    for note in getattr(error, "__notes__", ()):
        print(f"  {note}", file=sys.stderr)
    print("  GODYNO_DEBUG=1 shows where it comes from.", file=sys.stderr)


def print_error(error: GodynoError) -> None:
    """One sentence on stderr, and the hint below it."""
    print(f"godyno: {error}", file=sys.stderr)
    for line in (error.hint, *getattr(error, "__notes__", ())):
        if line:
            print(f"  {line}", file=sys.stderr)
