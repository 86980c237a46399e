"""``godyno startup``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command(
    "startup",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
    short_help="Why does it start slowly? From exec to ready, taken apart.",
)
@click.option(
    "--ready",
    default="listen",
    show_default=True,
    metavar="WHEN",
    help="tcp:PORT, a URL that answers 2xx, grpc:PORT[/SERVICE] (health), log:REGEX, listen (on any port), exit.",
)
@click.option("--runs", default=20, show_default=True, help="Starts in each state of the page cache.")
@click.option("--cold", is_flag=True, help="Also start with the program's files out of the page cache.")
@click.option(
    "--cold-also",
    multiple=True,
    metavar="FILE",
    help="A file that is read at the start, to be cold too; may be given again.",
)
@click.option(
    "--gate", "gates", multiple=True, metavar="GATE",
    help="Such as 'p95<500ms'; exit 0: holds, 1: broken, 2: broken, perhaps by chance; above 2: not judged (10: never ready).",
)  # fmt: skip
@click.option(
    "--cpu-quota", type=float, metavar="CPUS", help="Start it under a CPU quota: 0.5 is half a CPU."
)
@click.option("--memory-limit", metavar="SIZE", help="Start it under a memory limit.")
@click.option(
    "--try/--no-try",
    "try_remedies",
    default=True,
    show_default=True,
    help="Try remedies, in turns with none.",
)
@click.option("--budget", default="2m", show_default=True, metavar="TIME", help="For trying remedies.")
@click.option(
    "--timeout", default="30s", show_default=True, metavar="TIME", help="How long to wait for ready."
)
@click.option(
    "--recorded",
    default=5,
    show_default=True,
    help="Starts in each state that are recorded, for the waterfall.",
)
@click.option(
    "--capture",
    type=click.Path(path_type=Path),
    metavar="NAME.dyno",
    help="Keep the recording that is shown.",
)
@click.option("--seed", default=0, show_default=True, help="Of the order of starts.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a report: .html or .md."
)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
def command(
    ready: str, runs: int, cold: bool, cold_also: tuple[str, ...], gates: tuple[str, ...], cpu_quota: float | None,
    memory_limit: str | None, try_remedies: bool, budget: str, timeout: str, recorded: int, capture: Path | None, seed: int,
    out: Path | None, as_json: bool, quiet: bool, argv: tuple[str, ...],
) -> None:  # fmt: skip
    """Start COMMAND again and again until it is ready, and tell what that time goes to and what would shorten it.

    A start is taken apart into exec, dynamic loader, Go runtime, each package's init, and main until ready, each by cause. With
    `go run PACKAGE` as COMMAND the program is built first, and once more so that recorded starts tell what goroutines wait for.
    What was started is ended after each start, with its children. The waterfall needs root or CAP_PERFMON.

    \b
    Examples:
      godyno startup -- ./server
      godyno startup --ready http://127.0.0.1:8080/healthz --cold -- ./server -addr :8080
      godyno startup --ready grpc:9090 --cpu-quota 0.5 -o startup.html -- go run ./cmd/server
      godyno startup --ready tcp:8080 --runs 60 --gate 'p95<500ms' --no-try -- ./server
      godyno startup --ready exit -- ./tool --version
    """
    from godyno import units
    from godyno.errors import UsageError
    from godyno.studies.progress import Lines, Silent
    from godyno.studies.startup.api import startup

    if out is not None and out.suffix not in (".html", ".md"):
        raise UsageError(f"-o {out}: a report is .html or .md", hint="For JSON: --json > FILE.")
    if out is not None and not out.parent.is_dir():
        raise UsageError(f"-o {out}: {out.parent} is no directory", hint="Make it first.")
    found = startup(
        argv, ready=ready, runs=runs, cold=cold, cold_also=cold_also, gates=gates, cpu_quota=cpu_quota,
        memory_limit_bytes=units.byte_count(memory_limit) if memory_limit else None, try_remedies=try_remedies,
        budget_s=units.seconds(budget), timeout_s=units.seconds(timeout), recorded=recorded, capture=str(capture or ""), seed=seed,
        progress=Silent() if quiet else Lines(),
    )  # fmt: skip
    from godyno.studies.startup.page import document

    if out is not None:
        from godyno.report.html import html, write_text
        from godyno.report.markdown import markdown

        write_text(out, markdown(document(found)) if out.suffix == ".md" else html(document(found)))
    if as_json:
        json.dump(found.as_json(), sys.stdout, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    else:
        from godyno.report.terminal import print_document

        print_document(document(found), whole="-o FILE.html")
    sys.exit(found.exit_code)
