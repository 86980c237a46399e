import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.perfdata import (
    PerfMmap,
    PerfSample,
    PerfTask,
    _contexts,
    perf_data,
    read_perf_data,
    syscalls,
)

TRACEPOINTS = "raw_syscalls:sys_enter,raw_syscalls:sys_exit,sched:sched_switch,sched:sched_wakeup,sched:sched_process_exec"


def record(path: Path, *args: str) -> Path:
    if not shutil.which("perf"):
        pytest.skip("perf is not installed")
    result = subprocess.run(
        ["perf", "record", "-q", "-o", str(path), *args], capture_output=True, text=True, check=False
    )
    if result.returncode:
        pytest.skip(f"perf may not record that here: {result.stderr.strip()[-200:]}")
    return path


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("perf") / "stacks"
    return record(
        path,
        "-k",
        "CLOCK_MONOTONIC",
        "-e",
        "cpu-clock",
        "-F",
        "999",
        "-g",
        "--",
        "sh",
        "-c",
        "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done",
    )


@pytest.fixture(scope="session")
def tracepoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("perf") / "tracepoints"
    return record(
        path,
        "-k",
        "CLOCK_MONOTONIC",
        "-e",
        TRACEPOINTS,
        "-c",
        "1",
        "--",
        "sh",
        "-c",
        "ls / >/dev/null; sleep 0.02",
    )


def script(path: Path, fields: str) -> list[str]:
    out = subprocess.run(
        ["perf", "script", "-i", str(path), "--ns", "-F", fields, "-G"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in out.stdout.splitlines() if line.strip()]


@pytest.mark.integration
def test_every_sample_that_perf_script_prints_is_read_with_its_time_and_address(stacks: Path) -> None:
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    samples = [r for r in read_perf_data(stacks).sorted_records() if isinstance(r, PerfSample)]
    assert len(samples) > 5
    assert all(now - 600_000_000_000 < sample.t_ns < now for sample in samples)
    expected = []
    for line in script(stacks, "tid,time,ip"):
        match = re.match(r"\s*(\d+)\s+(\d+)\.(\d{9}):\s*([0-9a-f]*)", line)
        assert match
        expected.append((int(match[1]), int(match[2]) * 10**9 + int(match[3])))
    assert [(sample.tid, sample.t_ns) for sample in samples] == expected
    assert all(sample.period for sample in samples)
    deep = [sample for sample in samples if len(sample.user) > 1 or len(sample.kernel) > 1]
    assert deep and all(max(sample.user, default=0) < 1 << 63 for sample in samples)
    assert all(min(sample.kernel, default=1 << 63) >= 1 << 63 for sample in samples)


@pytest.mark.integration
def test_what_was_run_and_mapped_is_told(stacks: Path) -> None:
    records = read_perf_data(stacks).sorted_records()
    assert any(isinstance(r, PerfTask) and r.what == "exec" and r.name == "sh" for r in records)
    assert any(isinstance(r, PerfMmap) and r.path.startswith("/") and r.size > 0 for r in records)


@pytest.mark.integration
def test_tracepoints_have_their_fields(tracepoints: Path) -> None:
    samples = [r for r in read_perf_data(tracepoints).sorted_records() if isinstance(r, PerfSample)]
    assert len(samples) == len(script(tracepoints, "tid,time,event"))
    executed = {
        s.text("filename").rpartition("/")[2] for s in samples if s.event.name.endswith("sched_process_exec")
    }
    assert {"sh", "ls", "sleep"} <= executed
    switches = [s for s in samples if s.event.name.endswith("sched_switch")]
    assert any(s.text("prev_comm") == "sleep" and s.field("prev_pid") == s.tid for s in switches)


@pytest.mark.integration
def test_system_calls_last_from_entry_to_exit(tracepoints: Path) -> None:
    calls = list(syscalls(read_perf_data(tracepoints).sorted_records()))
    assert len(calls) > 50
    assert all(call.t_start_ns <= call.t_end_ns for call in calls)
    slept = max(calls, key=lambda call: call.t_end_ns - call.t_start_ns)
    assert slept.t_end_ns - slept.t_start_ns > 15_000_000
    assert any(call.result == -2 for call in calls)  # the loader looks for files that are not there
    expected = sum("sys_exit" in line for line in script(tracepoints, "tid,time,event"))
    assert expected - 6 <= len(calls) <= expected


@pytest.mark.integration
def test_another_clock_is_refused(tmp_path: Path) -> None:
    default = record(tmp_path / "default", "-e", "cpu-clock", "true")
    with pytest.raises(FormatError, match="not on CLOCK_MONOTONIC") as caught:
        read_perf_data(default)
    assert "-k CLOCK_MONOTONIC" in caught.value.hint
    other = record(tmp_path / "other", "-k", "CLOCK_BOOTTIME", "-e", "cpu-clock", "true")
    with pytest.raises(FormatError, match="was recorded on boottime"):
        read_perf_data(other)


@pytest.mark.integration
def test_a_file_that_is_cut_gives_the_records_before_the_cut_and_damage_never_crashes(
    stacks: Path, tracepoints: Path
) -> None:
    for path in (stacks, tracepoints):
        data = path.read_bytes()
        whole = perf_data(data)
        cut = perf_data(data[: (whole.start + whole.end) // 2 + 3])
        assert 0 < len(list(cut.records())) < len(list(whole.records()))
        order = random.Random(3)
        for _ in range(150):
            broken = bytearray(data)
            for _ in range(order.randrange(1, 6)):
                broken[order.randrange(8, 2000 if order.random() < 0.5 else len(broken))] = order.randrange(
                    256
                )
            try:
                records = perf_data(bytes(broken)).sorted_records()
                list(syscalls(records))
                [r.text("comm") + r.text("filename") for r in records if isinstance(r, PerfSample)]
            except FormatError:
                pass


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_format_error(tail: bytes) -> None:
    for data in (
        tail,
        b"PERFILE2" + tail,
        b"PERFILE2" + (104).to_bytes(8, "little") + (128).to_bytes(8, "little") + tail,
    ):
        try:
            list(perf_data(data).records())
        except FormatError:
            pass


def test_a_walk_that_went_astray_ends_where_it_left_the_process() -> None:
    kernel, user = (1 << 64) - 128, (1 << 64) - 512
    syscall, caller, garbage = 0xFFFFFFFF81000000, 0x55D0C0DE0000, 0xFFFF8B1E00000000
    assert _contexts((user, caller, caller + 8)) == ((), (caller, caller + 8))
    assert _contexts((user, caller, garbage, caller + 8)) == ((), (caller,))
    assert _contexts((kernel, syscall, user, caller, garbage, 16)) == ((syscall,), (caller,))
    assert _contexts((user, garbage)) == ((), ())
