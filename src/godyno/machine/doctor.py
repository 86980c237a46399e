"""What can be observed here, what cannot, why, and the exact command that would enable it.

Each layer is tried where trying is cheap and leaves nothing behind: a cgroup is made and removed, perf counts
``true``, strace traces ``true``. Every registered probe answers for itself. Nothing here raises for what a
machine lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from godyno import registry
from godyno.errors import GodynoError
from godyno.machine import read_machine
from godyno.machine.kernel_layers import kernel_layers
from godyno.machine.layers import Layer, run
from godyno.machine.tool_layers import tool_layers
from godyno.model import Machine, Record


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
