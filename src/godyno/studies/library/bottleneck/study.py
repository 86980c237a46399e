"""The study ``bottleneck``: the same build again and again, each time with less or more of one resource."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import GodynoError, NotAvailableHere
from godyno.model import Finding, Trial
from godyno.studies.activity import SHARED, TASK, Activities, cold_share, measured
from godyno.studies.library.bottleneck.conclusions import concluded
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.study import UNAVAILABLE, BaseStudy
from godyno.studies.survey import gocache
from godyno.studies.survey.memory import toolchain_files

# The most telling first: where the budget does not hold all of them twice, the last ones are left out.
CONDITIONS: Mapping[str, str] = {
    "as-it-is": "caches on disk, files in the page cache",
    "cpu/2": "a CPU quota of half the processors",
    "tmpfs": "build cache and temporary files in memory (/dev/shm)",
    "cold": "cached pages of the toolchain, the standard library's and the module's sources dropped before",
    "p=1": "GOFLAGS=-p=1: one action at a time",
    "memory-quarter": "a memory limit of three quarters of what the tree took",
}
_MEMORY_SHARE = 0.75
_TMPFS = Path("/dev/shm")
_TMPFS_BYTES = 2 << 30
_LEAST = 3  # as it is, less CPU, caches in memory: what the source's claim is about
_RECORDING_S = 1.5  # of starting and sealing a recording, about
_TIMEOUT = 12.0  # times the first run
_THRASHING = (
    4.0  # ... where memory is short: what takes longer does not fit, and would eat the other conditions' runs
)


class Bottleneck(BaseStudy):
    """Is it CPU, memory or storage that limits the build here? Each is changed in turn, and the build timed against itself."""

    name = "bottleneck"
    summary = "Which resource limits this build here: CPU, memory, storage or its own critical path?"
    factors: ClassVar = {"condition": tuple(CONDITIONS), "build": ("build-cold",)}
    quick_factors: ClassVar = {"condition": ("as-it-is", "cpu/2", "tmpfs")}
    choices: ClassVar = {
        "condition": tuple(CONDITIONS),
        "build": tuple(one for one in TASK if one.startswith("build")),
    }
    about: ClassVar = {
        "condition": "; ".join(f"{name}: {text}" for name, text in CONDITIONS.items()),
        "build": "what is built; build-cold starts from an empty build cache, and where the budget does not hold that, build-leaf is "
        "timed instead",
    }
    takes_s = 280.0
    prepare_s, run_s = 12.0, 10.0
    takes_module = True
    blocks = 8
    quick_blocks = 3
    sure = (
        "every condition is compared with the build as it is inside the same block, in shuffled order, so that drift of the machine "
        "cancels. Below six blocks an interval is the range of the pairs, with the level that this has."
    )
    cannot_say: ClassVar = (
        "how a slow disk would do: cold means that the pages were dropped from this system's cache, a hypervisor or disk may keep them.",
        "what a module cache on other storage changes: only the build cache and temporary files were moved to memory.",
    )

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """Beforehand one build, unrecorded in the trials: it warms the page cache and says what the build takes; quick: files are read."""
        trials = _Trials(stand, self.levels()["condition"], self.quick)
        try:
            for build in self.levels()["build"]:
                trials.warm_up(build)
            yield trials
        finally:
            if trials.tmpfs is not None:
                gocache.remove(trials.tmpfs)

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """What each resource is worth, the critical path, and the source's claim."""
        return concluded(self, trials)


class _Trials:
    def __init__(self, stand: Stand, conditions: Sequence[str], quick: bool) -> None:
        self.stand, self.quick, self._conditions = stand, quick, conditions
        self.activities = Activities(stand, cold_share(quick))
        self.tmpfs: Path | None = None
        self._peak_bytes: dict[str, float] = {}
        self._wall_s: dict[str, float] = {}
        self._affordable: dict[str, Sequence[str]] = {}

    def __call__(self, slot: Slot) -> Trial:
        condition, build = slot.levels["condition"], slot.levels["build"]
        try:
            if condition not in self._affordable.get(build, self._conditions):
                raise NotAvailableHere(
                    "the budget does not hold it beside the others: name it with --condition, or give more --budget"
                )
            return self._run(slot, condition, build)
        except NotAvailableHere as error:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(str(error),)
            )

    def warm_up(self, build: str) -> None:
        """Reads what a build reads, or builds once, which also says how much time and memory it takes. Raises GodynoError."""
        if TASK[self._real(build)].state == SHARED:
            self.activities.built_once(self.activities.subject(self.stand.go))
        if self.quick and "memory-quarter" not in self._conditions:
            self.stand.say("reading the files that a build reads")
            for file in self._files():
                with suppress(OSError):
                    file.read_bytes()
            return
        self.stand.say("one build to warm up")
        first = self._run(
            Slot("", 0, 0, {"condition": "as-it-is", "build": build}), "as-it-is", build, name="warm-up"
        )
        self._wall_s[build] = first.measures.get("wall", 60.0)
        self._peak_bytes[build] = first.measures.get("peak", 0.0)
        # Two runs of each, at half the CPU taking twice as long.
        runs = self.stand.left_s() / (2.0 * (self._wall_s[build] + _RECORDING_S)) - 1.0
        self._affordable[build] = self._conditions[: max(_LEAST, int(runs))]

    def _run(self, slot: Slot, condition: str, build: str, name: str = "") -> Trial:
        build = self._real(build)
        if condition == "tmpfs" and TASK[build].state == SHARED:
            raise NotAvailableHere("the build cache stays where it is: only build-cold is tried in memory")
        subject = self.activities.subject(self.stand.go)
        env: dict[str, str] = {"GOFLAGS": "-p=1"} if condition == "p=1" else {}
        parent = self._memory_disk() if condition == "tmpfs" else None
        limit_bytes = (
            round(_MEMORY_SHARE * self._peak_bytes[slot.levels["build"]])
            if condition == "memory-quarter"
            else None
        )
        quota = self._cpus() / 2 if condition == "cpu/2" else None
        times = _TIMEOUT if limit_bytes is None else _THRASHING
        with self.activities.place(TASK[build].state, subject, {}, parent) as place:
            if parent is not None:
                env["GOTMPDIR"] = str(place.scratch)
            workload = self.activities.workload(build, subject, place, env)
            if condition in ("cold", "memory-quarter"):
                gocache.forget_pages(
                    self._files() if condition == "cold" else toolchain_files(subject.go.goroot)
                )
            outcome = self.stand.record(
                workload, name or f"{slot.index:03}-{condition.replace('/', '-')}", memory_limit_bytes=limit_bytes, cpu_quota=quota,
                timeout_s=self.stand.timeout_s(times * self._wall_s.get(slot.levels["build"], math.inf)),
            )  # fmt: skip
        facts = {
            "go": self.stand.go.version, "cpus": str(self._cpus()), "build": build, "only warm": self.activities.only_warm,
        }  # fmt: skip
        if condition == "as-it-is" and outcome.capture:
            facts |= _path(Path(outcome.capture))
        return measured(slot, build, outcome, facts, limit_bytes)

    def _real(self, build: str) -> str:
        """What is built: a build with one package touched where the budget holds none from an empty cache."""
        return "build-leaf" if self.activities.only_warm and TASK[build].state != SHARED else build

    def _cpus(self) -> float:
        machine = self.stand.machine
        return min(float(machine.cpu.allowed), machine.cgroup.cpu_quota or float("inf"))

    def _memory_disk(self) -> Path:
        if self.tmpfs is None:
            if not _TMPFS.is_mount():
                raise NotAvailableHere(f"{_TMPFS} is no mounted file system in memory")
            if (
                shutil.disk_usage(_TMPFS).free < _TMPFS_BYTES
                or self.stand.machine.memory.available_bytes < 1.5 * _TMPFS_BYTES
            ):
                raise NotAvailableHere("there is not enough free memory for a build cache in it")
            self.tmpfs = gocache.make_scratch(_TMPFS / "gocache")
        return self.tmpfs

    def _files(self) -> Iterator[Path]:
        """All that a build reads besides its own cache."""
        subject = self.stand.subject
        assert subject is not None
        root = Path(self.stand.go.goroot)
        yield from toolchain_files(str(root))
        places = [root / "src", root / "pkg" / "include", subject.directory]
        with suppress(GodynoError):
            listed = self.stand.go.run(
                "list", "-m", "-f", "{{.Dir}}", "all", cwd=subject.directory, env=subject.env, timeout_s=60.0
            )
            places += [Path(line) for line in listed.splitlines() if line.strip()]
        for place in places:
            yield from (path for path in place.rglob("*") if path.is_file())


def _path(capture: Path) -> dict[str, str]:
    """The critical path of a recorded build and what it waited for, as facts; nothing where the capture shows none."""
    from godyno.capture.reader import open_capture
    from godyno.diagnose.critical_path import CriticalPath
    from godyno.diagnose.pressure import Pressure

    facts: dict[str, str] = {}
    with suppress(GodynoError), open_capture(capture) as found:
        for analysis, key in ((CriticalPath(), "path"), (Pressure(), "pressure")):
            for one in analysis.analyze(found)[:1]:
                data: dict[str, Any] = {"claim": one.claim, "data": dict(one.data)}
                facts[key] = json.dumps(data)
    return facts
