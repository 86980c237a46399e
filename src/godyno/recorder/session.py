"""One recording: a workload is launched, probes watch it, a journal keeps what they saw, a child process seals it.

This process stays small and never imports what reads captures. The order matters: everything that takes time is done
before the command is let go or after it has ended.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from godyno import __version__, registry
from godyno.capture.journal import JOURNAL, Journal, JournalSink
from godyno.capture.lines import OUTPUT_JOURNAL
from godyno.capture.manifest import ClockBracket, Cost, Manifest, ProbeEntry, SetLimits, write_manifest
from godyno.capture.schema import SCHEMA_VERSION
from godyno.clock import BOOTTIME, REALTIME, bracket, now_ns
from godyno.errors import GodynoError, UsageError
from godyno.interfaces import Loop, Probe
from godyno.machine import read_machine
from godyno.machine.cgroups import Group, sweep_stale
from godyno.model import Availability, Peak, Result, Workload
from godyno.recorder import Recording
from godyno.recorder.directory import new_directory, remove_unused
from godyno.recorder.ending import Ending
from godyno.recorder.identity import present_recorder
from godyno.recorder.keeper import Keeper
from godyno.recorder.loop import EventLoop
from godyno.recorder.output import DIVERTED, Diverted, open_channels
from godyno.recorder.own import own_cpu_s, own_peak_bytes, prompt
from godyno.recorder.signals import Signals
from godyno.redact import redact_argv
from godyno.working import sized, working
from godyno.workload.launcher import Held, find_command

DEFAULT_HZ = 10.0
DEFAULT_OUTPUT_LIMIT_BYTES = 64 << 20
_DRAIN_S = 0.2
_KILL_WHEN_TOLD_S = 2.0
_LONG_S = 10.0  # when somebody who waits for an answer is told how to have it sooner
# A line's time is that of its arrival in the keeper, which takes what comes within a millisecond at once (``output.GATHER_S``).
_LINE_LATE_NS = 2_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """How to record. ``hz`` is how often sampled values are wanted; ``probes`` None is every built-in of the level; a probe of
    another package is named.

    ``quiet`` keeps the command's output without showing it; ``lines`` False leaves stdout and stderr untouched and keeps
    nothing of them. Limits are set on the tree's own cgroup; ``timeout_s`` ends the tree (SIGTERM, then SIGKILL), and so does
    ``end_fd`` when it becomes readable.
    """

    out: Path | None = None
    hz: float = DEFAULT_HZ
    level: str = "light"
    probes: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()  # probes beside those of the level
    settings: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # by probe, its constructor's keywords
    lines: bool = True
    quiet: bool = False
    output_limit_bytes: int = DEFAULT_OUTPUT_LIMIT_BYTES
    memory_limit_bytes: int | None = None
    swap_limit_bytes: int | None = None
    cpu_quota: float | None = None
    timeout_s: float | None = None
    end_fd: int | None = None
    wait_for_tree: bool = False
    seal: bool = True
    tells: bool = False  # whether the user is told that sealing takes its time
    answers: bool = (
        False  # whether the user waits for an answer, and is told after a while what is waited for
    )
    caller_fd: int | None = None  # a pipe's write end: when nobody reads it any more, the tree is ended


@dataclass(slots=True)
class _Target:
    """``interfaces.Target``."""

    pid: int
    cgroups: Mapping[str, Path]
    hz: float
    loop: Loop
    pids_of: Callable[[], Iterator[int]]

    def pids(self) -> Iterator[int]:
        return self.pids_of()


class Session:
    """Runs one workload to its end. Use once: ``Session(workload, options).run()``."""

    def __init__(self, workload: Workload, options: Options) -> None:
        if options.hz <= 0 or options.hz > 1000:
            raise UsageError(
                f"--hz {options.hz:g} cannot be", hint="Choose between 0.01 and 1000; 10 costs about 1 %."
            )
        self.workload, self.options = workload, options
        self.warnings: list[str] = []
        self.lost: dict[str, int] = {}
        self.timed_out = self.brought_about = False
        self.notes: dict[str, Any] = {}

    # ---- the whole of it, in order

    def run(self) -> Recording:
        """Records, seals, and tells how it went. Raises GodynoError where the command could not be started at all."""
        began = now_ns()
        workload = self.workload
        find_command(
            workload.argv[0] if workload.argv else "", {**os.environ, **_strings(workload.env)}.get("PATH")
        )
        workload = self._begin(workload)
        try:
            result, peak, oom_kills = self._launch_and_watch(workload, began)
        finally:
            self.signals.close()
            self.loop.close()
        return self._finish(result, peak, oom_kills, began)

    def _begin(self, workload: Workload) -> Workload:
        """Makes the capture, the loop and the probes; gives the workload as the probes want it."""
        options = self.options
        self.directory = new_directory(options.out, workload)
        try:
            (self.directory / "raw").mkdir(exist_ok=True)
            self.machine = read_machine(paths={"cwd": Path(workload.cwd or ".")})
            self.journal = Journal(self.directory / JOURNAL, self._on_full)
            self.recorder = present_recorder()
            self.brackets = [bracket(REALTIME), bracket(BOOTTIME)]
            self.loop = EventLoop(options.hz, after_tick=self._after_tick)
            self.probes = list(self._probes())
            self.prepared = workload = self._prepare(workload)
            self._write_manifest("recording")
            self.signals = Signals()
        except OSError as error:
            remove_unused(self.directory)
            raise UsageError(
                f"{self.directory} cannot be written: {error.strerror}", hint="Choose another place with -o."
            ) from error
        except BaseException:
            remove_unused(self.directory)
            raise
        return workload

    def _prepare(self, workload: Workload) -> Workload:
        for probe, _ in self.probes:
            workload = probe.prepare(workload, self.directory / "raw" / probe.name)
        return workload

    def _launch_and_watch(self, workload: Workload, began: int) -> tuple[Result, Peak | None, int]:
        options = self.options
        self.group, missing = Group.create("run")
        self._limit()
        if self.group is None or "memory" not in self.group.paths:
            self.notes["no_cgroup"] = missing
        self.channels = open_channels(self._diverted()) if options.lines else []
        if self.channels:
            self.notes["lines_alignment_error_ns"] = _LINE_LATE_NS
        self.keeper = Keeper(
            self.channels,
            self.directory / OUTPUT_JOURNAL,
            options.output_limit_bytes,
            options.quiet,
            _tidying(self.group),
        )
        try:
            held = self._hold(workload)
        except BaseException:
            self._dismiss_keeper()
            raise
        self.notes["pid"] = held.pid
        group_paths = self.group.paths if self.group else {}
        self.target = _Target(held.pid, group_paths, options.hz, self.loop, lambda: iter((held.pid,)))
        for channel in self.channels:
            os.close(channel.write_fd)
            if (
                not channel.is_terminal
            ):  # the keeper alone reads it, so the command notices when nobody does any more
                os.close(channel.read_fd)
        with contextlib.ExitStack() as attached:
            for probe, entry in self.probes:
                if entry.availability:
                    self._attach(attached, probe)
            ending = Ending(
                self.loop, self.signals, self.target, self.group, self.channels, wait_for_tree=options.wait_for_tree
            )  # fmt: skip
            self.before_cpu_s = own_cpu_s()
            self.before_wall_s = (now_ns() - began) * 1e-9
            released_ns = now_ns()
            try:
                held.release()
            except GodynoError:
                os.waitpid(held.pid, 0)
                self._abort()
                raise
            if options.answers:
                self.loop.after(_LONG_S, self._tell_how_to_end)
            if options.timeout_s is not None:
                ending.after(options.timeout_s, [probe for probe, _ in self.probes])
            if options.end_fd is not None:
                ending.when_told(options.end_fd, [probe for probe, _ in self.probes], _KILL_WHEN_TOLD_S)
            if (
                options.caller_fd is not None
            ):  # a study that was killed leaves nothing running under its limits
                ending.when_told(options.caller_fd, [probe for probe, _ in self.probes])
            with prompt():
                self.loop.run()
            result, self.timed_out = ending.result(released_ns), ending.timed_out
            self.brought_about = ending.timed_out or ending.told
            self.during_cpu_s = own_cpu_s() - self.before_cpu_s
            peak = self.group.memory_peak() if self.group else None
            if ending.given_up:
                self.warnings.append(
                    "The command did not end even after SIGKILL: the kernel holds it. How it ended, and its CPU time, are not known."
                )
            # The rest may have to wait for the whole machine; who kills the recorder meanwhile loses no result.
            with contextlib.suppress(OSError):  # of a full disk ``_finish`` tells
                self._write_manifest("recording", result, peak, durable=False)
            self.keeper.share_perf_events()
        # The probes are detached; what they still had to write is in the journal now.
        oom_kills = (self.group.oom_kills() if self.group else 0) or 0
        self._settle()
        return result, peak, oom_kills  # without a cgroup, sealing finds the peak among the samples

    # ---- before

    def _probes(self) -> Iterator[tuple[Probe, ProbeEntry]]:
        options = self.options
        settings = {"settings": {"go_env": self._go_env()}, **options.settings}
        named = (*(options.probes or ()), *options.also)
        for name in dict.fromkeys((*(registry.built_in("probes") if options.probes is None else ()), *named)):
            level = options.level
            if name not in named and level not in registry.LEVELS.get(name, (level,)):
                continue
            plugin = registry.load("probes", name)
            if name not in named and level not in getattr(plugin, "levels", (level,)):
                continue
            usual = getattr(plugin, "level_settings", {}).get(level, {})
            probe: Probe = plugin(**{**usual, **settings.get(name, {})})
            availability = probe.availability(self.machine)
            clocks = {table: clock.value for table, clock in probe.tables.items()}
            yield probe, ProbeEntry(name, availability, clocks)

    def _diverted(self) -> Diverted | None:
        """The lines of stderr that are a probe's own; the keeper puts them into the probe's ``raw`` folder."""
        for probe, entry in self.probes:
            prefixes = getattr(probe, "stderr_prefixes", ())
            if entry.availability and prefixes:
                folder = self.directory.absolute() / "raw" / probe.name
                folder.mkdir(parents=True, exist_ok=True)
                return Diverted(prefixes, probe.stderr_kept, folder / DIVERTED)  # type: ignore[attr-defined]
        return None

    def _go_env(self) -> Callable[[], Mapping[str, str]] | None:
        """How to ask Go for its environment, where the command is a go command: `go env` takes 10 ms, twice."""
        if Path(self.workload.argv[0]).name != "go":
            return None
        from godyno.toolchain.env import go_env  # only here: other commands need no toolchain
        from godyno.toolchain.find import find_go

        environ = {**os.environ, **_strings(self.workload.env)}
        return lambda: go_env(find_go(environ), self.workload.cwd or ".")

    def _limit(self) -> None:
        options = self.options
        if options.memory_limit_bytes is None and options.cpu_quota is None:
            return
        if self.group is None:
            raise UsageError(
                "A limit was asked for, and no cgroup can be made here",
                hint="`godyno doctor` says what would enable it.",
            )
        try:
            if options.memory_limit_bytes is not None:
                self.group.set_memory_limit(options.memory_limit_bytes, options.swap_limit_bytes)
            if options.cpu_quota is not None:
                self.group.set_cpu_quota(options.cpu_quota)
        except BaseException:
            self.group.release()
            raise

    def _hold(self, workload: Workload) -> Held:
        env = dict(os.environ)
        for key, value in workload.env.items():
            if value is None:
                env.pop(key, None)
            else:
                env[key] = value
        descriptors = {fd: channel.write_fd for channel in self.channels for fd in channel.serves}
        if self.options.quiet and not self.options.lines:
            silent = os.open(os.devnull, os.O_WRONLY)
            descriptors = {1: silent, 2: silent}
        group = self.group
        return Held(
            workload.argv,
            env,
            workload.cwd,
            descriptors,
            self.signals.inherited_mask,
            group.add if group else lambda: None,
        )

    def _sink(self, name: str) -> JournalSink:
        return self.journal.sink(name, self.directory / "raw" / name)

    def _attach(self, attached: contextlib.ExitStack, probe: Probe) -> None:
        self.loop.owner = probe.name
        try:
            attached.enter_context(probe.attach(self.target, self._sink(probe.name)))
        except (OSError, GodynoError) as error:
            self.warnings.append(f"{probe.name} could not be attached: {error}")
            index = next(i for i, (p, _) in enumerate(self.probes) if p is probe)
            entry = self.probes[index][1]
            self.probes[index] = (
                probe,
                replace(entry, availability=Availability(False, str(error), getattr(error, "hint", ""))),
            )
        finally:
            self.loop.owner = ""
        pids = getattr(probe, "pids", None)
        if pids is not None:
            self.target.pids_of = pids

    # ---- during

    def _after_tick(self) -> None:
        self.journal.flush()

    def _tell_how_to_end(self) -> None:
        with contextlib.suppress(OSError):  # nobody reads it
            print(
                "godyno: records until the command ends; Ctrl-C ends it, and what it did until then is answered",
                file=sys.stderr,
                flush=True,
            )

    def _on_full(self, error: OSError) -> None:
        told = f"The capture could not be written ({error.strerror}); what did not fit in memory is lost."
        if told in self.warnings:
            return
        self.warnings.append(told)
        print(
            f"godyno: cannot write {self.directory}: {error.strerror}; the command goes on", file=sys.stderr
        )

    # ---- after

    def _settle(self) -> None:
        """Lets the output arrive whole; processes that live on keep their output and their cgroup through the keeper."""
        if self.brought_about and self.group:
            self.group.kill(
                timeout_s=1.0
            )  # what the command started and left would disturb whatever comes next
        survivors = self.group.pids() if self.group else []
        for channel in self.channels:
            if channel.is_terminal:
                os.close(channel.read_fd)
        certain = self.group is not None and not survivors  # then every writer is gone, and the end must come
        ended = self.keeper.finish(2.5 if certain else _DRAIN_S, stay=bool(survivors))
        self.keeper_cpu_s = 0.0
        if ended.lost_bytes:
            self.lost["output_bytes"] = ended.lost_bytes
        if ended.lingers:
            self.notes["survivors"] = survivors
        else:
            cpu_s = self.keeper.cpu_s()
            self.keeper_cpu_s = cpu_s or 0.0
            if cpu_s is None:
                self.notes["tidied_later"] = "the kernel let the cgroup not be removed at once"

    def _dismiss_keeper(self) -> None:
        self.keeper.finish(_DRAIN_S, stay=False)
        self.keeper.cpu_s()

    def _abort(self) -> None:
        self._dismiss_keeper()
        self.journal.close()
        remove_unused(self.directory)

    def _finish(self, result: Result, peak: Peak | None, oom_kills: int, began: int) -> Recording:
        self.notes["oom_kills"] = oom_kills
        self.notes["timed_out"] = self.timed_out
        elapsed_s = result.wall_s
        rates = self.loop.rates(elapsed_s)
        for probe, _ in self.probes:
            if probe.name in self.loop.cpu_ns:
                self._sink(probe.name).note("cpu_s", self.loop.cpu_ns[probe.name] * 1e-9)
            if probe.name in rates:
                self._sink(probe.name).note("looks_hz", round(rates[probe.name], 3))
        self.brackets += [bracket(REALTIME), bracket(BOOTTIME)]
        self.journal.close()
        if self.journal.lost_bytes:
            self.lost["journal_bytes"] = self.journal.lost_bytes
        self.cost = Cost(
            during_cpu_s=self.during_cpu_s + self.keeper_cpu_s + self._helpers_cpu_s(),
            around_cpu_s=own_cpu_s() - self.during_cpu_s,
            before_wall_s=self.before_wall_s,
            after_wall_s=(now_ns() - result.t_end_ns) * 1e-9,
            rss_peak_bytes=own_peak_bytes(),
            wakeups=self.loop.wakeups,
            journal_bytes=self.journal.written_bytes,
        )
        self.result, self.peak = result, peak
        try:
            self._write_manifest("recording", result, peak)
            sealed = self.options.seal and self._seal()
        except OSError as error:
            self.warnings.append(f"The capture could not be finished: {error.strerror}")
            sealed = False
        return Recording(
            self.directory, result, peak, oom_kills, self.timed_out, self.cost, tuple(self.warnings), sealed
        )

    def _helpers_cpu_s(self) -> float:
        """Of processes that probes had beside the recorder."""
        return sum(getattr(probe, "helper_cpu_s", 0.0) for probe, _ in self.probes)

    def _seal(self) -> bool:
        """Seals in a process of its own, which may import what it likes; its cost goes into the manifest it writes."""
        command = [sys.executable, "-m", "godyno.recorder.seal", str(self.directory)]
        try:
            with working(f"seals {sized(self.directory)}", self.options.tells):
                sealing = subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                )
        except KeyboardInterrupt:
            print(
                f"godyno: what was recorded is kept: `godyno recover {self.directory}` seals it",
                file=sys.stderr,
            )
            raise
        if sealing.returncode:
            last = sealing.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
            self.warnings.append(f"Sealing failed: {last[0]}; `godyno recover {self.directory}` tries again.")
        return sealing.returncode == 0

    def _write_manifest(
        self, state: str, result: Result | None = None, peak: Peak | None = None, durable: bool = True
    ) -> None:
        workload = self.prepared
        shown = replace(
            workload,
            argv=tuple(redact_argv(self.workload.argv)),
            cwd=workload.cwd or str(Path.cwd()),
            env={key: None if value is None else "set" for key, value in workload.env.items()},
        )
        if self.prepared.argv != self.workload.argv:
            self.notes["argv_run"] = redact_argv(workload.argv)
        manifest = Manifest(
            SCHEMA_VERSION, __version__, state, datetime.now(UTC).isoformat(timespec="milliseconds"), self.recorder, shown,
            self.machine, self.options.hz, self.options.level, result, peak,
            tuple(ClockBracket.of(found) for found in self.brackets), tuple(entry for _, entry in self.probes),
            getattr(self, "cost", Cost()), tuple(self.warnings), self.lost, notes=self.notes,
            limits=SetLimits(
                self.options.memory_limit_bytes, self.options.swap_limit_bytes, self.options.cpu_quota, self.options.timeout_s,
            ),
        )  # fmt: skip
        write_manifest(self.directory, manifest, durable)


def _tidying(group: Group | None) -> Callable[[], bool]:
    def tidy() -> bool:
        if group is not None:
            if group.pids():
                return False
            group.release()
        sweep_stale()  # here and not at the start, since to remove a cgroup may wait for the whole machine
        return True

    return tidy


def _strings(env: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in env.items() if value is not None}
