"""What a user asks of ``godyno startup``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from godyno.errors import UsageError
from godyno.model import Record
from godyno.studies.startup.gate import Gate

WARM, COLD = "warm", "cold"
RECORDED = 5  # recorded starts in each state: enough to see whether the causes stay the same


@dataclass(frozen=True, slots=True)
class Settings(Record):
    """``runs`` starts in each state; ``cold`` adds the state of a cold page cache to the warm one, of the program, its libraries and
    ``cold_also``. ``budget_s`` bounds the trying of remedies. ``capture`` keeps the recording that is shown.
    """

    argv: tuple[str, ...]
    ready: str = "listen"
    runs: int = 20
    cold: bool = False
    cold_also: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    cpu_quota: float | None = None
    memory_limit_bytes: int | None = None
    try_remedies: bool = True
    budget_s: float = 120.0
    timeout_s: float = 30.0
    recorded: int = RECORDED
    cwd: str = ""
    env: Mapping[str, str | None] = field(default_factory=dict)
    capture: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.argv:
            raise UsageError(
                "There is no command to start", hint="Write it behind `--`: godyno startup -- ./server"
            )
        if self.runs < 1 or self.recorded < 0:
            raise UsageError(f"--runs {self.runs} cannot be", hint="20 is usual; a gate on p95 wants 60.")

    @property
    def states(self) -> tuple[str, ...]:
        """Of the page cache."""
        return (WARM, COLD) if self.cold else (WARM,)
