from __future__ import annotations

import pytest

from godyno.diagnose.why import symbols


def frames(*names: str) -> tuple[tuple[str, bool], ...]:
    return tuple((name.removeprefix("k:"), name.startswith("k:")) for name in names)


@pytest.mark.parametrize(
    ("stack", "state"),
    [
        (
            (
                "k:schedule",
                "k:io_schedule",
                "k:folio_wait_bit_common",
                "k:filemap_read",
                "k:vfs_read",
                "main.load",
            ),
            "disk_read",
        ),
        (
            (
                "k:schedule",
                "k:io_schedule",
                "k:folio_wait_bit_common",
                "k:filemap_fault",
                "k:handle_mm_fault",
                "main.sum",
            ),
            "fault_disk",
        ),
        (("k:schedule", "k:io_schedule", "k:ext4_sync_file", "k:do_fsync", "main.save"), "fsync"),
        (
            (
                "k:schedule",
                "k:io_schedule",
                "k:folio_wait_writeback",
                "k:ksys_sync_file_range",
                "k:__x64_sys_sync_file_range",
            ),
            "disk_write",
        ),
        (
            (
                "k:io_schedule",
                "k:folio_wait_bit",
                "k:folio_wait_writeback",
                "k:truncate_inode_pages_range",
                "k:do_truncate",
                "os.Create",
            ),
            "disk_write",
        ),
        (("k:schedule", "k:futex_do_wait", "k:__x64_sys_futex", "runtime.futex"), "futex"),
        (("k:schedule", "k:do_wait", "k:kernel_waitid", "main.run"), "child"),
        (("k:schedule", "k:pipe_read", "k:vfs_read", "main.f"), "pipe"),
        (
            ("k:schedule", "k:__mutex_lock", "k:perf_trace_init", "k:inherit_event", "k:kernel_clone"),
            "observer",
        ),
        (
            ("k:schedule", "k:io_schedule", "k:__folio_lock", "k:shmem_swapin_folio", "k:vfs_read", "main.f"),
            "reclaim",
        ),
        ((), ""),
    ],
)
def test_a_sleep_is_told_by_the_kernels_functions(stack: tuple[str, ...], state: str) -> None:
    assert symbols.slept_in(frames(*stack)) == state


@pytest.mark.parametrize(
    ("stack", "state"),
    [
        (("main.work", "main.main", "runtime.main"), "go"),
        (
            (
                "runtime.gcDrain",
                "runtime.gcAssistAlloc1",
                "runtime.gcAssistAlloc",
                "runtime.mallocgc",
                "main.f",
            ),
            "gc_assist",
        ),
        (("main.parse", "main.init.0", "runtime.doInit1", "runtime.main"), "package_init"),
        (("k:ext4_write", "k:vfs_write", "k:__x64_sys_write", "syscall.write", "main.f"), "kernel"),
        (("k:clear_page", "k:handle_mm_fault", "k:asm_exc_page_fault", "main.f"), "minor_fault"),
        (("k:tick", "k:asm_sysvec_apic_timer_interrupt", "main.f", "main.main"), "go"),
        (("crunch.constprop.0", "main.f"), "cgo"),
        (("crunch", "runtime.asmcgocall", "runtime.cgocall", "main._Cfunc_crunch", "main.f"), "cgo"),
        (
            ("k:blk_finish_plug", "k:swap_cluster_readahead", "k:shmem_swapin_folio", "k:vfs_read", "main.f"),
            "reclaim",
        ),
        (("ld.so!do_lookup_x",), "load"),
        (
            (
                "k:copy",
                "k:__x64_sys_clone",
                "syscall.forkAndExecInChild",
                "syscall.forkExec",
                "os.StartProcess",
            ),
            "child",
        ),
        (("main.(*godynoRecorder).loop", "runtime.goexit"), "observer"),
    ],
)
def test_a_moment_on_the_cpu_is_told_by_its_stack(stack: tuple[str, ...], state: str) -> None:
    assert symbols.ran_in(frames(*stack), True) == state


def test_a_handlers_own_wait_is_no_idleness() -> None:
    read = ("net.(*netFD).Read", "net.(*conn).Read")
    assert symbols.waited_for("network", frames(*read, "net/http.(*conn).serve")) == "idle"
    assert (
        symbols.waited_for(
            "network", frames(*read, "main.ask", "net/http.HandlerFunc.ServeHTTP", "net/http.(*conn).serve")
        )
        == "network"
    )


def test_the_programs_own_function_is_named_rather_than_the_library() -> None:
    put = "example.com/log.(*Log).put"
    assert symbols.own_function(frames("k:f", "syscall.write", "os.(*File).Write", put, "main.main")) == put


@pytest.mark.parametrize(
    ("reason", "stack", "kind"),
    [
        ("sync", ("sync.runtime_SemacquireRWMutexR", "sync.(*RWMutex).RLock", "main.f"), "lock"),
        ("sync", ("sync.runtime_SemacquireRWMutex", "sync.(*RWMutex).Lock", "main.f"), "lock"),
        (
            "sync",
            (
                "internal/sync.runtime_SemacquireMutex",
                "internal/sync.(*Mutex).lockSlow",
                "sync.(*Once).doSlow",
                "main.f",
            ),
            "lock",
        ),
        ("sync.(*Cond).Wait", ("sync.runtime_notifyListWait", "sync.(*Cond).Wait", "main.f"), "wait"),
        ("sync", ("sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait", "main.f"), "wait"),
        ("select", ("golang.org/x/sync/semaphore.(*Weighted).Acquire", "main.f"), "channel"),
    ],
)
def test_a_goroutines_wait_is_told_by_reason_and_stack(
    reason: str, stack: tuple[str, ...], kind: str
) -> None:
    assert symbols.waited_for(reason, frames(*stack)) == kind


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        ("database/sql.(*DB).connectionCleaner", "channel"),
        ("fmt.(*ss).accept", "channel"),
        ("net.(*netFD).connect", "connect"),
        ("net.(*netFD).connect.func2", "connect"),
        ("quic.(*Listener).Accept", "idle"),
    ],
)
def test_a_word_within_a_name_tells_nothing(function: str, kind: str) -> None:
    assert symbols.waited_for("select", frames("runtime.selectgo", function)) == kind
