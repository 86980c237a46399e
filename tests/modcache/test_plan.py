from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.modcache.conftest import Caches

from godyno.errors import UsageError
from godyno.modcache.plan import Built, plan_caches, recommended
from godyno.toolchain import Go


def built(way: str, code: int = 0, downloads: int = 1, commands: int = 0, number: int = 2) -> Built:
    return Built(way, "linux/amd64", number, code, downloads, commands, 0)


def test_a_way_that_failed_is_not_recommended() -> None:
    assert (
        recommended([built("shared as it comes", 1), built("modules shared"), built("all shared")])
        == "modules shared"
    )


def test_where_all_sharing_fails_each_keeps_its_own() -> None:
    assert (
        recommended([built(way, 1) for way in ("shared as it comes", "modules shared", "all shared")])
        == "own caches"
    )


@pytest.mark.integration
def test_two_builders_share_the_modules_and_the_configurations_are_valid(
    go: Go, caches: Caches, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOMODCACHE", str(caches.mod))
    (caches.module / "use.go").write_text('package user\n\nimport _ "unicode/utf16"\n')
    found = plan_caches(go, caches.module, ["linux/amd64", "linux/arm64"])
    mine = [one for one in found.built if one.way == "modules shared"]
    assert [one.exit_code for one in mine] == [0, 0, 0, 0]
    assert all(one.commands == 0 for one in mine if one.round == 2)
    assert found.recommended != "own caches"
    script = tmp_path / "volume.sh"
    script.write_text(found.files["volume.sh"])
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    assert "linux/arm64" in found.files["github-actions.yml"]


@pytest.mark.integration
def test_what_is_no_target_is_refused(go: Go, caches: Caches) -> None:
    with pytest.raises(UsageError, match="no target"):
        plan_caches(go, caches.module, ["amiga/68k"])
