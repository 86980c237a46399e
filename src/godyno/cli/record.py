"""``godyno record``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from godyno import units
from godyno.cli.scraping import scrape_settings, scraping_options
from godyno.errors import UsageError
from godyno.model import Result, Workload
from godyno.working import sized

if TYPE_CHECKING:
    from godyno.recorder import Recording


LEVELS = ("light", "standard", "deep")


@click.command(
    "record",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
    short_help="Run a command and keep what it did in a capture.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Where the capture goes: NAME.dyno.")
@click.option(
    "--tag", "tags", multiple=True, metavar="K=V", help="A tag to keep with it; may be given again."
)
@click.option("--hz", type=float, default=10.0, show_default=True, help="How often values are sampled.")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="light",
    show_default=True,
    help="How much is watched; costs are above.",
)
@click.option(
    "--args",
    "calls",
    metavar="CALLS",
    help="Keep the arguments of these system calls, by strace: openat,connect,bind. Slows what makes them.",
)
@click.option(
    "--wait-for-tree", is_flag=True, help="Go on until every process that the command started has ended."
)
@click.option("--no-output", is_flag=True, help="Leave stdout and stderr alone and keep nothing of them.")
@click.option("--quiet-output", is_flag=True, help="Keep the command's output without showing it.")
@click.option(
    "--output-limit",
    default="64MiB",
    show_default=True,
    metavar="SIZE",
    help="How much output is kept at most.",
)
@click.option(
    "--go-debug",
    metavar="NAMES",
    help="GODEBUG lines of every Go process: gctrace,inittrace,schedtrace (taken out of stderr). Costs a process more for each.",
)
@click.option(
    "--cache-keys",
    is_flag=True,
    help="Keep what went into each key of Go's build cache, to name what changed since the last recording that did.",
)
@click.option(
    "--instrument",
    is_flag=True,
    help="Have a go command's programs tell of goroutines, GC, metrics and profiles; adds a file to their build, not to your tree.",
)
@click.option(
    "--instrument-with",
    metavar="NAMES",
    help="What they tell: trace,metrics,cpu,heap,allocs,goroutine (the default), mutex,block.",
)
@click.option(
    "--pprof",
    metavar="URL",
    help="Scrape the execution trace and profiles that the command serves there, once it answers.",
)
@scraping_options
@click.option("--memory-limit", metavar="SIZE", help="Limit the tree's memory, in a cgroup of its own.")
@click.option(
    "--swap-limit", metavar="SIZE", help="How much it may swap beside --memory-limit; 0 keeps that sharp."
)
@click.option(
    "--cpu-quota", type=float, metavar="CPUS", help="Limit the tree's CPU time: 1.5 is one and a half CPUs."
)
@click.option("--timeout", metavar="TIME", help="End the tree after this long: 90s, 5m.")
@click.option("--no-seal", is_flag=True, help="Leave sealing to `godyno recover`, where every second counts.")
@click.option("--quiet", "-q", is_flag=True, help="No line about the capture at the end.")
@click.option("--json", "as_json", is_flag=True, help="Tell how it went as JSON, on the last line of stderr.")
@click.option("--result-fd", type=int, hidden=True, help="Where the JSON goes instead, for the Python API.")
@click.option("--end-fd", type=int, hidden=True, help="Ends the command when it becomes readable.")
@click.option("--with", "with_probes", hidden=True, help="Further probes with their settings, as JSON.")
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
def command(
    out: Path | None, tags: tuple[str, ...], hz: float, level: str, calls: str | None,
    wait_for_tree: bool, no_output: bool, quiet_output: bool,
    output_limit: str, go_debug: str | None, cache_keys: bool, instrument: bool,
    instrument_with: str | None, pprof: str | None, profiles: str,
    every: str, memory_limit: str | None, swap_limit: str | None,
    cpu_quota: float | None, timeout: str | None, no_seal: bool,
    quiet: bool, as_json: bool, result_fd: int | None, end_fd: int | None, with_probes: str | None,
    argv: tuple[str, ...],
) -> None:  # fmt: skip
    """Run COMMAND and keep, on one clock, what it and its children did.

    The command behaves as it always does: its exit status becomes godyno's, signals reach it, its output is not changed.
    What was recorded is in a directory NAME.dyno, which `godyno show` reads.

    \b
    Levels, and the CPU time they cost in 1.5 s (computing, an HTTP server, many short processes):
      light     processes, memory, I/O, cgroup, pressure, some looks    5 to 11 %
      standard  and CPU samples, thread states, page faults, more looks 5 to 11 %
      deep      and every system call, block I/O, 999 Hz, off-CPU       8 to 57 %
    Looks tell what goroutines and threads wait for: `godyno why` answers at every level, at `light` in shares and without functions.
    A program that does nothing but system calls runs 7 times slower at `deep`. An HTTP and gRPC service that fills both
    CPUs of its machine served 0.86, 0.82 and 0.66 times as much (benchmarks/results/service_cost.md). --instrument took it 2 to 17 %
    of CPU more, and no more time a request (benchmarks/results/instrument_cost.md).

    \b
    Examples:
      godyno record -- go build ./...
      godyno record --level standard -- go test ./...
      godyno record -o tests.dyno --tag commit=abc123 -- go test ./...
      godyno record --instrument -- go test ./...
      godyno record --cache-keys -- go build ./...
      godyno record --memory-limit 512MiB -- go build -p 1 ./...
      godyno record --pprof http://localhost:6060/debug/pprof -- ./server
    """
    from godyno.recorder.session import Options, Session

    pairs = {}
    for tag in tags:
        key, equals, value = tag.partition("=")
        if not equals or not key:
            raise UsageError(f"--tag {tag!r} is not K=V", hint="Write it as --tag commit=abc123.")
        pairs[key] = value
    also: tuple[str, ...] = ()
    settings: dict[str, dict[str, object]] = {}
    if go_debug:
        also, settings = _go_debug(go_debug)
    if cache_keys:
        also += ("cache_keys",)
        settings["cache_keys"] = {"asked": _cache_keys(argv, no_output)}
    if instrument or instrument_with:
        also += ("go_runtime",)
        settings["go_runtime"] = {"plan": _instrument(argv, instrument_with)}
    if calls:
        also += ("strace_args",)
        settings["strace_args"] = {"calls": tuple(call.strip() for call in calls.split(",") if call.strip())}
    if pprof:
        also += ("scrape",)
        settings["scrape"] = scrape_settings(pprof, profiles, every)
    if with_probes:
        more = json.loads(with_probes)
        also, settings = (*also, *more), {**settings, **more}
    options = Options(
        also=also, settings=settings,
        out=out, hz=hz, level=level, lines=not no_output, quiet=quiet_output, wait_for_tree=wait_for_tree,
        output_limit_bytes=units.byte_count(output_limit),
        memory_limit_bytes=units.byte_count(memory_limit) if memory_limit else None,
        swap_limit_bytes=units.byte_count(swap_limit) if swap_limit else None,
        cpu_quota=cpu_quota, timeout_s=time_limit(timeout), seal=not no_seal, end_fd=end_fd,
        caller_fd=result_fd, tells=not (quiet or as_json or result_fd is not None),
    )  # fmt: skip
    outcome = Session(Workload(argv, tags=pairs), options).run()
    tell(outcome, result_fd, as_json, quiet)
    end_as(outcome.result)


def time_limit(text: str | None) -> float | None:
    """The seconds of a --timeout; None where none was given. Raises UsageError where they are none."""
    if text is None:
        return None
    limit = units.seconds(text)
    if limit <= 0:
        raise UsageError(f"--timeout {text} leaves the command no time", hint="Write it as 90s, 5m, 250ms.")
    return limit


def tell(outcome: Recording, result_fd: int | None, as_json: bool, quiet: bool) -> None:
    """Says how a recording went: as JSON for programs, in a line for people."""
    if result_fd is not None or as_json:
        answer = {
            "capture": str(outcome.capture),
            "result": outcome.result.as_json(),
            "peak": outcome.peak.as_json() if outcome.peak else None,
            "oom_kills": outcome.oom_kills,
            "timed_out": outcome.timed_out,
            "cost": outcome.cost.as_json(),
            "warnings": list(outcome.warnings),
            "sealed": outcome.sealed,
        }
        text = json.dumps(answer) + "\n"
        if result_fd is not None:
            with contextlib.suppress(BrokenPipeError):  # whoever asked was killed; the capture is whole
                os.write(result_fd, text.encode())
        else:
            sys.stderr.write(text)
    elif not quiet:
        for warning in outcome.warnings:
            print(f"godyno: {warning}", file=sys.stderr)
        print(f"godyno: {_summary(outcome)}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()


def _go_debug(text: str) -> tuple[tuple[str, ...], dict[str, dict[str, object]]]:
    from godyno.probes.runtime.go_debug import settings_of
    from godyno.toolchain.find import find_go
    from godyno.workload.shim import build_shim

    wanted = settings_of(text)
    return ("go_debug",), {"go_debug": {"settings": wanted, "shim": build_shim(find_go())}}


def _cache_keys(argv: tuple[str, ...], no_output: bool) -> bool:
    from godyno.probes.runtime.build_actions import is_build

    if no_output:
        raise UsageError("--cache-keys reads the go command's stderr", hint="Leave --no-output out.")
    if not is_build(argv):
        raise UsageError(
            f"--cache-keys is for go build, test, vet, install and run, not for {argv[0]}",
            hint="Put the go command itself behind --.",
        )
    return True


def _instrument(argv: tuple[str, ...], names: str | None) -> object:
    from godyno.workload.instrument import DEFAULT_KINDS
    from godyno.workload.instrument.planning import plan

    kinds = [name.strip() for name in names.split(",") if name.strip()] if names else DEFAULT_KINDS
    return plan(argv, kinds=kinds)


def _summary(outcome: Recording) -> str:
    result = outcome.result
    parts = [
        f"{units.show_seconds(result.wall_s)} wall, {units.show_seconds(result.user_s + result.system_s)} CPU"
    ]
    if outcome.peak:
        parts.append(f"{units.show_bytes(outcome.peak.value_bytes)} peak")
    if outcome.oom_kills:
        parts.append(f"{outcome.oom_kills} killed for want of memory")
    if outcome.timed_out:
        parts.append("ended by --timeout")
    state = "" if outcome.sealed else " (not sealed)"
    return f"{', '.join(parts)} → {sized(outcome.capture)}{state}"


def end_as(result: Result) -> NoReturn:
    """Ends as the command did: with its exit code, or by its signal."""
    if result.signal:
        _die_of(result.signal)
    sys.exit(result.exit_code)


def _die_of(number: int) -> None:
    """Ends by the signal that ended the command, so that a shell sees what it would have seen; without a second core."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
