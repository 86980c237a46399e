"""From the traces of the probe functions to a target's conventions.

Everything is read twice where it can be: what a function takes is compared with what its caller leaves, so that a value that merely
stayed in a register is not taken for an argument. Where the two disagree, or a value was lost on its way, the reading is refused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from godyno.errors import GodynoError
from godyno.formats.machinecode.gosyntax import THREAD_LOCAL
from godyno.formats.machinecode.symbolic import After, Called, Entry, Known, Loaded, State, Trace, Value
from godyno.studies.library.abi import probes
from godyno.studies.library.abi.records import Abi, Convention, Frame

STACK = "stack"


class Refused(GodynoError):
    """A target's code could not be read with certainty; the message says where it broke off."""


Place = str | int  # a register, or an offset above the stack pointer


def read(
    goos: str,
    goarch: str,
    version: str,
    traces: Mapping[str, Trace],
    bridges: Mapping[str, Trace],
    code_bytes: int,
) -> Abi:
    """The conventions of a target. ``bridges`` are the functions that the compiler made up to get from ABI0 to a probe.

    Raises Refused.
    """
    try:
        return _Reading(traces, bridges).abi(goos, goarch, version, code_bytes)
    except KeyError as error:
        raise Refused(
            f"{goos}/{goarch}: the probe function {error.args[0]} is not in what the compiler made"
        ) from error
    except Refused as error:
        raise Refused(f"{goos}/{goarch}: {error}") from error


class _Reading:
    def __init__(self, traces: Mapping[str, Trace], bridges: Mapping[str, Trace]) -> None:
        self.traces, self.bridges = traces, bridges
        self.stack_pointer = _stack_pointer(traces["NonLeaf"])
        self.pushed = 0  # by a call itself; known once arguments were read from both sides

    def abi(self, goos: str, goarch: str, version: str, code_bytes: int) -> Abi:
        integers, floats = self._arguments("Int"), self._arguments("Float")
        integer_results, float_results = self._results("Int"), self._results("Float")
        internal = Convention(
            _registers(integers), _registers(floats), _registers(integer_results), _registers(float_results),
            min(_offsets([*integers, *floats]), default=0),
        )  # fmt: skip
        abi0 = self._abi0(integers, floats, integer_results, float_results) if self.bridges else None
        saved = self._saved({*internal.integer_arguments, *internal.float_arguments})
        g = self._g("Checked")
        link, frame_pointer = self._roles(saved)
        return Abi(
            goos, goarch, version, internal, abi0, self.stack_pointer, self._step(), self.pushed, link, frame_pointer,
            Frame(-self.traces["Leaf"].lowest.get(self.stack_pointer, 0)), Frame(self._depth("NonLeaf"), saved),
            g, self._g("Stub"), self._context({g, *internal.integer_arguments}), code_bytes,
        )  # fmt: skip

    # ---- arguments and results

    def _arguments(self, kind: str) -> list[Place]:
        callee, caller = self.traces[f"{kind}Args"], _only_call(self.traces[f"Call{kind}Args"], f"{kind}Args")
        base = _array(callee, self.stack_pointer)
        slots = _slots(callee, base, kind)
        places = [self._place(slots[k], f"argument {k} of {kind}Args") for k in range(probes.COUNT)]
        pointer = self._place(Value(base), f"the pointer of {kind}Args")
        handed = _array(self.traces[f"Call{kind}Args"], self.stack_pointer, loads=True)
        stride = _stride(_offsets_of(self.traces[f"Call{kind}Args"].loads, handed))
        for k, place in enumerate(places):
            self._agree(caller, place, Value(Loaded(handed, k * stride)), f"argument {k} of {kind}Args")
        return [pointer, *places] if kind == "Int" else places

    def _place(self, value: Known, what: str) -> Place:
        """Where a value was when the function was entered."""
        match value:
            case Value(Entry(register), 0):
                return register
            case Value(Loaded(Entry(register), offset), 0) if register == self.stack_pointer:
                return offset
        raise Refused(f"{what} comes from {value}, which is neither a register nor the stack")

    def _agree(self, call: Called, place: Place, value: Value, what: str) -> None:
        """Holds the caller's side against the callee's; finds, the first time, how far a call moves the stack pointer."""
        if isinstance(place, str):
            if call.state.register(place) != value:
                raise Refused(
                    f"{what} is read from {place}, where its caller leaves {call.state.register(place)}"
                )
            return
        top = call.state.register(self.stack_pointer)
        assert top is not None
        for pushed in (self.pushed, 4, 8) if not self.pushed else (self.pushed,):
            if call.state.at(Value(top.root, top.offset + place - pushed)) == value:
                self.pushed = pushed
                return
        raise Refused(f"{what} is read from the stack at {place}, where its caller leaves something else")

    def _results(self, kind: str) -> list[Place]:
        trace = self.traces[f"Call{kind}Results"]
        call = _only_call(trace, f"{kind}Results")
        top = call.state.register(self.stack_pointer)
        slots = _slots(trace, _array(trace, self.stack_pointer), kind)
        places: list[Place] = []
        for k in range(probes.COUNT):
            match slots[k]:
                case Value(After(0, register), 0):
                    places.append(register)
                case Value(Loaded(root, offset), 0) if top is not None and root == top.root:
                    places.append(offset - top.offset + self.pushed)
                case other:
                    raise Refused(f"result {k} of {kind}Results is taken from {other}")
        callee = self.traces[f"{kind}Results"]
        base = _array(callee, self.stack_pointer, loads=True)
        stride = _stride(_offsets_of(callee.loads, base))
        for k, place in enumerate(places):
            held = self._held(callee.end, place)
            if held != Value(Loaded(base, k * stride)):
                raise Refused(f"result {k} of {kind}Results is taken from {place}, where it leaves {held}")
        return places

    def _held(self, state: State, place: Place) -> Known:
        return (
            state.register(place)
            if isinstance(place, str)
            else state.at(Value(Entry(self.stack_pointer), place))
        )

    def _abi0(self, *places: list[Place]) -> Convention:
        """The bridges take everything as ABI0 has it and hand it on as is known by now: where they take it from is ABI0."""
        integers, floats = (
            [self._taken(self.bridges[name], place) for place in found]
            for name, found in (("IntArgs", places[0]), ("FloatArgs", places[1]))
        )
        results = [
            [self._given(self.bridges[name], place) for place in found]
            for name, found in (("IntResults", places[2]), ("FloatResults", places[3]))
        ]
        return Convention(
            _registers(integers), _registers(floats), _registers(results[0]), _registers(results[1]),
            min(_offsets([*integers, *floats]), default=0),
        )  # fmt: skip

    def _taken(self, bridge: Trace, place: Place) -> Place:
        call = bridge.calls[0]
        top = call.state.register(self.stack_pointer)
        if isinstance(place, str):
            value = call.state.register(place)
        else:
            value = call.state.at(Value(top.root, top.offset + place - self.pushed)) if top else None
        return self._place(value, "an argument of ABI0")

    def _given(self, bridge: Trace, place: Place) -> Place:
        top = bridge.calls[0].state.register(self.stack_pointer)
        wanted: Known = Value(After(0, place)) if isinstance(place, str) else None
        if top is not None and not isinstance(place, str):
            wanted = Value(Loaded(top.root, top.offset + place - self.pushed))
        for address, value in bridge.stores:
            if value == wanted and address.root == Entry(self.stack_pointer) and address.offset >= 0:
                return address.offset
        raise Refused(f"a result of ABI0 that comes in {place} is stored nowhere")

    # ---- frames and registers with a role

    def _depth(self, name: str) -> int:
        """How far below its entry value the stack pointer stands when ``name`` calls."""
        top = self.traces[name].calls[0].state.register(self.stack_pointer)
        if top is None or top.root != Entry(self.stack_pointer):
            raise Refused(f"the stack pointer is lost in {name}")
        return -top.offset

    def _step(self) -> int:
        depths = [self._depth(f"Frame{n}") for n in range(1, probes.FRAMES + 1)]
        return math.gcd(*(depth + self.pushed for depth in depths))

    def _saved(self, arguments: set[str]) -> tuple[str, ...]:
        """The registers that the function that calls another keeps in its frame, other than what it was called with."""
        found = dict.fromkeys(
            value.root.register
            for address, value in self.traces["NonLeaf"].stores
            if address.root == Entry(self.stack_pointer)
            and value is not None
            and isinstance(value.root, Entry)
            and value.offset == 0
        )
        return tuple(name for name in found if name not in arguments)

    def _roles(self, saved: Iterable[str]) -> tuple[str, str]:
        """The link register, and the register that points into the frame; empty where there is none."""
        state = self.traces["NonLeaf"].calls[0].state
        link = pointer = ""
        for name in saved:
            now = state.register(name)
            if now is not None and now.root == Entry(self.stack_pointer):
                pointer = name
            else:
                link = link or name
        return link, pointer

    def _g(self, name: str) -> str:
        """The base of what the stack pointer is compared with on entry: g, whose stackguard lies a few words into it."""
        for operands in self.traces[name].compares:
            if not any(one is not None and one.root == Entry(self.stack_pointer) for one in operands):
                continue
            for one in operands:
                root = one.root if one is not None else None
                if isinstance(root, Loaded):
                    return _base(root)
        raise Refused(f"{name} does not compare its stack pointer with anything")

    def _context(self, others: set[str]) -> str:
        """The register through which a closure finds what it captured, and in which its caller leaves the closure."""
        body = self.traces["MakeClosure.func1"]
        bases = {
            address.root.register
            for address in body.loads
            if isinstance(address.root, Entry) and address.root.register != self.stack_pointer
        } - others
        call = self.traces["CallClosure"].calls[0]
        argument = self.traces["CallClosure"].loads
        left = {name for name in bases if _is_closure(call.state.register(name), argument)}
        if len(left) != 1:
            raise Refused(f"the closure's context is not one register ({', '.join(sorted(bases)) or 'none'})")
        return left.pop()


def _is_closure(value: Known, loads: Iterable[Value]) -> bool:
    """Whether a function was read out of what ``value`` points to."""
    return value is not None and any(address == value for address in loads)


def _base(loaded: Loaded) -> str:
    root = loaded.root
    while isinstance(root, Loaded):
        root = root.root
    if isinstance(root, Entry):
        return root.register
    return THREAD_LOCAL


def _stack_pointer(trace: Trace) -> str:
    if not trace.lowest:
        raise Refused("no register moves down where a function calls another")
    return min(trace.lowest, key=lambda name: trace.lowest[name])


def _only_call(trace: Trace, name: str) -> Called:
    for call in trace.calls:
        if call.symbol.endswith(f".{name}"):
            return call
    raise Refused(f"no call of {name} is found where there must be one")


def _array(trace: Trace, stack_pointer: str, *, loads: bool = False) -> Entry | Loaded | After:
    """What the array's addresses are relative to: the commonest base that is not the stack."""
    addresses = trace.loads if loads else [address for address, _ in trace.stores]
    bases = Counter(address.root for address in addresses if address.root != Entry(stack_pointer))
    if not bases:
        raise Refused("the array of the probe function is not found")
    return bases.most_common(1)[0][0]  # type: ignore[return-value]


def _offsets_of(addresses: Iterable[Value], root: object) -> list[int]:
    return [address.offset for address in addresses if address.root == root]


def _stride(offsets: Iterable[int]) -> int:
    """From one probe's offset to the next; a value that moves in halves has two offsets a few bytes apart."""
    top = max(offsets, default=0)
    return round(top / (probes.COUNT - 1) / (probes.SLOTS * 4)) * probes.SLOTS * 4


def _slots(trace: Trace, root: object, kind: str) -> dict[int, Known]:
    """What was stored for each probe, by its number."""
    stride = _stride(_offsets_of((address for address, _ in trace.stores), root))
    found: dict[int, Known] = {}
    for address, value in trace.stores:
        if stride and address.root == root and address.offset % stride == 0:
            found[address.offset // stride] = value
    missing = [k for k in range(probes.COUNT) if k not in found]
    if missing:
        raise Refused(f"of {kind} probe {missing[0]} no store is found")
    return found


def _registers(places: Iterable[Place]) -> tuple[str, ...]:
    return tuple(place for place in places if isinstance(place, str))


def _offsets(places: Iterable[Place]) -> list[int]:
    return [place for place in places if isinstance(place, int)]
