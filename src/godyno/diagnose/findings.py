"""Every analysis over one capture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from godyno import registry
from godyno.model import Confidence, Finding

ORDER = {"warning": 0, "note": 1, "info": 2}


def findings_of(capture: Any, names: Sequence[str] | None = None) -> list[Finding]:
    """What the analyses say of ``capture``, in their order of registration, and what it already held from others.

    An analysis that fails (they may be strangers', and so may the capture) becomes a finding that says so.
    """
    found: list[Finding] = []
    asked = registry.names("analyses") if names is None else list(names)
    rows = capture.tables()
    for name in asked:
        try:
            analysis = registry.load("analyses", name)()
            if all(rows.get(table) for table in analysis.needs):
                found.extend(analysis.analyze(capture))
        except Exception as error:
            found.append(
                Finding(
                    source=name,
                    kind="analysis-failed",
                    claim=f"The analysis {name} could not read this capture: {type(error).__name__}: {error}",
                    confidence=Confidence.MEASURED,
                    severity="warning",
                )
            )
    if names is None:
        found.extend(kept for kept in capture.findings() if kept.source not in asked)
    return found
