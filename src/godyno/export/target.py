"""Where an export goes: a file that appears whole or not at all, or an address on the network."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from godyno.errors import GodynoError, UsageError


def is_url(out: str) -> bool:
    """Whether ``out`` is written as an address and not as a file."""
    return "://" in out


def file_only(out: str, name: str) -> Path:
    """``out`` as a path. Raises UsageError where it is an address."""
    if is_url(out):
        raise UsageError(
            f"{name} is written to a file, not sent to an address",
            hint="Give -o FILE; prometheus and otlp can be sent with --to URL.",
        )
    return Path(out)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes its place only when it is whole. Pipes and devices are written as they are.

    Raises GodynoError where it cannot be written, UsageError where ``path`` is a directory.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a directory", hint="Name a file with -o.")
    with _explained(path):
        if path.exists() and not path.is_file():
            with path.open("wb") as out:
                yield out
            return
        handle, scratch = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                yield out
            mask = os.umask(0)
            os.umask(mask)
            Path(scratch).chmod(0o666 & ~mask)  # as any file one writes; a temporary file is private
            Path(scratch).replace(path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A directory to fill; ``path`` becomes its zip where it ends in ``.zip``, else the directory itself.

    Raises GodynoError where it cannot be written, UsageError where the directory exists and holds something.
    """
    zipped = path.suffix == ".zip"
    if not zipped and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} exists already", hint="Name a directory that does not exist, or FILE.zip.")
    with _explained(path):
        scratch = Path(tempfile.mkdtemp(prefix=f".{path.name[:100]}.", dir=path.parent))
        try:
            yield scratch
            if zipped:
                with whole_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                    for member in sorted(scratch.iterdir()):
                        _store(archive, member)
            else:
                scratch.chmod(0o755)
                if path.exists():
                    path.rmdir()
                scratch.replace(path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has what it wanted
        raise
    except OSError as error:
        raise GodynoError(
            f"{path} cannot be written: {error.strerror or error}", hint="Name another place with -o."
        ) from error


def _store(archive: zipfile.ZipFile, member: Path) -> None:
    about = zipfile.ZipInfo(member.name)  # of 1980: the same capture gives the same zip
    about.external_attr = 0o644 << 16
    about.compress_type = zipfile.ZIP_STORED if member.suffix == ".parquet" else zipfile.ZIP_DEFLATED
    about.file_size = member.stat().st_size  # so that zip64 is used where it must be
    with member.open("rb") as source, archive.open(about, "w") as out:
        shutil.copyfileobj(source, out, 1 << 20)
