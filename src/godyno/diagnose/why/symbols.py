"""What the names of functions in a stack tell: the state that a moment is of, the program's own function, its system call."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

Frames = Sequence[tuple[str, bool]]  # (function, whether it is the kernel's), leaf first

_SYNCS = ("do_fsync", "sys_fsync", "sys_fdatasync", "sys_sync", "sys_msync")
# What a thread slept in, by the kernel's functions; the first rule of which all words are in the stack.
_KERNEL: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    # any of these, and any of those (nothing: no second condition)
    (("do_swap_page", "swap_read", "try_to_free", "mem_cgroup_handle_over_high", "shrink_", "throttle_direct_reclaim",
      "__alloc_pages_direct", "mem_cgroup_oom", "try_charge", "swap_", "swapin", "reclaim_throttle"), (), "reclaim"),
    (("sync_file_range",), (), "disk_write"),  # it starts and awaits writing, and makes nothing durable
    (_SYNCS, (), "fsync"),
    (("exc_page_fault", "handle_mm_fault", "do_user_addr_fault", "el0_da", "do_page_fault"),
     ("filemap_fault", "folio_wait", "folio_lock", "io_schedule", "request_wait_answer", "p9_client_rpc"), "fault_disk"),
    (("flock", "locks_lock_inode_wait", "fcntl_setlk"), (), "lock"),
    (("kernel_waitid", "kernel_wait4", "pidfd_poll"), (), "child"),
    (("kernel_clone", "do_fork"), ("wait_for_completion", "wait_for_vfork_done", "__wait_for_common"), "spawn"),
    (("pipe_read", "pipe_write", "fifo_open", "wait_for_partner", "pipe_wait"), (), "pipe"),
    (("inet_stream_connect", "inet_wait_for_connect", "__inet_stream_connect"), (), "connect"),
    (("tcp_recvmsg", "sk_wait_data", "inet_csk_accept", "sk_stream_wait_memory", "tcp_sendmsg", "wait_for_more_packets",
      "udp_recvmsg", "unix_stream_", "unix_dgram_", "sock_recvmsg", "netlink_"), (), "network"),
    (("balance_dirty_pages", "wait_writeback", "do_truncate", "truncate_inode"), (), "disk_write"),
    (("io_schedule", "folio_wait", "bit_wait_io", "wait_on_buffer", "blk_", "jbd2_", "wait_transaction_locked", "start_this_handle",
      "request_wait_answer", "p9_client_rpc", "submit_bio_wait", "io_uring_enter", "rpc_wait", "read_events", "iomap_dio",
      "rq_qos_wait"), (), "disk"),
    (("nanosleep",), (), "sleep"),
    (("ep_poll", "do_epoll_wait", "do_sys_poll", "do_poll", "do_select", "do_pselect"), (), "poll"),
    (("futex",), (), "futex"),
    (("do_sigtimedwait", "sys_pause", "sigsuspend"), (), "signal"),
    (("kernel_clone", "do_fork"), (), "spawn"),  # for vfork's child, within the function itself
)  # fmt: skip
# On the CPU for want of memory: freeing pages before one can be had, swapping.
_RECLAIM = ("try_to_free_", "shrink_node", "shrink_lruvec", "do_swap_page", "mem_cgroup_handle_over_high", "mem_cgroup_oom",
            "__alloc_pages_direct", "reclaim_throttle", "swapin", "swap_writeout", "swap_writepage")  # fmt: skip
_PAGES = (
    "filemap_read",
    "filemap_fault",
    "page_cache_ra",
    "filemap_get_pages",
    "filemap_map_pages",
    "read_pages",
)
_WRITES = (
    "sys_write",
    "sys_pwrite",
    "vfs_write",
    "writev",
    "ftruncate",
    "unlink",
    "rename",
    "mkdir",
    "fallocate",
    "sys_close",
)

_COLLECTOR = (
    ("gc_assist", ("runtime.gcAssistAlloc", "runtime.(*mheap).reclaim", "runtime.deductSweepCredit", "runtime.gcParkAssist")),
    ("gc_stw", ("runtime.stopTheWorld", "runtime.tracebackothers", "runtime.gcMarkTermination", "runtime.startTheWorld",
                "runtime.ReadMemStats")),
    ("gc_background", ("runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.gcDrain", "runtime.gcMarkDone", "runtime.gcStart",
                       "runtime.bgscavenge")),
)  # fmt: skip
_OBSERVER = ("godynoRecorder", "godynoHook", "godynoExit", "runtime.traceAdvance", "runtime.sigprof",
             "runtime.traceLocker", "runtime.traceWriter", "runtime.traceEventWriter")  # fmt: skip
_WATCHING = (
    "inherit_task_group",
    "inherit_event",
    "perf_event_init_task",
    "perf_event_exit_task",
    "perf_event_free_task",
)
_INIT = ("runtime.doInit", "runtime.doInit1")
_RUNTIME_INIT = (
    "runtime.schedinit",
    "runtime.rt0_go",
    "runtime.mallocinit",
    "runtime.check",
    "runtime.modulesinit",
)
_SCHEDULER = ("runtime.mcall", "runtime.mstart", "runtime.mstart1", "runtime.sysmon", "runtime.goschedImpl")
_REMEMBERED = 4096  # names of functions whose kind is kept: asked of each of hundreds of thousands of pieces
LOADER = "ld.so!"  # before the functions of the dynamic loader
_STARTING_CHILD = ("os.startProcess", "os.StartProcess", "syscall.forkExec", "syscall.forkAndExecInChild")
_SWITCHING = (
    "runtime.entersyscall",
    "runtime.exitsyscall",
    "runtime.reentersyscall",
)  # into a system call or C, and back
_LOADER = ("load_elf_binary", "begin_new_exec", "bprm_execve", "do_execveat_common", "exec_mmap")
_INTERRUPTS = (
    "asm_sysvec_",
    "asm_common_interrupt",
    "el0_irq",
    "el1_irq",
    "irq_exit",
    "sysvec_apic",
    "ret_from_fork",
)
_FAULTS = (
    "asm_exc_page_fault",
    "exc_page_fault",
    "do_user_addr_fault",
    "handle_mm_fault",
    "el0_da",
    "do_page_fault",
)
INNER = ("runtime.", "runtime/", "internal/", "syscall.", "golang.org/x/sys/unix.", "sync.", "sync/", "time.Sleep",
         "os.", "io.", "bufio.", "reflect.", "poll.", "net.", "crypto/tls.", "vendor/")  # fmt: skip
ACCEPTS = ("istener).Accept", "istener).accept", "(*netFD).accept", "(*FD).Accept")
_IDLE = (*ACCEPTS, "net/http.(*connReader).backgroundRead", "http2.(*serverConn)", "(*http2Server).HandleStreams",
         "os/signal.loop", "os/signal.signal_recv")  # fmt: skip
# Who asked over HTTP waits at channels for the goroutine that reads the connection, which somebody long gone may have started.
ANSWERED = (
    "net/http.(*persistConn).roundTrip",
    "http2.(*ClientConn).roundTrip",
    "http2ClientConn).roundTrip",
)
_SERVER, _HANDLER = ("net/http.(*conn).serve",), ("ServeHTTP",)
_DIALS = (".connect.func", "dialSingle", "dialSerial", "DialContext", "net.Dial")
_CALLS = ("__x64_sys_", "__arm64_sys_", "__riscv_sys_", "__se_sys_", "__do_sys_", "__ia32_sys_")
# What a C compiler appends to the names of functions that it took apart.
PART_OF_C = re.compile(r"\.(?:constprop|isra|part|cold|llvm|lto_priv)\b.*")
# Go's own assembler functions whose names have no package.
_ASSEMBLER = (
    "body",
    "aeshash",
    "gosave",
    "callRet",
    "_rt0",
    "memeq",
    "gcWriteBarrier",
    "gogo",
    "cmpbody",
    "setg",
)


def reads_pages(frames: Frames) -> bool:
    """Whether a stack is in the kernel to get at pages of a file: reading it, or faulting in what is mapped of it."""
    return has([name for name, is_kernel in frames if is_kernel], _PAGES)


# What the answers of ``slept_in`` that are no states come to, where nothing tells more.
PLAIN = {"poll": "network", "spawn": "child", "futex": "kernel_wait", "signal": "idle"}


def slept_in(frames: Frames) -> str:
    """What a thread that left its CPU with this stack waits in: a state's name, or ``futex``, ``poll``, ``spawn``, ``signal``, or empty."""
    kernel = [name for name, is_kernel in frames if is_kernel]
    if has(kernel, _WATCHING):
        return "observer"
    for any_of, and_of, kind in _KERNEL:
        if has(kernel, any_of) and (not and_of or has(kernel, and_of)):
            if kind == "disk":
                return "disk_write" if has(kernel, _WRITES) else "disk_read"
            if kind in ("network", "poll"):
                return network(frames) or kind
            if kind in ("pipe", "spawn") and has(
                [name for name, is_kernel in frames if not is_kernel], _STARTING_CHILD
            ):
                return "child"  # until it runs its program
            if kind == "sleep" and "runtime.usleep" in [name for name, is_kernel in frames if not is_kernel]:
                return (
                    "runtime"  # the scheduler, or its watchman, waits a moment; no program's sleep comes here
                )
            return kind
    return "" if not kernel else "kernel_wait"


def ran_in(frames: Frames, is_go: bool) -> str:
    """The state of a moment on the CPU with this stack."""
    kernel = [name for name, is_kernel in frames if is_kernel]
    user = [name for name, is_kernel in frames if not is_kernel]
    if has(user, _OBSERVER) or has(kernel, _WATCHING):
        return "observer"
    for state, words in _COLLECTOR:
        if any(name.startswith(words) for name in user):
            return state
    if has(kernel, _LOADER) or any(name.startswith((LOADER, "_dl_", "dl_main")) for name in user):
        return "load"
    if has(user, _STARTING_CHILD):
        return "child"
    if any(name in _INIT for name in user):
        return "package_init"
    if any(name.startswith(_RUNTIME_INIT) for name in user):
        return "runtime_init"
    in_kernel = bool(kernel) and not has(kernel, _INTERRUPTS)
    if not is_go:
        return "kernel" if in_kernel else "c"
    if any(calls_c(name) or name.startswith("_cgo_") for name in user) or (
        user and not in_kernel and _foreign(user[0])
    ):
        return "cgo"
    if any(name.startswith(_SWITCHING) for name in user):
        return "kernel"
    if has(kernel, _SYNCS):
        return "fsync"  # what the thread itself does for it
    if in_kernel and has(kernel, _RECLAIM):
        return "reclaim"
    if in_kernel:
        return "minor_fault" if has(kernel, _FAULTS) else "kernel"
    if user and user[-1].startswith(_SCHEDULER):
        return "runtime"
    return "go"


# Of the library: they look after something all their lives, and nobody waits for them. Which start them, as closures of their own.
HOUSEKEEPERS = (
    "database/sql.(*DB).connectionOpener",
    "database/sql.(*DB).connectionCleaner",
    "database/sql.(*Rows).awaitDone",
    "database/sql.(*Tx).awaitDone",
)
_START_THEM = ("database/sql.OpenDB", "database/sql.(*DB).startCleaner")
# Where database/sql's users wait for a connection until another gives one back: whoever has it is at work of his own, as with a lock.
_POOL = "database/sql.(*DB).conn"
_RUNS_THE_PROGRAM = ("runtime.main", "runtime.corostart")  # the latter what an iter.Pull pulls from


@lru_cache(_REMEMBERED)
def system_goroutine(root: str) -> str:
    """What waiting for a goroutine with this first function is, where that is one of the runtime's own or godyno's."""
    if has((root,), (*_OBSERVER, "runtime/trace.", "runtime/pprof.", "runtime.(*trace", "runtime.trace")):
        return "observer"
    if root.startswith("runtime.") and root not in _RUNS_THE_PROGRAM:
        return "gc_wait" if root.startswith(("runtime.gc", "runtime.bg", "runtime.forcegc")) else "idle"
    if root.startswith(("os/signal.", *HOUSEKEEPERS, *_START_THEM)):
        return "idle"
    return ""


@lru_cache(_REMEMBERED)
def is_observer(names: tuple[str, ...]) -> bool:
    """Whether one of these functions is of the file that godyno puts into a program."""
    return has(names, _OBSERVER)


def network(frames: Frames) -> str:
    """Which kind of waiting for the network a stack is in; empty where it is in none that can be told."""
    names = [name for name, is_kernel in frames if not is_kernel]
    if has(names, _IDLE) or (has(names, _SERVER) and not has(names, _HANDLER)):
        return "idle"
    if has(names, ("os.(*File)",)) and not has(names, ("net.(",)):
        return "pipe"
    if has(
        names,
        (
            "lookupIP",
            "LookupHost",
            "lookupHost",
            "dnsStream",
            "dnsPacket",
            "(*Resolver)",
            "goLookup",
            "getaddrinfo",
            "cgoLookup",
        ),
    ):
        return "dns"
    if has(
        names,
        (
            "crypto/tls.(*Conn).HandshakeContext",
            "crypto/tls.(*Conn).Handshake",
            ".clientHandshake",
            ".serverHandshake",
            "addTLS",
        ),
    ):
        return "tls"
    if has(names, _DIALS) or any(name.endswith(".connect") for name in names):
        return "connect"
    return ""


def waited_for(reason: str, frames: Frames, where: str = "") -> str:
    """What a goroutine waits for, by the runtime's reason and its stack: a state's name, or ``wait`` for another goroutine."""
    frames = frames or ((where, False),)
    names = [name for name, _ in frames]
    if has(names, _OBSERVER):
        return "observer"
    if (
        reason.startswith("GC")
        or "assist" in reason
        or reason in ("wait for GC cycle", "wait until GC ends", "stopping the world")
    ):
        return "gc_wait"
    if reason.startswith(("sync", "semacquire")):
        if has(
            names,
            (
                "Mutex).Lock",
                "Mutex).RLock",
                "Mutex).lockSlow",
                "(*Once)",
                "fdmutex",
                "fdMutex",
                "sync.runtime_SemacquireMutex",
                "sync.runtime_SemacquireRWMutex",
                "(*Map)",
                "sync.(*Pool)",
            ),
        ):
            return "lock"
        return "wait"
    if reason == "sleep":
        return "sleep"
    if reason in ("network", "IO wait"):
        return network(frames) or "network"
    if reason.startswith(("chan", "select")):
        # The testing package waits for its tests by channels: what they do meanwhile is what takes the time.
        by = next((name for name, _ in frames if not name.startswith("runtime.")), "")
        if by == _POOL:
            return "pool"
        return "wait" if by.startswith("testing.") else network(frames) or "channel"
    if not reason and has(names, ("net.", "poll.")):
        return network(frames) or "network"
    return "wait"


def calls_c(function: str) -> bool:
    """Whether a function is one by which Go calls C."""
    return "_Cfunc_" in function or "cgocall" in function


def call_of(frames: Frames) -> str:
    """The system call in which a stack is, without its prefix; ``page fault`` in one; empty outside the kernel."""
    for name, is_kernel in frames:
        if not is_kernel:
            break
        for prefix in _CALLS:
            if name.startswith(prefix):
                return name[len(prefix) :]
        if name in _FAULTS:
            return "page fault"
    return ""


def own_function(frames: Frames) -> str:
    """The innermost function that is the program's own rather than Go's library, else the innermost outside the kernel."""
    user = [name for name, is_kernel in frames if not is_kernel]
    for name in user:
        if not name.startswith(INNER) and not is_library(name):
            return name
    for name in user:
        if not name.startswith(("runtime.", "runtime/", "internal/", "syscall.")):
            return name
    return "" if user and user[-1].startswith(_SCHEDULER) else user[0] if user else ""


@lru_cache(_REMEMBERED)
def is_library(function: str) -> bool:
    """Whether a function is of Go's standard library: its path has no dot in the first element, and it is not main."""
    package = package_of(function)
    return (
        package != "main" and "." not in package.partition("/")[0] and "/" in function
    ) or package in _PLAIN


_PLAIN = frozenset({
    "fmt", "os", "io", "net", "time", "sync", "strings", "strconv", "bytes", "bufio", "errors", "sort", "slices", "maps", "math",
    "reflect", "regexp", "context", "log", "flag", "path", "unicode", "hash", "html", "mime", "testing", "runtime", "syscall",
    "expvar", "plugin", "iter", "cmp",
})  # fmt: skip


def package_of(function: str) -> str:
    """The import path of a function's package."""
    head, slash, tail = function.rpartition("/")
    return head + slash + tail.partition(".")[0]


def initialised(frames: Frames) -> str:
    """The package whose init a stack is in."""
    user = [name for name, is_kernel in frames if not is_kernel]
    for inner, outer in itertools.pairwise(user):
        if outer in _INIT and inner not in _INIT:
            return package_of(inner)
    return ""


def _foreign(function: str) -> bool:
    return (
        "." not in PART_OF_C.sub("", function)
        and not function.startswith("__vdso")  # the kernel's, of which Go asks the time
        and not function.startswith(("0x", "["))
        and not any(word in function for word in _ASSEMBLER)
    )


def has(names: Sequence[str], words: Sequence[str]) -> bool:
    """Whether any of these words is in any of these names."""
    text = "\n".join(names)
    return any(word in text for word in words)
