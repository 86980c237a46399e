"""Small real files to start from, made by the tools of this machine: Go, perf, strace; and the samples of tests/data."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from godyno.capture import journal
from godyno.formats import exectrace, pprof, pprof_writing
from godyno.formats.elf import elf
from godyno.formats.pclntab import Pclntab
from godyno.toolchain import find_go
from godyno.toolchain.programs import trace_decoder

DATA = Path(__file__).parent.parent / "data"

PROGRAM = """package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

var sink []byte

func work(until time.Duration) (sum int) {
	for began := time.Now(); time.Since(began) < until; {
		sum += strings.Count("seed", "e")
	}
	return sum
}

func main() {
	os.Chdir(os.Args[1])
	t, _ := os.Create("trace")
	c, _ := os.Create("cpu.pprof")
	runtime.SetBlockProfileRate(1)
	pprof.StartCPUProfile(c)
	work(60 * time.Millisecond)
	trace.Start(t)
	ctx, task := trace.NewTask(context.Background(), "task")
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go pprof.Do(ctx, pprof.Labels("worker", "w"), func(ctx context.Context) {
			defer wg.Done()
			trace.WithRegion(ctx, "region", func() { sink = make([]byte, 1<<16); work(time.Millisecond) })
			trace.Log(ctx, "category", "message")
			time.Sleep(time.Millisecond)
		})
	}
	wg.Wait()
	task.End()
	runtime.GC()
	trace.Stop()
	pprof.StopCPUProfile()
	for _, name := range []string{"heap", "goroutine", "block"} {
		f, _ := os.Create(name + ".pprof")
		pprof.Lookup(name).WriteTo(f, 0)
		f, _ = os.Create(name + ".legacy")
		pprof.Lookup(name).WriteTo(f, 1)
	}
}
"""
_PERF = {
    "stacks": ["-e", "cpu-clock", "-F", "199", "-g"],
    "calls": ["-e", "raw_syscalls:sys_enter,raw_syscalls:sys_exit,sched:sched_switch", "-c", "9"],
}


def seeds() -> Iterator[tuple[str, str, bytes]]:
    """(target, name, contents). What a missing tool would have made is left out, and said so on stderr."""
    with tempfile.TemporaryDirectory() as scratch:
        yield from _of_go(Path(scratch))
        yield from _of_tools(Path(scratch))
    for target, pattern in (
        ("gctrace", "godebug/gctrace*"), ("inittrace", "godebug/inittrace*"), ("schedtrace", "godebug/sched*"),
        ("debuglines", "godebug/*-1.2[15]*"), ("actiongraph", "actiongraph/*"), ("test2json", "test2json/*"),
        ("benchfmt", "test2json/*.txt"),
    ):  # fmt: skip
        for path in DATA.glob(pattern):
            contents = path.read_bytes()
            # Coverage needs no megabyte: a fuzzer is as fast as its inputs are short.
            yield target, path.name, contents[:4096] if target != "actiongraph" else _few_actions(contents)
    yield from _made()


def _of_go(scratch: Path) -> Iterator[tuple[str, str, bytes]]:
    go = find_go()
    (scratch / "main.go").write_text(PROGRAM)
    (scratch / "go.mod").write_text("module example.com/seed\n\ngo 1.21\n")
    go.run("build", "-o", "seed", ".", cwd=scratch, env={"GOFLAGS": None, "CGO_ENABLED": "0"})
    go.run(
        "build", "-buildmode=pie", "-o", "pie", ".", cwd=scratch, env={"GOFLAGS": None, "CGO_ENABLED": "0"}
    )
    subprocess.run([scratch / "seed", scratch], check=True)
    for path in scratch.glob("*.pprof"):
        profile = pprof.profile(path.read_bytes())
        yield "pprof", path.name, pprof_writing.encoded(profile, compress=False)
        yield "pprof", path.name + ".gz", path.read_bytes()
    for path in scratch.glob("*.legacy"):
        yield "pprof", path.name, path.read_bytes()
    yield "pprof", "perftools", struct.pack("<13Q", 0, 3, 0, 10000, 0, 7, 2, 0x401000, 0x402000, 0, 1, 0, 0)
    trace = (scratch / "trace").read_bytes()
    yield "exectrace", "trace", trace
    exectrace.decode(trace_decoder(go), scratch / "trace", scratch / "decoded")
    parts = [
        f"{file.name}\0{len(data)}\0".encode() + data
        for file in sorted((scratch / "decoded").iterdir())
        if (data := file.read_bytes())
    ]
    yield "decoded", "decoded", b"".join(parts)
    subprocess.run(
        [sys.executable, "-m", "godyno", "record", "-q", "--level", "standard", "-o", "looks.dyno", "--", "./seed", scratch],
        cwd=scratch, check=True,
    )  # fmt: skip
    yield "looks", "looks", (scratch / "looks.dyno" / "raw" / "waits" / "looks.jsonl").read_bytes()[:4096]
    for name in ("seed", "pie"):
        small = small_program((scratch / name).read_bytes())
        yield "pclntab", name, small
        yield "elf", name, small


def small_program(program: bytes, count: int = 40) -> bytes:
    """An ELF file with the pclntab of the first ``count`` functions of ``program`` and all that these refer to."""
    source = elf(program)
    table = Pclntab(source)
    words = list(struct.unpack_from("<8Q", table._data, 8))
    functions = [table._read_function(i) for i in range(count)]
    offsets = list(table._offsets[: count + 1])
    starts, units = words[3:8], max(f.unit for f in functions) + 40
    raw = [struct.unpack_from("<IiiIIIIII", table._functions, offset) for offset in offsets]
    cuts = [
        max(r[1] for r in raw) + 200,
        units * 4,
        max(struct.unpack_from(f"<{units}I", table._units)[i] & 0xFFFFFF for i in range(units)) + 200,
        max(max(r[4:7]) for r in raw) + 400,
    ]
    parts, at = [], 72
    for index, cut in enumerate(cuts):
        start = starts[index]
        part = bytes(table._data[start : start + min(cut, starts[index + 1] - start)])
        words[3 + index] = at
        parts.append(part + bytes(-len(part) % 8))
        at += len(parts[-1])
    words[7], words[0] = at, count
    # The table of functions is as long as it was, so its records move to right behind a shorter one.
    shift = offsets[0] - (count * 8 + 8)
    body = b"".join(struct.pack("<II", table._entries[i], table._offsets[i] - shift) for i in range(count))
    body += struct.pack("<II", table._entries[count], 0)
    trees, records = bytearray(8), bytearray(table._functions[offsets[0] : offsets[count]])
    for index, function in enumerate(functions):
        if function.tree:
            place = offsets[index] - offsets[0] + 44 + 4 * (raw[index][7] + 3)
            struct.pack_into("<I", records, place, len(trees))
            trees += source.at(function.tree, 16 * (max(function.inline[1], default=0) + 1))
    pclntab = bytes(table._data[:8]) + struct.pack("<8Q", *words) + b"".join(parts) + body + bytes(records)
    module = bytearray(400)
    base, text = 0x400000, 0x401000
    pad = -len(pclntab) % 16
    head = 64 + 56 + 64 * 6
    module_at = head + len(pclntab) + pad
    trees_at = module_at + len(module)
    struct.pack_into("<Q", module, 0, base + head)
    struct.pack_into("<4Q", module, 160, text, text + words[2] % 7 + 1, text, text + (1 << 20))
    struct.pack_into("<Q", module, 344 if table._release >= 27 else 320, base + trees_at)
    info = b"\xff Go buildinf:\x08\x02" + bytes(16) + f"go1.{table._release}".encode() + bytes(8)
    names = b"\0.gopclntab\0.noptrdata\0.go.buildinfo\0.shstrtab\0.text\0"
    body = pclntab + bytes(pad) + bytes(module) + bytes(trees) + info + names
    info_at = trees_at + len(trees)
    sections = [
        (0, 0, 0, 0, 0),
        (1, 1, base + head, head, len(pclntab)),
        (12, 1, base + module_at, module_at, len(module)),
        (23, 1, base + info_at, info_at, len(info)),
        (37, 3, 0, info_at + len(info), len(names)),
        (47, 1, text, head, 16),
    ]
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, text, 64, 120, 0, 64, 56, 1, 64, 6, 4)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, head + len(body), head + len(body), 4096)
    rows = b"".join(struct.pack("<IIQQQQIIQQ", n, k, 0, a, o, s, 0, 0, 1, 0) for n, k, a, o, s in sections)
    return header + segment + rows + body


def _of_tools(scratch: Path) -> Iterator[tuple[str, str, bytes]]:
    for name, args in _PERF.items():
        file = scratch / f"{name}.perf"
        done = shutil.which("perf") and not subprocess.run(
            ["perf", "record", "-q", "-k", "CLOCK_MONOTONIC", "-o", str(file), *args, "--", "sh", "-c", "ls / > /dev/null"],
            capture_output=True, check=False,
        ).returncode  # fmt: skip
        if done:
            yield "perfdata", name, file.read_bytes()
        else:
            print(f"perf may not record {name} here", file=sys.stderr)
    if shutil.which("strace"):
        out = scratch / "strace"
        subprocess.run(
            ["strace", "-f", "-ttt", "-T", "-o", str(out), "sh", "-c", "ls / | cat"],
            capture_output=True,
            check=False,
        )
        yield "strace", "strace", out.read_bytes()[:6000]


def _few_actions(contents: bytes) -> bytes:
    import json

    return json.dumps(json.loads(contents)[:6]).encode()


def _made() -> Iterator[tuple[str, str, bytes]]:
    yield "rfc3339", "utc", b"2026-01-02T03:04:05.123456789Z\n2026-01-02T03:04:05+01:30"
    yield (
        "buildcommand",
        "compile",
        b"/usr/local/go/pkg/tool/linux_amd64/compile\0compile\0-o\0/tmp/go-build1/b001/_pkg_.a\0-p\0fmt",
    )
    yield "buildcommand", "go", b"/usr/local/go/bin/go\0go\0-C\0x\0test\0./..."
    yield "buildcommand", "cc", b"/usr/bin/x86_64-linux-gnu-gcc-12\0gcc\0-###\0-x\0c\0-c\0-"
    yield (
        "shimlog",
        "shim",
        (
            b'{"shim":1,"clock":"monotonic","pid":7,"ppid":6,"argv0":"compile","package":"fmt","start_ns":5,"exact":true}\n'
            b'{"t_ns":9,"t_start_ns":8,"kind":"gctrace","line":"gc 1 @0.1s"}\n'
            b'{"end_ns":99,"exit":2,"signal":0,"user_ns":1500000000,"system_ns":1,"peak_rss_bytes":1024}'
        ),
    )
    with tempfile.TemporaryDirectory() as scratch:
        from godyno.recorder import record  # the whole way: what a recording leaves

        capture = Path(scratch, "seed.dyno")
        record(["true"], out=capture)
        yield "manifest", "manifest", (capture / "manifest.json").read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(capture.rglob("*")):
                if path.is_file():
                    file.write(path, str(path.relative_to(capture)))
        yield "pack", "capture", packed.getvalue()
        file_ = Path(scratch, "journal")
        log = journal.Journal(file_)
        sink = log.sink("seed", Path(scratch, "raw"))
        group = sink.rows([sink.series("process.cpu", "s", "process")])
        log.flush()
        sink.row(group, 5, [1.5])
        sink.span(1, 2, "gc", "gc", "mark")
        log.chunk(1, 7, b"output\n")
        log.close()
        yield "journal", "journal", b"\x01" + file_.read_bytes()
        frames = list(journal.frames(file_))
        objects, rows = (
            [payload for kind, payload in frames if kind == wanted] for wanted in (journal.JSON, journal.ROWS)
        )
        yield "replay", "records", b"\n".join(objects) + b"\0" + b"".join(rows)
        yield "journal", "whole", file_.read_bytes()
