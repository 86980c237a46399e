"""Errors as go really prints them, and the cause that was planted for each."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.modcache.conftest import Caches

from godyno.errors import UsageError
from godyno.modcache.causes import families_of
from godyno.modcache.explain import Explanation, explain_error
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


def test_the_sources_claim_that_checksums_differ_by_architecture_is_tried(go: Go, here: Caches) -> None:
    found = explain_error(MISMATCH, go, directory=here.module)
    verdict = next(one for one in found.verdicts if "GOARCH" in one.cause)
    assert verdict.holds is False
    assert "linux/arm64" in verdict.proof and "h1:" in verdict.proof
    assert causes(found) == []


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


def test_a_version_that_does_not_exist_is_the_cause(go: Go, here: Caches) -> None:
    text = "go: github.com/google/uuid@v1.99.0: invalid version: unknown revision v1.99.0"
    found = explain_error(text, go, directory=here.module)
    assert causes(found) == ["that version does not exist"]
    assert "go get github.com/google/uuid@v1." in found.causes[0].remedy


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


def test_nothing_to_explain_is_said(go: Go, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no error to explain"):
        explain_error("  ", go, directory=tmp_path)


def test_a_text_of_no_known_family_is_tried_against_all() -> None:
    assert len(families_of("something else broke")) > 5
