"""Where each TCP connection goes that the tree opens: address and port, at the moment of connect(2). Nothing of what is sent.

The kernel tells of every change of a TCP socket's state; only the one from closed to SYN_SENT is made by the thread that
connects, so only that one is kept. Datagrams (DNS, QUIC) have no states and are not seen.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from godyno.errors import FormatError
from godyno.interfaces import Sink
from godyno.model import Availability, Clock, Machine
from godyno.probes.kernel import perf_event as pe
from godyno.probes.kernel.perf_probe import PerfProbe
from godyno.probes.kernel.perf_records import Sample, Trouble, read_meta, read_records
from godyno.probes.kernel.tracepoints import tracepoint_ids, tracepoints_availability

_STATE = "sock/inet_sock_set_state"
# struct trace_event_raw_inet_sock_set_state: states at 16 and 20, ports, family, protocol (16 bits; in kernels before 5.9 it had 8, whose
# records do not fit), then from and to, for IPv4, and again for IPv6.
_RECORD = struct.Struct("<16xiiHHHH4x4s16x16s")
_SYN_SENT, _CLOSED = 2, 7
_INET, _INET6 = 2, 10
_PROTOCOLS = (6, 262)  # TCP, and several TCP as one


class Connections(PerfProbe):
    """TCP connections that are opened."""

    name: ClassVar[str] = "connections"
    summary: ClassVar[str] = "where each TCP connection goes that is opened: address and port"
    tables: ClassVar[Mapping[str, Clock]] = {"events": Clock.MONOTONIC}
    pages: ClassVar[int] = 8
    kernel_needed: ClassVar[bool] = True
    levels: ClassVar[tuple[str, ...]] = ("deep",)

    def availability(self, machine: Machine) -> Availability:
        """Needs tracepoints."""
        found = super().availability(machine)
        return tracepoints_availability(machine) if found else found

    def events(self) -> Sequence[pe.Event]:
        """Changes of state from closed to SYN_SENT: a connection has seven more, which cost as much each."""
        number = tracepoint_ids([_STATE])[_STATE]
        opening = f"oldstate == {_CLOSED} && newstate == {_SYN_SENT}"
        return [pe.Event("state", pe.TYPE_TRACEPOINT, number, 1, pe.SAMPLE_RAW, kernel=True, filter=opening)]

    def decode(self, raw: Path, sink: Sink, manifest: Mapping[str, Any]) -> None:
        """An event ``connect`` of layer ``connection`` for each, on its thread."""
        try:
            meta = read_meta(raw)
        except FormatError as error:
            sink.warn(f"Connections were not read: {error}")
            return
        if meta is None:
            return
        count = lost = 0
        for record in read_records(raw, meta):
            if isinstance(record, Trouble):
                lost += record.count
            elif isinstance(record, Sample) and (address := opened(record.raw)):
                count += 1
                sink.event(
                    record.t_ns, "connection", f"{record.pid}/{record.tid}", "connect", record.pid, record.tid, {"address": address}
                )  # fmt: skip
        sink.note("opened", count)
        if lost:
            sink.note("lost_records", lost)
            sink.warn(f"The kernel dropped {lost} records of connections.")


def opened(raw: bytes) -> str:
    """ADDRESS:PORT of a record that tells of a connection being opened; empty for any other."""
    if len(raw) < _RECORD.size:
        return ""
    old, new, _, port, family, protocol, to, to6 = _RECORD.unpack_from(raw)
    if (old, new) != (_CLOSED, _SYN_SENT) or protocol not in _PROTOCOLS:
        return ""
    if family == _INET:
        return f"{ipaddress.IPv4Address(to)}:{port}"
    if family == _INET6:
        address = ipaddress.IPv6Address(to6)
        return f"{address.ipv4_mapped}:{port}" if address.ipv4_mapped else f"[{address}]:{port}"
    return ""
