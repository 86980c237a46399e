"""A go test that tells of no tests is not cleared where they took the time; how to have them told is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.why import answer
from godyno.model import Workload

Made = Callable[..., Capture]


@pytest.mark.parametrize(
    ("words", "end", "again"),
    [
        (("./...",), 90, "godyno why -- go test -v ./..."),
        (("-count=1", "-run", "A|B", "."), 90, "godyno why -- go test -v -count=1 -run 'A|B' ."),
        (("-C", "sub dir", "."), 90, "godyno why -- go test -C 'sub dir' -v ."),
        (("-v", "./..."), 90, ""),
        (("-json", "./..."), 90, ""),
        (("./...",), 11, ""),  # it built for nearly all of it
    ],
)
def test_the_command_that_tells_is_given(scene: Made, words: tuple[str, ...], end: int, again: str) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100, exe="/go/bin/go")
        s.process(2, 10, end, 1, "/tmp/go-build1/b001/x.test")
        s.thread(1, (0, 10, "running"), (10, end, "sleeping"), (end, 100, "running", 2))
        s.thread(2, (10, end, "running"), pid=2)
        for at in range(11, end, 5):
            s.sample("cpu", at, ("x.TestA", "testing.tRunner", "runtime.goexit"), tid=2, pid=2)
        s.sample(
            "off_cpu",
            10,
            (
                "k:schedule",
                "k:do_wait",
                "k:kernel_waitid",
                "k:__do_sys_waitid",
                "os.(*Process).Wait",
                "main.main",
            ),
        )

    found = answer(scene(fill, workload=Workload(("go", "test", *words))))
    assert found.attribution.again == again
    assert found.healthy != bool(again)
    assert found.as_json().get("again", "") == again
