"""Who listens where, from the kernel's tables."""

from __future__ import annotations

import os
import socket

from godyno.machine.listeners import pids_listening, ports_of


def test_a_socket_is_found_by_its_port_and_by_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert pids_listening("127.0.0.1", port) == [os.getpid()]
        assert port in ports_of(lambda pid: pid == os.getpid())
        assert ports_of(lambda pid: False) == []
    assert port not in ports_of(lambda pid: pid == os.getpid())
