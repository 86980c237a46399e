import gzip
import subprocess
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from godyno.errors import FormatError, GoNotFound
from godyno.formats.pprof import (
    Frame,
    Location,
    MemoryMapping,
    Profile,
    Sample,
    ValueType,
    profile,
)
from godyno.formats.pprof_writing import _message, encoded
from godyno.toolchain import find_go

EXAMPLE = Profile(
    sample_types=(ValueType("samples", "count"), ValueType("cpu", "nanoseconds")),
    samples=(
        Sample((0, 1), (2, 20_000_000), {"endpoint": ("/a", "/b")}, {"bytes": ((512, "bytes"),)}),
        Sample((1,), (1, 10_000_000)),
    ),
    locations=(
        Location(
            1, 0x1000, 1, (Frame("inlined", "a.go", 3, "inlined", 1), Frame("caller", "a.go", 9, "caller", 5))
        ),
        Location(2, 0x2000, 1),
    ),
    mappings=(MemoryMapping(1, 0x1000, 0x9000, 0, "/bin/x", "abc"),),
    period_type=ValueType("cpu", "nanoseconds"),
    period=10_000_000,
    time_ns=1_700_000_000_000_000_000,
    duration_ns=5_000_000_000,
    comments=("hello",),
)


@pytest.mark.parametrize("compress", [True, False])
def test_what_is_written_is_read_back_the_same(compress: bool) -> None:
    assert profile(encoded(EXAMPLE, compress=compress)) == EXAMPLE


def test_writing_is_reproducible() -> None:
    assert encoded(EXAMPLE) == encoded(EXAMPLE)


def test_totals_and_frames() -> None:
    assert EXAMPLE.totals() == (3, 30_000_000)
    assert [frame.function for frame in EXAMPLE.frames(EXAMPLE.samples[0])] == ["inlined", "caller", "0x2000"]
    assert Profile((ValueType("a", "b"),)).totals() == (0,)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def message(*fields: tuple[int, int | bytes]) -> bytes:
    return b"".join(
        varint(number << 3) + varint(value)
        if isinstance(value, int)
        else varint(number << 3 | 2) + varint(len(value)) + value
        for number, value in fields
    )


TYPE, EMPTY = (1, message((1, 0))), (6, b"")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "empty file"),
        (b"hello, I am no profile", "Not a pprof profile"),
        (message((1, message((1, 7))), EMPTY), r"string -?\d+, which it does not hold"),
        (message((1, message((1, (1 << 64) - 1))), EMPTY), r"string -?\d+, which it does not hold"),
        (message((6, b"first")), "first string is not empty"),
        (message(TYPE, (2, message((1, 5), (2, 1))), EMPTY), "location 5"),
        (message(TYPE, (4, message((1, 1), (4, message((1, 3))))), EMPTY), "function 3"),
        (message(TYPE, (4, message((1, 1), (2, 3))), EMPTY), "mapping 3"),
        (message(TYPE, (2, message((2, 1), (2, 2))), EMPTY), "2 values for 1 sample types"),
        (message((2, b""), EMPTY), "without a sample type"),
        (gzip.compress(b"x" * 100)[:-9], "gzip data is damaged"),
        (b"\x1f\x8b" + b"x" * 30, "gzip data is damaged"),
    ],
)
def test_what_refers_to_what_is_not_there_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        profile(raw)


def test_a_gzip_bomb_is_refused() -> None:
    with pytest.raises(FormatError, match="unpacks to more than 1 MiB"):
        profile(gzip.compress(bytes(3 << 20)), most_bytes=1 << 20)


@settings(deadline=None)
@given(st.binary(), st.integers(0, 400), st.integers(0, 255))
def test_no_bytes_raise_anything_but_format_error(tail: bytes, position: int, value: int) -> None:
    good = bytearray(encoded(EXAMPLE, compress=False))
    good[position % len(good)] = value
    for data in (tail, bytes(good), bytes(good) + tail, gzip.compress(tail)):
        try:
            profile(data).totals()
        except FormatError:
            pass


PROGRAM = """package main

import (
	"os"
	"runtime/pprof"
	"time"
)

//go:noinline
func burn(d time.Duration) (n int) {
	for start := time.Now(); time.Since(start) < d; n++ {
	}
	return n
}

func main() {
	f, _ := os.Create(os.Args[1])
	pprof.StartCPUProfile(f)
	burn(300 * time.Millisecond)
	pprof.StopCPUProfile()
	f.Close()
	h, _ := os.Create(os.Args[2])
	pprof.Lookup("allocs").WriteTo(h, 0)
	h.Close()
}
"""


@pytest.mark.integration
def test_profiles_of_a_real_program_are_read(tmp_path: Path) -> None:
    try:
        go = find_go()
    except GoNotFound as error:
        pytest.skip(str(error))
    (tmp_path / "main.go").write_text(PROGRAM)
    (tmp_path / "go.mod").write_text("module p\n\ngo 1.21\n")
    go.run("build", "-o", "p", ".", cwd=tmp_path, env={"GOFLAGS": None, "CGO_ENABLED": "0"})
    subprocess.run([tmp_path / "p", tmp_path / "cpu", tmp_path / "allocs"], check=True, timeout=60)
    cpu = profile((tmp_path / "cpu").read_bytes())
    assert [kind.type for kind in cpu.sample_types] == ["samples", "cpu"]
    assert cpu.period == 10_000_000 and cpu.time_ns > 0
    in_burn = [s for s in cpu.samples if "main.burn" in [f.function for f in cpu.frames(s)]]
    assert sum(s.values[1] for s in in_burn) > 0.5 * cpu.totals()[1] > 0
    allocs = profile((tmp_path / "allocs").read_bytes())
    assert [kind.type for kind in allocs.sample_types] == [
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
    ]
    assert profile(encoded(allocs)) == allocs
    reread = go.try_run("tool", "pprof", "-raw", "-symbolize=none", str(tmp_path / "cpu"))
    if reread.returncode == 0:
        (tmp_path / "again").write_bytes(encoded(cpu))
        again = go.run("tool", "pprof", "-raw", "-symbolize=none", str(tmp_path / "again"))
        assert again.partition("Samples:")[2] == reread.stdout.partition("Samples:")[2]


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 255), st.integers(0, 400), st.integers(0, 255))
def test_what_protobuf_makes_of_the_bytes_is_what_is_read(
    at: int, value: int, other_at: int, other: int
) -> None:
    data = bytearray(encoded(EXAMPLE, compress=False))
    data[at % len(data)], data[other_at % len(data)] = value, other
    message_of_all = _message("Profile")()
    try:
        message_of_all.ParseFromString(bytes(data))
        found = profile(bytes(data))
    except (DecodeError, FormatError):
        return
    assert [sample.values for sample in found.samples] == [
        tuple(sample.value) for sample in message_of_all.sample
    ]
    assert [place.address for place in found.locations] == [
        place.address for place in message_of_all.location
    ]
    assert (found.time_ns, found.period) == (message_of_all.time_nanos, message_of_all.period)
