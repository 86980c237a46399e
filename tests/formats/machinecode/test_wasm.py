from godyno.formats.machinecode.effects import Call, Memory, Move, Register, Return, Sum
from godyno.formats.machinecode.listing import Code
from godyno.formats.machinecode.objdump import Relocation
from godyno.formats.machinecode.symbolic import Entry, Loaded, Value, follow
from godyno.formats.machinecode.wasm import effects

# func IntArgs(p *[9]uintptr, a, b uintptr) { p[0] = a; p[3] = b }, as Go 1.27 compiles it
STORES = Code(
    "probe.IntArgs",
    bytes.fromhex(
        "01017f23002101024002400240" + "20000e03000000010b" + "200129030850" + "0440" + "200141086b22012400" + "200142370300"
        "410010230021010d020b" + "2001290308a7" + "2001290310" + "370300" + "2001290308a7" + "2001290318" + "370318"
        "200141086a22012400" + "41000f0b000b41010b"
    ),
    {42: Relocation("R_ADDR", "probe.IntArgs"), 48: Relocation("R_CALL", "runtime.sigpanic")},
)  # fmt: skip


def test_arguments_are_seen_to_come_from_the_stack() -> None:
    trace = follow(effects(STORES))
    pointer = Loaded(Entry("global0"), 8)
    assert trace.stores == [
        (Value(pointer, 0), Value(Loaded(Entry("global0"), 16))),
        (Value(pointer, 24), Value(Loaded(Entry("global0"), 24))),
    ]
    assert trace.calls == [], "the call of a check that fails is passed over"


def test_a_call_drops_the_return_address() -> None:
    code = Code(
        "f", bytes.fromhex("00" + "4100" + "10" + "1a" + "0f"), {4: Relocation("R_CALL", "probe.Leaf")}
    )
    assert list(effects(code)) == [
        Call("probe.Leaf"), Move(Register("global0"), Sum("global0", 8)), Return()
    ]  # fmt: skip


def test_code_that_is_cut_or_hostile_ends_without_an_error() -> None:
    for size in range(len(STORES.code)):
        list(effects(Code("f", STORES.code[:size], STORES.relocations)))
    for byte in range(256):
        list(effects(Code("f", bytes([0, byte, 1, byte, byte]))))


def test_a_store_through_a_sum_has_the_sums_offset() -> None:
    code = Code("f", bytes.fromhex("00" + "2001" + "4208" + "7c" + "2002" + "370310" + "0f"))
    assert next(effects(code)) == Move(Memory("local1", 24), Register("local2"))
