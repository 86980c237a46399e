"""How noisy is this machine: ``metered`` runs a command with what was counted beside it, ``looking`` judges, ``table`` shows."""

from __future__ import annotations
