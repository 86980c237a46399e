"""What this machine is."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from godyno.model import Machine


def read_machine(root: Path = Path("/"), paths: Mapping[str, Path] | None = None) -> Machine:
    """The machine below ``root``."""
    return Machine(hostname=platform.node(), os=sys.platform, kernel=platform.release())
