"""Makes the page and the picture of studies from what they kept: ``python docs/studies/make.py STUDY-DIRECTORY...``.

A page shows a real run: figures, verdicts and warnings are those of ``study.json``. Findings are concluded anew from its trials, so
that a page can follow a better wording without measuring again. Machine names and paths are left out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

from godyno import units
from godyno.model import Machine
from godyno.report.document import Bars, finding_bars
from godyno.report.markdown import markdown
from godyno.studies.document import document
from godyno.studies.result import StudyResult
from godyno.studies.studying import make_study

PAGES = Path(__file__).parent
_ROW, _LABEL, _BAR, _WIDTH = 22, 190, 300, 720


def page(result: StudyResult) -> Iterator[tuple[str, str]]:
    """The study's page and picture as (file name, text)."""
    shown = markdown(document(result))
    head, _, body = shown.partition("\n\n")
    picture = next((bars for one in result.findings if (bars := finding_bars(one))), None)
    module = f" {result.module}" if result.module and "godyno.example" not in result.module else ""
    command = f"godyno study {result.study}{module}{' --quick' if result.quick else ''}{_chosen(result)}"
    lines = [
        "<!-- written by docs/studies/make.py from a real run -->",
        head,
        f"Made from a run of `{command}` on a virtual machine; run it yourself for yours.",
    ]
    if picture is not None:
        lines.append(f"![{picture.caption or result.summary}]({result.study}.svg)")
        yield f"{result.study}.svg", svg(picture)
    yield f"{result.study}.md", "\n\n".join([*lines, body])


def _chosen(result: StudyResult) -> str:
    """The options of factors of which only some of the usual levels, or others, were planned."""
    usual = make_study(result.study, quick=result.quick).factors
    planned = dict(
        line.strip().split(": ", 1) for line in result.plan.splitlines() if line[2:].split(":")[0] in usual
    )
    named = {
        factor: [level.strip() for level in text.split("  (")[0].split(", ")]
        for factor, text in planned.items()
    }
    return "".join(
        f" --{factor} {','.join(levels)}"
        for factor, levels in named.items()
        if set(levels) != set(usual[factor])
    )


def svg(bars: Bars) -> str:
    """Bars with their intervals; plain enough for light and dark pages."""
    height = _ROW * len(bars.marks) + 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="18" font-weight="bold">{escape(bars.title)}</text>',
    ]
    for index, mark in enumerate(bars.marks):
        y = 30 + _ROW * index
        out.append(f'<text x="{_LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(mark.label)}</text>')
        out.append(
            f'<rect x="{_LABEL}" y="{y + 3}" width="{_BAR * bars.share(mark.value):.1f}" height="12" fill="#7aa6d6"/>'
        )
        text = units.show(mark.value, bars.unit)
        if mark.low is not None and mark.high is not None:
            low, high = (_LABEL + _BAR * bars.share(bound) for bound in (mark.low, mark.high))
            out.append(
                f'<path d="M{low:.1f} {y + 9}H{high:.1f}M{low:.1f} {y + 5}v8M{high:.1f} {y + 5}v8" stroke="#1b2127" fill="none"/>'
            )
            text += f" [{units.show(mark.low, bars.unit)}, {units.show(mark.high, bars.unit)}]"
        out.append(f'<text x="{_LABEL + _BAR + 12}" y="{y + 13}">{escape(text)}</text>')
    return "\n".join([*out, "</svg>", ""])


def read(directory: Path) -> StudyResult:
    """The result that a study kept, concluded anew, without what names this machine."""
    result = StudyResult.from_json(json.loads((directory / "study.json").read_text(encoding="utf-8")))
    levels: dict[str, list[str]] = {}
    usual = make_study(result.study, quick=result.quick)
    for factor, names in usual.factors.items():
        tried = {trial.levels[factor] for trial in result.trials}
        levels[factor] = [*(name for name in names if name in tried), *sorted(tried - set(names))]
    study = make_study(result.study, levels, result.quick, result.options)
    machine = Machine(
        os=result.machine.os,
        kernel=result.machine.kernel,
        cpu=result.machine.cpu,
        memory=result.machine.memory,
    )
    # Scratch directories are named in what tools said.
    trials = tuple(
        replace(trial, warnings=tuple(re.sub(r"/\S*/", "…/", one) for one in trial.warnings))
        for trial in result.trials
    )
    return replace(result, machine=machine, trials=trials, findings=tuple(study.conclude(trials)), directory="",
                   sure=getattr(study, "sure", ""), cannot_say=tuple(getattr(study, "cannot_say", ())))  # fmt: skip


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for file, text in page(read(Path(name))):
            (PAGES / file).write_text(text, encoding="utf-8")
            print(f"written: docs/studies/{file}")
