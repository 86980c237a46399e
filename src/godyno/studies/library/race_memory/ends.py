"""How a run under the race detector ended, told apart by what the kernel counted and what the runtime printed."""

from __future__ import annotations

from collections.abc import Mapping

from godyno.studies.study import FAILED, PASS
from godyno.workload.limited import Limited

KILLED, GO_OOM, RACE_LIMIT, RACE_OOM, THRASH = (
    "killed",
    "go-out-of-memory",
    "race-limit",
    "race-out-of-memory",
    "thrash",
)
MEANING: Mapping[str, str] = {
    PASS: "went to its end",
    KILLED: "the kernel's out-of-memory killer ended it (the cgroup's oom_kill; SIGKILL, without a word)",
    GO_OOM: "Go's own runtime could not get memory from the kernel (an address space limit, or vm.overcommit_memory=2)",
    RACE_LIMIT: "the race runtime's own limit on goroutines that are alive at once, whatever the memory",
    RACE_OOM: "the race runtime could not map its shadow memory (an address space limit)",
    THRASH: "no kill, but its own pages were read again and again until the time-out",
    "stopped": "a time-out without a sign of thrashing",
    FAILED: "failed for another reason than memory",
}
NOT_PASSED = (KILLED, GO_OOM, RACE_OOM, THRASH)  # for want of memory
_SAID = (
    ("simultaneously alive goroutines is exceeded", RACE_LIMIT),
    ("ThreadSanitizer failed to allocate", RACE_OOM),
    ("ThreadSanitizer: out of memory", RACE_OOM),
    ("ThreadSanitizer can not mmap", RACE_OOM),
    ("fatal error: runtime: out of memory", GO_OOM),
    ("fatal error: runtime: cannot allocate memory", GO_OOM),
    ("fatal error: out of memory", GO_OOM),
    ("fatal error: failed to reserve page summary memory", GO_OOM),
    ("runtime: cannot map pages in arena address space", GO_OOM),
)  # fmt: skip
_FAULTS = 500  # a test binary that fits has none at all once it is cached


def verdict(run: Limited, expected: int = 0) -> str:
    """How it ended; ``expected`` is the exit code of the same command without a limit (a failing test went to its end, too)."""
    if run.oom_kills:
        return KILLED
    for words, meaning in _SAID:
        if words in run.said:
            return meaning
    if run.timed_out:
        return THRASH if run.major_faults > _FAULTS else "stopped"
    return PASS if run.exit_code == expected else FAILED
