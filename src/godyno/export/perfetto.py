"""Perfetto: one trace for ui.perfetto.dev, with counters, slices, instants and samples with their stacks.

Written packet by packet (``perfetto_trace.proto``, through the ``perfetto`` package), on MONOTONIC (clock 3) with snapshots
of the other clocks, so that nothing has to be converted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any, ClassVar

from godyno.clock import BOOTTIME, REALTIME
from godyno.export.lanes import Lanes
from godyno.export.source import Frame, Source, Span, placed, scale_of
from godyno.export.target import file_only, whole_file

MONOTONIC_ID, REALTIME_ID, BOOTTIME_ID = 3, 1, 6  # builtin_clock.proto
_SEQUENCE = 1
_CLEARED, _NEEDS_STATE = 1, 2
_MOST_ID = 2**31


class Perfetto:
    """Series become counters, spans slices, events and lines instants, samples perf samples; goroutines get rows of their own.

    Spans of one row that overlap without one holding the other are put side by side, since a row of Perfetto's only nests.
    """

    name: ClassVar[str] = "perfetto"
    summary: ClassVar[str] = "a trace for ui.perfetto.dev: counters, slices, samples with stacks"
    suffix: ClassVar[str] = ".perfetto-trace"

    def export(self, capture: Any, out: str) -> Sequence[str]:
        """Writes the trace. Raises GodynoError, CaptureCorrupt."""
        path = file_only(out, self.name)
        source = Source(capture)
        with whole_file(path) as file:
            _Trace(source, file).write()
        if not source.manifest.brackets:
            source.omitted.say("The trace has no time of day: the capture has no reading of the wall clock.")
        return source.omitted.sentences()


class _Trace:
    def __init__(self, source: Source, file: IO[bytes]) -> None:
        from perfetto.protos.perfetto.trace import perfetto_trace_pb2

        self.proto: Any = perfetto_trace_pb2
        self.event: Any = perfetto_trace_pb2.TrackEvent
        self.source, self.file = source, file
        self.tracks: dict[tuple[Any, ...], int] = {}
        self.names: dict[int, str] = {}

    def write(self) -> None:
        """Everything, in an order that a reader with a full sort takes."""
        first = self.packet()
        first.sequence_flags = _CLEARED
        first.trace_packet_defaults.timestamp_clock_id = MONOTONIC_ID
        first.trace_packet_defaults.perf_sample_defaults.timebase.name = "samples"
        first.trace_packet_defaults.perf_sample_defaults.timebase.timestamp_clock = 2  # PERF_CLOCK_MONOTONIC
        self.put(first)
        self.clocks()
        self.processes()
        self.counters()
        self.slices()
        self.instants()
        self.samples()
        self.findings()

    # ---- packets and tracks

    def packet(self, t_ns: int | None = None) -> Any:
        """An empty packet, at an instant of MONOTONIC."""
        packet = self.proto.TracePacket()
        packet.trusted_packet_sequence_id = _SEQUENCE
        if t_ns is not None:
            packet.timestamp = t_ns
            packet.timestamp_clock_id = MONOTONIC_ID
        return packet

    def put(self, packet: Any) -> None:
        """Appends it: a Trace is nothing but its packets, each as field 1."""
        data = packet.SerializeToString()
        self.file.write(b"\x0a" + _varint(len(data)) + data)

    def track(self, key: tuple[Any, ...], name: str, parent: int = 0, **fill: Any) -> int:
        """The track with ``key``, described when it is first used."""
        found = self.tracks.get(key)
        if found is None:
            found = self.tracks[key] = len(self.tracks) + 1
            packet = self.packet()
            packet.track_descriptor.uuid = found
            packet.track_descriptor.name = name
            if parent:
                packet.track_descriptor.parent_uuid = parent
            for part, values in fill.items():
                message = getattr(packet.track_descriptor, part)
                message.SetInParent()
                for one, value in values.items():
                    setattr(message, one, value)
            self.put(packet)
        return found

    def process(self, pid: int) -> int:
        """The track of a process."""
        name = self.names.get(pid, "")
        return self.track(("pid", pid), name, process={"pid": pid, "process_name": name})

    def row(self, layer: str, name: str, pid: int = 0, lane: int = 0) -> int:
        """The track of a row: below its process where it has one, else below its layer."""
        parent = self.process(pid) if 0 < pid < _MOST_ID else self.track(("layer", layer), layer or "unnamed")
        return self.track(("row", layer, name, pid, lane), name or layer or "unnamed", parent)

    # ---- what is in it

    def clocks(self) -> None:
        """A snapshot for each bracket; the first says that the trace is on MONOTONIC."""
        ids = {REALTIME: REALTIME_ID, BOOTTIME: BOOTTIME_ID}
        good = [
            one for one in self.source.manifest.brackets
            if one.clock in ids and 0 <= one.t_ns < 2**62 and 0 <= one.t_ns + one.offset_ns < 2**63
        ]  # fmt: skip
        for bracket in good:
            packet = self.packet(bracket.t_ns)
            snapshot = packet.clock_snapshot
            snapshot.primary_trace_clock = MONOTONIC_ID
            snapshot.clocks.add(clock_id=MONOTONIC_ID, timestamp=bracket.t_ns)
            snapshot.clocks.add(clock_id=ids[bracket.clock], timestamp=bracket.t_ns + bracket.offset_ns)
            self.put(packet)
        if not good:
            packet = self.packet(0)
            packet.clock_snapshot.primary_trace_clock = MONOTONIC_ID
            packet.clock_snapshot.clocks.add(clock_id=MONOTONIC_ID, timestamp=0)
            self.put(packet)

    def processes(self) -> None:
        """Names of processes, from their spans."""
        for pid, name in self.source.rows(
            "SELECT pid, arg_max(name, t_start_ns) FROM spans WHERE layer = 'process' AND pid BETWEEN 1 AND"
            f" {_MOST_ID - 1} GROUP BY 1 ORDER BY 1"
        ):
            self.names[pid] = name
        for pid in self.names:
            self.process(pid)

    def counters(self) -> None:
        """A counter track for each series. Those that only rise are left as they are: the page draws their rate on demand."""
        tracks = {}
        for one in self.source.series():
            labels = {key: value for key, value in one.labels.items() if (key, value) != ("kind", "counter")}
            pid = (
                int(text)
                if (text := labels.get("pid", "")).isascii() and text.isdigit() and len(text) < 10
                else 0
            )
            inside = ", ".join(
                value if key != "pid" else "" for key, value in sorted(labels.items()) if key != "pid"
            )
            parent = self.process(pid) if pid else self.track(("layer", one.layer), one.layer or "unnamed")
            tracks[one.id] = self.track(
                ("series", one.id), f"{one.name} ({inside})" if inside else one.name, parent,
                counter={"unit_name": one.unit},
            )  # fmt: skip
        kind = self.event.TYPE_COUNTER
        for series, t_ns, value in self.source.rows(
            f"SELECT series_id, t_ns, value FROM points WHERE {placed('t_ns')} ORDER BY series_id, t_ns",
            "points",
        ):
            if (uuid := tracks.get(series)) is not None:
                packet = self.packet(t_ns)
                event = packet.track_event
                event.type, event.track_uuid, event.double_counter_value = kind, uuid, value
                self.put(packet)

    def slices(self) -> None:
        """Begin and end of every span."""
        lanes: dict[tuple[str, str, int], Lanes[int]] = {}
        for span in self.source.spans("layer, track, pid, t_start_ns, t_end_ns DESC"):
            key = (span.layer, span.track, span.pid)
            if key not in lanes:
                for one in lanes.values():  # the row before is complete
                    self.ends(one.close())
                lanes = {key: Lanes()}
            lane, ended = lanes[key].place(span.start_ns, span.end_ns)
            self.ends(ended)
            name = self.names.get(span.pid, span.track) if span.layer == "process" else span.track
            uuid = self.row(span.layer, name, span.pid, lane)
            lanes[key].put(lane, uuid)
            self.slice(span, uuid)
        for one in lanes.values():
            self.ends(one.close())

    def slice(self, span: Span, uuid: int) -> None:
        """The begin of one span."""
        packet = self.packet(span.start_ns)
        event = packet.track_event
        event.type, event.track_uuid, event.name = self.event.TYPE_SLICE_BEGIN, uuid, span.name
        event.categories.append(span.layer)
        if 0 < span.tid < _MOST_ID:
            event.debug_annotations.add(name="tid", int_value=span.tid)
        self.annotate(event, span.args)
        self.put(packet)

    def ends(self, ended: Sequence[tuple[int, int]]) -> None:
        """The ends of spans: instant and track."""
        for t_ns, uuid in ended:
            packet = self.packet(t_ns)
            packet.track_event.type, packet.track_event.track_uuid = self.event.TYPE_SLICE_END, uuid
            self.put(packet)

    def instants(self) -> None:
        """Events, and lines of output by their text."""
        for event in self.source.events():
            self.instant(event.t_ns, self.row(event.layer, event.track, event.pid), event.name, event.args)
        for t_ns, stream, pid, text in self.source.lines():
            self.instant(t_ns, self.row("output", stream, pid), text or " ", {})

    def instant(self, t_ns: int, uuid: int, name: str, args: Mapping[str, Any]) -> None:
        """One instant."""
        packet = self.packet(t_ns)
        event = packet.track_event
        event.type, event.track_uuid, event.name = self.event.TYPE_INSTANT, uuid, name
        self.annotate(event, args)
        self.put(packet)

    def annotate(self, event: Any, args: Mapping[str, Any]) -> None:
        """What a span or event has to say, for the page's details."""
        for key, value in args.items():
            note = event.debug_annotations.add(name=str(key))
            if isinstance(value, bool):
                note.bool_value = value
            elif isinstance(value, int) and -(2**63) <= value < 2**63:
                note.int_value = value
            elif isinstance(value, float):
                note.double_value = value
            else:
                note.string_value = value if isinstance(value, str) else json.dumps(value)

    def samples(self) -> None:
        """Each sample as a perf sample of its thread; with a goroutine also on that goroutine's row, with its weight."""
        interned = _Interned(self.source.stacks())
        layers: dict[str, int] = {}
        for t_ns, layer, pid, tid, goroutine, weight, stack in self.source.samples(
            "t_ns, layer, pid, tid, goroutine, weight, stack_id", "ORDER BY t_ns"
        ):
            layers[layer] = layers.get(layer, 0) + 1
            packet = self.packet(t_ns)
            packet.sequence_flags = _NEEDS_STATE
            iid = interned.callstack(stack, packet)
            sample = packet.perf_sample
            sample.callstack_iid, sample.timebase_count = iid, layers[layer]
            if 0 <= pid < _MOST_ID and 0 <= tid < _MOST_ID:
                sample.pid, sample.tid = pid, tid or pid
            self.put(packet)
            if goroutine > 0:
                packet = self.packet(t_ns)
                packet.sequence_flags = _NEEDS_STATE
                event = packet.track_event
                event.type = self.event.TYPE_INSTANT
                event.track_uuid = self.row("goroutine", f"goroutine {goroutine}", pid)
                event.name, event.callstack_iid, event.callstack_weight = layer, iid, weight
                self.put(packet)
        if len(layers) > 1:
            self.source.omitted.say(
                f"Samples of {', '.join(sorted(layers))} are one kind of sample there: Perfetto's flame graph adds them up."
            )
        for layer in layers:
            if scale_of(layer)[0] != "nanoseconds":
                self.source.omitted.say(f"Perfetto counts the samples of {layer}, whatever their weight.")

    def findings(self) -> None:
        """Findings over the time of their first evidence."""
        without = 0
        for finding in self.source.capture.findings():
            spots = [(one.t_start_ns, one.t_end_ns) for one in finding.evidence if one.t_start_ns is not None]
            if not spots or not 0 <= (start := spots[0][0] or 0) < 2**62:
                without += 1
                continue
            end = spots[0][1]
            uuid = self.track(
                ("finding", len(self.tracks)), finding.source, self.track(("layer", "findings"), "findings")
            )
            args = {
                "severity": finding.severity,
                "advice": finding.advice,
                "confidence": finding.confidence.value,
            }
            last = end if end is not None and start <= end < 2**62 else start
            self.slice(Span(start, last, finding.source, "", finding.claim, 0, 0, args), uuid)
            self.ends([(last, uuid)])
        self.source.omitted.count(without, "finding", "no evidence with a time")


class _Interned:
    """Names, frames and stacks, each written once and then called by its number."""

    def __init__(self, stacks: Mapping[int, Sequence[Frame]]) -> None:
        self.stacks = stacks
        self.known: dict[tuple[str, Any], int] = {}

    def callstack(self, stack: int, packet: Any) -> int:
        """The number of a stack; what the reader does not know yet is put into ``packet``. The root comes first there."""
        if ("callstack", stack) in self.known:
            return self.known[("callstack", stack)]
        data = packet.interned_data
        frames = [self._frame(frame, data) for frame in reversed(self.stacks[stack])]
        iid, _ = self._new("callstack", stack)
        data.callstacks.add(iid=iid, frame_ids=frames)
        return iid

    def _frame(self, frame: Frame, data: Any) -> int:
        iid, fresh = self._new("frame", frame)
        if fresh:
            function = self._text("function", frame.function or "[unknown]", data.function_names)
            mapping, new = self._new("mapping", frame.binary)
            if new:
                path = self._text("path", frame.binary or "[unknown]", data.mapping_paths)
                data.mappings.add(iid=mapping, path_string_ids=[path])
            added = data.frames.add(iid=iid, function_name_id=function, mapping_id=mapping, rel_pc=iid)
            if frame.file:
                added.source_path_iid = self._text("source", frame.file, data.source_paths)
                added.line_number = frame.line
        return iid

    def _text(self, kind: str, text: str, where: Any) -> int:
        iid, fresh = self._new(kind, text)
        if fresh:
            where.add(iid=iid, str=text.encode())
        return iid

    def _new(self, kind: str, key: Any) -> tuple[int, bool]:
        found = self.known.get((kind, key))
        if found is not None:
            return found, False
        self.known[(kind, key)] = len(self.known) + 1
        return len(self.known), True


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
