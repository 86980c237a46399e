"""``godyno record`` behaves like the command it records, and keeps what the command did."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import Capture, open_capture

GODYNO = (sys.executable, "-m", "godyno")

pytestmark = pytest.mark.integration


def capture_in(directory: Path) -> Capture:
    (found,) = directory.glob("*.dyno")
    return open_capture(found)


def processes(capture: Capture) -> list[dict[str, Any]]:
    rows = capture.sql("SELECT * FROM spans WHERE layer = 'process' ORDER BY t_start_ns").to_pylist()
    return [{**row, **json.loads(row["args"])} for row in rows]


def lines(capture: Capture) -> list[tuple[str, str]]:
    return [
        (row["stream"], row["text"]) for row in capture.sql("SELECT * FROM lines ORDER BY t_ns").to_pylist()
    ]


def test_the_exit_status_is_the_commands(godyno: Any, tmp_path: Path) -> None:
    assert godyno("record", "--", "sh", "-c", "exit 42").code == 42
    with capture_in(tmp_path) as capture:
        assert capture.manifest.result is not None
        assert capture.manifest.result.exit_code == 42


def test_death_by_a_signal_is_the_commands(godyno: Any, tmp_path: Path) -> None:
    assert godyno("record", "--", "sh", "-c", "kill -TERM $$").code == -signal.SIGTERM
    with capture_in(tmp_path) as capture:
        assert capture.manifest.result is not None
        assert capture.manifest.result.signal == signal.SIGTERM


def test_stdin_stdout_and_stderr_pass_through_unchanged(godyno: Any, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    ran = godyno("record", "-q", "--", "sh", "-c", "cat; echo problem >&2", input=data)
    assert ran.out == data
    assert ran.err == b"problem\n"
    with capture_in(tmp_path) as capture:
        assert ("stderr", "problem") in lines(capture)


def test_stdout_and_stderr_in_one_pipe_keep_their_order(tmp_path: Path) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done"
    done = subprocess.run(
        [*GODYNO, "record", "-q", "--", "sh", "-c", script],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    expected = "".join(f"out{i}\nerr{i}\n" for i in range(1, 10)).encode()
    assert done.stdout == expected
    with capture_in(tmp_path) as capture:
        assert [text for _, text in lines(capture)] == expected.decode().split()
        assert {stream for stream, _ in lines(capture)} == {"output"}


def on_a_terminal(
    command: list[str], cwd: Path, rows: int, columns: int, keys: bytes = b""
) -> tuple[bytes, int]:
    """What ``command`` shows on a new terminal, and its wait status; ``keys`` are typed once it shows `ready`."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvp(command[0], command)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    shown, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([fd], [], [], 1.0)
        if ready:
            try:
                piece = os.read(fd, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if keys and b"ready" in shown:
                os.write(fd, keys)
                keys = b""
    else:
        os.kill(pid, signal.SIGKILL)  # it would wait for ever
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return shown, status


def test_on_a_terminal_the_command_sees_a_terminal_of_that_size(tmp_path: Path) -> None:
    script = "sleep 0.3; test -t 0 && test -t 1 && test -t 2 && stty size <&1"
    shown, status = on_a_terminal([*GODYNO, "record", "-q", "--", "sh", "-c", script], tmp_path, 33, 77)
    assert status == 0
    assert shown.strip() == b"33 77"


def test_ctrl_c_on_a_terminal_ends_the_command_once_and_seals(tmp_path: Path) -> None:
    script = "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done"
    shown, status = on_a_terminal([*GODYNO, "record", "--", "sh", "-c", script], tmp_path, 24, 80, b"\x03")
    assert os.waitstatus_to_exitcode(status) == 7
    assert shown.count(b"interrupted") == 1
    with capture_in(tmp_path) as capture:
        assert [text for _, text in lines(capture)][-1].endswith("interrupted")


def test_a_signal_sent_to_the_recorder_alone_reaches_the_command(tmp_path: Path) -> None:
    script = "trap 'echo asked to end; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    recorder = subprocess.Popen(
        [*GODYNO, "record", "-q", "--", "sh", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE
    )
    assert recorder.stdout is not None
    assert recorder.stdout.readline() == b"ready\n"
    recorder.terminate()
    assert recorder.stdout.read() == b"asked to end\n"
    recorder.stdout.close()
    assert recorder.wait() == 3


def test_when_the_reader_goes_the_command_notices(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{' '.join(GODYNO)} record -q -- sh -c 'yes; echo $? > status' | head -2",
        cwd=tmp_path, shell=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == b"y\ny\n"
    with capture_in(tmp_path) as capture:
        (yes,) = [process for process in processes(capture) if process["name"] == "yes"]
        assert yes["exit_signal"] == signal.SIGPIPE or (tmp_path / "status").read_text().strip() == "1"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["no-such-command-here"], 127, b"command not found"),
        (["/etc/passwd"], 126, b"may not be executed"),
        (["/tmp"], 126, b"is a directory"),
    ],
)
def test_a_command_that_cannot_run_is_told_as_a_shell_does(
    godyno: Any, tmp_path: Path, command: list[str], code: int, said: bytes
) -> None:
    ran = godyno("record", "--", *command)
    assert ran.code == code
    assert said in ran.err
    assert b"Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_script_without_an_interpreter_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"#!/no/such/interpreter\n")
    script.chmod(0o755)
    recorder = subprocess.Popen([*GODYNO, "record", "--", str(script)], cwd=tmp_path, stderr=subprocess.PIPE)
    recorder.communicate()
    assert recorder.returncode == 126
    assert list(tmp_path.glob("*.dyno")) == []
    assert leftovers(recorder.pid) == []


def leftovers(recorder: int) -> list[str]:
    """The cgroups that the recorder of this pid made and that are still there."""
    out = subprocess.run(
        ["find", "/sys/fs/cgroup", "-name", f"godyno-{recorder}-*"], capture_output=True, text=True
    )
    return out.stdout.splitlines()


def test_every_one_of_a_thousand_short_processes_is_seen(godyno: Any, tmp_path: Path) -> None:
    script = "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done"
    assert godyno("record", "-q", "--", "sh", "-c", script).code == 0
    with capture_in(tmp_path) as capture:
        probe = capture.manifest.probe("processes")
        assert probe is not None
        if probe.notes["source"] != "perf":
            pytest.skip(f"perf_event_open is refused here: {probe.notes.get('perf_refused')}")
        found = processes(capture)
        assert sum(process["name"] == "true" for process in found) == 1000
        assert all(process["t_end_ns"] > process["t_start_ns"] for process in found)
        assert capture.manifest.warnings == ()


def test_walking_proc_is_the_stand_in_and_says_so(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from godyno.model import Workload; from godyno.recorder.session import *;"
        "s = Session(Workload(('sh', '-c', 'sleep 0.5; sleep 0.4 & sleep 0.5')),"
        f" Options(out=Path({str(tmp_path / 'w')!r}), settings={{'processes': {{'source': 'walk'}}}}));"
        "print(s.run().result.exit_code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "0", done.stderr
    with open_capture(tmp_path / "w.dyno") as capture:
        probe = capture.manifest.probe("processes")
        assert probe is not None
        assert probe.notes["source"] == "walk"
        names = [process["name"] for process in processes(capture)]
        assert names.count("sleep") >= 3
        assert ["sleep", "0.4"] in [process.get("argv") for process in processes(capture)]


def test_a_daemon_that_outlives_the_command_keeps_its_output_and_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = "(while [ ! -e signal ]; do sleep 0.05; done; echo late) & echo early"
    with out.open("wb") as file:
        recorder = subprocess.Popen(
            [*GODYNO, "record", "-q", "--", "sh", "-c", script], cwd=tmp_path, stdout=file
        )
        assert recorder.wait() == 0
    assert out.read_bytes() == b"early\n"
    (tmp_path / "signal").touch()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (out.read_bytes() == b"early\n" or leftovers(recorder.pid)):
        time.sleep(0.05)
    assert out.read_bytes() == b"early\nlate\n"
    assert leftovers(recorder.pid) == []
    with capture_in(tmp_path) as capture:
        assert any("outlived the command" in warning for warning in capture.manifest.warnings)


def test_wait_for_tree_goes_on_until_the_daemon_ends(godyno: Any, tmp_path: Path) -> None:
    ran = godyno("record", "-q", "--wait-for-tree", "--", "sh", "-c", "(sleep 0.7; echo late) & echo early")
    assert ran.out == b"early\nlate\n"
    with capture_in(tmp_path) as capture:
        assert ("stdout", "late") in lines(capture)


def test_secrets_in_arguments_are_not_kept(godyno: Any, tmp_path: Path) -> None:
    godyno(
        "record", "-q", "--", "sh", "-c", "/bin/true --token hunter2hunter2; true", "--password=correcthorse"
    )
    with capture_in(tmp_path) as capture:
        manifest = (capture.directory / "manifest.json").read_text()
        everything = manifest + str(processes(capture))
    assert "correcthorse" not in everything
    assert "--password=" in everything


def test_two_recordings_at_once_get_a_capture_each(tmp_path: Path) -> None:
    both = [subprocess.Popen([*GODYNO, "record", "-q", "--", "sleep", "0.5"], cwd=tmp_path) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert len(list(tmp_path.glob("*.dyno"))) == 2


def test_an_existing_capture_is_not_overwritten(godyno: Any, tmp_path: Path) -> None:
    (tmp_path / "a.dyno").mkdir()
    ran = godyno("record", "-o", "a", "--", "true")
    assert ran.code == 64
    assert b"exists already" in ran.err


def test_a_memory_limit_kills_inside_the_tree_and_is_counted(tmp_path: Path) -> None:
    from godyno.model import Workload
    from godyno.recorder import record

    hungry = "x = bytearray(300 << 20); print(len(x))"
    recording = record(
        Workload((sys.executable, "-c", hungry)),
        tmp_path / "m.dyno",
        memory_limit_bytes=100 << 20,
        timeout_s=60,
    )
    if recording.oom_kills == 0 and recording.result.exit_code == 0:
        pytest.skip("no memory cgroup can be made here")
    assert recording.oom_kills == 1
    assert recording.result.signal == signal.SIGKILL
    assert recording.peak is not None
    assert recording.peak.exact
    assert recording.peak.value_bytes <= 100 << 20
    with open_capture(recording.capture) as capture:
        assert capture.manifest.limits.memory_bytes == 100 << 20
        assert capture.manifest.limits.timeout_s == 60
        assert capture.manifest.memory_limit_bytes == 100 << 20


def test_the_peak_is_of_the_whole_tree(tmp_path: Path) -> None:
    from godyno.model import Workload
    from godyno.recorder import record

    hungry = f"{sys.executable} -c 'x = b\"x\" * (60 << 20); import time; time.sleep(1)' & "
    recording = record(Workload(("sh", "-c", hungry * 3 + "wait")), tmp_path / "p.dyno")
    assert recording.result.exit_code == 0
    assert recording.peak is not None
    assert 180 << 20 < recording.peak.value_bytes < 320 << 20


def test_a_timeout_ends_the_whole_tree(tmp_path: Path) -> None:
    from godyno.model import Workload
    from godyno.recorder import record

    recording = record(
        Workload(("sh", "-c", "trap 'exit 1' TERM; nohup sleep 30.125 & sleep 30.125")),
        tmp_path / "t.dyno",
        timeout_s=0.5,
    )
    assert recording.timed_out
    with open_capture(recording.capture) as capture:
        assert [process["name"] for process in processes(capture)].count("sleep") == 2
    assert subprocess.run(["pgrep", "-f", "sleep 30.125"], capture_output=True).stdout == b""


def test_a_full_disk_stops_nothing_and_is_told(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    script = (
        f"mount -t tmpfs -o size=200k none {small} && cd {small} && "
        f"{' '.join(GODYNO)} record -o full -- sh -c 'head -c 600000 /dev/zero | tr \"\\0\" x; sleep 0.5; echo end; exit 5'"
    )
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, timeout=60)
    if b"unshare" in done.stderr or b"mount:" in done.stderr:
        pytest.skip("a private mount namespace needs root: " + done.stderr.decode().strip()[-80:])
    assert done.returncode == 5
    assert done.stdout == b"x" * 600000 + b"end\n"
    assert b"the command goes on" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_recorder_stays_small_and_never_loads_what_reads_captures(godyno: Any, tmp_path: Path) -> None:
    code = (
        "import sys, godyno.cli.record, godyno.recorder.session\n"
        "from godyno import registry\n"
        "for name in registry.names('probes'): registry.load('probes', name)\n"
        "print([name for name in ('numpy', 'pyarrow', 'duckdb', 'scipy', 'rich', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    godyno("record", "-q", "--", "sleep", "0.3")
    with capture_in(tmp_path) as capture:
        assert capture.manifest.cost.rss_peak_bytes < 40 << 20


def test_what_a_recording_cost_is_in_the_capture(godyno: Any, tmp_path: Path) -> None:
    godyno("record", "-q", "--", "sleep", "1")
    with capture_in(tmp_path) as capture:
        cost = capture.manifest.cost
    assert cost.during_cpu_s > 0
    assert cost.sealing_cpu_s > 0
    assert cost.journal_bytes > 0


def test_a_killed_recorder_leaves_the_command_running_and_a_capture_to_recover(
    godyno: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    script = "for i in 1 2 3 4 5 6 7 8 9 10; do echo line$i; sleep 0.1; done"
    with out.open("wb") as file:
        recorder = subprocess.Popen(
            [*GODYNO, "record", "-o", "k", "--", "sh", "-c", script], cwd=tmp_path, stdout=file
        )
        while out.stat().st_size < 12:
            time.sleep(0.02)
        time.sleep(0.25)
        recorder.send_signal(signal.SIGKILL)
        recorder.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (b"line10" not in out.read_bytes() or leftovers(recorder.pid)):
        time.sleep(0.05)
    assert out.read_text().split() == [f"line{i}" for i in range(1, 11)]
    assert leftovers(recorder.pid) == []
    shown = godyno("show", "k.dyno")
    assert shown.code == 5
    assert b"godyno recover" in shown.err
    assert godyno("recover", "k.dyno").code == 0
    with open_capture(tmp_path / "k.dyno") as capture:
        assert capture.manifest.recovered
        assert ("stdout", "line1") in lines(capture)
        assert any(process["name"] == "sleep" for process in processes(capture))


def test_what_a_killed_program_had_recorded_is_ended_with_it(tmp_path: Path) -> None:
    script = f"import godyno; godyno.record(['sh', '-c', 'echo $$ > {tmp_path}/pid; sleep 60'], out='r')"
    maker = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline, "it did not start"
        time.sleep(0.05)
    maker.kill()
    maker.wait()
    inside = int((tmp_path / "pid").read_text())
    recorder = json.loads((tmp_path / "r.dyno" / "manifest.json").read_text())["recorder"]["pid"]
    while (
        Path(f"/proc/{inside}").exists()
        or leftovers(recorder)
        or json.loads((tmp_path / "r.dyno" / "manifest.json").read_text())["state"] != "sealed"
    ):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.1)


def test_a_live_recording_is_not_recovered_under_its_recorder(godyno: Any, tmp_path: Path) -> None:
    recorder = subprocess.Popen([*GODYNO, "record", "-q", "-o", "live", "--", "sleep", "3"], cwd=tmp_path)
    while not (tmp_path / "live.dyno" / "manifest.json").exists():
        time.sleep(0.02)
    ran = godyno("recover", "live.dyno")
    recorder.terminate()
    recorder.wait()
    assert ran.code == 5
    assert b"still being recorded" in ran.err


def test_a_probe_that_is_not_asked_for_is_not_even_imported(tmp_path: Path) -> None:
    script = (
        "import sys, godyno; godyno.record(['true'], out=sys.argv[1], seal=False); "
        "print([name for name in sys.modules if name.startswith('godyno.probes.runtime.scrap')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.dyno")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == "[]\n"
