"""Causes that other analyses found: those that say ``ranked`` and give ``data["saves_s"]`` are listed beside the path's own."""

from __future__ import annotations

from typing import Any

from godyno import registry
from godyno.diagnose.why.causes import Cause
from godyno.model import Evidence, Finding

_LEAST_SHARE = 0.01  # of the run: what saves less is no cause worth a line


def others(capture: Any, wall_s: float) -> list[Cause]:
    """What the ranked analyses say of ``capture``, the one that saves most first. One that fails is left out: `show` tells of it."""
    found: list[Cause] = []
    unranked = {*registry.built_in("analyses")} - {*registry.RANKED}
    for name in registry.names("analyses"):
        if name in unranked:
            continue
        analysis = registry.load("analyses", name)
        if not getattr(analysis, "ranked", False):
            continue
        try:
            findings = analysis().analyze(capture)
        except Exception:
            continue
        found += [cause for one in findings if (cause := _cause(one, wall_s)) is not None]
    return sorted(found, key=lambda cause: -cause.saves_s)


def ranked(own: list[Cause], also: list[Cause]) -> list[Cause]:
    """Both by what they save; what surrounds the program, and what saves nothing, comes after. ``own`` alone keeps its order."""
    return (
        sorted([*own, *also], key=lambda cause: (cause.where == "machine", -cause.saves_s)) if also else own
    )


def _cause(finding: Finding, wall_s: float) -> Cause | None:
    saves = finding.data.get("saves_s")
    if (
        not isinstance(saves, int | float)
        or isinstance(saves, bool)
        or wall_s <= 0
        or not saves >= _LEAST_SHARE * wall_s
    ):
        return None
    share = min(1.0, saves / wall_s)
    return Cause(
        kind=finding.kind, claim=finding.claim, seconds=float(saves), share=share, of_own=share, saves_s=float(saves),
        confidence=finding.confidence, evidence=finding.evidence[0] if finding.evidence else Evidence("spans"), advice=finding.advice,
        severity=finding.severity, what=finding.source, where="machine" if finding.data.get("needs") == "hardware" else "program",
    )  # fmt: skip
