"""What one stack tells."""

from __future__ import annotations

from functools import cached_property

from godyno.diagnose.why import symbols
from godyno.diagnose.why.symbols import Frames

_SCHEDULER = ("runtime.findRunnable", "runtime.findrunnable", "runtime.stopm", "runtime.netpoll", "runtime.notesleep", "runtime.mPark",
              "runtime.notetsleep", "runtime.futexsleep", "runtime.schedule")  # fmt: skip
_INNERMOST = 40  # functions of a stack that are kept


class Facts:
    """What a stack tells, each found out once, when it is first asked for: few of many stacks are asked for everything."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    @cached_property
    def slept_in(self) -> str:
        """What a thread waits in that left its CPU with this stack."""
        return symbols.slept_in(self._frames)

    @cached_property
    def ran_in(self) -> str:
        """The state of a moment on the CPU with it in a Go program; empty where it has no frames."""
        return symbols.ran_in(self._frames, True) if self._frames else ""

    @cached_property
    def ran_elsewhere(self) -> str:
        """As ``ran_in``, in another program."""
        return symbols.ran_in(self._frames, False) if self._frames else ""

    @cached_property
    def own(self) -> str:
        """The program's own function."""
        return symbols.own_function(self._frames)

    @cached_property
    def call(self) -> str:
        """The system call."""
        return symbols.call_of(self._frames)

    @cached_property
    def init(self) -> str:
        """The package whose init it is in."""
        return symbols.initialised(self._frames)

    @cached_property
    def reads_pages(self) -> bool:
        """Whether it is within the kernel for pages of a file."""
        return symbols.reads_pages(self._frames)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its innermost functions."""
        return tuple([name for name, _ in self._frames[:_INNERMOST]])

    @cached_property
    def user(self) -> tuple[str, ...]:
        """Those of them outside of the kernel."""
        return tuple([name for name, is_kernel in self._frames[:_INNERMOST] if not is_kernel])

    @cached_property
    def observes(self) -> bool:
        """Whether it is in what godyno put into the program."""
        return symbols.is_observer(self.user)

    @cached_property
    def idle(self) -> bool:
        """Whether it is of a thread of Go's scheduler that looks for something to do."""
        return any(name.startswith(_SCHEDULER) for name in self.user)
