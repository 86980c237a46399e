"""How many segments with data each TCP connection of this machine has sent, by sock_diag(7)."""

from __future__ import annotations

import socket
import struct

_NETLINK_SOCK_DIAG, _BY_FAMILY, _REQUEST_DUMP = 4, 20, 0x301
_DONE, _ERROR = 3, 2
_ESTABLISHED = 1 << 1
_INFO = 2  # INET_DIAG_INFO, of which the kernel sends struct tcp_info
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_REQUEST = struct.Struct("=BBBxI48x")  # family, protocol, what else is wanted, states
_MESSAGE_BYTES, _INODE_AT = 72, 68  # struct inet_diag_msg
_SENT_AT = 156  # tcpi_data_segs_out, since Linux 4.6
_MOST_BYTES = 4 << 20  # of answers: a machine with more connections than fit is not looked through
_ANSWER_BYTES = 1 << 16
_PATIENCE_S = 0.05


def sent() -> dict[int, int]:
    """Segments with data that each established connection of this network namespace has sent, by its inode.

    Raises OSError where the kernel does not tell, or there are more connections than are looked through.
    """
    out: dict[int, int] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as asks:
        asks.settimeout(_PATIENCE_S)
        for family in (socket.AF_INET, socket.AF_INET6):
            wanted = _REQUEST.pack(family, socket.IPPROTO_TCP, 1 << (_INFO - 1), _ESTABLISHED)
            asks.send(_HEADER.pack(_HEADER.size + len(wanted), _BY_FAMILY, _REQUEST_DUMP, 1, 0) + wanted)
            left = _MOST_BYTES
            while left > 0 and not _read(data := asks.recv(_ANSWER_BYTES), out):
                left -= len(data)
            if left <= 0:
                raise OSError(90, "there are too many connections")
    return out


def _read(data: bytes, out: dict[int, int]) -> bool:
    """Takes one answer's connections; whether it was the last one."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        if kind == _DONE:
            return True
        if kind == _ERROR or length < _HEADER.size:
            raise OSError(95, "the kernel tells of no connections")
        message = data[at + _HEADER.size : at + length]
        if kind == _BY_FAMILY and len(message) >= _MESSAGE_BYTES:
            count = _sent(message[_MESSAGE_BYTES:])
            if count is not None:
                out[struct.unpack_from("=I", message, _INODE_AT)[0]] = count
        at += (length + 3) & ~3
    return False


def _sent(attributes: bytes) -> int | None:
    at = 0
    while at + _ATTRIBUTE.size <= len(attributes):
        length, kind = _ATTRIBUTE.unpack_from(attributes, at)
        if length < _ATTRIBUTE.size:
            return None
        if kind == _INFO and length >= _ATTRIBUTE.size + _SENT_AT + 4:
            return int(struct.unpack_from("=I", attributes, at + _ATTRIBUTE.size + _SENT_AT)[0])
        at += (length + 3) & ~3
    return None
