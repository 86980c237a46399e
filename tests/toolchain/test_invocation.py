import subprocess
from pathlib import Path

import pytest

from godyno.toolchain import Go, PrivateCaches, build, install, vet
from godyno.toolchain import test as go_test
from godyno.toolchain.go import environment

GO = Go("/go/bin/go", "/go", "go1.27.3")


def test_a_measured_call_uses_private_caches_and_never_switches_toolchain() -> None:
    workload = build(
        GO, ["./cmd/x"], cwd="/m", caches=PrivateCaches.under("/c"), flags=["-p", "2"], output="/o/x"
    )
    assert workload.argv == ("/go/bin/go", "build", "-o", "/o/x", "-p", "2", "./cmd/x")
    assert workload.cwd == "/m"
    assert workload.env == {
        "GOTOOLCHAIN": "local",
        "GOROOT": None,
        "GOCACHE": "/c/gocache",
        "GOMODCACHE": "/c/gomodcache",
    }


def test_the_user_s_modules_can_stay_in_use() -> None:
    assert "GOMODCACHE" not in vet(GO, caches=PrivateCaches.under("/c", modules=False)).env


def test_arguments_of_test_binaries_come_last() -> None:
    assert go_test(GO, flags=["-race", "-count=1"], args=["-x"]).argv[1:] == (
        "test", "-race", "-count=1", "./...", "-args", "-x",
    )  # fmt: skip


def test_install_never_writes_into_the_user_s_gobin() -> None:
    workload = install(GO, ["example.com/x@latest"], bin_directory="/b")
    assert (workload.argv[1:], workload.env["GOBIN"]) == (("install", "example.com/x@latest"), "/b")


@pytest.mark.integration
def test_a_build_as_invoked_leaves_the_user_s_cache_alone(go: Go, module: Path, tmp_path: Path) -> None:
    user = tmp_path / "user"
    workload = build(
        go,
        cwd=module,
        caches=PrivateCaches.under(tmp_path / "private"),
        flags=["-n"],
    )
    env = environment({"GOCACHE": str(user), "GOFLAGS": "-buildvcs=false", **workload.env})
    subprocess.run(workload.argv, cwd=workload.cwd, env=env, check=True, capture_output=True)
    assert not user.exists()
    assert (tmp_path / "private" / "gocache").is_dir()
