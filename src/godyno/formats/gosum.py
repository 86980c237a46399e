"""go.sum, go.work.sum and the checksum database's answers: which bytes a module version is known by.

Lines are ``PATH VERSION[/go.mod] h1:BASE64`` (https://go.dev/ref/mod#go-sum-files). ``h1:`` is SHA-256 over a list of the files'
SHA-256 sums, in the order of their names (golang.org/x/mod/sumdb/dirhash, Hash1): it is of contents and names, and of nothing
else; no GOOS, GOARCH, date or permission goes in.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HASH = re.compile(r"h1:[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a file says: the hash of (path, version), where a version ending in ``/go.mod`` is of its go.mod alone.

    ``contradictions`` are keys with more than one hash, ``damaged`` the numbers of the lines that are none.
    """

    hashes: Mapping[tuple[str, str], str]
    contradictions: tuple[tuple[str, str], ...] = ()
    damaged: tuple[int, ...] = ()


def sums(text: str) -> Sums:
    """Every hash in ``text``. Never raises: lines that are none are numbered in ``damaged``."""
    hashes: dict[tuple[str, str], str] = {}
    contradictions: list[tuple[str, str]] = []
    damaged: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 3 or not is_hash(words[2]):
            damaged.append(number)
            continue
        key = (words[0], words[1])
        if hashes.setdefault(key, words[2]) != words[2]:
            contradictions.append(key)
    return Sums(hashes, tuple(contradictions), tuple(damaged))


def lookup_sums(text: str) -> Sums:
    """The hashes in an answer of the checksum database as go keeps it (``cache/download/sumdb/…/lookup``)."""
    head = text.split("\n\n", 1)[0]
    lines = head.split("\n")
    return sums("\n".join(lines[1:]))  # the first line is the record's number


def is_hash(text: str) -> bool:
    """Whether ``text`` has the form of an h1 hash."""
    return _HASH.fullmatch(text) is not None


def h1(files: Iterable[tuple[str, bytes]]) -> str:
    """The h1 hash over (name, SHA-256 digest) pairs."""
    # Go sorts strings by their bytes; surrogates stand for bytes that are no UTF-8.
    named = sorted((name.encode("utf-8", "surrogateescape"), digest) for name, digest in files)
    whole = hashlib.sha256()
    for name, digest in named:
        whole.update(b"%s  %s\n" % (digest.hex().encode(), name))
    return "h1:" + base64.b64encode(whole.digest()).decode()


def h1_of_gomod(content: bytes) -> str:
    """The hash that go.sum keeps for ``VERSION/go.mod``."""
    return h1([("go.mod", hashlib.sha256(content).digest())])
