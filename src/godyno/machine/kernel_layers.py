"""Cgroups, tracing, task accounting, swap: what the kernel lets this user do, tried where that leaves nothing
behind."""

from __future__ import annotations

import os
from pathlib import Path

from godyno.machine.cgroups import Group
from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.layers import Layer, Run
from godyno.machine.systemd import systemd_user_scope
from godyno.machine.taskstats import taskstats_refused
from godyno.model import Machine


def kernel_layers(machine: Machine, run: Run) -> list[Layer]:
    """Cgroups, tracing, task accounting, swap: what the kernel lets this user do."""
    if machine.os != "linux":
        reason = f"{machine.os or 'this system'} has no cgroups, perf events, tracefs or taskstats"
        return [Layer("kernel", "kernel", False, reason=reason, remedy="Record on Linux.")]
    return [
        *_cgroup_layers(machine),
        _delegated(machine, run),
        _tracefs(machine),
        _taskstats(machine),
        _swap(machine),
        _kernel_names(machine),
    ]


def _cgroup_layers(machine: Machine) -> list[Layer]:
    group, refused = Group.create("doctor")
    reasons = dict(part.partition(": ")[::2] for part in refused.split("; "))
    found = []
    what = {
        "memory": "the true peak memory of a process tree; limits for `godyno survey`",
        "cpu": "CPU quotas and throttled time",
        "pids": "number of processes of a tree",
    }
    try:
        for controller, detail in what.items():
            name = f"cgroup {controller}"
            if group is not None and controller in group.paths:
                version = 1 if machine.cgroup.version == 1 else 2
                found.append(Layer(name, "kernel", True, f"{detail} (cgroup v{version})"))
            else:
                reason = reasons.get(controller) or refused
                remedy = _enable_cgroup(machine, controller, reason)
                found.append(Layer(name, "kernel", False, detail, reason, remedy))
    finally:
        if group is not None:
            group.release()
    return found


def _enable_cgroup(machine: Machine, controller: str, reason: str) -> str:
    if "holds processes itself" in reason and machine.container:
        top = "/sys/fs/cgroup"
        return (
            f"mkdir {top}/init && xargs -rn1 < {top}/cgroup.procs > {top}/init/cgroup.procs;"
            f" echo +memory +cpu +pids > {top}/cgroup.subtree_control"
        )
    if "read-only" in reason and machine.container:
        return "Start the container with --privileged --cgroupns=private."
    if machine.cgroup.version == 0:
        return "sudo mount -t cgroup2 none /sys/fs/cgroup"
    if machine.tool("systemd-run").path and machine.cgroup.version == 2 and not machine.container:
        if controller == "cpu" and not machine.root:
            # The user's manager is given memory and pids by default, the others only where an administrator
            # says so.
            return (
                "sudo systemctl edit user@.service  # add: [Service] Delegate=cpu cpuset io memory pids;"
                " then log in again"
            )
        return "systemd-run --user --scope -p Delegate=yes godyno record -- COMMAND"
    if machine.root:
        return (
            "Start the container with --privileged."
            if machine.container
            else "Use a kernel with this controller."
        )
    return "sudo godyno record -- COMMAND"


def _delegated(machine: Machine, run: Run) -> Layer:
    detail = "limits without root: a scope of systemd's user manager"
    name = "systemd user scope"
    tool = machine.tool("systemd-run")
    if not tool.path:
        return Layer(
            name, "kernel", False, detail, "systemd-run is not installed", "Use a distribution with systemd."
        )
    works, reason = systemd_user_scope(tool.path, run)
    if works:
        return Layer(name, "kernel", True, detail)
    remedy = 'sudo loginctl enable-linger "$USER"; export XDG_RUNTIME_DIR=/run/user/$(id -u)'
    if machine.container or read_text(Path("/proc/1/comm")).strip() != "systemd":
        remedy = "Run on a machine that was started by systemd."
    if machine.root and not machine.container:
        remedy = "Not needed: root makes cgroups itself."
    return Layer(name, "kernel", False, detail, reason, remedy)


def _tracefs(machine: Machine) -> Layer:
    detail = "tracepoints: scheduler, system calls, page faults, by name"
    sudo = "" if machine.root else "sudo "
    for place in (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing")):
        if os.path.isdir(place / "events/sched"):  # noqa: PTH112  Path.is_dir raises where it may not be entered
            return Layer("tracefs", "kernel", True, f"{detail} ({place})")
    if not Path("/sys/kernel/tracing").exists():
        return Layer(
            "tracefs", "kernel", False, detail, "the kernel was built without tracing", "Use another kernel."
        )
    if not os.access("/sys/kernel/tracing", os.R_OK | os.X_OK):
        return Layer(
            "tracefs", "kernel", False, detail, "/sys/kernel/tracing may only be read by root",
            "sudo mount -o remount,mode=755 /sys/kernel/tracing",
        )  # fmt: skip
    return Layer(
        "tracefs", "kernel", False, detail, "/sys/kernel/tracing is not mounted, or has no events",
        f"{sudo}mount -t tracefs nodev /sys/kernel/tracing",
    )  # fmt: skip


def _taskstats(machine: Machine) -> Layer:
    detail = "what each process used in all, also of those that lived too short to be sampled"
    reason = taskstats_refused()
    if not reason:
        waits = (
            ""
            if machine.sysctl.get("kernel.task_delayacct") == "1"
            else "; waits need kernel.task_delayacct=1"
        )
        return Layer("taskstats", "kernel", True, detail + waits)
    remedy = "sudo godyno record -- COMMAND"
    if "no such" in reason.lower():
        remedy = "Use a kernel with CONFIG_TASKSTATS."
    return Layer("taskstats", "kernel", False, detail, reason, remedy)


def _swap(machine: Machine) -> Layer:
    detail = "what happens when memory runs out: swapping before killing"
    if machine.memory.swap_total_bytes:
        return Layer("swap", "kernel", True, detail)
    sudo = "" if machine.root else "sudo "
    return Layer(
        "swap", "kernel", False, detail, "this machine has no swap: what does not fit is killed at once",
        f"{sudo}fallocate -l 2G /swapfile && {sudo}chmod 600 /swapfile && {sudo}mkswap /swapfile && {sudo}swapon /swapfile",
    )  # fmt: skip


def _kernel_names(machine: Machine) -> Layer:
    detail = "names of kernel functions in stacks"
    for line in read_text(SLASH / "proc/kallsyms")[:4096].splitlines():
        if line and not line.startswith("0000000000000000 "):
            return Layer("kernel symbols", "kernel", True, detail)
        break
    return Layer(
        "kernel symbols", "kernel", False, detail, "the kernel hides its addresses (kernel.kptr_restrict)",
        "sudo sysctl kernel.kptr_restrict=0 kernel.perf_event_paranoid=1",
    )  # fmt: skip
