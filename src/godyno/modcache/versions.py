"""One module version of the cache: does each of its files hold what it should?

The witnesses, from the strongest: the user's go.sum files, the answers of the checksum database that go keeps, the ``.ziphash``
that was written when the zip came. Go itself compares only ``.ziphash`` with go.sum, and never looks at an extracted file again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from godyno.errors import FormatError
from godyno.formats.gosum import h1_of_gomod, is_hash
from godyno.modcache.faults import fault, removing
from godyno.modcache.hashing import Hashed, differences, hash_directory, hash_zip
from godyno.modcache.layout import Version
from godyno.model import Finding
from godyno.prose import paste, quoted

_SHOWN = 3
# Unpacked from GOROOT, or a whole Go of its own: neither is verified by a ziphash here.
UNSEALED = ("golang.org/fips140", "golang.org/toolchain")


@dataclass(slots=True)
class Checked:
    """What was found of one version. ``read_bytes`` is what was hashed."""

    name: str
    faults: list[Finding] = field(default_factory=list)
    read_bytes: int = 0
    zip_bytes: int = 0
    directory_bytes: int = 0
    modified_at: float = 0.0  # when it was downloaded, seconds since the epoch; 0 is unknown


def check_version(version: Version, known: Mapping[tuple[str, str], tuple[str, str]]) -> Checked:
    """Checks all files of ``version``. ``known`` maps (path, version) to (hash, who says so). Never raises."""
    checked = Checked(version.name)
    files = _sizes(version, checked)
    witness = known.get((version.path, version.version))
    recorded = _ziphash(version, checked)
    whole, extracted = _hash(version, checked)
    # First: a zip cannot be downloaded again while its go.mod is a wrong one.
    _judge_gomod(version, checked, whole, known.get((version.path, version.version + "/go.mod")))
    if whole is not None:
        _judge_zip(version, checked, whole, recorded, witness)
    if extracted is not None:
        _judge_directory(version, checked, extracted, whole, recorded, witness)
    _judge_info(version, checked)
    _judge_leftovers(version, checked, files)
    return checked


def _sizes(version: Version, checked: Checked) -> dict[str, os.stat_result]:
    files = {}
    for kind, place in version.parts.items():
        try:
            files[kind] = os.stat(place)
        except OSError:
            continue
    if "zip" in files:
        checked.zip_bytes, checked.modified_at = files["zip"].st_size, files["zip"].st_mtime
    return files


def _ziphash(version: Version, checked: Checked) -> str:
    place = version.parts.get("ziphash", "")
    if not place:
        if version.path not in UNSEALED and ("zip" in version.parts or version.directory):
            what = "its zip" if "zip" in version.parts else "its directory"
            checked.faults.append(fault(
                "ziphash-missing", f"{version.name}: {what} is there and .ziphash is not",
                advice="go makes it again from the zip, or downloads the module again.", severity="note",
                path=version.parts.get("zip", version.directory),
            ))  # fmt: skip
        return ""
    try:
        text = Path(place).read_bytes()[:200].decode("utf-8", "replace").strip()
    except OSError as error:
        checked.faults.append(unreadable(place, error))
        return ""
    if not is_hash(text):
        what = "is empty" if not text else "holds no hash"
        checked.faults.append(fault(
            "ziphash-damaged", f"{version.name}: .ziphash {what}, and go builds with it all the same where go.sum is not asked",
            advice=removing(place, "Remove it, and go makes it again from the zip"), path=place,
        ))  # fmt: skip
        return ""
    return text


def _hash(version: Version, checked: Checked) -> tuple[Hashed | None, Hashed | None]:
    prefix = version.name + "/"
    whole: Hashed | None = None
    extracted: Hashed | None = None
    partial = "partial" in version.parts  # being extracted, or never finished: go does not use the directory
    directory = "" if partial else version.directory
    try:
        if "zip" in version.parts:
            try:
                whole, extracted = hash_zip(version.parts["zip"], prefix, directory)
            except FormatError as error:
                checked.faults.append(fault(
                    "zip-damaged", f"{version.name}: {_reason(error, version.parts['zip'])}",
                    advice=version.removal, path=version.parts["zip"],
                ))  # fmt: skip
        if directory and extracted is None:
            extracted = hash_directory(directory, prefix)
    except OSError as error:
        checked.faults.append(unreadable(error.filename or version.parts.get("zip", directory), error))
    for one in (whole, extracted):
        checked.read_bytes += one.size_bytes if one else 0
    checked.directory_bytes = extracted.size_bytes if extracted else 0
    return whole, extracted


def _judge_zip(
    version: Version, checked: Checked, whole: Hashed, recorded: str, witness: tuple[str, str] | None
) -> None:
    place = version.parts["zip"]
    if witness and whole.h1 != witness[0]:
        checked.faults.append(fault(
            "zip-changed", f"{version.name}: its zip holds other bytes than {witness[1]} knows",
            advice=version.removal, path=place, found=whole.h1, wanted=witness[0],
        ))  # fmt: skip
        return
    if recorded and whole.h1 != recorded:
        if witness:  # the zip is what the witness knows, so the note beside it is what is wrong
            checked.faults.append(fault(
                "ziphash-wrong", f"{version.name}: .ziphash says another hash than its zip has, and {witness[1]} knows the zip",
                advice=removing(f"{place}hash", "Remove it, and go makes it again from the zip"),
                path=f"{place}hash", found=recorded, wanted=whole.h1,
            ))  # fmt: skip
        else:
            checked.faults.append(fault(
                "zip-changed", f"{version.name}: its zip is not the one whose hash was written down when it came",
                advice=version.removal, path=place, found=whole.h1, wanted=recorded,
            ))  # fmt: skip


def _judge_directory(
    version: Version, checked: Checked, extracted: Hashed, whole: Hashed | None, recorded: str, witness: tuple[str, str] | None,
) -> None:  # fmt: skip
    good = {text for text in (whole.h1 if whole else "", witness[0] if witness else "") if text} or {recorded}
    if extracted.h1 in good:
        return
    if not whole and not witness and not recorded:
        return  # nothing says what it should be; the missing ziphash was told
    changes, builds = "", "go builds with them all the same"
    of = "its zip" if whole else witness[1] if witness else "its .ziphash"
    where = version.directory
    if whole:
        changed, missing, extra = differences(extracted.files, whole.files)
        prefix = len(version.name) + 1
        parts = []
        for names, what in ((changed, "changed"), (missing, "missing"), (extra, "not in the zip")):
            if names:
                more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                parts.append(f"{what}: {', '.join(name[prefix:] for name in names[:_SHOWN])}{more}")
        changes = f" ({'; '.join(parts)})"
        if missing:
            builds = _without(
                [name[prefix:] for name in missing], [name[prefix:] for name in extracted.files], version.path
            )
        first = next(iter([*changed, *missing, *extra]), "")
        where = f"{version.directory}/{first[prefix:]}"
    checked.faults.append(fault(
        "directory-changed", f"{version.name}: its extracted files are not those of {of}{changes}; {builds}",
        advice=version.removal, path=where,
    ))  # fmt: skip


def _without(missing: Sequence[str], left: Sequence[str], path: str) -> str:
    """What go does where files are missing: it never looks whether they are all there."""
    sources = {
        name.rpartition("/")[0] for name in left if name.endswith(".go") and not name.endswith("_test.go")
    }
    gone = sorted(
        {
            name.rpartition("/")[0]
            for name in missing
            if name.endswith(".go") and not name.endswith("_test.go")
        }
        - sources
    )
    if gone:
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        return f"nothing that imports {f'{path}/{gone[0]}'.rstrip('/')}{more} builds, everything else does all the same"
    return "go builds with what is left, and fails only where that needs what is missing"


def _judge_gomod(
    version: Version, checked: Checked, whole: Hashed | None, witness: tuple[str, str] | None
) -> None:
    place = version.parts.get("mod", "")
    if not place:
        return
    try:
        content = Path(place).read_bytes()
    except OSError as error:
        checked.faults.append(unreadable(place, error))
        return
    against = ""
    if witness and h1_of_gomod(content) != witness[0]:
        against = f"{witness[1]} knows another"
    elif whole is not None and whole.gomod is not None and whole.gomod != content:
        against = "its zip holds another"
    elif not re.search(rb"^\s*module\b", content, re.M):
        against = "it names no module"
    if against:
        checked.faults.append(fault(
            "gomod-changed", f"{version.name}: its go.mod in the cache is not the right one: {against}",
            advice=removing(place, "Remove it, and go asks for it again"), path=place,
            zip_agrees=whole is not None and whole.gomod == content,
        ))  # fmt: skip


def _judge_info(version: Version, checked: Checked) -> None:
    place = version.parts.get("info", "")
    if not place:
        return
    try:
        content = Path(place).read_bytes()
    except OSError as error:
        checked.faults.append(unreadable(place, error))
        return
    try:
        said = json.loads(content)
        wrong = not isinstance(said, dict) or said.get("Version") != version.version
    except (ValueError, RecursionError):
        wrong = True
    if wrong:
        checked.faults.append(fault(
            "info-damaged", f"{version.name}: its .info does not tell this version", severity="note",
            advice=removing(place, "Remove it, and go asks the proxy again"), path=place,
        ))  # fmt: skip


def _judge_leftovers(version: Version, checked: Checked, files: Mapping[str, os.stat_result]) -> None:
    if "partial" in version.parts and not _is_locked(version.parts.get("lock", "")):
        checked.faults.append(fault(
            "extraction-unfinished", f"{version.name}: its extraction was interrupted", severity="note",
            advice="go extracts it again when it needs it; nobody holds its lock.", path=version.parts["partial"],
        ))  # fmt: skip
    elif (
        version.directory
        and not any(kind in files for kind in ("zip", "ziphash", "partial"))
        and version.path not in UNSEALED
    ):
        checked.faults.append(fault(
            "directory-orphaned", f"{version.name}: extracted files without anything to verify them by", severity="note",
            advice="go downloads it again when it needs it; until then these files are only in the way.", path=version.directory,
        ))  # fmt: skip


def _is_locked(place: str) -> bool:
    from godyno.modcache.locks import holders

    return bool(place and holders([place]))


def unreadable(place: str, error: OSError) -> Finding:
    """The finding for a file that may not or cannot be read."""
    what = error.strerror or str(error)
    return fault(
        "unreadable",
        f"{place} cannot be read: {what}",
        advice=f"See who may:{paste(f'ls -l {quoted(place)}')}",
        path=place,
    )


def _reason(error: Exception, place: str) -> str:
    return str(error).replace(place, "its zip")
