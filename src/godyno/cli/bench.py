"""``godyno bench``."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

import click

from godyno.errors import UsageError


@click.command("bench", short_help="Compare benchmarks of two revisions, interleaved, until decided.")
@click.argument("packages", nargs=-1)
@click.option(
    "--ab",
    "revisions",
    multiple=True,
    metavar="REVISION",
    help="Base, then head; a missing head is the working tree.",
)
@click.option(
    "--env", "environment", metavar="NAME=A,B", help="Compare values of an environment variable instead."
)
@click.option(
    "--bench", "pattern", default=".", show_default=True, help="Which benchmarks, as in go test -bench."
)
@click.option("--benchtime", default="100ms", show_default=True, help="As in go test.")
@click.option("--blocks", default=40, show_default=True, help="At most this many runs of each side.")
@click.option("--budget", metavar="DURATION", help="At most this long, such as 10m.")
@click.option("--margin", type=float, metavar="PERCENT", help="A change within this much counts as none.")
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="GATE",
    help="Such as 'time/op<+3%'; exit 1 on a regression, 2 when undecided.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where trials are kept; a file that exists is continued."
)
@click.option(
    "--gobench",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each side's results here in Go's format.",
)
@click.option("--seed", default=0, show_default=True, help="Of the order of runs.")
@click.option("--dry-run", is_flag=True, help="Build, run each side once, show the plan and its time.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--markdown", is_flag=True, help="Tables for a pull request.")
def command(
    packages: tuple[str, ...], revisions: tuple[str, ...], environment: str | None, pattern: str, benchtime: str, blocks: int,
    budget: str | None, margin: float | None, gates: tuple[str, ...], out: Path | None, gobench: Path | None, seed: int,
    dry_run: bool, as_json: bool, markdown: bool,
) -> None:  # fmt: skip
    """Compare the benchmarks of PACKAGES (default ./...) between revisions. The checkout is only read; uncommitted work can be a side.

    \b
    Examples:
      godyno bench --ab main                      main against the working tree
      godyno bench --ab v1.2.0 --ab v1.3.0 ./codec
      godyno bench --env GOGC=50,100,200
      godyno bench --ab main --gate 'time/op<+3%' --budget 10m
    """
    from godyno import units
    from godyno.cli.compare import worst
    from godyno.formats import benchfmt
    from godyno.machine import read_machine
    from godyno.studies.bench import table
    from godyno.studies.bench.arms import WORKING_TREE, BenchArm, prebuild, revision
    from godyno.studies.bench.gate import Gate, judge
    from godyno.studies.bench.session import measure, planned
    from godyno.studies.bench.trials import BenchTrials
    from godyno.studies.schedule import pool
    from godyno.toolchain import find_go, selected_go

    if bool(revisions) == bool(environment):
        raise UsageError(
            "Say what to compare: --ab REVISION or --env NAME=A,B",
            hint="`godyno bench --ab main` is the usual way.",
        )
    wanted = [Gate.parse(gate) for gate in gates]
    budget_s = units.seconds(budget) if budget else None
    here = Path.cwd()
    go = selected_go(find_go(), here)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="godyno-bench-")))
        arms: list[BenchArm] = []
        if environment:
            name, _, values = environment.partition("=")
            if not name or len(values.split(",")) < 2:
                raise UsageError(
                    f"{environment!r} names no two values", hint="Write it as --env GOGC=50,100."
                )
            built = prebuild(go, here, packages or ("./...",), scratch / "arm", name=WORKING_TREE)
            arms = [
                BenchArm(f"{name}={value}", built.binaries, {name: value}, go.version)
                for value in values.split(",")
            ]
        else:
            for i, one in enumerate(revisions if len(revisions) > 1 else (*revisions, WORKING_TREE)):
                tree = stack.enter_context(revision(here, one, scratch / "trees"))
                arms.append(prebuild(go, tree, packages or ("./...",), scratch / f"arm{i}", name=one))
        if dry_run:
            plan, pilot = planned(
                BenchTrials({arm.name: arm for arm in arms}, pattern, benchtime), blocks=blocks, seed=seed
            )
            shown = [measure_name.split("\t")[1] for measure_name in plan.measures]
            click.echo(plan.text(pilot).replace("\t", " "))
            click.echo(f"  benchmarks: {', '.join(dict.fromkeys(shown))}")
            return
        bench, trials = measure(
            arms, out or scratch / "trials.jsonl", pool=pool(read_machine(), go.version), pattern=pattern, benchtime=benchtime,
            blocks=blocks, budget_s=budget_s, margin=margin / 100 if margin is not None else None, seed=seed,
            progress=lambda at: click.echo(
                f"\r{at.done} of at most {at.planned} runs, at most {units.show_seconds(at.remaining_s or 0)} left; "
                f"undecided: {', '.join(at.undecided) or 'nothing'}   ", nl=False, err=True,
            ),
        )  # fmt: skip
        click.echo(err=True)
    if gobench:
        gobench.mkdir(parents=True, exist_ok=True)
        for name, results in trials.printed.items():
            safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in name)
            (gobench / f"{safe}.txt").write_text(benchfmt.text(results), encoding="utf-8")
    judged = [judge(gate, rows) for rows in bench.rows.values() for gate in wanted]
    if as_json:
        click.echo(json.dumps({**bench.as_json(), "gates": [one.as_json() for one in judged]}))
    else:
        show = table.markdown if markdown else table.text
        for name, rows in bench.rows.items():
            click.echo(show(rows, bench.arms[0], name), nl=False)
        click.echo(f"{bench.blocks} interleaved runs a side, ended: {bench.end}", err=True)
        for warning in bench.warnings:
            click.echo(f"note: {warning}", err=True)
    if judged:
        raise SystemExit(worst([one.code for one in judged]))
