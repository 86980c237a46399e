"""Of a library that the time was in it is told from where in the user's own module it was called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer
from godyno.diagnose.why.causes import Cause

Made = Callable[..., Capture]
KEPT = "/root/go/pkg/mod/go.etcd.io/bbolt@v1.4.0"
SYNC = (
    "k:schedule",
    "k:jbd2_log_wait_commit",
    "k:ext4_sync_file",
    "k:do_fsync",
    "k:__x64_sys_fdatasync",
    "syscall.Syscall",
)
OWN = (("example.com/m/keep.(*Store).Save", "/src/m/keep/store.go", 12), ("main.main", "/src/m/main.go", 20))
BOLT = (
    ("go.etcd.io/bbolt.fdatasync", f"{KEPT}/bolt_linux.go", 10),
    ("go.etcd.io/bbolt.(*DB).Update", f"{KEPT}/db.go", 9),
)


def _synced(s: Any, *places: tuple[str, str, int]) -> None:
    s.process(1, 0, 1000)
    s.thread(1, (0, 100, "running"), (100, 900, "sleeping"), (900, 1000, "running", 0))
    kernel = [(name.removeprefix("k:"), "", 0, "[kernel]") for name in SYNC[:-1]]
    user = [("syscall.Syscall", "/usr/local/go/src/syscall/syscall.go", 1), *places]
    stack = s.writer.stack([*kernel, *((*place, "/bin/server") for place in user)])
    s.writer.sample(100 * 1_000_000, "off_cpu", stack, 0.01, 1, 1, 0)
    s.sample("cpu", 5, ("main.work", "main.main", "runtime.main", "runtime.goexit"))


def _fsync(capture: Capture) -> Cause:
    return next(cause for cause in answer(capture).causes if cause.kind == "fsync")


def test_the_nearest_function_of_the_users_module_is_told_with_its_line(scene: Made) -> None:
    found = _fsync(scene(lambda s: _synced(s, *BOLT, *OWN)))
    assert found.caller == found.as_json()["from"] == "example.com/m/keep.(*Store).Save (store.go:12)"
    assert found.claim == (
        "It waited for fsync in go.etcd.io/bbolt.fdatasync (fdatasync) for 800 ms, 80% of the path, "
        "called from example.com/m/keep.(*Store).Save (store.go:12)"
    )


def test_what_was_vendored_is_a_dependency_too(scene: Made) -> None:
    vendored = ("example.com/log.Write", "/src/m/vendor/example.com/log/log.go", 3)
    found = _fsync(scene(lambda s: _synced(s, vendored, *OWN)))
    assert found.caller.startswith("example.com/m/keep.(*Store).Save")


def test_the_users_own_place_needs_no_caller(scene: Made) -> None:
    found = _fsync(scene(lambda s: _synced(s, *OWN)))
    assert found.what.startswith("example.com/m/keep.(*Store).Save") and not found.caller
    assert "called from" not in found.claim and "from" not in found.as_json()
    assert found.line == found.as_json()["at"] == "store.go:12" and found.claim.endswith(
        "of the path, at store.go:12"
    )


def test_without_sources_nobody_is_named(scene: Made) -> None:
    found = _fsync(scene(lambda s: _synced(s, *BOLT, *((name, "", 0) for name, _, _ in OWN))))
    assert (
        not found.caller and "called from" not in found.claim and not found.line and " at " not in found.claim
    )


def test_of_several_waits_in_a_function_each_has_its_own_line(scene: Made) -> None:
    locks = ("sync.(*Mutex).Lock", "/usr/local/go/src/sync/mutex.go", 4)
    other = ("example.com/m/keep.(*Store).Save", "/src/m/keep/store.go", 7)

    def fill(s: Any) -> None:
        _synced(s, *OWN)
        stack = s.writer.stack([(*place, "/bin/server") for place in (locks, other)])
        s.writer.sample(50 * 1_000_000, "goroutine_wait", stack, 9.0, 1, 1, 1)

    assert _fsync(scene(fill)).line == "store.go:12"
