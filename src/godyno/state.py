"""Where godyno keeps what must be found again after it was killed. Imports nothing that takes time: every start asks."""

from __future__ import annotations

import os

KNOBS_JOURNAL = "knobs.journal"


def state_directory() -> str:
    """Of the whole machine for root, whose changes are the machine's; else the user's own (XDG base directories)."""
    if os.geteuid() == 0:
        return "/var/lib/godyno"
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111  pathlib would double the start
    return os.path.join(home, "godyno")  # noqa: PTH118


def knobs_pending(state: str | os.PathLike[str] | None = None) -> bool:
    """Whether a journal of changed settings lies there: of a godyno that runs, or of one that was killed."""
    return os.path.exists(os.path.join(state or state_directory(), KNOBS_JOURNAL))  # noqa: PTH110, PTH118
