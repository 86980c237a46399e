"""The numbers of the kernel's tracepoints, which tracefs tells; where it is not mounted, root looks without mounting it anywhere.

fsopen(2) and fsmount(2) make a mount that is in no namespace: it is seen through one descriptor only and gone when that is
closed.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

from godyno.errors import NotAvailableHere
from godyno.model import Availability, Machine
from godyno.prose import paste

_PLACES = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_REMEDY = "mount -t tracefs nodev /sys/kernel/tracing"
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432  # the same on every architecture
_CMD_CREATE, _CLOEXEC = 6, 1
_INITIAL_PID_NAMESPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO in the kernel's proc_ns.h


def tracepoint_ids(names: Sequence[str]) -> dict[str, int]:
    """The numbers of tracepoints written as ``sched/sched_switch``. Raises NotAvailableHere where one cannot be had."""
    for place in _PLACES:
        if os.access(f"{place}/events/{names[0]}/id", os.R_OK):
            return _ids(place, names)
    try:
        fd = _detached_tracefs()
    except OSError as error:
        raise NotAvailableHere(
            f"tracefs is not mounted, or may not be read here ({error.strerror})", hint=f"As root: {_REMEDY}"
        ) from error
    try:
        return _ids(f"/proc/self/fd/{fd}", names)
    finally:
        os.close(fd)


def tracepoints_availability(machine: Machine) -> Availability:
    """Whether tracepoints can be had, as far as that is known without trying."""
    if machine.root or "cap_perfmon" in machine.capabilities or "cap_sys_admin" in machine.capabilities:
        if machine.root or any(os.access(f"{place}/events", os.R_OK) for place in _PLACES):
            return Availability(True)
        return Availability(False, "tracefs is not mounted, or only root may read it", f"sudo {_REMEDY}")
    return Availability(
        False,
        "tracepoints need root, or CAP_PERFMON and a readable tracefs",
        "Run it as root, or:" + paste("sudo setcap cap_perfmon=ep $(readlink -f $(which python3))"),
    )


def sees_every_pid() -> bool:
    """Whether pids mean here what they mean to the kernel: a tracepoint's own fields tell the kernel's."""
    try:
        return os.readlink("/proc/self/ns/pid") == _INITIAL_PID_NAMESPACE  # noqa: PTH115
    except OSError:
        return False


def _ids(place: str, names: Sequence[str]) -> dict[str, int]:
    out = {}
    for name in names:
        try:
            out[name] = int(Path(f"{place}/events/{name}/id").read_text())
        except (OSError, ValueError) as error:
            raise NotAvailableHere(
                f"This kernel has no tracepoint {name}", hint="Another kernel may have it."
            ) from error
    return out


def _detached_tracefs() -> int:
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *args: object) -> int:
        result: int = libc.syscall(number, *args)
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return result

    context = call(_FSOPEN, b"tracefs", _CLOEXEC)
    try:
        call(_FSCONFIG, context, _CMD_CREATE, None, None, 0)
        return call(_FSMOUNT, context, _CLOEXEC, 0)
    finally:
        os.close(context)
