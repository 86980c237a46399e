"""The kernel settings that matter to Go, and why each does."""

from __future__ import annotations

from pathlib import Path

from godyno.machine.hierarchies import SLASH, read_text
from godyno.machine.memory import chosen

# Name as sysctl writes it (or a path below /sys) to the reason. Read as a user, so a forbidden one is simply
# missing.
WHY: dict[str, str] = {
    "vm.swappiness": "How readily anonymous memory is swapped: a swapped Go heap is read back by every GC cycle.",
    "vm.overcommit_memory": "With 2 the kernel counts reservations: -race and large arenas then fail at start.",
    "vm.overcommit_ratio": "How much may be reserved when vm.overcommit_memory is 2.",
    "vm.max_map_count": "Mappings per process: a large Go heap or the race detector's shadow can run out of them.",
    "vm.min_free_kbytes": "Memory kept free: too little of it makes allocations wait for reclaim.",
    "vm.dirty_ratio": "Share of memory that may be dirty before writers must wait: a build writes many files.",
    "vm.dirty_background_ratio": "Share of memory that may be dirty before the kernel starts to write.",
    "vm.vfs_cache_pressure": "How readily inode and directory caches are dropped, which Go's caches live from.",
    "vm.zone_reclaim_mode": "On NUMA machines, whether memory is reclaimed here before it is taken from there.",
    "vm.oom_kill_allocating_task": "With 1 whoever asks for memory is killed, not whoever has most.",
    "kernel.perf_event_paranoid": "Who may use perf events: above 2 nobody but root (or cap_perfmon) can profile.",
    "kernel.perf_event_mlock_kb": "Memory a user may lock for perf's ring buffers; short buffers lose samples.",
    "kernel.perf_event_max_sample_rate": "perf's highest rate; the kernel lowers it by itself under load.",
    "kernel.kptr_restrict": "Whether kernel addresses are shown, without which kernel frames have no names.",
    "kernel.yama.ptrace_scope": "Who may attach to a process: 1 only its parent, 2 only root, 3 nobody.",
    "kernel.unprivileged_bpf_disabled": "Whether programs for bpftrace need privileges.",
    "kernel.task_delayacct": "Whether taskstats counts how long tasks waited for CPU, disk and memory.",
    "kernel.pid_max": "Highest pid: a build makes hundreds of processes, each goroutine blocked in cgo a thread.",
    "kernel.threads-max": "Threads in the whole machine.",
    "kernel.randomize_va_space": "Address randomisation, one source of differences between runs.",
    "kernel.numa_balancing": "Moves pages between nodes, which shows as page faults and jitter.",
    "kernel.nmi_watchdog": "Takes one hardware counter away from perf.",
    "kernel.timer_migration": "Whether timers move to other CPUs, which the Go scheduler's sleeps feel.",
    "kernel.sched_autogroup_enabled": "Groups tasks by session: a build in a terminal competes as one task.",
    "kernel.sched_cfs_bandwidth_slice_us": "Piece of quota a CPU takes at once: short quotas lose from coarse pieces.",
    "kernel.sched_rt_runtime_us": "Share of time real-time tasks may take from all others.",
    "kernel.sched_min_granularity_ns": "Least time on a CPU before another task's turn (before Linux 6.6).",
    "kernel.sched_wakeup_granularity_ns": "How readily a woken task interrupts another (before Linux 6.6).",
    "kernel.sched_migration_cost_ns": "For how long a task counts as cache-warm and is not moved.",
    "kernel.sched_latency_ns": "Time in which every runnable task has its turn (before Linux 6.6).",
    "fs.file-max": "Open files in the whole machine.",
    "fs.nr_open": "Highest limit of open files for one process; Go raises its own soft limit up to the hard one.",
    "fs.inotify.max_user_watches": "Directories that editors and file watchers may watch.",
    "fs.pipe-max-size": "Largest pipe: how much output waits before the writer must.",
    "net.core.somaxconn": "Longest queue of connections not yet accepted; Go's net.Listen asks for exactly it.",
    "net.core.netdev_max_backlog": "Packets that wait for the kernel when they come faster than it works.",
    "net.core.rmem_max": "Largest receive buffer a program may ask for (quic-go warns of it).",
    "net.core.wmem_max": "Largest send buffer a program may ask for.",
    "net.ipv4.ip_local_port_range": "Local ports: how many connections to one address a client can have.",
    "net.ipv4.tcp_max_syn_backlog": "Half-open connections a listener keeps.",
    "net.ipv4.tcp_tw_reuse": "Whether ports of closed connections can be used again before a minute has passed.",
    "net.ipv4.tcp_fin_timeout": "Seconds for which a half-closed connection keeps its port.",
    "net.ipv4.tcp_slow_start_after_idle": "Whether an idle keep-alive connection starts slowly again.",
    "net.ipv4.tcp_congestion_control": "How fast a connection goes; differs most on lossy networks.",
    "transparent_hugepage": "Huge pages for heaps: fewer TLB misses, more resident memory and latency when made.",
    "transparent_hugepage.defrag": "Whether a page fault may wait while memory is put together for a huge page.",
    "transparent_hugepage.khugepaged_max_ptes_none": "How empty a huge page may be: 511 undoes what Go gives back.",
    "clocksource": "What time.Now costs: tsc tens of nanoseconds, hpet and acpi_pm a microsecond and a system call.",
}
_PATHS = {
    "transparent_hugepage": "sys/kernel/mm/transparent_hugepage/enabled",
    "transparent_hugepage.defrag": "sys/kernel/mm/transparent_hugepage/defrag",
    "transparent_hugepage.khugepaged_max_ptes_none": "sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none",
    "clocksource": "sys/devices/system/clocksource/clocksource0/current_clocksource",
}


def read_settings(root: Path = SLASH) -> dict[str, str]:
    """The settings in ``WHY`` that this kernel has and this user may read, by name."""
    found = {}
    for name in WHY:
        text = " ".join(read_text(root / path_of(name)).split())
        if text:
            found[name] = chosen(text) or text
    return found


def path_of(name: str) -> str:
    """The file of a setting, relative to the root."""
    return _PATHS.get(name) or "proc/sys/" + name.replace(".", "/")


def changes(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    """What differs: name to value before and after, empty where there was none."""
    names = sorted(before.keys() | after.keys())
    return {
        name: (before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    }
