"""What every exporter keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from godyno.capture.reader import open_capture
from godyno.errors import GodynoError
from godyno.interfaces import Exporter
from godyno.testing.samples import samples


def it_has_all_of_an_exporters_methods(plugin: type[Any], directory: Path) -> None:
    """It is an ``Exporter`` with a suffix, or an empty one where it writes to an endpoint."""
    assert isinstance(plugin(), Exporter), "name, summary, suffix or export is missing"
    assert plugin.suffix == "" or plugin.suffix.startswith("."), f"the suffix {plugin.suffix!r} has no dot"


def it_exports_any_capture(plugin: type[Any], directory: Path) -> None:
    """A file, nothing beside it, and in sentences what the format could not carry."""
    if not plugin.suffix:
        return  # an endpoint is tested where there is one
    for what, path in samples(directory / "captures").items():
        out = directory / what / f"out{plugin.suffix}"
        out.parent.mkdir()
        with open_capture(path) as capture:
            lost = plugin().export(capture, str(out))
        assert out.exists(), f"{what}: nothing was written"
        assert [one.name for one in out.parent.iterdir()] == [out.name], (
            f"{what}: something else was written too"
        )
        assert all(isinstance(one, str) and one.strip() for one in lost), (
            f"{what}: what was lost is not in sentences"
        )


def it_writes_the_same_twice(plugin: type[Any], directory: Path) -> None:
    """No clock and no chance in the file."""
    if not plugin.suffix:
        return
    contents = []
    path = samples(directory / "captures")["typical"]
    for number in range(2):
        out = directory / f"{number}{plugin.suffix}"
        with open_capture(path) as capture:
            plugin().export(capture, str(out))
        contents.append(out.read_bytes() if out.is_file() else b"")
    assert contents[0] == contents[1], "the same capture gives two files"


def a_place_that_cannot_be_written_is_a_clear_error(plugin: type[Any], directory: Path) -> None:
    """One of godyno's own errors with a hint, or an OSError that the command line explains."""
    if not plugin.suffix:
        return
    path = samples(directory / "captures")["typical"]
    with open_capture(path) as capture:
        try:
            plugin().export(capture, str(directory / "no" / "such" / f"folder{plugin.suffix}"))
        except GodynoError as error:
            assert error.hint, "the error has no hint"
        except OSError:
            pass


CHECKS = [
    it_has_all_of_an_exporters_methods,
    it_exports_any_capture,
    it_writes_the_same_twice,
    a_place_that_cannot_be_written_is_a_clear_error,
]
