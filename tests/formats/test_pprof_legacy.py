import re
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError, GoNotFound
from godyno.formats.pprof import ValueType, profile
from godyno.toolchain import find_go

HEAP = b"""heap profile: 3: 300 [5: 500] @ heap/2
1: 100 [2: 200] @ 0x10 0x20
#	0xf	main.f+0x1	/m/main.go:3

2: 200 [3: 300] @ 0x10 0x30

# runtime.MemStats
# Alloc = 1
"""
CONTENTION = b"""--- contentionz 1 ---
cycles/second = 2000000000
sampling period = 10
ms since reset = 7
  4000   3 @ 0x11 0x21
MAPPED_LIBRARIES:
00400000-00500000 r-xp 00000000 08:01 1 /bin/x
"""
THREADS = b"""--- threadz 1 ---

--- Thread 7eff (name: main/1) stack: ---
  PC: 0x10 0x20
--- Thread 7efe (name: one/2) stack: ---
  [same as previous thread]
MAPPED_LIBRARIES:
"""
JAVA_HEAP = b"""--- heapz 1 ---
format = java
resolution = bytes
 524288000 1000 @ 0x3 0x4
 0x00000003 com.example.F (F.java:3)
"""


def test_a_heap_tells_what_was_allocated_from_what_is_in_use() -> None:
    found = profile(HEAP)
    assert [kind.type for kind in found.sample_types] == [
        "alloc_objects",
        "alloc_space",
        "inuse_objects",
        "inuse_space",
    ]
    assert found.totals() == (5, 500, 3, 300)  # a rate of 1 byte scales nothing
    assert [location.address for location in found.locations] == [0xF, 0x1F, 0x2F]
    assert found.samples[1].stack == (0, 2) and found.samples[1].numbers == {"bytes": ((100, "bytes"),)}


def test_sampled_heaps_are_scaled_to_what_they_stand_for() -> None:
    rate = 524288
    text = f"heap profile: 1: {rate} [1: {rate}] @ heap_v2/{rate}\n1: {rate} [1: {rate}] @ 0x10\n".encode()
    found = profile(text)
    assert found.sample_types == (ValueType("objects", "count"), ValueType("space", "bytes"))
    assert found.totals() == (1, int(rate / (1 - 2.718281828459045**-1)))


def test_contention_is_in_nanoseconds_times_the_sampling_period() -> None:
    found = profile(CONTENTION)
    assert (found.totals(), found.duration_ns, found.period) == ((30, 20_000), 7_000_000, 10)


def test_a_thread_may_be_the_same_as_the_one_before() -> None:
    found = profile(THREADS)
    assert found.totals() == (2,)
    assert [location.address for location in found.locations] == [0x10, 0x1F]


def test_java_s_heap_is_scaled_and_its_names_are_no_samples() -> None:
    found = profile(JAVA_HEAP)
    seen = 1 - 2.718281828459045**-1  # objects as large as the sampling rate
    assert found.totals() == (int(1000 / seen), int(524288000 / seen))


@pytest.mark.parametrize("form", ["<I", "<Q", ">I", ">Q"])
def test_perftools_binary_is_read_in_either_size_and_order(form: str) -> None:
    words = (0, 3, 0, 10_000, 0, 7, 2, 0x401000, 0x402001, 0, 1, 0)
    found = profile(
        b"".join(struct.pack(form, word) for word in words) + b"00400000-00500000 r-xp 0 08:01 1 /bin/x\n"
    )
    assert found.totals() == (7, 70_000_000)
    assert [location.address for location in found.locations] == [0x401000, 0x402000]


@pytest.mark.parametrize(
    "text",
    [
        HEAP.replace(b"1: 100 [2: 200] @ 0x10 0x20", b"what is this"),
        HEAP.replace(b"1: 100 [2", b"0: 100 [2"),
        HEAP.replace(b"200]", b"9" * 30 + b"]"),
        HEAP.replace(b"heap/2", b"heapless"),
        struct.pack("<8Q", 0, 3, 0, 10_000, 0, 7, 1 << 40, 1),
        struct.pack("<6Q", 0, 3, 0, 10_000, 0, 7),
    ],
)
def test_damage_is_refused(text: bytes) -> None:
    with pytest.raises(FormatError, match=r"legacy|perftools"):
        profile(text)


@given(st.sampled_from([HEAP, CONTENTION, THREADS, JAVA_HEAP]), st.integers(0, 300), st.binary(max_size=8))
def test_no_bytes_raise_anything_but_format_error(text: bytes, position: int, piece: bytes) -> None:
    at = position % len(text)
    try:
        profile(text[:at] + piece + text[at + len(piece) :]).totals()
    except FormatError:
        pass


PROGRAM = """package main

import (
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
)

var kept [][]byte

func main() {
	runtime.MemProfileRate = 512
	runtime.SetMutexProfileFraction(1)
	for i := 0; i < 1000; i++ {
		kept = append(kept, make([]byte, 1000+i))
	}
	kept = kept[500:]
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 1000; k++ {
				mu.Lock()
				runtime.Gosched()
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	runtime.GC()
	for _, name := range []string{"heap", "allocs", "mutex", "goroutine", "threadcreate"} {
		f, _ := os.Create(os.Args[1] + "/" + name)
		pprof.Lookup(name).WriteTo(f, 1)
	}
}
"""


@pytest.mark.integration
def test_text_that_go_writes_adds_up_to_what_go_tool_pprof_reads(tmp_path: Path) -> None:
    try:
        go = find_go()
    except GoNotFound as error:
        pytest.skip(str(error))
    (tmp_path / "main.go").write_text(PROGRAM)
    (tmp_path / "go.mod").write_text("module example.com/p\n\ngo 1.21\n")
    go.run("build", "-o", "p", ".", cwd=tmp_path, env={"GOFLAGS": None, "CGO_ENABLED": "0"})
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run([tmp_path / "p", out], check=True, timeout=60)
    for path in sorted(out.iterdir()):
        raw = go.run(
            "tool", "pprof", "-raw", "-symbolize=none", str(path), env={"PPROF_TMPDIR": str(tmp_path)}
        )
        samples = raw.partition("Samples:\n")[2].partition("\nLocations")[0].splitlines()[1:]
        rows = [
            [int(n) for n in m[1].split()]
            for line in samples
            if (m := re.match(r"\s*(\d+(?:\s+\d+)*):", line))
        ]
        assert profile(path.read_bytes()).totals() == tuple(map(sum, zip(*rows, strict=True))), path.name
        assert rows, path.name
