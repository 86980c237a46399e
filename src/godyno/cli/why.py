"""``godyno why``."""

from __future__ import annotations

import json
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from godyno.diagnose.why import Answer

_LEAST_SHOWN = 0.005
_WIDEST = 110


@click.command("why", short_help="Where a run's wall time went, and what would change it.")
@click.argument("capture", type=click.Path(path_type=Path))
@click.option("--process", metavar="PID|NAME", help="The path of this process instead of the whole run's.")
@click.option(
    "-n", "most", type=click.IntRange(1), default=5, show_default=True, help="How many causes are shown."
)
@click.option("--json", "as_json", is_flag=True, help="The states, the causes and their evidence as JSON.")
def command(capture: Path, process: str | None, most: int, as_json: bool) -> None:
    """Tell where the wall time of CAPTURE's run went, on its critical path, and what would change it.

    \b
    Examples:
      godyno why service.dyno
      godyno why tests.dyno --process mypkg.test
      godyno why service.dyno --json | jq '.causes[0]'
    """
    from godyno.diagnose.why import why

    found = why(capture, process=process)
    if as_json:
        click.echo(json.dumps({"capture": str(capture), **found.as_json()}))
    else:
        click.echo(_text(found, most))


def _text(found: Answer, most: int) -> str:
    from godyno import units

    width = min(_WIDEST, shutil.get_terminal_size((80, 24)).columns)
    one = found.attribution
    lines = [f"{one.label}: {units.show_seconds(one.wall_s)}, of which on the critical path", ""]
    for state in one.states():
        if state["share"] >= _LEAST_SHOWN:
            of = ", ".join(part["detail"] for part in state["details"][:2])
            text = f"{state['share']:5.0%} {units.show_seconds(state['seconds']):>8}  {state['title']}{': ' + of if of else ''}"
            lines.append(text if len(text) <= width else text[: width - 1] + "…")
    lines += ["", "Nothing is wrong here that could be seen." if found.healthy else "What would change it"]
    for number, cause in enumerate(found.causes[:most], 1):
        about = (
            f"up to {units.show_seconds(cause.saves_s)} could be saved; confidence {cause.confidence.value}"
        )
        for first, text in ((f"{number}. ", f"{cause.claim}."), ("   ", f"{cause.advice} ({about})")):
            lines += textwrap.wrap(
                text, width, initial_indent=first, subsequent_indent="   ", break_on_hyphens=False
            )
    if one.missing:
        lines.append("")
        lines += textwrap.wrap(" ".join(one.missing), width)
    return "\n".join(lines)
