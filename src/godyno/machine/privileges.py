"""What this process may do: root, capabilities, limits of its own."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from godyno.machine.hierarchies import SLASH, read_text

# linux/capability.h, in the order of their bits.
_NAMES = """
chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct
sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap
mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore
"""
_CAPABILITIES = _NAMES.split()
_RLIMITS = (
    "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_MEMLOCK", "RLIMIT_NOFILE",
    "RLIMIT_NPROC", "RLIMIT_RSS", "RLIMIT_STACK",
)  # fmt: skip


def capabilities(root: Path = SLASH) -> tuple[str, ...]:
    """The effective capabilities, lower case with ``cap_``; none where the kernel does not tell."""
    for line in read_text(root / "proc/self/status").splitlines():
        key, _, value = line.partition(":")
        if key == "CapEff":
            try:
                bits = int(value, 16)
            except ValueError:
                return ()
            return tuple(f"cap_{name}" for bit, name in enumerate(_CAPABILITIES) if bits >> bit & 1)
    return ()


def is_root(root: Path = SLASH) -> bool:
    """Whether the effective user is root (in a user namespace: its root)."""
    if root == SLASH:
        return os.geteuid() == 0
    for line in read_text(root / "proc/self/status").splitlines():
        if line.startswith("Uid:"):
            return line.split()[2:3] == ["0"]
    return False


def rlimits() -> dict[str, int]:
    """This process's soft limits by name (``nofile`` …); -1 is none."""
    found = {}
    for name in _RLIMITS:
        number = getattr(resource, name, None)
        if number is not None:
            soft = resource.getrlimit(number)[0]
            found[name.removeprefix("RLIMIT_").lower()] = -1 if soft == resource.RLIM_INFINITY else soft
    return found
