"""A check of the caches, an explained error and a tried plan as documents."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from godyno.modcache.check import Report
from godyno.modcache.explain import Explanation
from godyno.modcache.plan import OWN, WAYS, Plan
from godyno.model import Finding
from godyno.prose import paste, quoted
from godyno.report.document import (
    Block,
    Claim,
    Document,
    Figure,
    Grid,
    Heading,
    KeyFigures,
    Message,
    Paragraph,
    advised,
)
from godyno.units import show_bytes, show_seconds

_OF_A_KIND = 5
_MODULES = 10
_NAMED = 5
_SHOWN_CHARS = 300
_DAY_S = 86400.0


def document(report: Report, *, now_s: float | None = None) -> Document:
    """The check for a person: verdict first, then each kind of fault, then sizes and who shares what."""
    faults = report.faults
    speed = f"{show_bytes(report.read_bytes / report.took_s)}/s" if report.took_s else ""
    blocks: list[Block] = [KeyFigures((
        Figure("faults", str(len(faults)), f"and {len(report.findings) - len(faults)} notes"),
        Figure("module versions", str(report.versions), ", ".join(
            f"{n} vouched for by {who}"
            for who, n in (*report.witnesses.items(), ("nobody", len(report.unvouched))) if n
        )),
        Figure("build cache", str(report.entries), "entries"),
        Figure("read", show_bytes(report.read_bytes), f"in {show_seconds(report.took_s)}, {speed}"),
    ))]  # fmt: skip
    if not report.complete:
        blocks.append(
            Message(
                "Interrupted: this is what was looked at. `godyno modcache check --resume` goes on.",
                "warning",
            )
        )
    if report.unvouched:
        blocks += _unvouched(report)
    if not report.findings:
        holds = "No file contradicts another" if report.unvouched else "Every file holds what it should"
        blocks.append(Paragraph(f"{holds}, and everything that is needed may be read and written."))
    else:
        blocks.append(Heading("What is wrong"))
        blocks += _kinds(report.findings)
    blocks += _sizes(report, time.time() if now_s is None else now_s)
    blocks += _shared(report)
    where = " and ".join(path for path in (report.gomodcache, report.gocache) if path)
    return Document("Go's caches", where, tuple(blocks))


def _unvouched(report: Report) -> list[Block]:
    """Versions that were held only against what lies beside them, which whoever changes one changes alike."""
    names = report.unvouched
    more = f" and {len(names) - _NAMED} more (--json lists all)" if len(names) > _NAMED else ""
    command = f"godyno modcache check --gomodcache {quoted(report.gomodcache)} ."
    return [
        Message(
            f"Nobody vouches for {len(names)} of the module versions: {', '.join(names[:_NAMED])}{more}. Their zip, .ziphash and "
            "directory were held against each other alone, and would agree if all were changed alike.", "note",
        ),
        *advised(f"The go.sum of a module that requires them tells; in its directory:{paste(command)}"),
    ]  # fmt: skip


def _kinds(findings: Sequence[Finding]) -> list[Block]:
    blocks: list[Block] = []
    count = Counter(finding.kind for finding in findings)
    shown: Counter[str] = Counter()
    for finding in findings:
        shown[finding.kind] += 1
        if shown[finding.kind] <= _OF_A_KIND:
            blocks.append(Claim(finding))
        elif shown[finding.kind] == _OF_A_KIND + 1:
            blocks.append(
                Message(f"and {count[finding.kind] - _OF_A_KIND} more of this kind (--json lists all)")
            )
    return blocks


def _sizes(report: Report, now_s: float) -> list[Block]:
    if not report.sizes:
        return []
    total = sum(one.zip_bytes + one.directory_bytes for one in report.sizes)
    largest = sorted(report.sizes, key=lambda one: -(one.zip_bytes + one.directory_bytes))
    rows = tuple(
        (one.name, show_bytes(one.zip_bytes), show_bytes(one.directory_bytes), _age(one.modified_at, now_s))
        for one in largest[:_MODULES]
    )
    ages = [(limit, sum(one.zip_bytes + one.directory_bytes for one in report.sizes if _older(one.modified_at, now_s, limit)))
            for limit in (30, 180, 365)]  # fmt: skip
    old = "; ".join(f"{show_bytes(size)} came more than {limit} days ago" for limit, size in ages if size)
    return [
        Heading("What takes the space"),
        Grid(("module", "zip", "extracted", "came"), rows, frozenset({1, 2}), more=f"and {len(largest) - _MODULES} more"
             if len(largest) > _MODULES else ""),
        Paragraph(f"{show_bytes(total)} in {len(largest)} module versions{'; ' + old if old else ''}."),
    ]  # fmt: skip


def _shared(report: Report) -> list[Block]:
    blocks: list[Block] = [
        Heading("Who shares what"),
        Paragraph("GOMODCACHE is one for every GOOS, GOARCH, flag and Go: what it holds is hashed as it came, before any of these "
                  "matter (`godyno modcache explain \"checksum mismatch\"` tries it here)."),
    ]  # fmt: skip
    if report.made_for:
        rows = tuple(
            (one.target, one.go, one.level or "–", show_bytes(one.size_bytes)) for one in report.made_for
        )
        blocks.append(
            Paragraph(
                "GOCACHE is shared only by builds alike in target, Go, level and flags. Compiled packages in it:"
            )
        )
        blocks.append(Grid(("target", "Go", "level", "size"), rows, frozenset({3})))
    return blocks


def _age(at: float, now_s: float) -> str:
    return f"{(now_s - at) / _DAY_S:.0f} days ago" if at else "–"


def _older(at: float, now_s: float, days: int) -> bool:
    return bool(at) and now_s - at > days * _DAY_S


def explanation(found: Explanation) -> Document:
    """An explained error: what holds, what was ruled out and by what, what could not be tried."""
    blocks: list[Block] = []
    groups = (
        ("The cause here" if len(found.causes) == 1 else "The causes here", True),
        ("Could not be tried", None),
        ("Ruled out", False),
    )
    if not found.causes:
        blocks.append(Message("None of the causes that could be tried holds here.", "warning"))
    for title, holds in groups:
        some = [verdict for verdict in found.verdicts if verdict.holds is holds]
        if not some:
            continue
        blocks.append(Heading(title))
        for verdict in some:
            if holds:
                blocks += [
                    Message(f"{_sentence(verdict.cause)}.", "warning"),
                    Paragraph(f"Seen: {verdict.proof.rstrip('.')}."),
                    *advised(verdict.remedy),
                ]
            else:
                blocks.append(Paragraph(f"{_sentence(verdict.cause)}: {verdict.proof.rstrip('.')}."))
    return Document(
        "What this error means here",
        _first(found.error) + (f" ({found.module})" if found.module else ""),
        tuple(blocks),
    )


def _first(error: str) -> str:
    """The error's first line, with the command that follows a colon at its end."""
    lines = error.strip().splitlines()
    at_end = lines[0].rstrip().endswith(":") and len(lines) > 1
    return (f"{lines[0].rstrip()} {lines[1].strip()}" if at_end else lines[0])[:_SHOWN_CHARS]


def _sentence(text: str) -> str:
    """Begins with a capital letter, unless it begins with a file's name, such as go.sum or vendor/."""
    first = text.partition(" ")[0]
    return text if "." in first or "/" in first else text[:1].upper() + text[1:]


def planned(found: Plan) -> Document:
    """The trial as a table, and what it recommends; the configurations are text by themselves (``Plan.files``)."""
    blocks: list[Block] = []
    if found.built:
        who = (
            "two users"
            if found.users
            else "one user (not root, so that another user's troubles could not be tried)"
        )
        rows = []
        for way in WAYS:
            mine = [one for one in found.built if one.way == way.name]
            for builder in dict.fromkeys(one.builder for one in mine):
                both = [one for one in mine if one.builder == builder]
                rows.append((
                    way.name, builder, "failed" if any(one.exit_code for one in both) else "built",
                    " / ".join(str(one.downloads) for one in both[:2]), " / ".join(str(one.commands) for one in both[:2]),
                ))  # fmt: skip
        blocks += [
            Heading("Tried here"),
            Paragraph(f"Two builders at once ({who}), each way of sharing twice: first and second round, of both builders together "
                      "where their target is one."),
            Grid(("way", "target", "", "downloads", "compiled"), tuple(rows), frozenset({3, 4})),
        ]  # fmt: skip
        blocks += [
            Message(f"{one.way}, {one.builder}: {one.error}", "warning")
            for one in found.built
            if one.exit_code and one.round == 1
        ]
    way = next(way for way in (*WAYS, OWN) if way.name == found.recommended)
    blocks += [Heading("Recommended"), Paragraph(f"{_sentence(way.name)}: {way.summary}.")]
    return Document(
        "Sharing Go's caches", f"{found.module}, {found.go}, {', '.join(found.targets)}", tuple(blocks)
    )
