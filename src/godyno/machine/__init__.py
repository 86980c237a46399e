"""What this machine is: processor, memory, storage, cgroups, power, privileges, tools and kernel settings.

``read_machine`` reads it all in a few milliseconds and starts no program. Everything takes ``root``, the one
seam at which a machine is faked: ``godyno.testing.FakeMachine`` makes such a tree.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from godyno.model import Machine

__all__ = ["read_machine"]


def read_machine(
    root: Path = Path("/"), paths: Mapping[str, Path | str] | None = None, tool_versions: bool = False
) -> Machine:
    """This machine. ``paths`` are directories whose file systems matter, by purpose (``cwd``, ``GOCACHE`` …).

    Layers that a system lacks are left empty, never an error. ``tool_versions`` runs each tool once to ask
    for its version, which takes most of a second.
    """
    from godyno.machine import cpu, memory, privileges, storage, tools
    from godyno.machine.container import container
    from godyno.machine.hierarchies import SLASH, read_limits, read_text
    from godyno.machine.power import power_source
    from godyno.machine.sysctl import read_settings

    here = root == SLASH
    found = tools.find_tools() if here else ()
    if tool_versions:
        found = tools.with_versions(found)
    name = os.uname()
    if here and sys.platform == "darwin":
        from godyno.machine import macos

        values = macos.read_sysctl()
        return Machine(
            hostname=name.nodename,
            os="darwin",
            distribution=f"macOS {values.get('kern.osproductversion', '')}".strip(),
            kernel=name.release,
            cpu=macos.cpu_of(values),
            memory=macos.memory_of(values),
            disks=storage.read_disks(paths or {}),
            rlimits=privileges.rlimits(),
            tools=found,
            root=privileges.is_root(),
            power_source=macos.read_power_source(),
            boot_id=values.get("kern.bootsessionuuid", ""),
        )
    return Machine(
        hostname=name.nodename if here else read_text(root / "proc/sys/kernel/hostname").strip(),
        os="linux" if not here or sys.platform == "linux" else sys.platform,
        distribution=distribution_in(read_text(root / "etc/os-release")),
        kernel=name.release if here else read_text(root / "proc/sys/kernel/osrelease").strip(),
        cpu=cpu.read_cpu(root),
        memory=memory.read_memory(root),
        disks=storage.read_disks(paths or {}, root),
        cgroup=read_limits(root),
        rlimits=privileges.rlimits() if here else {},
        sysctl=read_settings(root),
        tools=found,
        root=privileges.is_root(root),
        capabilities=privileges.capabilities(root),
        power_source=power_source(root),
        container=container(root),
        boot_id=read_text(root / "proc/sys/kernel/random/boot_id").strip(),
    )


def distribution_in(os_release: str) -> str:
    """The name for people in the text of ``/etc/os-release``; empty where there is none."""
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip().strip("\"'")
    return ""
