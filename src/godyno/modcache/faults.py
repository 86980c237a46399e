"""How a fault in a cache is told: an ordinary finding, whose ``kind`` is made for programs."""

from __future__ import annotations

from typing import Any

from godyno.model import Confidence, Finding
from godyno.prose import paste, quoted

SOURCE = "modcache"


def fault(
    kind: str,
    claim: str,
    *,
    advice: str = "",
    severity: str = "warning",
    tried: str = "",
    path: str = "",
    **data: Any,
) -> Finding:
    """A finding of this package. ``severity`` is ``warning`` for what breaks or may break a build, ``note`` for what go mends
    by itself or what only costs. The place it speaks of is in ``data["path"]``.
    """
    return Finding(
        SOURCE, kind, claim, confidence=Confidence.MEASURED, advice=advice, tried=tried or ("Not tried." if advice else ""),
        severity=severity, data={"path": path, **data},
    )  # fmt: skip


def removing(place: str, why: str) -> str:
    """Advice to remove a file or directory: ``why`` as a sentence without its end, and the command below it."""
    return f"{why}:{paste(f'rm -rf {quoted(place)}')}"
