from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.errors import GodynoError
from godyno.model import Evidence, Finding, Workload
from godyno.prose import paste
from godyno.report.document import Claim, Code, Document, Grid, Heading, Message, Paragraph
from godyno.report.html import capture_html, html, write_text
from godyno.testing.captures import T0, write_capture

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{7*7}}<!--"


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text in each kind."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self.found[-1][0] if self.found else "", []).append(data)


def test_the_page_needs_nothing_else(build: Capture) -> None:
    page = Elements(capture_html(build))
    for tag, attributes in page.found:
        assert tag not in ("link", "iframe", "object", "embed", "base", "img")
        assert not attributes.keys() & {"src", "srcdoc", "style", "onclick", "onload", "onerror"}
        assert (attributes.get("href") or "#").startswith("#")


def test_only_our_script_and_style_may_run(build: Capture) -> None:
    text = capture_html(build)
    policy = next(
        a["content"]
        for t, a in Elements(text).found
        if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy and policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for tag in ("script", "style"):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_hostile_text_in_every_block_stays_text() -> None:
    finding = Finding(
        HOSTILE, HOSTILE, HOSTILE, advice=HOSTILE, tried=HOSTILE, warnings=(HOSTILE,), severity=HOSTILE,
        evidence=(Evidence(HOSTILE, 0, 1, HOSTILE),),
    )  # fmt: skip
    blocks = (
        Heading(HOSTILE), Paragraph(HOSTILE), Code(HOSTILE), Message(HOSTILE, HOSTILE), Claim(finding),
        Grid((HOSTILE,), ((HOSTILE,),), caption=HOSTILE, more=HOSTILE),
    )  # fmt: skip
    page = Elements(html(Document(HOSTILE, HOSTILE, blocks)))
    tags = [tag for tag, _ in page.found]
    assert tags.count("script") == 1 and "img" not in tags
    assert "alert(1)" in "".join(page.text["p"])


def test_hostile_captures_make_a_page_without_their_markup(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        writer.span(
            T0,
            T0 + 5,
            "process",
            HOSTILE,
            HOSTILE,
            1,
            1,
            {"argv": [HOSTILE], "kind": HOSTILE, "package": HOSTILE},
        )
        writer.span(T0, T0 + 5, HOSTILE, HOSTILE, HOSTILE, 1, 1, {HOSTILE: HOSTILE})
        writer.event(T0, HOSTILE, HOSTILE, HOSTILE)
        writer.line(T0, HOSTILE, HOSTILE)
        writer.point(writer.series(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}), T0 + 1, 1.0)

    path = write_capture(
        tmp_path / "hostile.dyno",
        fill,
        workload=Workload((HOSTILE,), tags={HOSTILE: HOSTILE}),
        warnings=(HOSTILE,),
    )
    with open_capture(path) as capture:
        page = Elements(capture_html(capture))
    tags = [tag for tag, _ in page.found]
    assert tags.count("script") == 2 and "img" not in tags


def test_data_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        html(Document("t", "", ()), "</script>")


def test_a_finding_leads_to_its_time(build: Capture) -> None:
    jumps = [
        attributes
        for tag, attributes in Elements(capture_html(build)).found
        if attributes.get("class") == "jump"
    ]
    assert {"data-a": "0", "data-b": "10000000000"}.items() <= jumps[0].items()


def test_a_document_without_a_capture_has_no_timeline() -> None:
    ids = {
        attributes.get("id") for _, attributes in Elements(html(Document("t", "", (Paragraph("x"),)))).found
    }
    assert not ids & {"timeline", "capture-data", "output-lines"}


def test_a_report_replaces_the_old_one_whole(tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    target.write_text("old")
    write_text(target, "new")
    assert target.read_text() == "new" and [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GodynoError, match=r"cannot be written: No such file or directory") as caught:
        write_text(tmp_path / "absent" / "r.html", "x")
    assert "-o" in caught.value.hint


def test_commands_of_an_advice_are_whole_lines_to_copy() -> None:
    finding = Finding(
        "a", "b", "it is broken", advice=f"Remove it:{paste('rm -rf <x>', 'go mod tidy')}", tried="Not tried."
    )
    assert "<pre>rm -rf &lt;x&gt;\ngo mod tidy\n</pre>" in html(Document("", "", (Claim(finding),)))
