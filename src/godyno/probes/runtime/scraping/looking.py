"""A first look at an address, before anything is recorded: does a Go program serve profiles there, and which process is it?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from godyno.errors import EndpointError
from godyno.probes.runtime.scraping.address import Address, address, authorization
from godyno.probes.runtime.scraping.fetch import Fetch, FetchError
from godyno.probes.runtime.scraping.process import serving

_WITHIN_S = 5.0


def first_look(url: str) -> tuple[Address, int, str]:
    """The address, the process of this machine that serves it, and if that is 0, why it is not known. Raises UsageError,
    EndpointError where no profiles are served there.
    """
    where, header = address(url), authorization()
    with tempfile.TemporaryDirectory(prefix="godyno-") as scratch:
        out = Path(scratch, "cmdline")
        try:
            Fetch(where, "/cmdline", out, header=header, within_s=_WITHIN_S, most_bytes=1 << 20).run()
        except FetchError as error:
            raise EndpointError(
                f"{where} serves no profiles: {error}",
                hint="See that it is up, and that this is where it serves net/http/pprof.",
            ) from error
        return (where, *serving(where, out))
