"""The causes that go's errors have, by family. Each is a test of one thing on the user's own files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from godyno.modcache.causes import access, checksum, entries, settings, versions
from godyno.modcache.explain import Try


@dataclass(frozen=True, slots=True)
class Family:
    """Errors that look alike. ``looks`` only says whether trying its causes is worth the time."""

    name: str
    looks: re.Pattern[str]
    causes: tuple[tuple[str, Try], ...]


def _text(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.I)


FAMILIES = (
    Family("checksum mismatch", _text(r"checksum mismatch|SECURITY ERROR|does not match|has been modified|ziphash"), (
        ("the cached zip was changed", checksum.zip_changed),
        ("the cached go.mod was changed", checksum.gomod_changed),
        ("the extracted files were changed", checksum.directory_changed),
        ("the line in go.sum is wrong", checksum.gosum_wrong),
        ("the proxy serves other bytes than the checksum database knows", checksum.proxy_differs),
        ("line endings were converted", checksum.line_endings),
        ("a private module is asked of the public checksum database", checksum.private_module),
        ("checksums differ by GOOS or GOARCH", checksum.architectures),
    )),
    Family("damaged go.mod", _text(r"parsing (\S*/)?go\.mod:"), (
        ("the cached go.mod was changed", checksum.gomod_changed),
    )),
    Family("missing go.sum entry", _text(r"missing go\.sum entry", r"updates to go\.(mod|sum) needed", "no required module"), (
        ("go.sum lacks entries that the build needs", entries.lacking),
        ("go.mod lacks a requirement", entries.requirement),
        ("a go.work is in force with sums of its own", entries.workspace),
        ("go.sum holds lines that are no checksums", entries.damaged),
        ("GOFLAGS keeps go from adding them", settings.mod_flag),
        ("that version does not exist", versions.missing),
    )),
    Family("permission denied", _text(r"permission denied|read-only file system|operation not permitted"), (
        ("the file or a directory above it belongs to another user", access.denied),
        ("the file system is read-only or full", access.file_system),
        ("parts of the caches may not be written", access.unwritable),
    )),
    Family("no space", _text(r"no space left|disk quota|too many open files"), (
        ("the file system is read-only or full", access.file_system),
    )),
    Family("lock", _text(r"\block\b|locked|waiting for|timed? ?out|deadline"), (
        ("another process holds the lock", access.lock_held),
        ("the cache lies on a network file system", access.network),
        ("the module proxy cannot be reached", settings.proxy),
    )),
    Family("unknown version", _text("unknown revision", "invalid (version|pseudo)", "no matching|not found", r"4[01]\d", "module path"), (
        ("that version does not exist", versions.missing),
        ("the path lacks its major version, or has another's", versions.major),
        ("the module calls itself by another path", versions.renamed),
        ("the module is private, and a public proxy is asked", versions.private),
        ("the module proxy cannot be reached", settings.proxy),
    )),
    Family("vendoring", _text(r"vendor|-mod="), (
        ("vendor/ is not what go.mod asks for", settings.vendor),
        ("GOFLAGS sets -mod", settings.mod_flag),
    )),
    Family("proxy", _text(r"GOPROXY|proxy\.|dial tcp|no such host|connection refused|i/o timeout|x509|certificate"), (
        ("the module proxy cannot be reached", settings.proxy),
        ("GOPROXY or GOFLAGS forbids the network", settings.offline),
        ("the checksum database cannot be reached", settings.database),
    )),
    Family("checksum database", _text(r"GONOSUMDB|GONOSUMCHECK|GOSUMDB|sum\.golang\.org|GOPRIVATE"), (
        ("the checksum database cannot be reached", settings.database),
        ("a private module is asked of the public checksum database", checksum.private_module),
    )),
    Family("toolchain", _text(r"toolchain|requires go\b|go >= |GOTOOLCHAIN|newer Go"), (
        ("go.mod asks for a newer Go than may be used", settings.toolchain),
    )),
)  # fmt: skip


# A line of the go command or of a compiler, or any word for what went wrong.
_FAILS = re.compile(
    r"^\s*go: |\.(go|mod|sum|work|s|c|h):\d+|^# \S|\b\S+@v\d"
    r"|\b(error|fail|cannot|can't|could not|unable|invalid|missing|denied|unknown|undefined|unexpected|broke|wrong|corrupt|not )",
    re.I | re.M,
)


def families_of(text: str) -> tuple[Family, ...]:
    """The families that ``text`` may be of; all where it looks like another error, since only a try can tell; none where it is none."""
    found = tuple(family for family in FAMILIES if family.looks.search(text))
    return found or (FAMILIES if _FAILS.search(text) else ())
