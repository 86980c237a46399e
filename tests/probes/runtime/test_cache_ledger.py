from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from godyno.formats.gocachehash import CacheKey
from godyno.probes.runtime.cache_ledger import Difference, Ledger

PLACE = "/cache"


def key(number: int, inputs: Mapping[tuple[str, str], str], package: str = "example.com/p") -> CacheKey:
    return CacheKey("build", package, f"{number:064x}"[::-1], inputs)


PLAIN = {("flags", "gcflags"): "[] []", ("file", "a.go"): "1", ("dependency", "fmt"): "f"}


def ledger_with(file: Path, *keys: CacheKey) -> Ledger:
    ledger = Ledger(file)
    for at, one in enumerate(keys):
        ledger.add(PLACE, [one], 100.0 + at)
    ledger.write()
    return Ledger(file)


def test_a_key_that_was_seen_is_known_and_one_of_a_strange_package_is_not(tmp_path: Path) -> None:
    ledger = ledger_with(tmp_path / "l.gz", key(1, PLAIN))
    assert ledger.compare(PLACE, key(1, PLAIN)).known
    strange = ledger.compare(PLACE, key(1, PLAIN, "example.com/q"))
    assert (strange.known, strange.seen) == (False, False)
    assert not ledger.compare("/another cache", key(1, PLAIN)).seen


def test_what_differs_from_the_nearest_earlier_key_is_told_not_from_the_latest(tmp_path: Path) -> None:
    race = {**PLAIN, ("flags", "gcflags"): "[-race] []", ("dependency", "runtime/race"): "r"}
    ledger = ledger_with(tmp_path / "l.gz", key(1, PLAIN), key(2, race))
    compared = ledger.compare(PLACE, key(3, {**PLAIN, ("file", "a.go"): "2"}))
    assert compared.changed == (Difference("file", "a.go", "1", "2"),)
    assert compared.before_at_s == 100.0


def test_an_earlier_key_for_the_same_target_is_nearer_than_one_for_another(tmp_path: Path) -> None:
    """Without cgo a package of this target looks more like one for a target to which one compiles across."""
    here, across = (
        {**PLAIN, ("target", "GOOS/GOARCH"): "linux/amd64"},
        {**PLAIN, ("target", "GOOS/GOARCH"): "linux/arm64"},
    )
    with_cgo = {
        **here,
        ("c compiler", "CC"): '["gcc"]',
        ("file", "a_cgo.go"): "3",
        ("dependency", "runtime/cgo"): "c",
    }
    ledger = ledger_with(tmp_path / "l.gz", key(1, with_cgo), key(2, across))
    assert {one.what for one in ledger.compare(PLACE, key(3, here)).changed} == {
        "c compiler",
        "file",
        "dependency",
    }


def test_only_the_last_keys_of_a_package_are_kept(tmp_path: Path) -> None:
    many = [key(number, {**PLAIN, ("file", "a.go"): str(number)}) for number in range(1, 9)]
    ledger = ledger_with(tmp_path / "l.gz", *many)
    assert ledger.compare(PLACE, many[-1]).known and not ledger.compare(PLACE, many[0]).known


@pytest.mark.parametrize(
    "inputs",
    [
        {("flags", "linkflags"): '["-X" "main.apiToken=hunter2hunter2" "-w"]'},
        {("build info", "-ldflags"): '"-X main.apiToken=hunter2hunter2"'},
        {("c compiler", "CC"): '["gcc"] [] ["-DAPI_TOKEN=hunter2hunter2"] []'},
    ],
)
def test_no_secret_reaches_the_file_or_the_differences(
    tmp_path: Path, inputs: dict[tuple[str, str], str]
) -> None:
    ledger = ledger_with(tmp_path / "l.gz", key(1, inputs))
    assert b"hunter2" not in gzip.decompress((tmp_path / "l.gz").read_bytes())
    assert "hunter2" not in repr(ledger.compare(PLACE, key(2, {**inputs, ("file", "a.go"): "1"})))


@pytest.mark.parametrize(
    "text", [b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b'{"a": [{"id": 1}], "b": 3}')]
)
def test_a_torn_or_strange_ledger_begins_anew(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "l.gz").write_bytes(text)
    ledger = Ledger(tmp_path / "l.gz")
    assert not ledger.compare(PLACE, key(1, PLAIN)).seen
    ledger.add(PLACE, [key(1, PLAIN)], 1.0)
    ledger.write()
    assert Ledger(tmp_path / "l.gz").compare(PLACE, key(1, PLAIN)).known
    assert (tmp_path / "l.gz").stat().st_mode & 0o077 == 0
