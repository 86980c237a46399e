"""Reading a sealed capture: ``open_capture(path)`` gives tables as Arrow and a DuckDB connection with a view over each.

Captures come from strangers: a zip's members are checked before one byte is unpacked, every table's columns are checked
before a view is made over it, and what does not fit the schema is CaptureCorrupt, never a crash.
"""

from __future__ import annotations

import errno
import json
import lzma
import os
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from godyno.capture import schema
from godyno.capture.manifest import MANIFEST, Manifest, read_manifest
from godyno.errors import CaptureCorrupt, CaptureNotFound, CaptureNotSealed, QueryError
from godyno.model import Finding

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_MOST_MEMBERS = 100_000
_MOST_UNPACKED_BYTES = 64 << 30
_MOST_RATIO = 200  # deflate reaches 1,000 on zeros; an honest capture, zstd inside, hardly shrinks
_MOST_ROWS_PER_BYTE = 300  # a constant column of an honest capture reaches 76


def open_capture(path: str | os.PathLike[str]) -> Capture:
    """Opens a sealed capture, a directory or its zip.

    Raises CaptureNotFound, CaptureNotSealed (its recorder is still at work, or was killed), CaptureCorrupt.
    """
    place = Path(path)
    unpacked = None
    if place.is_file():
        place = unpacked = _unpacked(place)
    elif not place.exists():
        raise CaptureNotFound(
            f"{path} does not exist", hint="`godyno list` shows the captures in a directory."
        )
    try:
        manifest = read_manifest(place)
        if manifest.state != "sealed":
            raise CaptureNotSealed(
                f"{path} is not sealed: its recorder is still at work or was killed",
                hint=f"If it was killed, `godyno recover {path}` seals what it had written.",
            )
        return Capture(Path(path), place, manifest, unpacked)
    except BaseException:
        if unpacked:
            shutil.rmtree(unpacked, ignore_errors=True)
        raise


def captures(directory: str | os.PathLike[str]) -> Iterator[tuple[Path, Manifest | Exception]]:
    """Every capture directly below ``directory`` with its manifest, or with why that cannot be read; newest first."""
    found = [p for p in Path(directory).iterdir() if p.suffix == ".dyno" or p.name.endswith(".dyno.zip")]
    for place in sorted(found, key=lambda p: p.stat().st_mtime, reverse=True):
        try:
            if place.is_dir():
                yield place, read_manifest(place)
            else:
                with open_capture(place) as capture:
                    yield place, capture.manifest
        except (CaptureNotFound, CaptureCorrupt, CaptureNotSealed, OSError) as error:
            yield place, error


class Capture:
    """A sealed capture. Close it, or use it in a ``with``; it also goes with the garbage."""

    def __init__(self, path: Path, directory: Path, manifest: Manifest, unpacked: Path | None) -> None:
        self.path, self.directory, self.manifest = path, directory, manifest
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._cleanup = weakref.finalize(self, shutil.rmtree, unpacked, True) if unpacked else None

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of files and memory."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._cleanup:
            self._cleanup()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection, in memory, with a view over each table. Raises CaptureCorrupt."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def sql(self, query: str, parameters: Sequence[Any] | None = None) -> pa.Table:
        """The result of ``query`` as an Arrow table. Raises QueryError."""
        import duckdb
        import pyarrow as pa

        try:
            result = self.connection.sql(query, params=parameters)
            return result.to_arrow_table() if result is not None else pa.table({})
        except duckdb.Error as error:
            text = str(error).strip()
            raise QueryError(
                text, hint=f"The tables are {', '.join(schema.BY_NAME)}; `DESCRIBE spans` shows columns."
            ) from error

    def table(self, name: str) -> pa.Table:
        """A whole table by its name. Raises QueryError for a name that is none."""
        if name not in schema.BY_NAME:
            raise QueryError(
                f"There is no table {name!r}", hint=f"The tables are {', '.join(schema.BY_NAME)}."
            )
        return self.sql(f"SELECT * FROM {name}")

    def tables(self) -> dict[str, int]:
        """The number of rows of every table of the schema, 0 for one that was never written."""
        return {
            name: int(self.sql(f"SELECT count(*) AS n FROM {name}")["n"][0].as_py())
            for name in schema.BY_NAME
        }

    def findings(self) -> list[Finding]:
        """The findings kept in the capture. Raises CaptureCorrupt."""
        try:
            return [
                Finding.from_json(json.loads(row)) for row in self.table("findings")["finding"].to_pylist()
            ]
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise CaptureCorrupt(f"{self.path}: a finding is damaged: {error}") from error

    def raw(self, probe: str) -> Path:
        """The folder of what ``probe`` left, which may not exist."""
        return self.directory / "raw" / PurePosixPath(probe).name

    def _connect(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        from godyno.capture.tables import arrow_schema

        connection = duckdb.connect(
            ":memory:",
            config={"autoinstall_known_extensions": False, "threads": max(1, min(4, os.cpu_count() or 1))},
        )
        for name in schema.BY_NAME:
            file, wanted = self.directory / f"{name}.parquet", arrow_schema(name)
            if not file.exists():
                connection.register(name, wanted.empty_table())
                continue
            _check_columns(file, wanted)
            quoted = str(file).replace("'", "''")
            try:
                connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")
            except duckdb.Error as error:
                raise CaptureCorrupt(
                    f"{file} cannot be read: {error}", hint="It was damaged; restore it from a copy."
                ) from error
        return connection


def _check_columns(file: Path, wanted: pa.Schema) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(file)
        found = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CaptureCorrupt(
            f"{file} is not Parquet: {error}", hint="It was damaged; restore it from a copy."
        ) from error
    if metadata.num_rows > _MOST_ROWS_PER_BYTE * file.stat().st_size:
        raise CaptureCorrupt(f"{file} claims {metadata.num_rows:,} rows", hint="Do not open it.")
    for field in wanted:
        index = found.get_field_index(field.name)
        if index < 0 or found.field(index).type != field.type:
            raise CaptureCorrupt(
                f"{file} has no column {field.name} of type {field.type}",
                hint="It was made by another program or damaged.",
            )


def _unpacked(archive: Path) -> Path:
    """The contents of a capture's zip in a temporary directory. Raises CaptureCorrupt before anything unsafe is written."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = file.infolist()
            _check_members(archive, members)
            names = [member.filename for member in members]
            inside = "" if MANIFEST in names else _only_folder(archive, names)
            target = Path(tempfile.mkdtemp(prefix="godyno-"))
            try:
                file.extractall(target)
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        raise CaptureCorrupt(
            f"{archive} is not a readable zip: {error}", hint="A capture is a directory NAME.dyno or its zip."
        ) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a full disk, say
            raise
        # An offset before the file's beginning, or what bz2 says of its data.
        raise CaptureCorrupt(
            f"{archive} is not a readable zip: {error}", hint="It was damaged; restore it from a copy."
        ) from error
    return target / inside


def _only_folder(archive: Path, names: Sequence[str]) -> str:
    tops = {PurePosixPath(name).parts[0] for name in names if PurePosixPath(name).parts}
    if len(tops) == 1 and f"{next(iter(tops))}/{MANIFEST}" in names:
        return next(iter(tops))
    raise CaptureCorrupt(
        f"{archive} holds no {MANIFEST}", hint="A capture is a directory NAME.dyno or its zip."
    )


def _check_members(archive: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > _MOST_MEMBERS:
        raise CaptureCorrupt(
            f"{archive} has {len(members):,} members, more than any capture", hint="Do not open it."
        )
    total = packed = 0
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if (
            not parts
            or ".." in parts
            or parts[0].startswith("/")
            or ":" in parts[0]
            or "\0" in member.filename
        ):
            raise CaptureCorrupt(
                f"{archive} would unpack {member.filename!r} outside itself", hint="Do not open it."
            )
        if (member.external_attr >> 16) & 0o170000 == 0o120000:
            raise CaptureCorrupt(
                f"{archive} holds a symbolic link, {member.filename!r}", hint="Do not open it."
            )
        total, packed = total + member.file_size, packed + member.compress_size
    if total > _MOST_UNPACKED_BYTES or total > _MOST_RATIO * max(packed, 1 << 16):
        raise CaptureCorrupt(f"{archive} would unpack to {total:,} bytes", hint="Do not open it.")
