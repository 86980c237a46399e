"""What is fuzzed: each parser by name, as a function of bytes which also uses what it gave.

A target returns or raises GodynoError. Anything else, more than some seconds, or more memory than its input explains, is
a finding. ``pclntab`` and ``exectrace`` (the Go program) take programs and traces; ``decoded`` is what Python reads of the
latter's output.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

from godyno.capture import journal
from godyno.capture.manifest import MANIFEST, read_manifest
from godyno.capture.reader import open_capture
from godyno.capture.tables import TableWriter
from godyno.formats import (
    actiongraph,
    benchfmt,
    buildcommand,
    debuglines,
    elf,
    exectrace,
    gctrace,
    inittrace,
    pclntab,
    perfdata,
    pprof,
    pprof_writing,
    rfc3339,
    schedtrace,
    shimlog,
    strace,
    test2json,
)
from godyno.probes.runtime import wait_tables, waits
from godyno.recorder.seal import _Replay

# Thousands of small directories a second: in memory where there is such a place.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split("\n")


def _pprof(data: bytes) -> None:
    profile = pprof.profile(data)
    profile.totals()
    for sample in profile.samples[:200]:
        list(profile.frames(sample))
    if len(profile.samples) < 2000:
        pprof.profile(pprof_writing.encoded(profile, compress=False))


def _perfdata(data: bytes) -> None:
    source = perfdata.perf_data(data)
    records = source.sorted_records()
    list(perfdata.syscalls(records))
    for record in records:
        if isinstance(record, perfdata.PerfSample):
            for name in ("next_comm", "id", "ret", "comm"):
                record.field(name), record.text(name)


def _elf(data: bytes) -> None:
    source = elf.elf(data)
    source.build_id(), source.build_id("Go")
    for section in source.sections:
        source.contents(section), source.at(section.address, 64), source.address_of(section.offset)
    source.relative_relocations(0, 1 << 64)


def _pclntab(data: bytes) -> None:
    table = pclntab.pclntab(data)
    for address, _ in itertools.islice(table.function_names(), 100):
        for offset in (0, 1, 7, 40):
            table.frames(address + offset)
    table.frames(table.text[1] - 1)


def _decoded(data: bytes) -> None:
    """Files of a decoder's output: ``name, NUL, length in decimal, NUL, bytes`` repeated."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        while data:
            name, _, data = data.partition(b"\0")
            size, _, data = data.partition(b"\0")
            length = int(size) if size.isdigit() and len(size) < 8 else len(data)
            file = name.decode("latin-1").replace("/", "_")[:40]
            if file not in ("", ".", ".."):
                Path(scratch, file).write_bytes(data[:length])
            data = data[length:]
        trace = exectrace.read_decoded(Path(scratch))
        trace.strings()
        for table in trace.columns:
            trace.table(table)


def _each(parse: Callable[[str], object]) -> Callable[[bytes], None]:
    from godyno.errors import GodynoError

    def target(data: bytes) -> None:
        for line in _lines(data):
            try:
                parse(line)
            except GodynoError:
                pass

    return target


def _debuglines(data: bytes) -> None:
    """Fragments that begin where a byte of 0xff stands."""
    reader = debuglines.DebugLines()
    own, fed = 0, 0
    for t_ns, fragment in enumerate(data.split(b"\xff")):
        fed += len(fragment)
        found = reader.feed(t_ns * 10_000_000, fragment)
        own += sum(len(f.data) for f in found if isinstance(f, debuglines.OwnText))
    found = reader.close()
    assert own + sum(len(f.data) for f in found if isinstance(f, debuglines.OwnText)) <= fed


def _actiongraph(data: bytes) -> None:
    actions = actiongraph.action_graph(data)
    actiongraph.critical_path(actions)
    sum(action.queueing_s + action.work_s + action.ran_commands for action in actions)


def _test2json(data: bytes) -> None:
    events, _ = test2json.json_events(data.split(b"\n"))
    test2json.results(events), test2json.output_lines(events)
    plain = list(test2json.plain_events((n, line) for n, line in enumerate(_lines(data))))
    test2json.results(plain), test2json.output_lines(plain)


def _benchfmt(data: bytes) -> None:
    results = list(benchfmt.read(_lines(data)))
    list(benchfmt.read(benchfmt.text(results).split("\n")))
    assert all(result.base_name in result.name for result in results)


def _buildcommand(data: bytes) -> None:
    exe, *argv = data.decode("utf-8", "surrogateescape").split("\0")
    buildcommand.build_command(exe, argv)


def _journal(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        file = Path(scratch, "journal")
        file.write_bytes(data)
        for kind, payload in journal.frames(file):
            _payload(kind, payload)
    # Checksums stop a fuzzer: what they let through is tried by itself.
    _payload(data[0] % 4 if data else 0, data[1:])


def _payload(kind: int, payload: bytes) -> None:
    if kind == journal.JSON:
        list(journal.objects(payload))
    elif kind == journal.ROWS:
        list(journal.rows(payload, {0: 1, 1: 3, 2: 0}))
    elif kind == journal.CHUNK:
        journal.chunk(payload)


def _replay(data: bytes) -> None:
    """What sealing makes of records: a frame of objects up to a NUL, then one of rows."""
    objects, _, rows = data.partition(b"\0")
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        file = Path(scratch, "journal")
        frames = [(journal.JSON, objects), (journal.ROWS, rows)]
        head = (journal._FRAME.pack(len(part), zlib.crc32(part, kind), kind) + part for kind, part in frames)
        file.write_bytes(journal.MAGIC + b"".join(head))
        writer = TableWriter(Path(scratch, "raw"))
        _Replay(writer).run(file)
        writer.largest_sum("process.cpu")
        writer.write(Path(scratch))


def _manifest(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        Path(scratch, MANIFEST).write_bytes(data)
        manifest = read_manifest(Path(scratch))
        json.dumps(manifest.as_json())
        manifest.tags, manifest.probe("perf")


def _pack(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        file = Path(scratch, "x.dyno.zip")
        file.write_bytes(data)
        with open_capture(file) as capture:
            capture.tables(), capture.findings()
            for name in ("series", "points", "spans", "frames"):
                capture.table(name)


def _strace(data: bytes) -> None:
    list(strace.Strace().events(_lines(data)))


def _shimlog(data: bytes) -> None:
    shimlog.shim_process(data.split(b"\n"))


def _schedtrace(line: str) -> None:
    (schedtrace.sched_state if line.startswith("S") else schedtrace.sched_detail)(line)


def _looks(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        raw = Path(scratch, "waits")
        raw.mkdir()
        (raw / waits.FILE).write_bytes(data)
        writer = TableWriter(raw)
        wait_tables.decode_looks(raw, writer, {})
        writer.write(Path(scratch))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "pprof": _pprof, "perfdata": _perfdata, "pclntab": _pclntab, "elf": _elf, "decoded": _decoded,
    "gctrace": _each(gctrace.gc_cycle), "inittrace": _each(inittrace.package_init), "schedtrace": _each(_schedtrace),
    "debuglines": _debuglines, "strace": _strace, "actiongraph": _actiongraph, "test2json": _test2json,
    "benchfmt": _benchfmt, "shimlog": _shimlog, "buildcommand": _buildcommand, "rfc3339": _each(rfc3339.unix_ns),
    "looks": _looks, "journal": _journal, "replay": _replay, "manifest": _manifest, "pack": _pack,
}  # fmt: skip
