"""``godyno.startup``: the Python side of ``godyno startup``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from godyno.studies.progress import Told
from godyno.studies.startup.gate import Gate
from godyno.studies.startup.result import Startup
from godyno.studies.startup.session import Session
from godyno.studies.startup.settings import Settings


def startup(
    command: Sequence[str],
    *,
    ready: str = "listen",
    runs: int = 20,
    cold: bool = False,
    cold_also: Sequence[str] = (),
    gates: Sequence[str] = (),
    cpu_quota: float | None = None,
    memory_limit_bytes: int | None = None,
    try_remedies: bool = True,
    budget_s: float = 120.0,
    timeout_s: float = 30.0,
    recorded: int = 5,
    cwd: str | os.PathLike[str] = "",
    env: Mapping[str, str | None] | None = None,
    capture: str | os.PathLike[str] = "",
    seed: int = 0,
    progress: Told | None = None,
) -> Startup:
    """Starts ``command`` ``runs`` times until it is ready, and tells what that time goes to and what would shorten it.

    ``ready`` is ``listen`` (on any TCP port), ``tcp:PORT``, a URL, ``grpc:PORT``, ``log:REGEX`` or ``exit``. ``cold`` adds starts with the
    files of the program, and ``cold_also``, out of the page cache. ``gates`` such as ``p95<500ms`` decide ``Startup.exit_code``.
    ``cpu_quota`` is in CPUs. ``recorded`` starts in each state are recorded for the waterfall; ``capture`` is where the one that is
    shown is kept. ``budget_s`` bounds the trying of remedies.

    Raises GodynoError where it cannot be started or not once becomes ready, UsageError where an argument makes no sense.
    """
    settings = Settings(
        tuple(command), ready, runs, cold, tuple(cold_also), tuple(Gate.parse(gate) for gate in gates), cpu_quota, memory_limit_bytes,
        try_remedies, budget_s, timeout_s, recorded, str(Path(cwd)) if cwd else "", dict(env or {}), str(capture), seed,
    )  # fmt: skip
    return Session(settings, progress).run() if progress else Session(settings).run()
