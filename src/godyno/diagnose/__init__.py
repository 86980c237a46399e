"""Analyses turn a capture into findings: one question a file, registered by name, pure."""

from __future__ import annotations

from godyno.diagnose.findings import findings_of

__all__ = ["findings_of"]
