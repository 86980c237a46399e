"""A title names the program whose path it is, and says which of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from godyno.capture.reader import Capture
from godyno.diagnose.processes import Process
from godyno.diagnose.why import attribute
from godyno.diagnose.why.attribution import Segment
from godyno.diagnose.why.titles import title

Made = Callable[..., Capture]


def _process(pid: int, ppid: int, name: str, kind: str = "") -> Process:
    return Process(pid, name, kind or name, 0, 1000, ppid=ppid, args={"exe": f"/bin/{name}"})


@pytest.mark.parametrize(
    ("lives", "of", "words"),
    [
        ((("timeout", ""), ("server", "")), (10, 90), "server (below timeout)"),
        ((("dash", ""), ("server", "")), (60, 40), "dash"),
        ((("server", ""), ("helper", "")), (10, 90), "server"),
        ((("go", ""), ("x.test", "test")), (10, 90), "go"),
        ((("timeout", ""), ("go", ""), ("compile", ""), ("link", "")), (10, 5, 45, 40), "go (below timeout)"),
    ],
)
def test_who_has_most_of_the_path_of_a_wrapper_is_named(
    lives: Sequence[tuple[str, str]], of: Sequence[int], words: str
) -> None:
    """Each but the first two is a child of the second."""
    found = [_process(at + 1, min(at, 2), name, kind) for at, (name, kind) in enumerate(lives)]
    segments = [Segment(0, length, "go", pid=at + 1) for at, length in enumerate(of)]
    assert title(found[0], found, segments) == words


def test_of_several_with_a_name_it_is_said_which(scene: Made) -> None:
    def fill(s: Any) -> None:
        s.process(1, 0, 100, exe="/bin/sh")
        for pid, end in ((2, 50), (3, 90)):
            s.process(pid, 0, end, ppid=1, exe="/bin/worker")
            s.thread(pid, (0, end, "running"), pid=pid)

    capture = scene(fill)
    assert attribute(capture, process="worker").label == "worker (pid 3, the longest of 2 of that name)"
    assert attribute(capture, process=2).label == "worker"
