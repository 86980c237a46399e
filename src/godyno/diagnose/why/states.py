"""The closed list of what a moment of the path can be (how a stack tells which: ``symbols``).

Each state has a family (the word a reader sees first) and says whether it is the program's own or its surroundings'.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """One state. ``work`` is true of what a program that is well does: it is no cause by itself."""

    name: str
    title: str
    family: str
    where: str = "program"  # or machine: what surrounds the program; recorder: what watching it cost
    work: bool = False


_ALL = (
    State("go", "on CPU in Go code", "cpu", work=True),
    State("gc_assist", "garbage collection: assisting before allocating", "gc"),
    State("gc_stw", "garbage collection: world stopped", "gc"),
    State("gc_background", "garbage collection: its workers on the CPU", "gc"),
    State("gc_wait", "garbage collection: waiting for it", "gc"),
    State("runtime", "on CPU in the runtime's scheduler", "cpu", work=True),
    State("kernel", "on CPU in the kernel", "kernel"),
    State("minor_fault", "on CPU in the kernel: page faults, new memory", "kernel"),
    State("cgo", "in C code, or calling it", "cgo"),
    State("c", "on CPU in a program that is not Go's", "cpu", work=True),
    State("own_threads", "ready, no CPU: own threads have them", "runnable"),
    State("neighbours", "ready, no CPU: other programs have them", "runnable", "machine"),
    State("quota", "ready, no CPU: the CPU quota is used up", "runnable", "machine"),
    State("steal", "ready, no CPU: the hypervisor has it", "runnable", "machine"),
    State("dispatch", "ready, about to get a CPU", "runnable", work=True),
    State("disk_read", "blocked: reading from disk", "disk"),
    State("disk_write", "blocked: writing to disk", "disk"),
    State("fsync", "blocked: fsync", "disk"),
    State("fault_disk", "blocked: page fault from disk", "disk"),
    State("disk_neighbours", "blocked: the disk is busy with others", "disk", "machine"),
    State("disk_stall", "blocked: the disk hardly answers", "disk", "machine"),
    State("reclaim", "short of memory: reclaim, swap, reading again", "memory"),
    State("dns", "blocked: network, DNS", "network"),
    State("connect", "blocked: network, connecting", "network"),
    State("tls", "blocked: network, TLS handshake", "network"),
    State("network", "blocked: network", "network"),
    State("lock", "blocked: lock", "lock"),
    State("channel", "blocked: channel", "channel"),
    State("sleep", "blocked: timer", "sleep"),
    State("child", "blocked: child process", "child"),
    State("pipe", "blocked: pipe", "pipe"),
    State("kernel_wait", "blocked: in the kernel", "kernel"),
    State("load", "starting: exec and dynamic loading", "starting"),
    State("runtime_init", "starting: the runtime", "starting"),
    State("package_init", "starting: package init", "starting"),
    State("idle", "idle: waiting for requests or a clock", "idle", work=True),
    State("observer", "what godyno put into the program", "observer", "recorder"),
    State("unknown", "unknown", "unknown", "recorder"),
)
STATES = {state.name: state for state in _ALL}
# The program's own waits for a disk.
DISK_WAITS = tuple(one.name for one in _ALL if one.family == "disk" and one.where == "program")
