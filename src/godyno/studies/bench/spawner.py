"""A tiny process that starts what is measured: ``python -I -S spawner.py``, requests and answers as JSON lines.

A child's peak memory (ru_maxrss) begins with its parent's, through fork and exec, so the parent must be small; and when godyno is killed
this process reads end of file and ends the child, so that nothing outlives the run. Only the standard library, and little of it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from typing import Any


def main() -> None:
    """Serves requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # godyno gets it, too, and closes our input
    while line := sys.stdin.readline():
        serve(json.loads(line))


def serve(request: dict[str, Any]) -> None:
    """One run: answers the pid while the child is held before exec, waits for a line, lets go, answers how it ended."""
    gate, release = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(release)
        _child(request, gate)
    os.close(gate)
    print(json.dumps({"pid": pid}), flush=True)
    if not sys.stdin.readline():
        _end(pid)
        sys.exit()
    began = time.monotonic_ns()
    os.write(release, b"x")
    os.close(release)
    timed_out = not _wait(pid, request["timeout_s"])
    ended = time.monotonic_ns()
    _, status, used = os.wait4(pid, 0)
    answer = {
        "code": os.waitstatus_to_exitcode(status), "t_start_ns": began, "t_end_ns": ended, "timed_out": timed_out,
        "user_s": used.ru_utime, "system_s": used.ru_stime, "maxrss_bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }  # fmt: skip
    print(json.dumps(answer), flush=True)


def _child(request: dict[str, Any], gate: int) -> None:
    code = 127
    try:
        os.setsid()
        for path in request["procs"]:
            with open(path, "w") as file:  # noqa: PTH123  pathlib is not imported here
                file.write("0")
        for number, path in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(path, flags, 0o600), number)
        for number in (
            signal.SIGPIPE,
            signal.SIGINT,
        ):  # Python ignores the first, its caller may ignore the second
            signal.signal(number, signal.SIG_DFL)
        os.chdir(request["cwd"])
        os.read(gate, 1)
        os.execvpe(request["argv"][0], request["argv"], request["env"])
    except OSError as error:
        code = 126 if error.errno == 13 else 127
        os.write(2, f"{request['argv'][0]}: {error.strerror}\n".encode())
    finally:
        os._exit(code)


def _wait(pid: int, timeout_s: float) -> bool:
    """Whether the child ended in time; if not, its whole process group was killed. End of our input ends it, too."""
    deadline = time.monotonic() + timeout_s
    if not hasattr(os, "pidfd_open"):  # macOS
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() > deadline:
                _end(pid)
                return False
            time.sleep(0.001)
        return True
    handle = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([handle, sys.stdin], [], [], timeout_s)
    finally:
        os.close(handle)
    if handle not in ready:
        _end(pid)
        if ready:
            sys.exit()
    return handle in ready


def _end(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


if __name__ == "__main__":
    main()
