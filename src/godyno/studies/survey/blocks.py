"""Two sections of a survey's report: the editor session and the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from godyno import units
from godyno.model import Machine
from godyno.report.document import Block, Figure, Grid, Heading, KeyFigures
from godyno.studies.survey.records import SmallFiles, Survey
from godyno.workload.editor import EditorSession

_NOTHING = "–"


def editor_blocks(survey: Survey) -> Iterator[Block]:
    """What gopls took and how quickly it answered; nothing where no session was measured."""
    activity = next(
        (one for one in survey.activities if one.name == "editor" and one.details.get("sessions")), None
    )
    if activity is None:
        return
    sessions = [EditorSession.from_json(one) for one in activity.details["sessions"]]
    yield Heading("Editor session")
    ready = _median([one.ready_s for one in sessions], "s")
    resident = _median([one.settled_rss_bytes for one in sessions], "By")
    anonymous = _median([one.settled_anon_bytes for one in sessions], "By")
    idle = "" if all(one.settled for one in sessions) else "; it was still at work after 40 s"
    yield KeyFigures(
        (
            Figure("ready", ready, f"{sessions[-1].server}, its own cache empty, until loaded and diagnosed"),
            Figure(
                "memory once settled",
                resident,
                f"resident, gopls and its children; {anonymous} of it anonymous{idle}",
            ),
        )
    )
    names = dict.fromkeys(step.name for one in sessions for step in one.steps)
    rows = []
    for name in names:
        steps = [step for one in sessions for step in one.steps if step.name == name]
        first = [step.seconds[0] for step in steps if step.seconds]
        later = [value for step in steps for value in step.seconds[1:]]
        problem = next((step.problem for step in steps if step.problem), "")
        count = steps[-1].results
        answer = problem or f"{count} result{'' if count == 1 else 's'}"
        rows.append((name, _median(first, "s"), _median(later, "s"), str(len(later)), answer))
    yield Grid(("request", "first", "later", "n", ""), tuple(rows), numeric=frozenset({1, 2, 3}))


def _median(values: Sequence[float], unit: str) -> str:
    return units.show(float(median(values)), unit) if values else _NOTHING


def machine_blocks(survey: Survey) -> Iterator[Block]:
    """What this machine is, as far as it matters to Go."""
    machine = survey.machine
    cpu, memory, group = machine.cpu, machine.memory, machine.cgroup
    yield Heading("This machine")
    host = f"on {cpu.hypervisor}" if cpu.hypervisor not in ("", "unknown") else ""
    spare = f"{units.show_bytes(memory.available_bytes)} available; swap {units.show_bytes(memory.swap_total_bytes)}"
    figures = [
        Figure(
            "processor", f"{cpu.allowed} × {cpu.model or cpu.arch}", _words(cpu.arch, cpu.isa_level, host)
        ),
        Figure("memory", units.show_bytes(memory.total_bytes), spare),
    ]
    limits = _words(
        f"memory {units.show_bytes(group.memory_bytes)}" if group.memory_bytes is not None else "",
        f"{group.cpu_quota:g} CPUs" if group.cpu_quota is not None else "",
    )
    about = f"cgroup v{group.version}" if group.version else "no cgroup"
    figures.append(Figure("limits", limits or "none", _words(about, _limits_of_process(machine))))
    rights = "root" if machine.root else "not root"
    system = machine.distribution or machine.os
    figures.append(Figure("system", system, _words(machine.kernel, machine.container, rights)))
    tools = [tool.name for tool in machine.tools if tool.path]
    if tools:
        figures.append(Figure("tools", f"{len(tools)} of {len(machine.tools)}", " ".join(tools)))
    yield KeyFigures(tuple(figures))
    if survey.small_files:
        rows = tuple(_places(survey.small_files, machine))
        yield Grid(("small files at", "on", "free", "operations/s", ""), rows, numeric=frozenset({2, 3}))


def _limits_of_process(machine: Machine) -> str:
    address_space = machine.rlimits.get("as", -1)
    return "" if address_space < 0 else f"address space {units.show_bytes(address_space)} (rlimit)"


def _places(found: Sequence[SmallFiles], machine: Machine) -> Iterator[tuple[str, ...]]:
    """A row for each file system: directories of one were measured once."""
    groups: dict[tuple[str, str], list[SmallFiles]] = {}
    disks = {disk.purpose: disk for disk in machine.disks}
    for one in found:
        disk = disks.get(one.purpose)
        groups.setdefault((disk.filesystem, disk.device) if disk else ("", one.path), []).append(one)
    for (filesystem, _), places in groups.items():
        first, disk = places[0], disks.get(places[0].purpose)
        kind = {True: "rotating", False: "solid state", None: ""}[disk.rotational if disk else None]
        speed, about = _NOTHING, first.problem
        if first.ops_per_s is not None:
            speed = f"{first.ops_per_s.value:,.0f}"
            if first.ops_per_s.interval is not None:
                about = f"[{first.ops_per_s.interval.low:,.0f}, {first.ops_per_s.interval.high:,.0f}]"
        free = units.show_bytes(disk.free_bytes) if disk else _NOTHING
        yield (
            ", ".join(one.purpose for one in places),
            _words(filesystem, kind) or _NOTHING,
            free,
            speed,
            about,
        )


def _words(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
