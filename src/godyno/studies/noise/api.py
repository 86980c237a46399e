"""``godyno.measure_noise``: of a command, or of the reference that godyno carries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from godyno.studies.noise.looking import look
from godyno.studies.noise.metered import scratch_directory
from godyno.studies.noise.result import Noisiness
from godyno.workload import yardstick


def measure_noise(
    argv: Sequence[str] | None = None, *, for_s: float = 60.0, measures: Iterable[str] | None = None, seed: int = 0,
    progress: Callable[[int, float, float], None] | None = None,
) -> Noisiness:  # fmt: skip
    """How much equal runs of ``argv`` differ here, what makes them differ, and what each of ``measures`` (None: all) gave, for ``for_s``.

    Without ``argv`` the reference is run: computing, memory, system calls, files. ``progress`` gets the blocks that are done, the seconds
    that they took and those that are planned. Raises RunFailed where the command fails, UsageError for an unknown measure,
    NotAvailableHere where it was ended before three blocks (those are measured whatever ``for_s``), CommandNotFound,
    CommandNotExecutable.
    """
    with scratch_directory() as scratch:
        command = list(argv) if argv else yardstick.argv(scratch, rounds=3)
        return look(
            command, budget_s=for_s, names=measures, reads_json=not argv, seed=seed, progress=progress
        )
