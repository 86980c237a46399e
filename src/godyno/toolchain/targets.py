"""What this Go can build for."""

from __future__ import annotations

from dataclasses import dataclass

from godyno.errors import ToolchainError
from godyno.model import Record
from godyno.toolchain.go import Go


@dataclass(frozen=True, slots=True)
class Target(Record):
    """One pair of operating system and architecture. ``first_class`` ports block Go's releases when they
    break.
    """

    goos: str
    goarch: str
    cgo_supported: bool
    first_class: bool

    @property
    def name(self) -> str:
        """As Go writes it: ``linux/amd64``."""
        return f"{self.goos}/{self.goarch}"


def targets(go: Go) -> tuple[Target, ...]:
    """What ``go tool dist list`` knows, sorted by name. Raises ToolchainError."""
    answers = go.run_json("tool", "dist", "list", "-json")
    rows = answers[0] if answers else None
    if not isinstance(rows, list):
        raise ToolchainError("`go tool dist list -json` printed no list")
    found = [
        Target(row["GOOS"], row["GOARCH"], bool(row.get("CgoSupported")), bool(row.get("FirstClass")))
        for row in rows
        if isinstance(row, dict) and isinstance(row.get("GOOS"), str) and isinstance(row.get("GOARCH"), str)
    ]
    return tuple(sorted(found, key=lambda target: target.name))
