import pytest

from godyno.formats.machinecode.effects import (
    Call,
    Compare,
    Constant,
    Effect,
    Masked,
    Memory,
    Move,
    Register,
    Return,
    Sum,
)
from godyno.formats.machinecode.gosyntax import THREAD_LOCAL, effects
from godyno.formats.machinecode.objdump import Instruction, Relocation

R, M = Register, Memory


def of(goarch: str, text: str, code: str = "", relocation: Relocation | None = None) -> list[Effect]:
    return list(effects([Instruction(0, code, text, relocation)], goarch))


@pytest.mark.parametrize(
    ("goarch", "text", "effect"),
    [
        ("amd64", "MOVQ BX, 0x18(AX)", Move(M("AX", 24), R("BX"))),
        ("amd64", "MOVSD_XMM 0x28(SP), X0", Move(R("X0"), M("SP", 40))),
        ("amd64", "SUBQ $0x10, SP", Move(R("SP"), Sum("SP", -16))),
        ("amd64", "LEAQ 0x28(SP), BP", Move(R("BP"), Sum("SP", 40))),
        ("amd64", "ANDQ $-0x10, SP", Masked("SP", "SP", -16)),
        ("amd64", "CMPQ SP, 0x10(R14)", Compare((R("SP"), M("R14", 16)))),
        ("386", "ADDL $0xffffff80, SP", Move(R("SP"), Sum("SP", -128))),
        ("arm", "MOVW (R7), R0", Move(R("R0"), M("R7", 0))),
        ("arm64", "ADD $1, R0, R0", Move(R("R0"), Sum("R0", 1))),
        ("riscv64", "ADDI $-24, X2, X2", Move(R("X2"), Sum("X2", -24))),
        ("riscv64", "ADD X10, X0, X26", Move(R("X26"), Sum("X10", 0))),
        ("riscv64", "BLTU X6, X2, 5(PC)", Compare((R("X6"), R("X2"), M("PC", 5)))),
        ("loong64", "MOVV R4, R29", Move(R("R29"), R("R4"))),
        ("ppc64le", "MOVD R3,32(R1)", Move(M("R1", 32), R("R3"))),
        ("ppc64le", "OR R3,R3,R11", Move(R("R11"), R("R3"))),
        ("s390x", "ADD $16, R15", Move(R("R15"), Sum("R15", 16))),
        ("amd64", "CALL CX", Call("", "CX")),
        ("arm64", "CALL (R1)", Call("", "R1")),
        ("ppc64le", "BCLRL $20,LT,$1", Call("", "LR")),
        ("amd64", "RET", Return()),
        ("arm", "ADD $0, R14, R15", Return()),
    ],
)
def test_an_instruction_does(goarch: str, text: str, effect: Effect) -> None:
    assert of(goarch, text) == [effect]


def test_pushing_moves_the_stack_pointer_first() -> None:
    assert of("amd64", "PUSHQ BP") == [Move(R("SP"), Sum("SP", -8)), Move(M("SP", 0), R("BP"))]


def test_an_address_with_write_back_is_moved_before_the_access_and_one_with_post_increment_after() -> None:
    assert of("arm64", "MOVD.W R30, -32(RSP)") == [
        Move(R("RSP"), Sum("RSP", -32)),
        Move(M("RSP", 0), R("R30")),
    ]
    assert of("arm64", "MOVD.P 32(RSP), R30") == [Move(R("R30"), M("RSP", 0)), Move(R("RSP"), Sum("RSP", 32))]
    assert of("ppc64", "MOVDU R31,-48(R1)") == [Move(R("R1"), Sum("R1", -48)), Move(M("R1", 0), R("R31"))]


def test_pairs_and_ranges_of_registers_are_taken_apart() -> None:
    assert of("arm64", "STP (R0, R1), 8(RSP)") == [Move(M("RSP", 8), R("R0")), Move(M("RSP", 16), R("R1"))]
    assert of("s390x", "STMG R14, R1, 8(R15)") == [
        Move(M("R15", 8 + 8 * i), R(name)) for i, name in enumerate(("R14", "R15", "R0", "R1"))
    ]
    assert of("arm", "PUSH [R0-R1,R3]")[1:] == [
        Move(M("R13", 4 * i), R(name)) for i, name in enumerate(("R0", "R1", "R3"))
    ]


def test_s390x_loads_of_an_address_are_told_from_loads_by_their_code() -> None:
    text = "MOVD -24(R0)(R15*1), R15"
    assert of("s390x", text, "e3ff0fe8ff71") == [Move(R("R15"), Sum("R15", -24))]
    assert of("s390x", text, "e3ff0fe8ff04") == [Move(R("R15"), M("R15", -24))]


def test_thread_local_storage_is_known_by_its_segment_or_its_relocation() -> None:
    tls = M(THREAD_LOCAL, 0)
    assert of("amd64", "MOVQ FS:0, R14") == [Move(R("R14"), tls)]
    assert of("386", "MOVL 0(CX), CX", "", Relocation("R_TLS_LE", "")) == [Move(R("CX"), tls)]
    assert of("386", "MOVL 0, CX", "", Relocation("R_ADDR", "runtime.tls_g")) == [Move(R("CX"), tls)]


def test_what_is_not_known_makes_its_register_unknown() -> None:
    assert of("amd64", "VFROBQ X1, X2, X3") == [Move(R("X3"), None)]
    assert of("amd64", "?") == []
    assert of("amd64", "MOVQ") == []


def test_zero_registers_are_constants() -> None:
    assert of("riscv64", "MOV X0, 8(X2)") == [Move(M("X2", 8), Constant(0))]


def test_nothing_follows_a_return() -> None:
    rest = [Instruction(0, "", "RET"), Instruction(1, "", "MOVQ AX, BX")]
    assert list(effects(rest, "amd64")) == [Return()]
