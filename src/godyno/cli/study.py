"""``godyno study``."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from godyno import units
from godyno.errors import UsageError


class _WithFactors(click.Command):
    """Lists the factors and settings of the named study below the common options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        name = next((one for one in args if not one.startswith("-")), "")
        if name and any(one in ("-h", "--help") for one in args):
            ctx.meta["study"] = name
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if name := ctx.meta.get("study"):
            from godyno import registry

            kind = registry.load("studies", name)
            about = getattr(kind, "about", {})
            rows = [
                (f"--{factor} LEVELS", f"{about.get(factor, '')} [{', '.join(levels)}]".strip())
                for factor, levels in kind.factors.items()
            ]
            rows += [
                (f"--{option.replace('_', '-')} VALUE", about.get(option, "")) for option in _options(kind)
            ]
            with formatter.section(f"Of {name}"):
                formatter.write_text(kind.summary)
                formatter.write_dl(rows or [("", "It has no factors.")])


def _options(kind: type[Any]) -> list[str]:
    return [name for name in inspect.signature(kind).parameters if name not in ("levels", "quick")]


@click.command(
    "study", cls=_WithFactors, short_help="Run a study: a question about Go, answered by planned runs.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)  # fmt: skip
@click.argument("name")
@click.argument("rest", nargs=-1, type=click.UNPROCESSED, metavar="[MODULE] [--FACTOR LEVELS]")
@click.option("--quick", is_flag=True, help="Fewer levels and runs: an answer within a minute.")
@click.option("--budget", metavar="TIME", help="Stop after this long with what there is.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order of runs.")
@click.option("--dry-run", is_flag=True, help="Print the plan and run nothing.")
@click.option("--json", "as_json", is_flag=True, help="The whole result as JSON.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path),
    help="A directory (one that holds an unfinished run is continued), or a report: FILE.md, .html, .json.",
)  # fmt: skip
@click.option("--shield", is_flag=True, help="Try what calms this machine, and hold it while it measures.")
@click.option(
    "--shield-with", metavar="MEASURES", help="... and these, which change what is measured: pin,layout."
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing while it works.")
def command(
    name: str, rest: Sequence[str], quick: bool, budget: str | None, seed: int, dry_run: bool, as_json: bool, out: Path | None,
    shield: bool, shield_with: str | None, quiet: bool,
) -> None:  # fmt: skip
    """Run the study NAME, on MODULE where it is about one. `godyno studies` lists them, `godyno study NAME --help` a study's factors.

    MODULE is a directory with a go.mod, or PATH@VERSION from the module proxy; without it a module that godyno carries.

    \b
    Examples:
      godyno study strip
      godyno study strip ~/src/mymodule --quick -o strip.html
      godyno study cgo --go 1.21,1.24,newest --budget 10m
    """
    from godyno.studies.result import is_error
    from godyno.studies.studying import run_study

    module, levels, options = _parsed(name, rest)
    if dry_run:
        click.echo(_planned(name, module, levels, quick, budget, seed, options, as_json))
        return
    from godyno.studies.progress import Lines, Silent

    result = run_study(
        name, module, levels=levels, quick=quick, budget_s=units.seconds(budget) if budget else None, seed=seed, out=out,
        options=options, shield=tuple(filter(None, (shield_with or "").split(","))) if shield or shield_with else None,
        progress=Silent() if quiet else Lines(),
    )  # fmt: skip
    if as_json:
        json.dump(result.as_json(), sys.stdout, indent=1, allow_nan=False)
        sys.stdout.write("\n")
    else:
        from godyno.report.terminal import print_document
        from godyno.studies.document import document

        print_document(document(result), whole=f"{result.directory}/study.html")
        print(f"\nReport: {result.directory}/study.html (study.md, study.json and the trials beside it)")
    error = is_error(result)
    if error is not None:
        raise error
    if result.ended == "interrupted":
        sys.exit(130)
    if any(one.kind == "gate" and one.data.get("passed") is False for one in result.findings):
        sys.exit(1)


def _planned(
    name: str, module: str | None, levels: Mapping[str, Sequence[str]], quick: bool, budget: str | None, seed: int,
    options: Mapping[str, str], as_json: bool,
) -> str:  # fmt: skip
    """The plan and how long it will take."""
    from godyno.studies.plan import for_terminal
    from godyno.studies.studying import expect_study, make_study, plan_study, usual_budget_s

    study = make_study(name, levels, quick, options)
    plan = plan_study(study, seed=seed)
    budget_s = units.seconds(budget) if budget else usual_budget_s(study)
    times = expect_study(study, module)
    if as_json:
        expected = None if times is None else {
            "prepare_s": times.prepare_s, "once_s": times.once_s(plan), "whole_s": times.whole_s(plan), "source": times.source,
        }  # fmt: skip
        return json.dumps({**plan.as_json(), "budget_s": budget_s, "expected": expected})
    unknown = f"time: not known before it ran here once; it ends after {units.show_seconds(budget_s)}"
    text = "\n".join(line for line in plan.text().splitlines() if not line.startswith("  time:"))
    return for_terminal(f"{text}\n  {times.text(plan, budget_s) if times else unknown}")


def _parsed(name: str, rest: Sequence[str]) -> tuple[str | None, dict[str, tuple[str, ...]], dict[str, str]]:
    """The module, levels by factor and other settings in what click left over."""
    from godyno import registry

    kind = registry.load("studies", name)
    module: str | None = None
    levels: dict[str, tuple[str, ...]] = {}
    options: dict[str, str] = {}
    words = list(rest)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            if module is not None or word.startswith("-"):
                raise UsageError(
                    f"{name} does not know what to do with {word!r}",
                    hint=f"See `godyno study {name} --help`.",
                )
            module = word
            continue
        key, equals, value = word[2:].partition("=")
        if key not in kind.factors and key.replace("-", "_") not in _options(kind):
            known = [*kind.factors, *(one.replace("_", "-") for one in _options(kind))]
            raise UsageError(
                f"{name} has no factor or setting {key!r}",
                hint=f"It has: {', '.join(f'--{one}' for one in known) or 'none'}.",
            )
        if not equals:
            if not words or words[0].startswith("--"):
                raise UsageError(f"--{key} needs a value", hint=f"See `godyno study {name} --help`.")
            value = words.pop(0)
        if key in kind.factors:
            levels[key] = tuple(one.strip() for one in value.split(",") if one.strip())
        else:
            options[key.replace("-", "_")] = value
    return module, levels, options
