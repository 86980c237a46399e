"""Follows values through a function's effects: what is where at each call and at the end, in terms of how the function was entered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
    Source,
    Sum,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """What a register held when the function was entered."""

    register: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What memory held at an address."""

    root: Any
    offset: int


@dataclass(frozen=True, slots=True)
class After:
    """What a register held when the call of that number came back."""

    call: int
    register: str


@dataclass(frozen=True, slots=True)
class Number:
    """The root of constants."""


@dataclass(frozen=True, slots=True)
class Value:
    """Something known plus a number of bytes."""

    root: Entry | Loaded | After | Number
    offset: int = 0


Known = Value | None  # None: not followed


@dataclass(frozen=True, slots=True)
class State:
    """Registers and memory at one moment, after so many calls; what was not written since the last one is not in ``registers``."""

    registers: Mapping[str, Known]
    memory: Mapping[Value, Known]
    calls: int = 0

    def register(self, name: str) -> Known:
        """What a register holds."""
        return self.registers.get(name, Value(After(self.calls - 1, name) if self.calls else Entry(name)))

    def at(self, address: Known) -> Known:
        """What memory holds at ``address``."""
        if address is None:
            return None
        if address in self.memory:
            return self.memory[address]
        return Value(Loaded(address.root, address.offset))


@dataclass(frozen=True, slots=True)
class Called:
    """A call and how things stood when it was made. ``target`` is what was called, where that was a register."""

    symbol: str
    state: State
    through: str = ""
    target: Known = None


@dataclass
class Trace:
    """What a function did, in order."""

    stores: list[tuple[Value, Known]] = field(default_factory=list)
    loads: list[Value] = field(default_factory=list)
    compares: list[tuple[Known, ...]] = field(default_factory=list)
    masks: list[tuple[str, int]] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    end: State = field(default_factory=lambda: State({}, {}))
    lowest: dict[str, int] = field(
        default_factory=dict
    )  # how far each register fell below its own entry value


def follow(effects: Iterable[Effect], keeping: Collection[str] = ()) -> Trace:
    """The trace of ``effects`` run in order from an unknown start. Calls of the symbols in ``keeping`` leave every register as it is."""
    registers: dict[str, Known] = {}
    memory: dict[Value, Known] = {}
    now, trace = State(registers, memory), Trace()

    def value_of(source: Source) -> Known:
        match source:
            case Register(name):
                return now.register(name)
            case Constant(number):
                return Value(Number(), number)
            case Sum(base, offset):
                return _plus(now.register(base), offset)
            case Memory(base, offset):
                address = _plus(now.register(base), offset)
                if address is not None:
                    trace.loads.append(address)
                return now.at(address)
        return None

    for effect in effects:
        match effect:
            case Move(Register(name), source):
                registers[name] = found = value_of(source)
                if found is not None and found.root == Entry(name) and found.offset < 0:
                    trace.lowest[name] = min(trace.lowest.get(name, 0), found.offset)
            case Move(Memory(base, offset), source):
                found = value_of(source)
                if (address := _plus(now.register(base), offset)) is not None:
                    memory[address] = found
                    trace.stores.append((address, found))
            case Masked(name, source, mask):
                trace.masks.append((name, mask))
                # An aligned pointer counts as the pointer: what is stored below it is found there again.
                registers[name] = now.register(source) if -64 <= mask < 0 else None
            case Compare(operands):
                trace.compares.append(tuple(value_of(one) for one in operands))
            case Call(symbol, through):
                if symbol.removesuffix(".abi0") in keeping:
                    continue
                target = now.register(through) if through else None
                trace.calls.append(
                    Called(symbol, State(dict(registers), dict(memory), now.calls), through, target)
                )
                registers = _kept(registers)
                now = State(registers, memory, len(trace.calls))
            case Return():
                break
    trace.end = State(dict(registers), dict(memory), now.calls)
    return trace


def _kept(registers: Mapping[str, Known]) -> dict[str, Known]:
    """A call keeps the stack pointer, which is the register below its own entry value, and nothing else."""
    return {
        name: value
        for name, value in registers.items()
        if value is not None and value.root == Entry(name) and value.offset < 0
    }


def _plus(value: Known, offset: int) -> Known:
    return None if value is None else Value(value.root, value.offset + offset)
