"""Whether this user may ask the kernel for task accounting (Linux ``accounting/taskstats.rst``)."""

from __future__ import annotations

import os
import socket
import struct

_GENERIC = 16  # NETLINK_GENERIC
_CONTROLLER, _GET_FAMILY, _FAMILY_NAME, _FAMILY_ID = 0x10, 3, 2, 1
_ERROR, _REQUEST = 2, 1
_GET_TASKSTATS, _PID = 1, 1


def taskstats_refused() -> str:
    """Why taskstats of this very process cannot be had, in the kernel's words; empty where it can."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return "No such family: this system has no netlink"
    try:
        with socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _GENERIC) as asked:
            asked.settimeout(1.0)
            asked.bind((0, 0))
            asked.send(_message(_CONTROLLER, _GET_FAMILY, _attribute(_FAMILY_NAME, b"TASKSTATS\0")))
            number, reason = _answer(asked.recv(8192))
            if reason or number is None:
                return reason or "No such family: the kernel was built without taskstats"
            asked.send(_message(number, _GET_TASKSTATS, _attribute(_PID, struct.pack("=I", os.getpid()))))
            return _answer(asked.recv(8192))[1]
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)


def _message(kind: int, command: int, attributes: bytes) -> bytes:
    body = struct.pack("=BBH", command, 1, 0) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, _REQUEST, 1, 0) + body


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)


def _answer(data: bytes) -> tuple[int | None, str]:
    """The family's number where the answer has one, and the kernel's error in words."""
    if len(data) < 20:
        return None, "the kernel's answer is too short"
    kind = struct.unpack_from("=H", data, 4)[0]
    if kind == _ERROR:
        code = -struct.unpack_from("=i", data, 16)[0]
        return None, os.strerror(code) if code else ""
    at = 20
    while at + 4 <= len(data):
        length, attribute = struct.unpack_from("=HH", data, at)
        if attribute == _FAMILY_ID and length >= 6:
            return int(struct.unpack_from("=H", data, at + 4)[0]), ""
        if length < 4:
            break
        at += length + (-length % 4)
    return None, ""
