"""Errors as go really prints them, and the cause that was planted for each."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.modcache.conftest import Caches

from godyno.errors import UsageError
from godyno.modcache import places
from godyno.modcache.causes import access, families_of
from godyno.modcache.document import explanation
from godyno.modcache.explain import Explanation, Verdict, explain_error, reason_of
from godyno.prose import paste
from godyno.report.terminal import print_document
from godyno.toolchain import Go

pytestmark = pytest.mark.integration

MISMATCH = "verifying github.com/google/uuid@v1.6.0: checksum mismatch"


@pytest.fixture
def here(caches: Caches, monkeypatch: pytest.MonkeyPatch) -> Caches:
    for name in ("GOMODCACHE", "GOCACHE"):
        monkeypatch.setenv(name, caches.env[name])
    monkeypatch.setenv("GOFLAGS", "")
    return caches


def causes(found: Explanation) -> list[str]:
    return [verdict.cause for verdict in found.causes]


def test_a_changed_zip_is_the_cause_and_architectures_are_not(go: Go, here: Caches) -> None:
    here.spoil(here.download / "v1.6.0.zip", (here.download / "v1.6.0.zip").read_bytes()[:-300])
    found = explain_error(MISMATCH, go, directory=here.module)
    assert causes(found) == ["the cached zip was changed"]
    assert "rm -rf" in found.causes[0].remedy


def test_a_changed_gomod_is_the_cause_of_an_error_about_gomod_and_hashes_of_the_zip_are_not_compared(
    go: Go, here: Caches
) -> None:
    place = here.spoil(here.download / "v1.6.0.mod", b"module github.com/google/uuid\n\ngo 1.19\n")
    done = subprocess.run([go.path, "list", "-m", "all"], cwd=here.module, capture_output=True, text=True)
    assert "/go.mod: checksum mismatch" in done.stderr
    found = explain_error(done.stderr, go, directory=here.module)
    assert causes(found) == ["the cached go.mod was changed"]
    assert found.causes[0].remedy.endswith(f"\n    rm -rf {place}")
    compared = [one.proof for one in found.verdicts if "h1:" in one.proof]
    assert compared and all("v1.6.0/go.mod" in proof for proof in compared)
    subprocess.run(["sh", "-c", found.causes[0].remedy.splitlines()[-1]], check=True)
    subprocess.run([go.path, "list", "-m", "all"], cwd=here.module, capture_output=True, check=True)


def test_a_wrong_line_for_a_gomod_is_the_cause_where_the_cached_one_is_that_of_its_zip(
    go: Go, here: Caches
) -> None:
    place = here.module / "go.sum"
    line = next(line for line in place.read_text().splitlines() if "v1.6.0/go.mod" in line)
    place.write_text(
        place.read_text().replace(line, line[:-4] + ("A" if line[-4] != "A" else "B") + line[-3:])
    )
    for one in here.mod.glob("cache/download/sumdb/*/lookup/*uuid*"):
        one.unlink()  # which would know better than go.sum
    error = "verifying github.com/google/uuid@v1.6.0/go.mod: checksum mismatch"
    assert causes(explain_error(error, go, directory=here.module)) == ["the line in go.sum is wrong"]


def test_the_sources_claim_that_checksums_differ_by_architecture_is_tried(go: Go, here: Caches) -> None:
    found = explain_error(MISMATCH, go, directory=here.module)
    verdict = next(one for one in found.verdicts if "GOARCH" in one.cause)
    assert verdict.holds is False
    assert "linux/arm64" in verdict.proof and "h1:" in verdict.proof
    assert causes(found) == []


def test_a_hash_that_was_planted_in_the_cache_is_not_told_of_fresh_copies_nor_as_vouched_for(
    go: Go, here: Caches
) -> None:
    planted = here.tamper()
    found = explain_error(MISMATCH, go, directory=here.module)
    assert causes(found) == ["the cached zip was changed"]
    ruled_out = {one.cause: one.proof for one in found.verdicts if one.holds is False}
    assert not any(planted in proof for proof in ruled_out.values())
    assert "downloaded afresh" in ruled_out["checksums differ by GOOS or GOARCH"]
    assert ruled_out["the extracted files were changed"].endswith("are those of the zip there")


def test_what_nobody_vouches_for_is_not_said_to_agree_with_what_vouches_for_it(go: Go, here: Caches) -> None:
    here.tamper()
    (here.module / "go.sum").write_text("")
    found = explain_error(MISMATCH, go, directory=here.module)
    proofs = {one.cause: one.proof for one in found.verdicts}
    assert "nobody vouches for it" in proofs["the cached zip was changed"]


def test_a_wrong_line_in_gosum_is_the_cause(go: Go, here: Caches) -> None:
    place = here.module / "go.sum"
    place.write_text(place.read_text().replace("v1.6.0 h1:N", "v1.6.0 h1:M"))
    done = subprocess.run(
        [go.path, "build", "-mod=mod", "github.com/google/uuid"],
        cwd=here.module,
        capture_output=True,
        text=True,
    )
    assert "checksum mismatch" in done.stderr
    assert "the line in go.sum is wrong" in causes(explain_error(done.stderr, go, directory=here.module))


def test_a_lacking_line_is_the_cause(go: Go, here: Caches) -> None:
    (here.module / "use.go").write_text(
        'package user\n\nimport "github.com/google/uuid"\n\nvar ID = uuid.New()\n'
    )
    (here.module / "go.sum").write_text("")
    done = subprocess.run([go.path, "build", "./..."], cwd=here.module, capture_output=True, text=True)
    assert "missing go.sum entry" in done.stderr
    before = sorted(here.module.iterdir())
    assert "go.sum lacks entries that the build needs" in causes(
        explain_error(done.stderr, go, directory=here.module)
    )
    assert sorted(here.module.iterdir()) == before
    assert (here.module / "go.sum").read_text() == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="files of another owner can only be made by root")
def test_a_file_of_another_user_is_the_cause(go: Go, here: Caches) -> None:
    place = here.download / "v1.6.0.lock"
    place.touch(0o600)
    found = explain_error(f"go: open {place}: permission denied", go, directory=here.module, user="65534")
    assert causes(found)[0] == "the file or a directory above it belongs to another user"
    assert "mode 0" in found.causes[0].proof
    assert "setfacl -m u:" in found.causes[0].remedy and "chown" not in found.causes[0].remedy


def test_what_lets_a_user_in_takes_nothing_from_others(tmp_path: Path) -> None:
    case: Any = SimpleNamespace(gomodcache=tmp_path / "mod", env={"GOCACHE": str(tmp_path / "build")})
    place = tmp_path / "mod/one"
    place.mkdir(parents=True)
    (status, mine) = (place.stat(), places.user_of(str(os.geteuid())))
    own = access._blocked(place, status, mine, "may not be entered", "rx", case)
    assert own.remedy == f"Its owner may change that:\n    chmod u+rx {place}"
    shared = access._blocked(place, status, places.user_of("65534"), "may not be entered", "rx", case)
    assert f"chgrp -R gobuild {tmp_path}/mod\n" in shared.remedy and "chown" not in shared.remedy


def test_a_version_that_does_not_exist_is_the_cause(go: Go, here: Caches) -> None:
    text = "go: github.com/google/uuid@v1.99.0: invalid version: unknown revision v1.99.0"
    found = explain_error(text, go, directory=here.module)
    assert causes(found) == ["that version does not exist"]
    assert "go get github.com/google/uuid@v1." in found.causes[0].remedy


def test_a_requirement_of_a_version_that_does_not_exist_is_the_cause_of_a_missing_line(
    go: Go, here: Caches
) -> None:
    place = here.module / "go.mod"
    place.write_text(
        f"{place.read_text().replace('v1.6.0', 'v1.6.99')}\nrequire github.com/google v0.1.0 // indirect\n"
    )
    (here.module / "use.go").write_text('package user\n\nimport _ "github.com/google/uuid"\n')
    said = (
        "use.go:3:8: missing go.sum entry for module providing package github.com/google/uuid (imported by example.com/user); to add:\n"
        "\tgo get example.com/user\n"
    )
    found = explain_error(said, go, directory=here.module)
    assert found.module == "github.com/google/uuid@v1.6.99"
    cause = next(one for one in found.causes if one.cause == "that version does not exist")
    assert (
        "github.com/google/uuid is known and v1.6.99 is not: it has" in cause.proof
        and "go says: " in cause.proof
    )
    out = io.StringIO()
    print_document(explanation(found), out)
    assert "to add: go get example.com/user (github.com" in " ".join(out.getvalue().split())
    assert ".." not in out.getvalue()


def test_a_toolchain_that_may_not_be_fetched_is_the_cause(
    go: Go, here: Caches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOTOOLCHAIN", "local")
    (here.module / "go.mod").write_text("module example.com/user\n\ngo 1.99\n")
    found = explain_error(
        "go: go.mod requires go >= 1.99 (running go 1.26; GOTOOLCHAIN=local)", go, directory=here.module
    )
    assert "go.mod asks for a newer Go than may be used" in causes(found)


def test_a_proxy_that_cannot_be_reached_is_the_cause(
    go: Go, here: Caches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "http://user:hunter2@127.0.0.1:9")
    found = explain_error("dial tcp 127.0.0.1:9: connect: connection refused", go, directory=here.module)
    assert "the module proxy cannot be reached" in causes(found)
    assert "hunter2" not in str(found.as_json())


def test_what_go_said_of_a_proxy_that_is_down_is_told_as_its_sentence(
    go: Go, here: Caches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    found = explain_error(MISMATCH + " sum.golang.org", go, directory=here.module)
    untried = [one.proof for one in found.verdicts if one.holds is None]
    assert any('/v1.6.0.info": dial tcp 127.0.0.1:9: connect: connection refused' in one for one in untried)
    assert not any("\n" in one or '"Error"' in one or "{" in one for one in untried)


def test_what_go_says_of_its_progress_is_no_reason() -> None:
    said = "go: downloading example.com/m v1.0.0\ngo: a imports\n\tb: cannot find\n\nFor more, see go help.\n"
    assert reason_of(subprocess.CompletedProcess([], 1, "", said)) == "a imports b: cannot find"
    assert (
        reason_of(subprocess.CompletedProcess([], 1, '{"Error": "gone\\n\\t(really)"}', ""))
        == "gone (really)"
    )
    assert reason_of(subprocess.CompletedProcess([], 1, "", "")) == "go gives no reason"


def test_a_remedy_is_printed_whole_where_there_is_no_terminal() -> None:
    command = "go mod download example.com/" + "long/" * 40 + "m@v1.0.0"
    verdict = Verdict("it is so", True, "a fact", f"Remove the lines and then run:{paste(command)}")
    out = io.StringIO()
    print_document(explanation(Explanation("an error", (), "", (verdict,))), out)
    assert f"\n  {command}\n" in out.getvalue()


def test_nothing_to_explain_is_said(go: Go, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no error to explain"):
        explain_error("  ", go, directory=tmp_path)


def test_a_text_of_no_known_family_is_tried_against_all() -> None:
    assert len(families_of("something else broke")) > 5


def test_what_is_no_error_is_not_tried(go: Go, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="That is no error that go prints"):
        explain_error("everything is fine", go, directory=tmp_path)


def test_a_files_name_begins_a_sentence_as_it_is() -> None:
    verdicts = tuple(Verdict(text, False, "so it is") for text in ("go.sum is", "vendor/ is", "a go.work is"))
    out = io.StringIO()
    print_document(explanation(Explanation("an error", (), "", verdicts)), out)
    assert all(
        f"\n{text}: so it is.\n" in out.getvalue() for text in ("go.sum is", "vendor/ is", "A go.work is")
    )
