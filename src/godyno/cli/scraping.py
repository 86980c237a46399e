"""The options of ``record`` and ``attach`` that ask a program for its own profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from godyno import units
from godyno.errors import UsageError

_KINDS = ("trace", "cpu", "heap", "allocs", "mutex", "block", "goroutine")


def scraping_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--profiles`` and ``--every``."""
    for option in (
        click.option(
            "--every", metavar="TIME", default="10s", show_default=True,
            help="How often heap, allocs, mutex, block and goroutine are taken; also the longest window of a CPU profile.",
        ),
        click.option(
            "--profiles", metavar="KINDS", default=",".join(_KINDS), show_default=True, help="What to ask for."
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def scrape_settings(url: str, profiles: str, every: str) -> dict[str, object]:
    """The settings of the probe ``scrape``. Raises UsageError."""
    from godyno.probes.runtime.scraping.address import address

    address(url)
    kinds = tuple(dict.fromkeys(word.strip() for word in profiles.split(",") if word.strip()))
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown or not kinds:
        raise UsageError(f"--profiles {profiles!r} is not known", hint=f"Choose from {', '.join(_KINDS)}.")
    every_s = units.seconds(every)
    if not 1 <= every_s <= 3600:
        raise UsageError(
            f"--every {every} cannot be",
            hint="Choose between 1s and 1h; each time costs the program some work.",
        )
    return {"url": url, "kinds": kinds, "every_s": every_s}
