"""``--shield``: measures are tried here first, then those that are worth it are held while something else is measured."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeVar

from godyno.studies.noise.looking import look
from godyno.studies.noise.metered import scratch_directory
from godyno.studies.noise.result import TOO_FEW, Noisiness, worth_using
from godyno.studies.noise.table import shield_text
from godyno.studies.shield import MEASURES, Shield, measure, missing
from godyno.workload import yardstick

TRY_S = 20.0
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Shielded:
    """What is held. ``around`` makes a function wait for quiet before each call, where that is among the measures."""

    def __init__(self, held: Shield, tried: Noisiness | None) -> None:
        self.held, self.tried = held, tried

    def around(self, run: Callable[_P, _R]) -> Callable[_P, _R]:
        """``run``, with what each run needs before it."""

        def shielded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            self.held.before_run()
            return run(*args, **kwargs)

        return shielded


@contextlib.contextmanager
def shielded(
    also: Sequence[str] | None = (), *, say: Callable[[str], None] = lambda text: None, try_s: float = TRY_S
) -> Iterator[Shielded]:
    """Tries measures on the reference for about ``try_s``, says what each gave, holds those worth it, and puts everything back.

    Measures that change what is measured (pinning, a fixed layout) are tried and held only where ``also`` names them. What could not be
    tried in that time, on a busy machine, is held untried, and said to be. With ``also`` None nothing is tried and nothing is held.
    Raises UsageError for an unknown name.
    """
    if also is None:
        yield Shielded(Shield(()), None)
        return
    named = [measure(name).name for name in also]
    free = [one.name for one in MEASURES if not one.caution]
    say(f"trying what calms this machine, for {try_s:g} s")
    with scratch_directory() as scratch:
        tried = look(
            yardstick.argv(scratch, scale=0.5, rounds=1),
            budget_s=try_s,
            names=[*free, *named],
            reads_json=True,
            stops=False,
        )
    for line in filter(None, shield_text(tried.tried).splitlines()):
        say(line)
    untried = [one.name for one in tried.tried if one.verdict == TOO_FEW and not one.caution]
    if untried:
        say(f"held untried, since the machine is too busy: {', '.join(untried)}")
    chosen = [*worth_using(tried.tried), *untried]
    lacking = missing()
    chosen = [name for name in dict.fromkeys([*chosen, *named]) if name not in lacking]
    with Shield([measure(name) for name in chosen]) as held:
        say(f"held: {', '.join(name for name in chosen if name not in held.refused) or 'nothing'}")
        for name, reason in held.refused.items():
            say(f"not held: {name}: {reason}")
        yield Shielded(held, tried)
    if held.in_vain:
        say(f"it was not quiet before {held.in_vain} of {held.runs} runs")
    for one in held.restored:
        if one.problem:
            say(f"/{one.path}: {one.problem}")
