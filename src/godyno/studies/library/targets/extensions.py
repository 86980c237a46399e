"""Which extension of an instruction set an instruction belongs to, by its name, and which the assembler knows.

The names are the manufacturers'; what is said of a level comes from the instructions that are found in compiled code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Mnemonics in lower case: capstone's for x86, arm64 and MIPS, Go's own for the others.
_RULES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "x86": (
        ("POPCNT", r"popcnt"), ("LZCNT", r"lzcnt"), ("BMI1", r"andn|bls(i|r|msk)|bextr|tzcnt"),
        ("BMI2", r"sh[lr]x|sarx|rorx|mulx|pdep|pext|bzhi"), ("MOVBE", r"movbe"), ("FMA", r"vfn?m(add|sub)\w+"),
        ("SSE4.1", r"round[sp][sd]"), ("SSE2", r"(add|sub|mul|div|sqrt|min|max)s[sd]|cvt\w+|movsd|movup[sd]|pxor|por|pand"),
        ("AVX", r"v[a-z]\w+"),
    ),
    "arm64": (
        ("LSE", r"(ld|st)(add|clr|eor|set|[su]max|[su]min)\w*|swp\w*|cas\w*"), ("LL/SC", r"lda?xr\w*|stl?xr\w*"),
        ("FMA", r"fn?m(add|sub)"), ("NEON", r"cnt|uaddlv|addv|ld1|st1|movi"),
        ("CRC32", r"crc32\w*"), ("SVE", r"(ptrue|whilelo|ld1[bhwd]|st1[bhwd])"),
        ("FP", r"f[a-z]\w+"),
    ),
    "arm": (
        ("VFP", r"(add|sub|mul|div|sqrt|mula|nmula|mov)[fd]"), ("FMA", r"fmul[as]\w*"), ("v6 LDREX", r"ldrex\w*"), ("v6 REV", r"rev"),
        ("v6T2", r"bf[cx]\w*|rbit|movt|bfxu?"), ("v7 DMB", r"dmb\w*"),
    ),
    "riscv64": (
        ("Zba", r"sh[123]add(uw)?|adduw|slliuw"),
        ("Zbb", r"andn|orn|xnor|clzw?|ctzw?|cpopw?|maxu?|minu?|ro[lr]w?|roriw?|rev8|orcb|sext[bh]|zexth"),
        ("Zbs", r"b(clr|ext|inv|set)i?"), ("Zicond", r"czero\w*"), ("A", r"amo\w+|lr[wd]|sc[wd]"), ("FMA", r"fn?m(add|sub)[sd]"),
        ("D", r"f?(add|sub|mul|div|sqrt|cvt\w*|min|max)d\w*"), ("V", r"v[a-z]\w+"),
    ),
    "ppc64": (
        ("ISA 3.1", r"p(addi|l[dw]z?|std|lxv)|br[dhw]|setn?bcr?|xxsplti\w+"),
        ("ISA 3.0", r"maddld|maddhdu?|mod[su][dw]|cnttz[dw]\.?|setb|addex"),
        ("VSX", r"xs\w+|xv\w+|xx\w+|lxv\w*|stxv\w*|mfvsr\w*|mtvsr\w*"), ("FMA", r"fmadds?|fmsubs?"),
        ("FP", r"f(add|sub|mul|div|sqrt|ri[mnpz])s?"),
    ),
    "s390x": (
        ("POPCNT", r"popcnt"), ("interlocked access", r"laa[lg]*"), ("vector", r"v[a-z]\w*|wf\w+"), ("FMA", r"(w?f)?madb?r?|fmadds?"),
        ("load on condition", r"loc\w*"), ("FP", r"f(add|sub|mul|div|sqrt|i?dbra?|iebra?)s?"),
    ),
    "loong64": (
        ("LASX", r"xv\w+"), ("LSX", r"v[a-z]\w+"), ("FMA", r"fn?m(add|sub)[fd]"), ("LAM", r"am\w+"), ("LL/SC", r"ll[vw]?|sc[vw]?"),
        ("FP", r"(add|sub|mul|div|sqrt|f?max|f?min)[fd]"),
    ),
    "mips": (("FPU", r"\w+\.[sd]|[ls][wd]c1|mtc1|mfc1|dmtc1|dmfc1"), ("LL/SC", r"lld?|scd?"), ("MIPS32", r"d?clz|mul")),
}  # fmt: skip
# Arithmetic on several elements at once.
_PACKED = {
    "x86": r"v?(add|mul|sub)p[sd]|v?padd\w+", "arm64": r"f?add v\d+", "riscv64": r"v\w+vv", "ppc64": r"xvadd\w+",
    "s390x": r"vfa\w*|va[bhfg]",
    "loong64": r"x?v\w+", "mips": r"f?addv?\.[bhwd] \$?w", "arm": r"vadd\w* q",
}  # fmt: skip
# One instruction of each vector extension, as Go's assembler would write it.
VECTORS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "x86": (
        ("SSE2", "ADDPD X0, X1"), ("AVX", "VADDPD Y0, Y1, Y2"), ("AVX2", "VPADDQ Y0, Y1, Y2"), ("AVX-512", "VADDPD Z0, Z1, Z2"),
    ),
    "arm64": (("NEON", "VADD V0.D2, V1.D2, V2.D2"), ("SVE", "ZADD Z0.D, Z1.D, Z2.D")),
    "riscv64": (("V", "VADDVV V1, V2, V3"),),
    "ppc64": (("VMX", "VADDUDM V1, V2, V3"), ("VSX", "XVADDDP VS1, VS2, VS3"), ("VSX (logic)", "XXLXOR VS1, VS2, VS3")),
    "s390x": (("vector", "VAF V1, V2, V3"),),
    "loong64": (("LSX", "VADDV V1, V2, V3"), ("LASX", "XVADDV X1, X2, X3")),
    "mips": (("MSA", "VMOVD $0, W0"),),
    "arm": (("NEON", "VADD Q0, Q1, Q2"),),
}  # fmt: skip


def family(goarch: str) -> str:
    """The key of an architecture here; empty for those without names to tell (wasm)."""
    if goarch in ("386", "amd64"):
        return "x86"
    for name in ("mips", "ppc64"):
        if goarch.startswith(name):
            return name
    return goarch if goarch in _RULES else ""


def extension(goarch: str, mnemonic: str, code: bytes = b"") -> str:
    """The extension that an instruction belongs to; empty for the plain set. ``code`` tells x86's EVEX encoding."""
    kind = family(goarch)
    if kind == "x86" and code[:1] == b"\x62" and goarch == "amd64":
        return "AVX-512"
    for name, pattern in _RULES.get(kind, ()):
        if re.fullmatch(pattern, mnemonic):
            return name
    return ""


def is_packed(goarch: str, text: str) -> bool:
    """Whether an instruction, mnemonic and operands in lower case, computes on several elements at once."""
    pattern = _PACKED.get(family(goarch))
    return bool(pattern and re.match(pattern, text))


def wasm_extension(opcode: int) -> str:
    """The WebAssembly proposal that an opcode came with (with its prefix: ``0xfc0a``); empty for the first version's."""
    if 0xFC00 <= opcode <= 0xFC07:
        return "saturating conversions"
    if 0xFC08 <= opcode <= 0xFC11:
        return "bulk memory"
    if opcode >> 8 in (0xFD, 0xFE):
        return "SIMD" if opcode >> 8 == 0xFD else "threads"
    return "sign extension" if 0xC0 <= opcode <= 0xC4 else ""
