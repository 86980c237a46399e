from godyno.formats.machinecode.effects import (
    Call,
    Compare,
    Constant,
    Masked,
    Memory,
    Move,
    Register,
    Return,
    Sum,
)
from godyno.formats.machinecode.symbolic import After, Entry, Loaded, Number, Value, follow

R, M = Register, Memory


def test_a_value_keeps_its_origin_through_registers_and_the_stack() -> None:
    trace = follow(
        [
            Move(R("SP"), Sum("SP", -16)),
            Move(M("SP", 8), R("AX")),
            Move(R("CX"), M("SP", 8)),
            Move(M("BX", 24), R("CX")),
        ]
    )
    assert trace.stores[-1] == (Value(Entry("BX"), 24), Value(Entry("AX")))
    assert trace.lowest == {"SP": -16}


def test_what_was_never_written_is_what_memory_held() -> None:
    trace = follow([Move(R("AX"), M("SP", 8)), Move(R("AX"), M("AX", 4))])
    assert trace.end.register("AX") == Value(Loaded(Loaded(Entry("SP"), 8), 4))


def test_a_call_keeps_the_stack_and_nothing_else() -> None:
    trace = follow(
        [
            Move(R("SP"), Sum("SP", -8)),
            Move(M("SP", 0), R("AX")),
            Call("f"),
            Move(R("BX"), M("SP", 0)),
            Return(),
        ]
    )
    assert trace.end.register("AX") == Value(After(0, "AX"))
    assert trace.end.register("DX") == Value(After(0, "DX"))
    assert trace.end.register("BX") == Value(Entry("AX"))
    assert trace.end.register("SP") == Value(Entry("SP"), -8)
    assert trace.calls[0].state.register("AX") == Value(Entry("AX"))


def test_a_helper_that_is_named_keeps_every_register() -> None:
    trace = follow([Call("runtime.load_g.abi0"), Move(M("SP", 0), R("AX"))], ("runtime.load_g",))
    assert trace.stores == [(Value(Entry("SP")), Value(Entry("AX")))]
    assert trace.calls == []


def test_a_call_through_a_register_says_what_was_called() -> None:
    trace = follow([Move(R("CX"), M("AX", 0)), Call("", "CX")])
    assert trace.calls[0].target == Value(Loaded(Entry("AX"), 0))


def test_an_aligned_pointer_counts_as_the_pointer_and_another_mask_does_not() -> None:
    trace = follow([Masked("SP", "SP", -16), Masked("AX", "AX", 7)])
    assert trace.end.register("SP") == Value(Entry("SP"))
    assert trace.end.register("AX") is None
    assert trace.masks == [("SP", -16), ("AX", 7)]


def test_what_is_not_followed_stays_unknown() -> None:
    trace = follow(
        [
            Move(R("AX"), None),
            Move(R("BX"), Sum("AX", 8)),
            Move(M("AX", 0), R("CX")),
            Move(R("DX"), M("AX", 0)),
        ]
    )
    assert trace.end.register("BX") is None
    assert trace.end.register("DX") is None
    assert trace.stores == []


def test_comparisons_are_kept_with_what_they_compared() -> None:
    trace = follow([Move(R("CX"), M("g", 16)), Compare((R("SP"), R("CX"), Constant(1)))])
    assert trace.compares == [(Value(Entry("SP")), Value(Loaded(Entry("g"), 16)), Value(Number(), 1))]
