"""``godyno bench``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

_MANY: dict[str, Any] = {"multiple": True}


@click.command("bench", short_help="Compare benchmarks or commands, interleaved, until decided.")
@click.argument("packages", nargs=-1)
@click.option(
    "--ab",
    **_MANY,
    metavar="REVISION",
    help="Base, then head (or BASE..HEAD); a missing head is the working tree.",
)
@click.option("--go", metavar="1.24,1.27", help="Versions of Go, fetched where they are missing.")
@click.option(
    "--env", **_MANY, metavar="NAME=A,B", help="Values of an environment variable; an empty one unsets it."
)
@click.option(
    "--flags", **_MANY, metavar="FLAGS", help="Build flags, an arm each: --flags '' --flags -pgo=cpu.prof."
)
@click.option("--cmd", **_MANY, metavar="COMMAND", help="Commands instead of benchmarks, an arm each.")
@click.option(
    "--bench", "pattern", default=".", show_default=True, help="Which benchmarks, as in go test -bench."
)
@click.option(
    "--benchtime",
    default="auto",
    show_default=True,
    metavar="TIME",
    help="As in go test: a time, or iterations as 100x. auto: 100 ms of CPU, where spread stops falling.",
)
@click.option("--count", default=0, help="Iterations in one process; more processes mostly help more.")
@click.option("--blocks", default=40, show_default=True, help="At most this many runs of each side.")
@click.option("--budget", metavar="DURATION", help="At most this long, such as 10m.")
@click.option("--margin", type=float, metavar="PERCENT", help="A change within this much counts as none.")
@click.option(
    "--gate",
    "gates",
    **_MANY,
    metavar="GATE",
    help="Such as 'time/op<+3%'; exit 0: holds, 1: proven regression, 2: open; above 2: not judged.",
)
@click.option("--why", is_flag=True, help="Record what changed and show the functions that explain it.")
@click.option("--record", is_flag=True, help="Keep every run as a capture (needs -o).")
@click.option("--syscalls", is_flag=True, help="Count system calls, too; each becomes slower by it.")
@click.option(
    "--layouts", default=1, show_default=True, help="Link this many layouts of each side and take turns."
)
@click.option("--shell", is_flag=True, help="Run commands by /bin/sh -c.")
@click.option("--setup", default="", metavar="COMMAND", help="Run once before everything (by sh).")
@click.option(
    "--prepare", **_MANY, metavar="COMMAND", help="Run before each run (by sh): one for all, or one a --cmd."
)
@click.option("--cleanup", default="", metavar="COMMAND", help="Run once after everything (by sh).")
@click.option(
    "-i", "--ignore-failure", is_flag=True, help="Measure commands that fail, too; exit codes are compared."
)
@click.option(
    "--timeout", default="10m", show_default=True, metavar="DURATION", help="The longest one run may take."
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Keep the study in this directory, or go on with it."
)
@click.option(
    "--gobench", type=click.Path(path_type=Path, file_okay=False), help="Write each side here in Go's format."
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with every run over time."
)
@click.option("--shield", is_flag=True, help="Try what calms this machine, and hold it while it measures.")
@click.option(
    "--shield-with", metavar="MEASURES", help="... and these, which change what is measured: pin,layout."
)
@click.option("--seed", default=0, show_default=True, help="Of the order of runs.")
@click.option("--dry-run", is_flag=True, help="Build, run each side once, show the plan and its time.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--markdown", is_flag=True, help="Tables for a pull request.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    packages: tuple[str, ...], ab: tuple[str, ...], go: str | None, env: tuple[str, ...], flags: tuple[str, ...], cmd: tuple[str, ...],
    pattern: str, benchtime: str, count: int, blocks: int, budget: str | None, margin: float | None, gates: tuple[str, ...],
    why: bool, record: bool, syscalls: bool, layouts: int, shell: bool, setup: str, prepare: tuple[str, ...], cleanup: str,
    ignore_failure: bool, timeout: str, shield: bool, shield_with: str | None,
    out: Path | None, gobench: Path | None, html: Path | None, seed: int, dry_run: bool,
    as_json: bool, markdown: bool, quiet: bool,
) -> None:  # fmt: skip
    """Compare the benchmarks of PACKAGES (default ./...), or commands, between arms; every combination of what varies is an arm.

    Arms run in turns, each benchmark in a process of its own, until the difference is proven or the budget used up. The checkout
    is only read; uncommitted work can be a side. Flags for the test binaries go behind `--`. With one arm it is measured alone.

    \b
    Examples:
      godyno bench --ab main                      main against the working tree
      godyno bench --ab v1.2.0 --ab v1.3.0 ./codec -- -short
      godyno bench --go 1.24,1.27                 two toolchains
      godyno bench --env GOGC=50,100,200 --env GOAMD64=v1,v3
      godyno bench --flags '' --flags -pgo=cpu.prof --bench Encode
      godyno bench --ab main --gate 'time/op<+3%' --budget 10m -o study
      godyno bench --ab main --why                which functions changed
      godyno bench --cmd 'gzip -k f' --cmd 'zstd -k f' --prepare 'rm -f f.gz f.zst'
    """
    from godyno import units
    from godyno.errors import UsageError
    from godyno.report.html import html as page
    from godyno.report.html import write_text
    from godyno.report.markdown import markdown as as_markdown
    from godyno.studies.bench import table
    from godyno.studies.bench.api import measured, write_gobench
    from godyno.studies.bench.gate import Gate
    from godyno.studies.bench.length import summary as length
    from godyno.studies.bench.live import watch
    from godyno.studies.bench.noise import summary
    from godyno.studies.bench.page import document
    from godyno.studies.bench.result import finite
    from godyno.studies.bench.session import dry_run as planned
    from godyno.studies.bench.settings import Settings
    from godyno.studies.bench.terminal import bench_text
    from godyno.studies.plan import for_terminal

    if record and out is None:
        raise UsageError("--record keeps captures and needs a place for them", hint="Add -o DIRECTORY.")
    settings = Settings(
        tuple(one for one in packages if not one.startswith("-")), ab, tuple(filter(None, (go or "").split(","))), env, flags, cmd,
        pattern, benchtime, count, blocks, units.seconds(budget) if budget else None, margin / 100 if margin is not None else None,
        tuple(Gate.parse(gate) for gate in gates), seed=seed, layouts=layouts, record=record, why=why, syscalls=syscalls,
        arguments=tuple(one for one in packages if one.startswith("-")), timeout_s=units.seconds(timeout), shell=shell, setup=setup,
        prepare=prepare, cleanup=cleanup, ignore_failure=ignore_failure,
        shield=tuple(filter(None, (shield_with or "").split(","))) if shield or shield_with else None,
    )  # fmt: skip
    if dry_run:
        click.echo(for_terminal(planned(settings, directory=Path.cwd(), watch=watch(quiet))))
        return
    found = measured(settings, Path.cwd(), out, watch(quiet))
    if gobench:
        write_gobench(found, gobench)
    if html:
        write_text(html, page(document(found)))
    if as_json:
        click.echo(json.dumps(finite(found.as_json()), allow_nan=False))
    else:
        click.echo(as_markdown(document(found)) if markdown else bench_text(found), nl=False)
        took = units.show_seconds(found.elapsed_s)
        click.echo(
            f"{found.runs} runs in {found.blocks} interleaved blocks, {took}; ended: {found.end}", err=True
        )
        for warning in (*found.warnings, length(found.pilot.lengths), summary(found.noise)):
            if warning:
                click.echo("\n".join(table.wrapped(f"note: {warning}")), err=True)
        if found.directory and found.end == "interrupted":
            click.echo(f"kept; the same command with -o {found.directory} goes on", err=True)
    if found.end == "interrupted":
        raise SystemExit(130)
    raise SystemExit(found.exit_code)
