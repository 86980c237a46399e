"""Programs are started, seen to be ready, and ended with all that they started. Any program: these are Python and shell."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from godyno.errors import CommandNotFound, UsageError
from godyno.studies.startup.starts import Start, Starter, failure, hint
from godyno.studies.startup.watching import ENDED, LATE, READY
from godyno.workload.ready import ready_of

pytestmark = pytest.mark.integration

_SERVER = """
import socket, sys, time, subprocess
child = subprocess.Popen(["sleep", "300"])
time.sleep(0.1)
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening, child", child.pid, flush=True)
time.sleep(300)
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _cgroups_of(maker: int) -> list[Path]:
    """The cgroups that bear the pid of the godyno that made them, in every hierarchy."""
    return list(Path("/sys/fs/cgroup").rglob(f"godyno-{maker}-*"))


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _alive(pid)


def test_a_server_is_ready_when_it_listens_and_nothing_of_it_is_left() -> None:
    port = _free_port()
    with Starter([sys.executable, "-c", _SERVER, str(port)], ready_of(f"tcp:{port}"), 20.0) as starter:
        for _ in range(2):  # the port is free again for the second
            found = starter.start()
            assert found.outcome == READY
            assert 0.1 < found.took_s < 15
    with Starter([sys.executable, "-c", _SERVER, str(port)], ready_of(r"log:child \d+"), 20.0) as starter:
        found = starter.start()
    child = int(found.said.split()[-1])
    assert _gone(child)


def test_the_kernel_and_asking_agree() -> None:
    port = _free_port()
    argv = [sys.executable, "-c", _SERVER, str(port)]
    with Starter(argv, ready_of(f"tcp:{port}"), 20.0) as starter:
        if starter.listening is None:
            pytest.skip("the kernel does not tell here")
        told = starter.start()
        starter.listening.close()
        starter.listening = None
        asked = starter.start()
    assert (told.how, asked.how) == ("told by the kernel", "asked")
    assert 0 < asked.doubt_ns < 2_000_000_000


def test_one_that_ends_before_it_is_ready_says_so_with_its_last_output() -> None:
    ready = ready_of("tcp:9")
    argv = ["/bin/sh", "-c", "echo no such table >&2; exit 3"]
    with Starter(argv, ready, 20.0) as starter:
        found = starter.start()
    assert (found.outcome, found.exit_code) == (ENDED, 3)
    assert "exit code 3 before it was ready" in failure(found, argv, ready, 20.0)
    assert "no such table" in failure(found, argv, ready, 20.0)


def test_one_that_is_never_ready_is_ended_in_time() -> None:
    ready = ready_of("log:never")
    argv = ["/bin/sh", "-c", "echo waiting; trap '' TERM; sleep 300 & wait; sleep 300"]
    with Starter(argv, ready, 0.5) as starter:
        began = time.monotonic()
        found = starter.start()
    assert found.outcome == LATE and time.monotonic() - began < 15
    said = failure(found, argv, ready, 0.5)
    assert "not ready within 0.5 s" in said and "waiting" in said


def test_one_that_listens_elsewhere_is_told_where() -> None:
    port, other = _free_port(), _free_port()
    ready = ready_of(f"tcp:{other}")
    # its child holds the socket, too
    with Starter(["/bin/sh", "-c", f"{sys.executable} -c '{_SERVER}' {port}; true"], ready, 3.0) as starter:
        found = starter.start()
    assert (found.outcome, found.ports) == (LATE, (port,))
    assert hint(found, ready) == f"It listens on port {port}, not on {other}: --ready tcp:{port}."


def test_what_to_do_is_told_by_what_is_known() -> None:
    ended = Start(0, 1, 0, ENDED, exit_code=3)
    assert "exit code 0" in hint(ended, ready_of("exit")) and "--timeout" not in hint(ended, ready_of("exit"))
    assert "It listened nowhere until then" in hint(Start(0, 1, 0, LATE), ready_of("tcp:80"))
    assert "--ready exit" in hint(Start(0, 1, 0, ENDED), ready_of("listen"))


def test_a_command_that_ends_by_itself_is_ready_at_its_end() -> None:
    with Starter(["/bin/sh", "-c", "sleep 0.2"], ready_of("exit"), 20.0) as starter:
        found = starter.start()
        assert found.outcome == READY and 0.2 <= found.took_s < 10
    with Starter(["/bin/false"], ready_of("exit"), 20.0) as starter:
        assert starter.start().outcome == ENDED


def test_a_killed_program_is_told_as_one() -> None:
    argv = ["/bin/sh", "-c", "kill -SEGV $$"]
    with Starter(argv, ready_of("exit"), 20.0) as starter:
        found = starter.start()
    assert found.signal == signal.SIGSEGV and "signal 11" in failure(found, argv, ready_of("exit"), 20.0)


def test_a_port_that_somebody_has_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            Starter(["/bin/true"], ready_of(f"tcp:{port}"), 5.0) as starter,
            pytest.raises(UsageError, match=str(port)),
        ):
            starter.start()


def test_a_command_that_is_not_there_is_said_before_anything_is_made() -> None:
    with pytest.raises(CommandNotFound), Starter(["no-such-command"], ready_of("exit"), 5.0):
        pass


def test_kill_9_of_godyno_leaves_no_process_and_no_cgroup(tmp_path: Path) -> None:
    script = f"""
from godyno.studies.startup.starts import Starter
from godyno.workload.ready import ready_of
with Starter(["/bin/sh", "-c", "echo $$ > {tmp_path}/pid; sleep 300 & echo $! > {tmp_path}/child; wait"], ready_of("log:never"), 60.0) as s:
    s.start()
"""
    parent = subprocess.Popen([sys.executable, "-c", script])
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
            assert time.monotonic() < deadline and parent.poll() is None
            time.sleep(0.05)
        groups = _cgroups_of(parent.pid)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert groups or os.geteuid() != 0
    assert _gone(int((tmp_path / "pid").read_text())) and _gone(int((tmp_path / "child").read_text()))
    deadline = time.monotonic() + 10
    while _cgroups_of(parent.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _cgroups_of(parent.pid) == []
