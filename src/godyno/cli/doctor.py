"""``godyno doctor``."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import click

from godyno.model import NOT_ASKED
from godyno.prose import INDENT, wrapped

if TYPE_CHECKING:
    from godyno.machine.doctor import Diagnosis
    from godyno.machine.layers import Layer
    from godyno.model import Machine


@click.command("doctor", short_help="What can be observed here, what not, why, and what would enable it.")
@click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
def command(as_json: bool) -> None:
    """Try every layer that godyno can observe, and say for each that is missing why, and the command that
    enables it.

    \b
    Example:
      godyno doctor
    """
    from godyno.machine.doctor import doctor

    diagnosis = doctor({"cwd": "."})
    if as_json:
        click.echo(json.dumps(diagnosis.as_json(), indent=1))
        return
    width = min(100, max(60, shutil.get_terminal_size((80, 24)).columns))
    click.echo(shown(diagnosis, width))


def shown(diagnosis: Diagnosis, width: int) -> str:
    """The diagnosis for a terminal of ``width`` columns."""
    lines = [*wrapped(described(diagnosis.machine), width), ""]
    can = [layer for layer in diagnosis.layers if layer.available]
    asked = [layer for layer in diagnosis.layers if not layer.available and layer.reason == NOT_ASKED]
    cannot = [layer for layer in diagnosis.layers if not layer.available and layer not in asked]
    margin = max((len(layer.name) for layer in diagnosis.layers), default=0) + 4
    for title, layers in (
        ("Can be observed here", can),
        ("Only when asked for", asked),
        ("Cannot be observed here", cannot),
    ):
        if layers:
            lines.append(f"{title} ({len(layers)})")
            for layer in layers:
                lines.extend(_layer(layer, margin, width))
            lines.append("")
    return "\n".join(lines).rstrip()


def described(machine: Machine) -> str:
    """The machine in a sentence."""
    from godyno.units import show_bytes

    cpu, limits = machine.cpu, machine.cgroup
    parts = [cpu.model or cpu.arch or "unknown processor", f"{cpu.allowed} of {cpu.online} CPUs"]
    if cpu.isa_level:
        parts.append(f"{cpu.arch} {cpu.isa_level}")
    parts.append(show_bytes(machine.memory.total_bytes))
    if limits.memory_bytes is not None:
        parts.append(f"of which the cgroup allows {show_bytes(limits.memory_bytes)}")
    if limits.cpu_quota is not None:
        parts.append(f"a CPU quota of {limits.cpu_quota:g}")
    parts += [text for text in (machine.distribution, f"kernel {machine.kernel}") if text]
    if cpu.hypervisor:
        parts.append("virtual machine" + ("" if cpu.hypervisor == "unknown" else f" ({cpu.hypervisor})"))
    if machine.container:
        parts.append(f"container ({machine.container})")
    parts.append("root" if machine.root else "not root")
    return ", ".join(parts)


def _layer(layer: Layer, margin: int, width: int) -> list[str]:
    indent = " " * margin
    text = layer.detail if layer.available or layer.reason == NOT_ASKED else layer.reason
    lines = wrapped(text, width, f"  {layer.name:<{margin - 2}}", indent)
    if not layer.available:
        # Whole and without a mark before it: a command is there to be copied.
        lines += [f"{indent}{INDENT}{line.strip()}" for line in layer.remedy.split("\n") if line]
    return [line.rstrip() for line in lines]
