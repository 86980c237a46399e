"""What is known of Go's compiler, from its own release notes and documentation, found in the code it makes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from godyno.errors import GodynoError
from godyno.studies.library.targets.emitted import Emitted, emitted, known_vectors
from godyno.studies.library.targets.levels import environment
from godyno.toolchain import Go, find_go
from godyno.toolchain.programs import Disassembler, disassembler

pytestmark = pytest.mark.integration


@cache
def newest() -> tuple[Go, Disassembler]:
    try:
        go = find_go({"PATH": ""})
    except GodynoError as error:
        pytest.skip(str(error))
    return go, disassembler(go)


def of(target: str, level: str, tmp_path: Path) -> Emitted:
    go, reader = newest()
    return emitted(go, environment(target, level), reader, tmp_path)


def test_amd64_v1_asks_before_it_counts_bits_and_v2_does_not(tmp_path: Path) -> None:
    first, second = tmp_path / "v1", tmp_path / "v2"
    first.mkdir()
    second.mkdir()
    v1, v2 = of("linux/amd64", "base", first), of("linux/amd64", "v2", second)
    assert "OnesCount" in v1.checked["POPCNT"] and "POPCNT" not in v1.always
    assert "OnesCount" in v2.always["POPCNT"]
    assert v1.integer_registers >= 12 and v1.float_registers == 15  # X15 is kept zero


def test_amd64_v3_uses_bmi_movbe_and_fma(tmp_path: Path) -> None:
    found = of("linux/amd64", "v3", tmp_path)
    assert {"BMI1", "BMI2", "MOVBE", "FMA"} <= set(found.always)
    assert {"Fma", "MulAdd"} <= set(found.always["FMA"])  # x*y + z may be fused


def test_arm64_with_lse_has_no_exclusive_loads_left(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    base, lse = of("linux/arm64", "base", first), of("linux/arm64", "lse", second)
    assert "AtomicAdd" in base.checked["LSE"] and "AtomicAdd" in base.checked["LL/SC"]
    assert "AtomicAdd" in lse.always["LSE"] and "LL/SC" not in {**lse.always, **lse.checked}


def test_riscv64_rva22_uses_zba_and_zbb(tmp_path: Path) -> None:
    found = of("linux/riscv64", "rva22u64", tmp_path)
    assert "ScaledAdd" in found.always["Zba"]
    assert {"AndNot", "TrailingZeros", "Rotate"} <= set(found.always["Zbb"])


@pytest.mark.parametrize("target", ["linux/386", "linux/mips", "linux/mips64le"])
def test_soft_float_leaves_no_float_instruction(target: str, tmp_path: Path) -> None:
    found = of(target, "softfloat", tmp_path)
    assert not {"SSE2", "FPU"} & {*found.always, *found.checked}
    assert found.float_registers == 0


def test_the_assembler_is_asked_what_it_knows(tmp_path: Path) -> None:
    go, _ = newest()
    assert known_vectors(go, environment("linux/amd64", "base"), tmp_path) == (
        "SSE2",
        "AVX",
        "AVX2",
        "AVX-512",
    )
    assert known_vectors(go, environment("js/wasm", "base"), tmp_path) == ()
