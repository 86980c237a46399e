"""Ends a limited group when whoever made it is gone: ``python -m godyno.workload.guard`` beside every limited run.

It reads stdin until the end. A word before the end says that the run was tidied up; an end without one means that godyno was
killed, so the group's processes are ended and the group is removed. It touches nothing outside of the group.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from godyno.machine.cgroups import Group


def main() -> None:
    """The arguments are the group's name and, as JSON, its paths."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while word := os.read(0, 64):
        if b"done" in word:
            return
    group = Group.reopen(sys.argv[1], json.loads(sys.argv[2]))
    if group is not None:
        group.kill()
        group.remove(timeout_s=5.0)


if __name__ == "__main__":
    main()
