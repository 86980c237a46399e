"""From the records that the ``processes`` probe kept to one span for each process. Runs when sealing."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.errors import FormatError
from godyno.formats.actiongraph import action_graph
from godyno.formats.buildcommand import build_command
from godyno.interfaces import Sink
from godyno.probes.kernel import perf_event, taskstats

_LENGTH = struct.Struct("<I")


@dataclass(slots=True)
class _Process:
    pid: int
    parent: int = 0
    start_ns: int = 0
    end_ns: int = 0
    comm: str = ""
    exe: str = ""
    exec_ns: int = 0
    argv: list[str] = field(default_factory=list)
    cgroup: str = ""
    images: list[tuple[int, str]] = field(default_factory=list)
    threads: int = 1
    threads_peak: int = 1
    usage: dict[str, float] = field(default_factory=dict)
    ended: bool = False
    began_before: bool = False  # it ran already when godyno was attached


def decode_processes(raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
    """Writes the spans of layer ``process``; what is missing or torn is named by ``sink.warn``."""
    result = manifest.get("result") or {}
    end_ns = int(result.get("t_end_ns") or 0)
    root = int((manifest.get("notes") or {}).get("pid") or 0)
    processes = (
        _from_perf(raw / "perf.records", root, _existing(raw / "existing.jsonl"))
        if (raw / "perf.records").exists()
        else _from_walk(raw / "walk.jsonl")
    )
    if not processes:
        return
    latest = max(max(p.start_ns, p.end_ns, p.exec_ns) for p in processes)
    for process in processes:
        if not process.end_ns:
            process.end_ns = max(end_ns, latest, process.start_ns)
    _command_lines(raw / "commands.jsonl", processes)
    accounted = _accounting(raw / "taskstats", processes)
    packages = packages_of(raw.parent / "build_actions" / "actiongraph.json")
    for process in processes:
        sink.span(
            process.start_ns, process.end_ns, "process", str(process.pid), process.comm or "?",
            process.pid, process.pid, _args(process, accounted, packages),
        )  # fmt: skip
    survivors = [p for p in processes if not p.ended and p.pid != root]
    attached = (manifest.get("notes") or {}).get("attached")
    if survivors and result and not attached:
        named = ", ".join(f"{p.comm} ({p.pid})" for p in survivors[:5])
        sink.warn(
            f"{len(survivors)} processes of the tree outlived the command and were not watched further: {named}"
        )


def _args(process: _Process, accounted: bool, packages: Mapping[tuple[str, bool], str]) -> dict[str, Any]:
    args: dict[str, Any] = {"ppid": process.parent}
    if process.exe:
        args["exe"] = process.exe
    if process.argv:
        args["argv"] = process.argv
    command = build_command(process.exe, process.argv)
    if command.kind != "other":
        args["kind"] = command.kind
    package = command.package
    if package in ("", "main"):  # what commands and test binaries are is known to go alone
        package = packages.get((command.objdir, command.kind == "test"), package)
    if package:
        args["package"] = package
    if command.objdir:
        args["objdir"] = command.objdir
    if command.query:
        args["query"] = True
    if process.cgroup:
        args["cgroup"] = process.cgroup
    if process.exec_ns:
        args["exec_ns"] = process.exec_ns
    if len(process.images) > 1:
        args["images"] = [name for _, name in process.images]
    args["threads_max"] = process.threads_peak
    args.update(process.usage)
    args["source"] = "taskstats" if accounted and process.usage else "records"
    if not process.ended:
        args["outlived"] = True
    if process.began_before:
        args["began_before"] = True
    return args


def packages_of(file: Path) -> dict[tuple[str, bool], str]:
    """The package that go worked on in each of its work directories, and the one whose test ran there (True)."""
    try:
        actions = action_graph(file.read_bytes())
    except (OSError, FormatError):
        return {}  # no go command, or its own probe says why
    tests = {(one.objdir, True): one.package for one in actions if one.objdir and one.mode == "test run"}
    built = {
        (one.objdir, False): one.package for one in actions if one.objdir and one.mode in ("build", "link")
    }
    return {key: package for key, package in (tests | built).items() if package}


def _from_perf(file: Path, root: int, existing: list[_Process]) -> list[_Process]:
    """Processes by perf's records, which come ring by ring and are put in order of time first."""
    out: list[_Process] = []
    alive: dict[int, _Process] = {}
    for process in existing or ([_Process(root)] if root else []):
        out.append(process)
        alive[process.pid] = process
    for t_ns, kind, body in sorted(_timed_records(file.read_bytes()), key=lambda record: record[0]):
        if kind == perf_event.RECORD_FORK:
            pid, parent, tid, _ = struct.unpack_from("<IIII", body)
            if tid == pid:
                source = alive.get(parent)
                process = _Process(
                    pid, parent, t_ns, comm=source.comm if source else "", exe=source.exe if source else ""
                )
                alive[pid] = process
                out.append(process)
            elif pid in alive:
                alive[pid].threads += 1
                alive[pid].threads_peak = max(alive[pid].threads_peak, alive[pid].threads)
        elif kind == perf_event.RECORD_EXIT:
            pid, _, tid, _ = struct.unpack_from("<IIII", body)
            if pid in alive:
                process = alive[pid]
                process.threads -= 1
                process.end_ns = t_ns
                if process.threads <= 0:
                    process.ended = True
                    del alive[pid]
        elif kind == perf_event.RECORD_COMM:
            pid, tid = struct.unpack_from("<II", body)
            if pid not in alive:
                alive[pid] = _Process(pid, 0, t_ns)
                out.append(alive[pid])
            process = alive[pid]
            process.comm = body[8:24].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
            process.images.append((t_ns, process.comm))
            process.exec_ns, process.exe, process.threads, process.threads_peak = t_ns, "", 1, 1
            process.start_ns = process.start_ns or t_ns
        elif kind == perf_event.RECORD_MMAP2:
            pid = struct.unpack_from("<I", body)[0]
            if pid in alive and not alive[pid].exe:
                alive[pid].exe = body[64:].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    return out


def _existing(file: Path) -> list[_Process]:
    """What ran already when godyno was attached."""
    out = []
    for row in _json_lines(file):
        if isinstance(row, list) and len(row) == 6 and all(isinstance(row[at], int) for at in (0, 1, 2, 5)):
            pid, parent, t_ns, name, exe, threads = row
            out.append(
                _Process(
                    pid, parent, t_ns, comm=str(name), exe=str(exe), threads=threads, threads_peak=threads,
                    began_before=True,
                )
            )  # fmt: skip
    return out


def _timed_records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(t_ns, type, body) of the records that matter. The time is the last 8 bytes: sample_id holds pid, tid, time."""
    for kind, misc, start, end in perf_event.records(data):
        if kind == perf_event.RECORD_COMM and not misc & perf_event.MISC_COMM_EXEC:
            continue
        if kind in (perf_event.RECORD_FORK, perf_event.RECORD_EXIT, perf_event.RECORD_COMM) or (
            kind == perf_event.RECORD_MMAP2 and end - start > 80
        ):
            yield struct.unpack_from("<Q", data, end - 8)[0], kind, data[start:end]


def _from_walk(file: Path) -> list[_Process]:
    out = []
    for row in _json_lines(file):
        if isinstance(row, list) and len(row) == 5 and all(isinstance(value, int) for value in row[:4]):
            pid, parent, first, last, name = row
            out.append(_Process(pid, parent, first, last, comm=str(name), ended=True))
    return out


def _command_lines(file: Path, processes: list[_Process]) -> None:
    """Gives each process the last command line read from its pid during its life."""
    lives: dict[int, list[_Process]] = {}
    for process in processes:
        lives.setdefault(process.pid, []).append(process)
    for row in _json_lines(file):
        if (
            not isinstance(row, dict)
            or not isinstance(row.get("argv"), list)
            or not isinstance(row.get("t"), int)
        ):
            continue
        for process in lives.get(row.get("pid") or 0, ()):
            if process.start_ns <= row["t"] <= process.end_ns + 1_000_000:
                process.argv = [str(word) for word in row["argv"]]
                process.cgroup = str(row.get("cgroup") or "")


def _accounting(file: Path, processes: list[_Process]) -> bool:
    """Adds each thread's totals to its process. A process's peak is of its address space, so threads agree: the largest."""
    if not file.exists():
        return False
    lives: dict[int, list[_Process]] = {}
    for process in processes:
        lives.setdefault(process.pid, []).append(process)
    for message in _messages(file.read_bytes()):
        for one in taskstats.exits(message):
            candidates = lives.get(one.pid or one.tid)
            if not candidates:
                continue
            # Pids come again after thousands of processes; the start, in whole seconds of REALTIME, tells them apart
            # only then, so the first life without a leader's totals is taken.
            process = next((p for p in candidates if not p.usage.get("_leader")), candidates[-1])
            _add(process, one)
    for process in processes:
        process.usage.pop("_leader", None)
    return True


def _add(process: _Process, one: taskstats.TaskStats) -> None:
    usage = process.usage
    if one.tid == process.pid:
        usage["_leader"] = 1.0
        usage["exit_code"] = one.exit_code >> 8
        usage["exit_signal"] = one.exit_code & 0x7F
    for key, value in (
        ("cpu_s", one.cpu_s),
        ("user_s", one.user_s),
        ("system_s", one.system_s),
        ("minor_faults", one.minor_faults),
        ("major_faults", one.major_faults),
        ("read_bytes", one.read_bytes),
        ("write_bytes", one.write_bytes),
        ("voluntary_switches", one.voluntary_switches),
        ("involuntary_switches", one.involuntary_switches),
        ("run_delay_s", one.run_delay_s),
        ("block_delay_s", one.block_delay_s),
        ("swap_delay_s", one.swap_delay_s),
        ("reclaim_delay_s", one.reclaim_delay_s),
    ):
        usage[key] = usage.get(key, 0) + value
    usage["rss_peak_bytes"] = max(usage.get("rss_peak_bytes", 0), one.rss_peak_bytes)


def _messages(data: bytes) -> Iterator[bytes]:
    position = 0
    while position + 4 <= len(data):
        (length,) = _LENGTH.unpack_from(data, position)
        if length > 1 << 16:
            return
        yield data[position + 4 : position + 4 + length]
        position += 4 + length


def _json_lines(file: Path) -> Iterator[Any]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue  # the last line of a killed recorder
