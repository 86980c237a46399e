"""The check on caches that the real go made; every planted fault is in benchmarks/modcache_faults.py."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.modcache.conftest import Caches

from godyno.formats.gosum import h1_of_gomod
from godyno.modcache import places
from godyno.modcache.check import Report, check_caches
from godyno.modcache.hashing import hash_directory, hash_zip
from godyno.modcache.layout import escaped, go_of, read_layout, unescaped, version_at
from godyno.modcache.versions import check_version
from godyno.toolchain import Go

pytestmark = pytest.mark.integration


def checked(go: Go, caches: Caches, **options: object) -> Report:
    return check_caches(go, gomodcache=caches.mod, gocache=caches.build, modules=[caches.module], **options)  # type: ignore[arg-type]


def kinds(report: Report) -> list[str]:
    return [finding.kind for finding in report.findings]


def test_a_clean_cache_has_no_fault_and_its_modules_are_vouched_for(go: Go, caches: Caches) -> None:
    report = checked(go, caches)
    assert report.findings == ()
    assert report.complete and report.versions == 1 and report.entries > 3
    assert sum(report.witnesses.values()) == 1 and report.unvouched == ()
    assert {made.go for made in report.made_for} == {go.version}


def test_the_hash_of_zip_and_directory_is_the_one_that_go_wrote(go: Go, caches: Caches) -> None:
    version = version_at(caches.mod, "github.com/google/uuid", "v1.6.0")
    assert version is not None
    wanted = Path(version.parts["ziphash"]).read_text()
    whole, extracted = hash_zip(version.parts["zip"], "github.com/google/uuid@v1.6.0/", version.directory)
    assert whole.h1 == wanted
    assert extracted is not None and extracted.h1 == wanted
    assert hash_directory(version.directory, "github.com/google/uuid@v1.6.0/").h1 == wanted
    assert h1_of_gomod(Path(version.parts["mod"]).read_bytes()) in (caches.module / "go.sum").read_text()


def test_an_edited_file_is_named_though_go_builds_with_it(go: Go, caches: Caches) -> None:
    caches.spoil(caches.source / "uuid.go", (caches.source / "uuid.go").read_bytes() + b"\n// more\n")
    built = subprocess.run(
        [go.path, "build", "github.com/google/uuid"], cwd=caches.module, env=caches.env, check=False
    )
    assert built.returncode == 0
    (finding,) = checked(go, caches).findings
    assert finding.kind == "directory-changed"
    assert "changed: uuid.go" in finding.claim
    assert finding.data["path"].endswith("/uuid.go")


def test_what_nobody_vouches_for_is_told_and_not_that_it_holds_what_it_should(
    go: Go, caches: Caches, godyno: object
) -> None:
    caches.tamper()
    args = ("modcache", "check", "--gomodcache", str(caches.mod), "--gocache", str(caches.build))
    told = godyno(*args)  # type: ignore[operator]
    text = " ".join(told.out.decode().split())
    assert told.code == 0 and "Every file holds what it should" not in text
    assert "Nobody vouches for 1 of the module versions: github.com/google/uuid@v1.6.0." in text
    assert f"godyno modcache check --gomodcache {caches.mod} ." in text
    assert godyno(*args, "--json").json["unvouched"] == ["github.com/google/uuid@v1.6.0"]  # type: ignore[operator]
    found = checked(go, caches)
    assert (found.unvouched, kinds(found)) == ((), ["zip-changed"])


def test_a_line_of_gosum_for_what_is_not_in_the_cache_vouches_for_nothing(go: Go, caches: Caches) -> None:
    place = caches.module / "go.sum"
    line = place.read_text().splitlines()[0]
    place.write_text(f"{place.read_text()}example.com/elsewhere v1.0.0 {line.split()[2]}\n")
    assert sum(checked(go, caches).witnesses.values()) == 1


def test_what_extracted_files_were_held_against_is_named(go: Go, caches: Caches) -> None:
    caches.spoil(caches.source / "uuid.go", b"package uuid\n")
    caches.download.chmod(0o700)
    (caches.download / "v1.6.0.zip").unlink()
    for known, of in (
        ({}, "its .ziphash"),
        ({("github.com/google/uuid", "v1.6.0"): ("h1:", "go.sum")}, "go.sum"),
    ):
        version = version_at(caches.mod, "github.com/google/uuid", "v1.6.0")
        assert version is not None
        (found,) = [one for one in check_version(version, known).faults if one.kind == "directory-changed"]
        assert f"its extracted files are not those of {of}; go builds" in found.claim


def built(go: Go, caches: Caches) -> bool:
    build = [go.path, "build", "github.com/google/uuid"]
    return subprocess.run(build, cwd=caches.module, env=caches.env, capture_output=True).returncode == 0


def test_a_remedy_for_a_cache_that_was_named_mends_that_one(
    go: Go, caches: Caches, tmp_path: Path, godyno: object
) -> None:
    caches.spoil(caches.source / "uuid.go", b"package uuid\n")
    caches.spoil(caches.download / "v1.6.0.zip", b"")
    report = checked(go, caches)
    env = os.environ | {
        "PATH": f"{Path(go.path).parent}:{os.environ['PATH']}",
        "GOMODCACHE": str(tmp_path / "another"),
    }
    commands = [line.strip() for line in report.faults[0].advice.splitlines() if line.startswith("    ")]
    subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=caches.module, env=env, check=True)
    assert (caches.download / "v1.6.0.zip").is_file() and not (tmp_path / "another").exists()
    assert checked(go, caches).findings == ()


def test_a_full_cache_that_was_named_is_the_one_to_be_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = places.judge_place("GOMODCACHE", tmp_path)[0]
    monkeypatch.setattr(places, "read_disks", lambda *_: (replace(disk, total_bytes=1 << 40, free_bytes=1),))
    _, found = places.judge_place("GOMODCACHE", tmp_path, go=go_of(GOMODCACHE=tmp_path))
    assert f"    GOMODCACHE={tmp_path} go clean -modcache" in found[0].advice


def test_what_go_does_where_files_are_missing_is_told_as_it_does_it(go: Go, caches: Caches) -> None:
    caches.source.chmod(0o700)
    (caches.source / "doc.go").unlink()
    assert built(go, caches)
    (finding,) = checked(go, caches).findings
    assert "missing: doc.go); go builds with what is left" in finding.claim
    for source in caches.source.glob("*.go"):
        source.unlink()
    assert not built(go, caches)
    (finding,) = checked(go, caches).findings
    assert "nothing that imports github.com/google/uuid builds" in finding.claim


def test_commands_to_paste_are_whole_lines_and_do_what_they_say(
    go: Go, caches: Caches, tmp_path: Path, godyno: object
) -> None:
    deep = tmp_path / ("a directory" * 9) / "caches"
    deep.parent.mkdir()
    caches.top.rename(deep)
    moved = Caches(deep)
    try:
        moved.spoil(moved.source / "uuid.go", b"package uuid\n")
        os.truncate(moved.spoil(moved.download / "v1.6.0.mod", b"module github.com"), 9)
        args = (
            "modcache",
            "check",
            str(moved.module),
            "--gomodcache",
            str(moved.mod),
            "--gocache",
            str(moved.build),
        )
        told = godyno(*args)  # type: ignore[operator]
        commands = [line.strip() for line in told.out.decode().splitlines() if line.startswith(" " * 6)]
        assert len(commands) == 4 and f"rm -rf '{moved.download}/v1.6.0.mod'" in commands
        env = moved.env | {"PATH": f"{Path(go.path).parent}:{os.environ['PATH']}"}  # there may be no other Go
        subprocess.run(["sh", "-ec", "\n".join(commands)], cwd=moved.module, env=env, check=True)
        assert godyno(*args).code == 0  # type: ignore[operator]
    finally:
        moved.top.rename(caches.top)


@pytest.mark.parametrize(
    ("part", "data", "kind"),
    [
        ("v1.6.0.zip", b"<html>sign in</html>", "zip-damaged"),
        ("v1.6.0.zip", b"", "zip-damaged"),
        ("v1.6.0.ziphash", b"", "ziphash-damaged"),
        ("v1.6.0.ziphash", b"h1:NpQmLM4zBUSmFFlTZBRgMoaLPTvJKGFcyvVhzwJRxo0=", "ziphash-wrong"),
        ("v1.6.0.mod", b"module example.com/other\n", "gomod-changed"),
        ("v1.6.0.info", b"{", "info-damaged"),
        ("v1.6.0.info", b'"\\ud800"', "info-damaged"),
        ("v1.6.0.partial", b"", "extraction-unfinished"),
        ("v1.6.0.zip1234.tmp", b"PK", "leftover"),
    ],
)
def test_a_spoilt_file_is_told(go: Go, caches: Caches, part: str, data: bytes, kind: str) -> None:
    place = caches.spoil(caches.download / part, data)
    found = [finding for finding in checked(go, caches).findings if finding.kind == kind]
    assert [finding.data["path"] for finding in found] == [str(place)]


def test_every_byte_of_a_zip_counts(go: Go, caches: Caches) -> None:
    place = caches.download / "v1.6.0.zip"
    whole = place.read_bytes()
    for at in (100, len(whole) // 2, len(whole) - 30):
        data = bytearray(whole)
        data[at] ^= 1
        caches.spoil(place, bytes(data))
        assert {"zip-damaged", "zip-changed"} & set(kinds(checked(go, caches, build_cache=False))), at


def test_a_flipped_byte_of_the_build_cache_is_told(go: Go, caches: Caches) -> None:
    place = max(caches.build.glob("??/*-d"), key=lambda one: one.stat().st_size)
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    (finding,) = checked(go, caches).findings
    assert (finding.kind, finding.data["path"]) == ("output-damaged", str(place))


def test_who_holds_a_lock_is_told_and_a_lock_file_alone_is_not(go: Go, caches: Caches) -> None:
    place = caches.download / "v1.6.0.lock"
    place.touch()
    assert checked(go, caches).findings == ()
    with place.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (finding,) = checked(go, caches).findings
    assert finding.kind == "lock-held"
    assert finding.data["pid"] == os.getpid()


def test_a_wrong_line_of_gosum_is_not_laid_at_the_caches_door(go: Go, caches: Caches) -> None:
    place = caches.module / "go.sum"
    text = place.read_text()
    place.write_text(text.replace("v1.6.0 h1:N", "v1.6.0 h1:M"))
    assert place.read_text() != text
    report = checked(go, caches)
    assert kinds(report) == ["gosum-wrong"]


def test_an_interrupted_check_goes_on_where_it_stopped(
    go: Go, caches: Caches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def stop(done: int, of: int, what: str) -> None:
        if what == "parts of GOCACHE":
            raise KeyboardInterrupt

    report = checked(go, caches, progress=stop)
    assert not report.complete and report.versions == 1
    report = checked(go, caches, resume=True)
    assert report.complete and report.versions == 0  # it was found whole before
    assert checked(go, caches, resume=True).versions == 1  # a finished check leaves nothing to go on from


@pytest.mark.skipif(os.geteuid() != 0, reason="files of another owner can only be made by root")
def test_what_another_user_may_not_do_is_told_to_root(go: Go, caches: Caches) -> None:
    found = checked(go, caches, user="65534").findings
    assert {finding.kind for finding in found} == {"unwritable"}
    assert any("GOCACHE" not in finding.claim and "permission denied" in finding.claim for finding in found)


@pytest.mark.skipif(os.geteuid() != 0, reason="files of another owner can only be made by root")
def test_what_is_the_users_own_gets_its_mode_back_and_what_is_anothers_is_shared(tmp_path: Path) -> None:
    nobody = places.user_of("65534")
    root = tmp_path / "mod"
    for name in ("one", "two", "two/module@v1.0.0"):
        (root / name).mkdir(parents=True)
    place = root / "one/v1.0.0.zip"
    place.touch()

    def advices() -> list[tuple[str, str]]:
        survey = places.walk(root, nobody, places.must_write("GOMODCACHE", root))
        return [(one.kind, one.advice) for one in places.judge("GOMODCACHE", root, survey, nobody)]

    for one in (root, *root.rglob("*")):
        os.chown(one, 65534, 65534)
    place.chmod(0)
    ((kind, advice),) = advices()
    assert (kind, advice) == ("unreadable", f"Its owner may change that:\n    chmod u+r {place}")
    subprocess.run(["sh", "-ec", advice.splitlines()[-1]], check=True)
    assert advices() == []

    for one in (root / "one", root / "two", root / "two/module@v1.0.0"):
        one.chmod(0o500)
    ((kind, advice),) = advices()
    subprocess.run(["sh", "-ec", advice.splitlines()[-1]], check=True)
    assert advices() == [] and (root / "two/module@v1.0.0").stat().st_mode & 0o777 == 0o500

    os.chown(root / "one", 0, 0)
    told = dict(advices())
    assert told.keys() == {"unreadable", "unwritable", "owners-mixed"}
    assert all("chgrp -R gobuild" in advice and "chown" not in advice for advice in told.values())


def test_hostile_names_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "cache/download/x/@v").mkdir(parents=True)
    for name in ("v1.0.0.zip", "..zip", "v1.0.0.mod\n", "v1.0.0.\udcff"):
        (tmp_path / "cache/download/x/@v" / name).write_bytes(b"")
    (tmp_path / "evil@v1.0.0").symlink_to("/")
    layout = read_layout(tmp_path)
    assert [version.name for version in layout.versions] == ["x@v1.0.0"]


def test_capital_letters_go_through_the_escape_and_back() -> None:
    assert escaped("github.com/BurntSushi/toml") == "github.com/!burnt!sushi/toml"
    assert unescaped(escaped("github.com/BurntSushi/toml")) == "github.com/BurntSushi/toml"


def test_a_network_file_system_is_told(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(
        "20 1 0:20 / / rw - ext4 /dev/sda rw\n21 20 0:21 / /nfs rw - nfs4 server:/x rw\n"
    )
    (tmp_path / "nfs").mkdir()
    disk, found = places.judge_place("GOCACHE", Path("/nfs"), tmp_path)
    assert disk.filesystem == "nfs4"
    assert "network-file-system" in {finding.kind for finding in found}


def test_the_command_exits_with_1_where_something_is_wrong(go: Go, caches: Caches, godyno: object) -> None:
    args = ("modcache", "check", "--gomodcache", str(caches.mod), "--gocache", str(caches.build), "--json")
    clean = godyno(*args)  # type: ignore[operator]
    assert (clean.code, clean.json["findings"]) == (0, [])
    caches.spoil(caches.download / "v1.6.0.zip", b"")
    broken = godyno(*args)  # type: ignore[operator]
    assert broken.code == 1
    assert json.dumps(broken.json).count("zip-damaged") == 1
