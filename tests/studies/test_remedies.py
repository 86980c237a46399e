from __future__ import annotations

from types import SimpleNamespace

import pytest

from godyno.diagnose.why import Answer, Attribution
from godyno.diagnose.why.attribution import Segment
from godyno.diagnose.why.causes import causes
from godyno.model import Machine, Memory, Workload
from godyno.studies import remedies as trying
from godyno.studies.remedies import Remedy, overridden, remedies, try_remedies


def answered(*segments: tuple[str, int]) -> Answer:
    at, out = 0, []
    for state, ms in segments:
        out.append(Segment(at, at + ms * 1_000_000, state, "main.f"))
        at += ms * 1_000_000
    found = Attribution(0, at, tuple(out), cpus=2)
    return Answer(found, tuple(causes(found)))


def test_environment_is_tried_for_what_it_can_mend_and_for_nothing_else() -> None:
    machine = Machine(memory=Memory(available_bytes=1 << 30))
    assert [one.label for one in remedies(answered(("gc_assist", 300), ("go", 300)), machine)] == [
        "GOGC=400",
        "GOGC=off GOMEMLIMIT=409MiB",
    ]
    assert remedies(answered(("lock", 300), ("go", 300)), machine) == []


def test_what_is_too_little_to_accuse_is_not_tried() -> None:
    assert remedies(answered(("gc_assist", 10), ("go", 900)), Machine()) == []


@pytest.mark.parametrize(
    ("argv", "own"),
    [
        (("env", "GOGC=20", "./x"), "GOGC=20"),
        (("sh", "-c", "cd a && GOGC=off ./x"), "GOGC=off"),
        (("./x", "-GOGC=20"), ""),
        (("env", "MY_GOGC=20", "./x"), ""),
        (("./x",), ""),
    ],
)
def test_what_the_command_sets_itself_is_said_and_not_tried(
    monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], own: str
) -> None:
    remedy, ran = Remedy("GOGC=400", "gc", {"GOGC": "400"}), []
    assert overridden(remedy, argv) == own

    monkeypatch.setattr(trying, "bench", lambda **words: ran.append(words) or SimpleNamespace(rows={}))
    (tried,) = try_remedies(Workload(argv), [remedy])
    assert bool(ran) != bool(own)
    assert (f"the command sets {own} itself" in tried.claim) == bool(own) and not tried.proven
