"""What doctor says on machines of all kinds: never silent, never without a remedy."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from godyno import registry
from godyno.cli.doctor import command, described, shown
from godyno.machine import layers as layers_module
from godyno.machine import taskstats
from godyno.machine.doctor import Diagnosis, probe_layers
from godyno.machine.kernel_layers import kernel_layers
from godyno.machine.layers import Layer, Run, install, run
from godyno.machine.systemd import systemd_user_command, systemd_user_scope
from godyno.machine.tool_layers import tool_layers
from godyno.model import CgroupLimits, Cpu, Machine, Memory, Tool

PLAIN = Machine(
    os="linux", kernel="6.1", cpu=Cpu(arch="amd64", online=4, allowed=2), cgroup=CgroupLimits(version=2)
)
TOOLS = tuple(
    Tool(name, f"/usr/bin/{name}", "1.2") for name in ("perf", "strace", "bpftrace", "gcc", "gopls", "go")
)


def works(command: Sequence[str]) -> tuple[int, str]:
    return 0, "1,cpu-clock"


def fails(command: Sequence[str]) -> tuple[int, str]:
    return 1, "first line\nOperation not permitted"


@pytest.mark.parametrize(
    "machine", [PLAIN, replace(PLAIN, container="docker"), replace(PLAIN, root=True), Machine(os="darwin")]
)
@pytest.mark.parametrize("tools", [(), TOOLS])
@pytest.mark.parametrize("runner", [works, fails])
def test_whatever_is_missing_has_a_reason_and_a_remedy(
    machine: Machine, tools: tuple[Tool, ...], runner: Run
) -> None:
    machine = replace(machine, tools=tools)
    layers = [*probe_layers(machine), *kernel_layers(machine, runner), *tool_layers(machine, runner)]
    assert {layer.name for layer in layers} >= {
        *registry.names("probes"),
        "go",
        "perf",
        "strace",
        "race detector",
        "gopls",
    }
    for layer in layers:
        if layer.available:
            assert layer.detail
        else:
            assert layer.reason and layer.remedy, layer


def test_tools_that_are_here_but_refused_say_what_the_kernel_said() -> None:
    machine = replace(PLAIN, tools=TOOLS, sysctl={"kernel.perf_event_paranoid": "4"}, container="docker")
    by_name = {layer.name: layer for layer in tool_layers(machine, fails)}
    assert "kernel.perf_event_paranoid is 4" in by_name["perf"].reason
    assert "--cap-add=PERFMON" in by_name["perf"].remedy
    assert by_name["strace"].reason == "Operation not permitted"
    assert by_name["bpftrace"].reason == "bpftrace needs root"
    assert by_name["gopls"].available and by_name["race detector"].available


def test_a_guest_without_counters_is_told_apart_from_a_forbidden_perf() -> None:
    def no_counters(command: Sequence[str]) -> tuple[int, str]:
        return 0, "<not supported>,,cycles" if "cycles" in command else "1,,cpu-clock"

    machine = replace(PLAIN, tools=TOOLS, cpu=Cpu(arch="amd64", hypervisor="kvm"))
    by_name = {layer.name: layer for layer in tool_layers(machine, no_counters)}
    assert by_name["perf"].available
    assert "hypervisor" in by_name["hardware counters"].reason


def test_the_race_detector_needs_a_processor_that_go_has_one_for_and_a_compiler() -> None:
    def race(machine: Machine) -> Layer:
        return next(layer for layer in tool_layers(machine, fails) if layer.name == "race detector")

    assert "Go has none for 386" in race(replace(PLAIN, cpu=Cpu(arch="386"))).reason
    assert "no C compiler" in race(PLAIN).reason
    assert race(replace(PLAIN, tools=(Tool("clang", "/usr/bin/clang"),))).available


def test_packages_have_the_names_of_the_distribution() -> None:
    if not Path("/usr/bin/apt-get").exists():
        pytest.skip("no apt-get here")
    assert install("perf", replace(PLAIN, distribution="Debian 12")) == "sudo apt-get install linux-perf"
    assert (
        install("perf", replace(PLAIN, distribution="Ubuntu 24.04"))
        == "sudo apt-get install linux-tools-$(uname -r)"
    )
    assert install("gcc", replace(PLAIN, root=True)) == "apt-get install gcc libc6-dev"


def test_a_user_scope_is_tried_and_its_refusal_told() -> None:
    asked: list[Sequence[str]] = []

    def record(command: Sequence[str]) -> tuple[int, str]:
        asked.append(command)
        return 1, "Failed to connect to bus: No medium found\n"

    assert systemd_user_scope(run=record, memory_bytes=5) == (
        False,
        "Failed to connect to bus: No medium found",
    )
    assert "MemoryMax=5" in asked[0]
    assert systemd_user_scope(run=works) == (True, "")
    assert systemd_user_command(["go", "build"], memory_bytes=1 << 20, swap_bytes=0, cpus=0.5)[-7:] == [
        "MemoryMax=1048576", "-p", "MemorySwapMax=0", "-p", "CPUQuota=50%", "--", "go", "build",
    ][-7:]  # fmt: skip


def test_a_command_that_is_not_there_or_does_not_end_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["/no/such/program"])[0] == -1
    monkeypatch.setattr(layers_module, "_TRY_S", 0.1)
    assert run(["sleep", "5"]) == (-1, "did not end within 0 s")


def test_a_probe_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.BUILT_IN["probes"], "broken", "godyno.no_such_module:X")
    layer = next(layer for layer in probe_layers(PLAIN) if layer.name == "broken")
    assert not layer.available and "no_such_module" in layer.reason and layer.remedy


def test_the_kernels_answers_to_taskstats_are_read_and_odd_ones_do_not_crash() -> None:
    assert taskstats._answer(b"") == (None, "the kernel's answer is too short")
    denied = taskstats.struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1)
    assert taskstats._answer(denied) == (None, os.strerror(1))
    assert taskstats._answer(b"\0" * 64) == (None, "")
    family = taskstats._message(
        16, 1, taskstats._attribute(2, b"TASKSTATS\0") + taskstats._attribute(1, b"\x17\0")
    )
    assert taskstats._answer(family) == (23, "")


def test_the_terminals_text_fits_its_width_but_for_commands_to_copy() -> None:
    machine = replace(
        PLAIN, cpu=Cpu(model="Some CPU", arch="amd64", isa_level="v3", online=4, allowed=2, hypervisor="kvm"),
        memory=Memory(total_bytes=8 << 30), cgroup=CgroupLimits(2, "/", memory_bytes=1 << 30, cpu_quota=1.5),
    )  # fmt: skip
    layers = (*probe_layers(machine), *kernel_layers(machine, fails), *tool_layers(machine, fails))
    text = shown(Diagnosis(machine, layers), 80)
    commands = [
        line
        for line in text.splitlines()
        if line.strip() in {one.remedy for one in layers if not one.available}
    ]
    assert commands and max(map(len, commands)) > 80
    assert all(len(line) <= 80 for line in text.splitlines() if line not in commands)
    assert "2 of 4 CPUs, amd64 v3" in described(machine)
    assert "of which the cgroup allows 1.07 GB, a CPU quota of 1.5" in described(machine)
    assert "Cannot be observed here" in text


@pytest.mark.integration
def test_doctor_answers_on_this_machine_in_text_and_json_and_leaves_nothing_behind() -> None:
    done = CliRunner().invoke(command, [])
    assert done.exit_code == 0, done.output
    assert "Can be observed here" in done.output and "system_cpu" in done.output
    done = CliRunner().invoke(command, ["--json"])
    assert done.exit_code == 0
    diagnosis = Diagnosis.from_json(json.loads(done.output))
    assert diagnosis.machine.os in ("linux", "darwin")
    assert not list(Path("/sys/fs/cgroup").glob("**/godyno-*-doctor"))


def test_a_tracing_folder_that_may_not_be_entered_is_a_missing_layer_and_no_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: object, *rest: object, **more: object) -> os.stat_result:
        if str(path).startswith("/sys/kernel/"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **more)  # type: ignore[arg-type]

    real = os.stat
    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(Path, "exists", lambda path, **_: True)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    (layer,) = (layer for layer in kernel_layers(PLAIN, fails) if layer.name == "tracefs")
    assert not layer.available and "root" in layer.reason


def test_what_an_option_asks_for_is_not_called_missing() -> None:
    text = shown(Diagnosis(PLAIN, tuple(probe_layers(PLAIN))), 80)
    asked = text[text.index("Only when asked for") :].partition("\n\n")[0]
    assert "Record with --instrument." in asked and "not asked" not in asked
