import pytest

from godyno.studies.library.targets.extensions import VECTORS, extension, family, is_packed, wasm_extension


@pytest.mark.parametrize(
    ("goarch", "mnemonic", "wanted"),
    [
        ("amd64", "popcnt", "POPCNT"), ("amd64", "andn", "BMI1"), ("amd64", "shlx", "BMI2"), ("amd64", "vfmadd231sd", "FMA"),
        ("amd64", "roundsd", "SSE4.1"), ("amd64", "addsd", "SSE2"), ("amd64", "vaddpd", "AVX"), ("amd64", "add", ""), ("amd64", "mov", ""),
        ("arm64", "ldaddal", "LSE"), ("arm64", "casal", "LSE"), ("arm64", "ldaxr", "LL/SC"), ("arm64", "str", ""), ("arm64", "ldr", ""),
        ("riscv64", "sh3add", "Zba"), ("riscv64", "rev8", "Zbb"), ("riscv64", "czeroeqz", "Zicond"), ("riscv64", "vaddvv", "V"),
        ("riscv64", "add", ""), ("ppc64le", "modsd", "ISA 3.0"), ("ppc64le", "brd", "ISA 3.1"), ("mips64le", "add.d", "FPU"),
        ("loong64", "xvaddv", "LASX"), ("s390x", "popcnt", "POPCNT"), ("wasm", "anything", ""),
    ],
)  # fmt: skip
def test_an_instruction_belongs_to(goarch: str, mnemonic: str, wanted: str) -> None:
    assert extension(goarch, mnemonic) == wanted


def test_evex_encoded_instructions_are_avx_512_on_amd64_alone() -> None:
    assert extension("amd64", "vaddpd", b"\x62\xf1") == "AVX-512"
    assert extension("386", "bound", b"\x62\x00") == ""


def test_packed_arithmetic_is_told_from_scalar() -> None:
    assert is_packed("amd64", "addpd xmm0, xmm1")
    assert not is_packed("amd64", "addsd xmm0, xmm1")
    assert is_packed("arm64", "fadd v0.2d, v1.2d, v2.2d")
    assert not is_packed("arm64", "fadd d0, d1, d2")
    assert is_packed("riscv64", "vfaddvv v1, v2, v3")


def test_every_architecture_with_vectors_has_names_for_its_instructions() -> None:
    assert all(family(name) == name or name in ("x86",) for name in VECTORS)


@pytest.mark.parametrize(
    ("opcode", "wanted"),
    [
        (0x7C, ""),
        (0xC0, "sign extension"),
        (0xFC02, "saturating conversions"),
        (0xFC0A, "bulk memory"),
        (0xFD0C, "SIMD"),
        (0xFE10, "threads"),
    ],
)
def test_an_opcode_of_webassembly_came_with_a_proposal(opcode: int, wanted: str) -> None:
    assert wasm_extension(opcode) == wanted
