"""``godyno why``."""

from __future__ import annotations

import gc
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from godyno.errors import GodynoError, UsageError
from godyno.working import sized, working

if TYPE_CHECKING:
    from godyno.diagnose.why import Answer
    from godyno.recorder import Recording
    from godyno.studies.remedies import Tried

_LEAST_SHOWN = 0.005
_WIDEST = 110
_COMMAND = "godyno.why.command"


class _Command(click.Command):
    """What follows ``--`` is a command to record, which click would take for captures."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[_COMMAND] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


@click.command("why", cls=_Command, short_help="Where a run's wall time went, and what would change it.")
@click.argument("capture", type=click.Path(path_type=Path), required=False, metavar="[CAPTURE | -- COMMAND…]")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="With a command: where its capture goes.")
@click.option("--process", metavar="PID|NAME", help="The path of this process instead of the whole run's.")
@click.option("--from", "since", metavar="TIME", help="From so long after the run's start: 2s, 1m30s.")
@click.option("--to", "until", metavar="TIME", help="Until so long after the run's start.")
@click.option(
    "-n", "most", type=click.IntRange(1), default=5, show_default=True, help="How many causes are shown."
)
@click.option(
    "--try",
    "tries",
    is_flag=True,
    help="Run the command again with what is safe to try (environment only), and compare.",
)
@click.option(
    "--instrument",
    is_flag=True,
    help="With a command: have what go builds tell of its goroutines, or say why that cannot be; go run and go test do without it.",
)
@click.option(
    "--timeout",
    metavar="TIME",
    help="With a command: end it after so long, and answer for what it did until then.",
)
@click.option("--json", "as_json", is_flag=True, help="The states, the causes and their evidence as JSON.")
@click.pass_context
def command(
    ctx: click.Context, capture: Path | None, out: Path | None, process: str | None, since: str | None, until: str | None,
    most: int, tries: bool, instrument: bool, timeout: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Tell where a run's wall time went, on its critical path, and what would change it.

    Of a CAPTURE, or of COMMAND, which is then recorded at --level deep and, where it is `go run`, `go test` or a program that was
    built with --instrument, with its goroutines; of `go build` and `go test` with the cache's keys, too. States add up to the wall
    time; causes are ranked by what mending them would save. A CAPTURE of --level light, the default of `godyno record`, is answered by
    looks from outside: in shares, and it says by how many. That the run failed is told first.

    A COMMAND that does not end by itself is ended by Ctrl-C or --timeout; what it did until then is answered.

    The exit status is 0 for a CAPTURE, and for COMMAND that of COMMAND, or its signal, as `godyno record` gives it.

    \b
    Examples:
      godyno why -- go test ./...
      godyno why --timeout 30s -- go run ./cmd/stuck
      godyno why service.dyno
      godyno why tests.dyno --process mypkg.test --from 2s --to 10s
      godyno why service.dyno --json | jq '.causes[0]'
      godyno why service.dyno --try
    """
    argv = ctx.meta.get(_COMMAND, ())
    if bool(argv) == (capture is not None):
        raise UsageError(
            "Name a capture, or a command after --",
            hint="`godyno why service.dyno`, or `godyno why -- go test ./...`.",
        )
    if out is not None and not argv:
        raise UsageError("--out says where a command's capture goes", hint="Give the command after --.")
    if timeout is not None and not argv:
        raise UsageError("--timeout ends a command", hint="Give the command after --.")
    if instrument and not argv:
        raise UsageError("--instrument is for a command to record", hint="Give the command after --.")
    outcome = _record(argv, out, as_json, timeout, instrument) if argv else None
    place = outcome.capture if outcome else capture
    assert place is not None
    try:
        _answer(place, argv, process, since, until, most, tries, as_json)
    except Exception as error:
        if outcome is not None:
            error.add_note(f"The capture is kept at {place}.")
        raise
    if outcome is not None:
        from godyno.cli.record import end_as

        sys.stdout.flush()
        end_as(outcome.result)


def _answer(
    place: Path, argv: tuple[str, ...], process: str | None, since: str | None, until: str | None, most: int, tries: bool, as_json: bool
) -> None:  # fmt: skip
    """Prints the answer of a capture, whose command was ``argv`` if it was given just now."""
    gc.disable()  # there is no garbage in cycles, and looking for it takes a tenth of the time
    try:
        from godyno.diagnose.why import why

        with working(f"looks for the path in {sized(place)}", not as_json):
            found = why(place, process=process, from_s=_seconds(since), to_s=_seconds(until))
    finally:
        gc.freeze()  # nor in what was made until now while the rest is done, after which the process ends
        gc.enable()
    tried = _try(place, found, as_json, argv) if tries else []
    if as_json:
        answer: dict[str, Any] = {"capture": str(place), **found.as_json()}
        if tries:
            answer["tried"] = [one.as_json() for one in tried]
        click.echo(json.dumps(answer))
    else:
        click.echo(_text(found, most, tried))


def _seconds(text: str | None) -> float | None:
    from godyno import units

    return None if text is None else units.seconds(text)


def _record(
    argv: tuple[str, ...], out: Path | None, quiet: bool, timeout: str | None, instrument: bool
) -> Recording:
    """Records a command with all that the answer needs: goroutines where that changes nothing that is kept, or ``instrument`` says so;
    of a build also the cache's keys. Not of `go run`: its program would see the GODEBUG that they need.
    """
    from godyno.cli.record import time_limit
    from godyno.formats.gocommand import go_command
    from godyno.model import Workload
    from godyno.probes.runtime.build_actions import is_build
    from godyno.recorder.session import Options, Session
    from godyno.workload.instrument.planning import plan

    timeout_s = time_limit(timeout)
    also: tuple[str, ...] = ()
    settings: dict[str, dict[str, object]] = {}
    of_go = go_command(argv)
    if instrument or of_go is None or of_go.runs:
        try:
            settings["go_runtime"] = {"plan": plan(argv)}
            also = ("go_runtime",)
        except GodynoError as error:
            if instrument:
                raise
            click.echo(f"godyno: recorded without its goroutines: {error}", err=True)
    if of_go is not None and of_go.subcommand != "run" and is_build(argv):
        also += ("cache_keys",)
        settings["cache_keys"] = {"asked": True}
    outcome = Session(
        Workload(argv),
        Options(
            out=out,
            level="deep",
            also=also,
            settings=settings,
            quiet=quiet,
            tells=not quiet,
            answers=not quiet,
            timeout_s=timeout_s,
        ),
    ).run()
    click.echo(f"godyno: {sized(outcome.capture)}", err=True)
    return outcome


def _try(place: Path, found: Answer, quiet: bool, argv: tuple[str, ...]) -> list[Tried]:
    """Tries what is safe with the command of the capture; ``argv`` is that as it was given just now, with what captures leave out."""
    from godyno.capture.reader import open_capture
    from godyno.redact import REDACTED
    from godyno.studies.remedies import overridden, remedies, try_remedies

    with open_capture(place) as capture:
        workload, machine = capture.manifest.workload, capture.manifest.machine
    chosen = remedies(found, machine)
    if not chosen:
        click.echo(
            "godyno: none of the causes has a remedy that is environment alone: nothing was tried", err=True
        )
        return []
    if not argv and (not workload.argv or any(REDACTED in word for word in workload.argv)):
        raise UsageError(
            "The capture holds no command that could be run again"
            + (": what looks like a secret in its arguments was left out" if workload.argv else ""),
            hint="Record one: `godyno why --try -- COMMAND`.",
        )
    workload = replace(workload, argv=argv or workload.argv)
    names = "; ".join(one.label for one in chosen if not overridden(one, workload.argv))
    if names and not quiet:
        click.echo(
            f"godyno: runs {' '.join(workload.argv)} again, as it is and with {names}, in turns", err=True
        )
    return try_remedies(workload, chosen)


def _text(found: Answer, most: int, tried: list[Tried]) -> str:
    from godyno import units
    from godyno.diagnose.why.hidden_tests import HIDDEN
    from godyno.prose import laid_out

    width = min(_WIDEST, shutil.get_terminal_size((80, 24)).columns)
    one = found.attribution
    of = "in its requests" if one.view == "requests" else "on the critical path"
    by = f" (shares by {one.looks} looks)" if one.looks else ""
    lines = [*_wrapped("", found.ended.claim, width), ""] if found.ended is not None else []
    if one.again:
        lines += [
            *_wrapped(
                "", "Which tests took the time is not known, as go test does not tell without -v. Run", width
            )
        ]
        lines += [f"  {one.again}", ""]
    lines += [f"{one.label}: {units.show_seconds(one.wall_s)}, of which {of}{by}", ""]
    for state in one.states():
        if state["share"] >= _LEAST_SHOWN:
            of = units.short_paths(", ".join(part["detail"] for part in state["details"][:2]))
            lines.append(
                _cut(
                    f"{state['share']:5.0%} {units.show_seconds(state['seconds']):>8}  {state['title']}{': ' + of if of else ''}",
                    width,
                )
            )
    accused = found.accused
    rest = [cause for cause in found.causes if cause.severity == "info" and cause is not found.untold]
    if found.untold is not None:
        told = f"{found.untold.share:.0%} of the path was waiting for what was not recorded. {found.untold.advice}"
        lines += ["", "Not known", *_wrapped("-  ", told.rstrip(), width)]
    if accused:
        lines += ["", "What would change it"]
        for number, cause in enumerate(accused[:most], 1):
            about = f"up to {units.show_seconds(cause.saves_s)} to save, confidence {cause.confidence.value}"
            lines += _wrapped(f"{number}. ", f"{cause.claim}.", width)
            lines += laid_out(f"{cause.advice} ({about})", width, "   ")
    elif found.untold is None:
        unless = " But which tests took how long is not known: see above." if one.again else ""
        lines += [
            "",
            *_wrapped("", f"Nothing of the program is accused. {found.mend_if}".rstrip() + unless, width),
        ]
    if rest and len(accused) < most:
        lines += ["", "Also" if accused else "For the record"]
        for cause in rest[: most - len(accused)]:
            lines += _wrapped("-  ", f"{cause.claim}.", width)
    if tried:
        lines += ["", "Tried"]
        for attempt in tried:
            lines += _wrapped("-  ", attempt.claim, width)
    missing = [text for text in one.missing if not (one.again and text == HIDDEN)]
    if missing:
        lines += ["", *_wrapped("", " ".join(missing), width)]
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _wrapped(first: str, text: str, width: int) -> list[str]:
    from godyno.prose import wrapped

    return wrapped(text, width, first)
