from godyno.formats.machinecode.effects import Call, Memory, Move, Register, Return, Sum
from godyno.formats.machinecode.listing import Code
from godyno.formats.machinecode.mips import effects
from godyno.formats.machinecode.objdump import Relocation

R, M = Register, Memory


def test_loads_stores_and_the_return_are_read() -> None:
    # func IntArgs(p *[9]uintptr, a, b uintptr) { p[0] = a; p[3] = b }, as Go 1.27 compiles it
    code = bytes.fromhex("8fa10008 8fa20004 ac410000 8fa1000c ac41000c 03e00008 00000000")
    assert list(effects(Code("f", code), "mips")) == [
        Move(R("R1"), M("R29", 8)), Move(R("R2"), M("R29", 4)), Move(M("R2", 0), R("R1")),
        Move(R("R1"), M("R29", 12)), Move(M("R2", 12), R("R1")), Return(),
    ]  # fmt: skip


def test_the_byte_order_is_the_architectures() -> None:
    assert list(effects(Code("f", bytes.fromhex("f0ffbd27")), "mipsle")) == [Move(R("R29"), Sum("R29", -16))]


def test_a_calls_symbol_is_its_relocations() -> None:
    code = Code("f", bytes.fromhex("0c000005"), {0: Relocation("R_CALLMIPS", "probe.Leaf")})
    assert list(effects(code, "mips")) == [Call("probe.Leaf")]


def test_random_bytes_do_no_harm() -> None:
    for seed in range(64):
        list(effects(Code("f", bytes((seed * i * 7919) % 256 for i in range(64))), "mips64"))
