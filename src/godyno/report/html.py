"""A document as one HTML file that needs nothing else: no network, no other file, and no script but our own.

Whatever a capture holds goes through autoescaping or into base64 (``payload``), and a Content-Security-Policy lets only
the one script and the one style run whose hashes it names, so that even a mistake here could not run a stranger's code.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from godyno import __version__, units
from godyno.diagnose.findings import ORDER
from godyno.errors import GodynoError
from godyno.report.cascade import kinds_of, rows
from godyno.report.document import (
    Claim,
    Document,
    Heading,
    SpanLanes,
    Timeline,
    advice_pieces,
    doubt_text,
    estimate_text,
    sections,
)
from godyno.report.payload import clean
from godyno.report.scatter import color, svg

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def html(document: Document, data: str = "", start_ns: int = 0, tables: frozenset[str] = frozenset()) -> str:
    """The page. ``data`` is ``page_data.page_data``'s block and ``start_ns`` its start; without it there are no timelines.

    ``tables`` names the capture's tables that hold rows.
    """
    script, style = _asset("page.js"), _asset("page.css")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    shown = [
        (heading, [block for block in blocks if not isinstance(block, Timeline | SpanLanes)])
        for heading, blocks in sections(document.blocks)
    ]
    if data and not _BASE64.fullmatch(data):
        raise ValueError("the page's data is not base64")
    findings = [block.finding for block in document.blocks if isinstance(block, Claim)]
    anchors = {id(finding): f"finding-{index}" for index, finding in enumerate(findings)}
    return str(
        _template().render(
            document=document,
            short=[
                (one, anchors[id(one)])
                for one in sorted(findings, key=lambda one: ORDER.get(one.severity, 2))
            ],
            anchor_of=lambda finding: anchors[id(finding)],
            sections=[(heading, blocks) for heading, blocks in shown if blocks or heading is None],
            data=data,
            start_ns=start_ns,
            tables=tables,
            script=script,
            style=style,
            policy=policy,
            version=__version__,
        )
    )


def capture_html(capture: Any, baseline: Any = None) -> str:
    """The page of one capture, with its timelines, spans and output; its flame graphs compare with ``baseline`` where one is given."""
    from godyno.diagnose import findings_of
    from godyno.report.page_data import page_data, window_of
    from godyno.report.summary import capture_document

    findings = findings_of(capture)
    filled = frozenset(name for name, rows in capture.tables().items() if rows)
    data = page_data(capture, baseline=baseline, findings=findings)
    return html(capture_document(capture, findings), data, window_of(capture).t_start_ns, filled)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes a report so that a reader sees the old file or the whole new one. Raises GodynoError where it cannot."""
    target = Path(path)
    scratch = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as out:
            scratch = out.name
            out.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(scratch).chmod(0o666 & ~mask)  # as any file one writes; a temporary file is private
        Path(scratch).replace(target)
    except OSError as error:
        if scratch:
            Path(scratch).unlink(missing_ok=True)
        raise GodynoError(
            f"{target} cannot be written: {error.strerror or error}", hint="Name another place with -o."
        ) from error


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    file = resources.files("godyno.report").joinpath("page", name)
    try:
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        raise GodynoError(
            f"the report page's {name} is missing from this installation of godyno",
            hint="Install it again: pip install --force-reinstall godyno; in a checkout: make setup.",
        ) from None
    closing = "</script" if name.endswith(".js") else "</style"
    if closing in text.lower() or "<!--" in text:
        raise GodynoError(
            f"{name} would end the element that it stands in", hint="This is a bug of godyno's build."
        )
    return text


@cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "clean": clean,
        "doubt": doubt_text,
        "estimate": estimate_text,
        "advice": advice_pieces,
    }
    environment.tests["heading"] = lambda block: isinstance(block, Heading)
    environment.globals |= {
        "kind": lambda block: type(block).__name__,
        "show": units.show,
        "show_seconds": units.show_seconds,
        "scatter": svg,
        "color": color,
        "cascade": rows,
        "kinds_of": kinds_of,
        "range_of": _range,
    }
    text = resources.files("godyno.report").joinpath("page.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(text)


def _range(finding: Any, start_ns: int) -> tuple[int, int] | None:
    """The finding's time range in ns since the page's start."""
    for evidence in finding.evidence:
        if (
            evidence.t_start_ns is not None
            and evidence.t_end_ns is not None
            and evidence.t_end_ns >= evidence.t_start_ns
        ):
            return evidence.t_start_ns - start_ns, evidence.t_end_ns - start_ns
    return None
