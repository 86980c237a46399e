"""The kinds of causes: the states that make each up, and the words in which it is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of cause is told: the states that make it up, what is said of it, what may be done, which share of it that saves, and
    the words before the function or thing that it was in; None where it was in none.
    """

    name: str
    states: tuple[str, ...]
    says: str
    advice: str
    saves: float = 1.0
    place: str | None = " in"


KINDS = (
    Kind("gc", ("gc_assist", "gc_stw", "gc_background", "gc_wait"), "Garbage collection held it up",
         "Raise GOGC or set GOMEMLIMIT near what the machine has; allocate less where --top --layer allocs points.", 0.9, None),
    Kind("lock", ("lock",), "It waited for a lock", "Hold it for less, split it, or do without it."),
    Kind("channel", ("channel",), "Goroutines waited for each other at a channel",
         "Buffer it, hand over more at once, or let more goroutines through."),
    Kind("sleep", ("sleep",), "It slept", "Wait for the event itself instead of for a time."),
    Kind("disk_read", ("disk_read",), "It waited for reads from disk", "Read less, ahead, or from a faster disk."),
    Kind("disk_write", ("disk_write",), "It waited for writes to disk", "Write less, in larger pieces, or in the background."),
    Kind("fsync", ("fsync",), "It waited for fsync", "Sync once for many writes, or where a loss can be borne not at all."),
    Kind("fault_disk", ("fault_disk",), "It waited for pages from disk", "Read the file ahead, or keep it in memory."),
    Kind("reclaim", ("reclaim",), "It was short of memory (reclaim, swap, reading again)",
         "Give it more memory, or GOMEMLIMIT below the limit."),
    Kind("dns", ("dns",), "It waited for DNS", "Look the name up once, or mend the resolver (resolv.conf, search domains)."),
    Kind("connect", ("connect",), "It waited for connections", "Keep connections open; connect at once, not in turn."),
    Kind("tls", ("tls",), "It waited for TLS handshakes", "Keep connections open; let sessions be resumed."),
    Kind("network", ("network",), "It waited for the network", "Ask at once rather than in turn, or ask less."),
    Kind("child", ("child",), "It waited for a child process",
         "Start children at once rather than in turn, or do without them.", place=":"),
    Kind("pipe", ("pipe",), "It waited for a pipe", "Have its other side take or give more at once, or earlier."),
    Kind("cgo", ("cgo",), "It was in C code, or calling it", "Call less often with more; the call itself costs tens of ns."),
    Kind("kernel", ("kernel", "kernel_wait"), "It was in the kernel", "Make fewer, larger system calls.", place=", called by"),
    Kind("minor_fault", ("minor_fault",), "It touched new memory", "Reuse memory instead of asking for new."),
    Kind("go", ("go", "runtime", "c"), "It computed", "Look where in it: `godyno show CAPTURE --top`.", 0.0),
    Kind("own_threads", ("own_threads",), "It had more to do at once than CPUs",
         "Give it more CPUs, or run fewer things at once.", place=None),
    Kind("package_init", ("package_init",), "It initialised package", "Do it later, when it is needed (sync.OnceValue).", place=" "),
    Kind("load", ("load", "runtime_init"), "It was being loaded", "Make the binary smaller, or link it statically.", place=None),
    Kind("unknown", ("unknown",), "It waited, for what was not recorded", "", 0.0, None),
    Kind("quota", ("quota",), "The CPU quota was used up", "Raise the quota, or set GOMAXPROCS to it.", place=None),
    Kind("neighbours", ("neighbours",), "Other programs had the CPUs", "Run it where less else runs.", place=None),
    Kind("disk_neighbours", ("disk_neighbours",), "It waited for a disk that others kept busy",
         "Run it where less else uses the disk, or limit the others' I/O (io.max)."),
    Kind("disk_stall", ("disk_stall",), "It waited for a disk that hardly answered anybody",
         "Look at the device (a volume that is throttled, discards, what it is shared with): `iostat -x 1`."),
    Kind("steal", ("steal",), "The hypervisor had the CPUs", "Run it on a machine that is not shared.", place=None),
)  # fmt: skip
# The channel at which database/sql's users wait for each other.
POOL = Kind("channel", ("channel",), "It waited for a free connection of database/sql's pool",
            "Raise SetMaxOpenConns, or keep connections (Rows, Tx, Conn) for less long.")  # fmt: skip
# How those are told that are waits until the program is wanted, as far as can be seen.
UNTIL_WANTED = {
    "sleep": "It waited for a clock",
    "network": "It waited for what others send of themselves (a request, an event, more of an answer)",
    "pipe": "It waited, unasked, for what others put into a pipe or file",
    "child": "It waited for a child process that it kept until it told it to stop",
}
UNLESS = {"sleep": "work waits for that (a limiter, a poll)"}
END_WAITED_FOR = "somebody waits for its end"
# A program that needs more than the machine has may be well all the same.
NO_FAULT = ("go", "own_threads", "unknown")
# What keeps a disk from answering that is not the program's, and how it is told of a wait for that disk.
SLOW_DISK = {"disk_neighbours": "others kept the disk busy", "disk_stall": "the disk hardly answered"}
