"""Plugins by name: built-ins first, then entry points; one lazy path for both.

Nothing is imported until it is asked for, so ``godyno --help`` stays fast. A built-in's name is its module's
name.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from godyno.errors import PluginError, UsageError

# kind -> name -> "module:Class". One line a plugin; the contract tests check that each is what it says.
BUILT_IN: dict[str, dict[str, str]] = {
    "probes": {
        "processes": "godyno.probes.kernel.processes:Processes",
        "scheduler": "godyno.probes.kernel.scheduler:Scheduler",
        "page_faults": "godyno.probes.kernel.page_faults:PageFaults",
        "waits": "godyno.probes.runtime.waits:Waits",
        "cpu_samples": "godyno.probes.kernel.cpu_samples:CpuSamples",
        "counters": "godyno.probes.kernel.counters:Counters",
        "syscalls": "godyno.probes.kernel.syscalls:Syscalls",
        "block_io": "godyno.probes.kernel.block_io:BlockIo",
        "connections": "godyno.probes.kernel.connections:Connections",
        "sockets": "godyno.probes.kernel.sockets:Sockets",
        "milestones": "godyno.probes.kernel.milestones:Milestones",
        "strace_args": "godyno.probes.kernel.strace_args:StraceArgs",
        "cgroup": "godyno.probes.machine.cgroup:Cgroup",
        "system_cpu": "godyno.probes.machine.system_cpu:SystemCpu",
        "system_memory": "godyno.probes.machine.system_memory:SystemMemory",
        "pressure": "godyno.probes.machine.pressure:Pressure",
        "disk": "godyno.probes.machine.disk:Disk",
        "network": "godyno.probes.machine.network:Network",
        "frequency": "godyno.probes.machine.frequency:Frequency",
        "thermal": "godyno.probes.machine.thermal:Thermal",
        "power": "godyno.probes.machine.power:Power",
        "settings": "godyno.probes.machine.settings:Settings",
        "build_actions": "godyno.probes.runtime.build_actions:BuildActions",
        "cache_keys": "godyno.probes.runtime.cache_keys:CacheKeys",
        "go_tests": "godyno.probes.runtime.go_tests:GoTests",
        "go_debug": "godyno.probes.runtime.go_debug:GoDebug",
        "go_runtime": "godyno.probes.runtime.go_runtime:GoRuntime",
        "scrape": "godyno.probes.runtime.scrape:Scrape",
    },
    "analyses": {
        "why": "godyno.diagnose.why:Why",
        "peak": "godyno.diagnose.peak:Peak",
        "process_kinds": "godyno.diagnose.process_kinds:ProcessKinds",
        "hot": "godyno.diagnose.hot:Hot",
        "critical_path": "godyno.diagnose.critical_path:CriticalPath",
        "packages": "godyno.diagnose.packages:Packages",
        "downloads": "godyno.diagnose.builds.downloads:Downloads",
        "cache_misses": "godyno.diagnose.builds.cache_misses:CacheMisses",
        "slots": "godyno.diagnose.builds.slots:Slots",
        "side_work": "godyno.diagnose.builds.side_work:SideWork",
        "slow_tests": "godyno.diagnose.builds.slow_tests:SlowTests",
        "serial_tests": "godyno.diagnose.builds.serial_tests:SerialTests",
        "flaky_tests": "godyno.diagnose.builds.flaky_tests:FlakyTests",
        "test_results": "godyno.diagnose.builds.test_results:TestResults",
        "gc": "godyno.diagnose.gc:Gc",
        "pressure": "godyno.diagnose.pressure:Pressure",
        "quota": "godyno.diagnose.quota:Quota",
        "noise": "godyno.diagnose.noise:Noise",
        "anomalies": "godyno.diagnose.anomalies.anomalies:Anomalies",
        "scraping": "godyno.diagnose.scraping:Scraping",
        "completeness": "godyno.diagnose.completeness:Completeness",
    },
    "studies": {
        "targets": "godyno.studies.library.targets:Targets",
        "abi": "godyno.studies.library.abi:Abi",
        "scenarios": "godyno.studies.library.scenarios:Scenarios",
        "bottleneck": "godyno.studies.library.bottleneck:Bottleneck",
        "cgo": "godyno.studies.library.cgo:Cgo",
        "scheduler": "godyno.studies.library.scheduler:Scheduler",
        "strip": "godyno.studies.library.strip:Strip",
        "parallelism": "godyno.studies.library.parallelism:Parallelism",
        "quota": "godyno.studies.library.quota:Quota",
        "race_memory": "godyno.studies.library.race_memory:RaceMemory",
    },
    "exporters": {
        "prometheus": "godyno.export.prometheus:Prometheus",
        "grafana": "godyno.export.grafana:Grafana",
        "perfetto": "godyno.export.perfetto:Perfetto",
        "pprof": "godyno.export.pprof:Pprof",
        "otlp": "godyno.export.otlp:Otlp",
        "folded": "godyno.export.folded:Folded",
        "speedscope": "godyno.export.speedscope:Speedscope",
        "csv": "godyno.export.csv:Csv",
        "parquet": "godyno.export.parquet:Parquet",
    },
}

# The probes that the default level leaves out, and the levels that have them, so that they need not be imported to be left
# out (the recorder's start is part of its cost). A contract test holds this against each class's own ``levels``.
LEVELS: dict[str, tuple[str, ...]] = {
    "scheduler": ("standard", "deep"),
    "page_faults": ("standard", "deep"),
    "cpu_samples": ("standard", "deep"),
    "counters": ("standard", "deep"),
    "syscalls": ("deep",),
    "block_io": ("deep",),
    "connections": ("deep",),
    "cache_keys": (),
    "go_debug": (),
    "go_runtime": (),
    "scrape": (),
    "strace_args": (),
    "milestones": (),
}

# The analyses whose findings `why` ranks beside its own causes, so that the others need not be imported to be left out.
RANKED: tuple[str, ...] = (
    "downloads", "cache_misses", "slots", "side_work", "slow_tests", "serial_tests", "test_results",
)  # fmt: skip

_ONE = {"probes": "probe", "analyses": "analysis", "studies": "study", "exporters": "exporter"}


def built_in(kind: str) -> list[str]:
    """The names of godyno's own plugins of ``kind``, without looking for others (which takes 20 ms)."""
    return list(BUILT_IN[kind])


def names(kind: str) -> list[str]:
    """The names of every plugin of ``kind``, built-ins first, in their order of registration."""
    return list(_entries(kind))


def load(kind: str, name: str) -> type[Any]:
    """The plugin's class; hyphens in a name count as underscores. Raises UsageError for a name nobody has, PluginError for one that
    cannot be loaded.
    """
    under = name.replace("-", "_")
    entries = BUILT_IN[kind] if under in BUILT_IN[kind] else _entries(kind)
    name = under if under in entries else name
    if name not in entries:
        raise UsageError(
            f"There is no {_ONE[kind]} called {name!r}",
            hint=f"Known here: {', '.join(entries) or 'none'}.",
        )
    reference = entries[name]
    try:
        module, _, attribute = reference.partition(":")
        plugin = getattr(import_module(module), attribute)
    except Exception as error:
        raise PluginError(
            f"{name!r} ({reference}) cannot be loaded: {error}",
            hint="Uninstall or update the package that brings it.",
        ) from error
    if not isinstance(plugin, type):
        raise PluginError(
            f"{reference} is not a class", hint="An entry point names a class, see the plugin guide."
        )
    return plugin


def _entries(kind: str) -> dict[str, str]:
    from importlib.metadata import entry_points

    found = dict(BUILT_IN[kind])
    for entry in entry_points(group=f"godyno.{kind}"):
        found.setdefault(entry.name, entry.value)
    return found
