"""The probe functions: each argument and result has an offset of its own, so that the code itself says where it travels.

``IntArgs`` stores argument k at offset k × STRIDE of an array: the instruction that does so names the register or stack slot that k came
in. ``IntResults`` returns what lies at these offsets. Offsets are apart, so that no compiler joins two stores into one. Probes are
``nosplit`` where the check for stack space would branch.
"""

from __future__ import annotations

COUNT = 24  # more than any of Go's register sequences has
SLOTS = 3  # array elements from one argument to the next
FRAMES = 8

STRIDES = {"Int": 0, "Float": 8}  # bytes of an element; 0 is the target's pointer size


def go_source() -> str:
    """The Go file."""
    parts = ["package probe\n"]
    for kind, type_ in (("Int", "uintptr"), ("Float", "float64")):
        array = f"[{SLOTS * COUNT}]{type_}"
        names = [f"a{i}" for i in range(COUNT)]
        slots = [f"p[{SLOTS * i}]" for i in range(COUNT)]
        arguments, results = ", ".join(names), ", ".join([type_] * COUNT)
        store = "; ".join(f"{slot} = {name}" for slot, name in zip(slots, names, strict=True))
        parts += [
            _probe(f"{kind}Args(p *{array}, {arguments} {type_}) {{ {store} }}"),
            _probe(f"{kind}Results(p *{array}) ({results}) {{ return {', '.join(slots)} }}"),
            _probe(f"Call{kind}Args(p *{array}) {{ {kind}Args(p, {', '.join(slots)}) }}"),
            _probe(f"Call{kind}Results(p *{array}) {{ {', '.join(slots)} = {kind}Results(p) }}"),
        ]
    parts += [
        _probe("Leaf(a, b uintptr) uintptr { return a + b }"),
        _probe("NonLeaf(a, b uintptr) uintptr { return Leaf(a, b) + 1 }"),
        "//go:noinline\nfunc Checked(a, b uintptr) uintptr { return Leaf(a, b) + 1 }\n",
        _probe("CallClosure(f func(uintptr) uintptr) uintptr { return f(1) }"),
        "func MakeClosure(n uintptr) func(uintptr) uintptr {\n\treturn func(m uintptr) uintptr { return n*m + n }\n}\n",
        "func Stub()\n",
    ]
    for n in range(1, FRAMES + 1):
        parts += [
            f"//go:noescape\nfunc use{n}(p *[{n}]uintptr)\n",
            _probe(f"Frame{n}() {{ var local [{n}]uintptr; use{n}(&local) }}"),
        ]
    return "\n".join(parts)


def asm_source() -> str:
    """The assembler file, the same for every architecture: it makes the compiler write the bridges between its two conventions."""
    calls = [f"{kind}{what}" for kind in ("Int", "Float") for what in ("Args", "Results")]
    lines = ["TEXT ·Stub(SB), 0, $64-0", *(f"\tCALL ·{name}(SB)" for name in calls), "\tRET", ""]
    pointer_free = [f"TEXT ·use{n}(SB), 4, $0-0\n\tRET\n" for n in range(1, FRAMES + 1)]
    return "\n".join([*lines, *pointer_free])


def _probe(text: str) -> str:
    return f"//go:nosplit\n//go:noinline\nfunc {text}\n"
