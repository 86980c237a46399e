import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.formats.strace import Strace, StraceCall, StraceExit, StraceSignal

LINES = [
    '6259  1700000000.123456 openat(AT_FDCWD, "/etc/a (b) = 3", O_RDONLY) = -1 ENOENT (No such file or directory) <0.000021>',
    "[pid  6260] 1700000000.123456789 futex(0xc000, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>",
    "6259  1700000000.2 mmap(NULL, 8192) = 0x7f4e0000 <0.000010>",
    "[pid  6260] 1700000000.500000000 <... futex resumed>)     = 0 <0.376543>",
    "6259  1700000000.6 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL} ---",
    "6259  1700000000.7 exit_group(0) = ?",
    "6259  1700000000.8 +++ exited with 0 +++",
    "6261  1700000000.9 +++ killed by SIGKILL +++",
    "6262  1700000001.0 read(3,  <unfinished ...>",
]


def test_calls_signals_and_exits_are_told_apart() -> None:
    reader = Strace()
    events = list(reader.events(LINES))
    assert reader.not_understood == 0
    base = 1_700_000_000_000_000_000
    assert events[0] == StraceCall(
        base + 123_456_000, 6259, "openat", 'AT_FDCWD, "/etc/a (b) = 3", O_RDONLY', -1, "ENOENT", 0.000021
    )
    assert events[1] == StraceCall(base + 200_000_000, 6259, "mmap", "NULL, 8192", 0x7F4E0000, "", 0.00001)
    assert events[2] == StraceCall(
        base + 123_456_789, 6260, "futex", "0xc000, FUTEX_WAIT_PRIVATE, 0, NULL", 0, "", 0.376543
    )
    assert isinstance(events[3], StraceSignal) and events[3].name == "SIGURG"
    assert events[4] == StraceCall(base + 700_000_000, 6259, "exit_group", "0", None)
    assert events[5:7] == [
        StraceExit(base + 800_000_000, 6259, 0),
        StraceExit(base + 900_000_000, 6261, None, "SIGKILL"),
    ]
    assert events[7] == StraceCall(base + 1_000_000_000, 6262, "read", "3,")


def test_a_torn_last_line_is_counted_not_raised() -> None:
    reader = Strace()
    (only,) = reader.events([*LINES[:1], LINES[2][:40]])
    assert only.pid == 6259
    assert (reader.not_understood, len(reader.samples)) == (1, 1)


@given(
    st.lists(
        st.text()
        | st.sampled_from(LINES)
        | st.tuples(st.sampled_from(LINES), st.integers(0, 90)).map(lambda p: p[0][: p[1]])
    )
)
def test_no_lines_raise(lines: list[str]) -> None:
    list(Strace().events(lines))


@pytest.mark.integration
def test_real_output_is_understood(tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    argv = ["strace", "-f", "-ttt", "-T", "-o", str(tmp_path / "out"), "sh", "-c", "ls /nonexistent; true"]
    if subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    reader = Strace()
    events = list(reader.events((tmp_path / "out").read_text(errors="replace").splitlines()))
    assert reader.not_understood == 0, reader.samples
    names = [event.name for event in events if isinstance(event, StraceCall)]
    assert names.count("execve") >= 2 and any(isinstance(event, StraceExit) for event in events)
    assert any(isinstance(e, StraceCall) and e.error == "ENOENT" and "/nonexistent" in e.args for e in events)
