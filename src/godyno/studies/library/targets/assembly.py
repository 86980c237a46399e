"""Which extensions for cryptography and checksums the standard library's assembly uses, read from its files.

They are chosen at run time (the library asks the processor), so no level of the compiler shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from godyno.studies.library.targets.extensions import family
from godyno.toolchain.go import Go

# What is computed, and where that lies below GOROOT/src, in newer and older Gos.
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "AES": ("crypto/internal/fips140/aes", "crypto/aes"),
    "GCM": ("crypto/internal/fips140/aes/gcm", "crypto/aes"),
    "SHA-1": ("crypto/sha1",),
    "SHA-256": ("crypto/internal/fips140/sha256", "crypto/sha256"),
    "SHA-512": ("crypto/internal/fips140/sha512", "crypto/sha512"),
    "SHA-3": ("crypto/internal/fips140/sha3",),
    "CRC-32": ("hash/crc32",),
}
WORK = tuple(_FOLDERS)
# Mnemonics of Go's assembler, by extension; the most telling first.
_RULES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "x86": (
        ("AES-NI", r"AES(ENC|DEC|KEYGENASSIST|IMC)\w*"), ("VAES", r"VAES\w+"), ("PCLMULQDQ", r"V?PCLMULQDQ"),
        ("SHA", r"SHA(1|256)(RNDS\d|MSG\d|NEXTE)"), ("CRC32", r"CRC32[BWLQ]"), ("AVX-512", r"V(PTERNLOG|PROL)\w+"),
        ("AVX2", r"V(PADD|PERM2[FI]|INSERTI|PALIGNR)\w*"), ("SSE", r"P(ADD|SHUF|XOR)\w*|MOVO[AU]"),
    ),
    "arm64": (
        ("AES", r"AES(E|D|MC|IMC)"), ("PMULL", r"VPMULL2?"), ("SHA1", r"SHA1\w+"), ("SHA2", r"SHA256\w+"), ("SHA512", r"SHA512\w+"),
        ("SHA3", r"VEOR3|VRAX1|VXAR|VBCAX"), ("CRC32", r"CRC32\w+"), ("NEON", r"V(ADD|EOR|LD1|SHL)\S*"),
    ),
    "riscv64": (("Zvkned", r"VAES\w+"), ("Zvknh", r"VSHA2\w+"), ("Zbc", r"CLMULH?"), ("Zbb", r"RORW?|REV8"), ("V", r"V[A-Z]+VV")),
    "ppc64": (
        ("VCIPHER", r"VN?CIPHER\w*"), ("VPMSUM", r"VPMSUM\w"), ("VSHASIGMA", r"VSHASIGMA\w"), ("VMX", r"V(ADDU|XOR|PERM)\w*"),
    ),
    "s390x": (("CPACF", r"KM\w*|KIMD|KLMD"), ("vector", r"V[A-Z]+")),
    "loong64": (("CRC", r"CRCC?W\w+"), ("LSX", r"V[A-Z]+"), ("LASX", r"XV[A-Z]+")),
    "arm": (("NEON", r"V[A-Z]+"),),
}  # fmt: skip
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_MNEMONIC = re.compile(r"(?:^|[;\\])[ \t]*(?:\w+:[ \t]*)?([A-Z][A-Z0-9]+)\b", re.MULTILINE)
PLAIN = "plain instructions"
_AS_NUMBERS = "written as numbers, not read"  # instructions that the assembler did not know yet


def assembly(go: Go, goarch: str) -> dict[str, tuple[str, ...]]:
    """What is computed to the extensions that the assembly for ``goarch`` uses for it; what has no assembly file is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for work, folders in _FOLDERS.items():
        files = [file for folder in folders for file in _files(Path(go.goroot, "src", folder), goarch)]
        # Older Gos have GCM beside AES.
        files = [file for file in files if work not in ("AES", "GCM") or _is_of(work, file)]
        if files:
            found[work] = extensions(goarch, "\n".join(_text(file) for file in files)) or (PLAIN,)
    return found


def extensions(goarch: str, text: str) -> tuple[str, ...]:
    """The extensions whose instructions stand in an assembly file's text."""
    mnemonics = set(_MNEMONIC.findall(_COMMENT.sub("", text)))
    named = tuple(
        name
        for name, pattern in _RULES.get(family(goarch), ())
        if any(re.fullmatch(pattern, mnemonic) for mnemonic in mnemonics)
    )
    return named or ((_AS_NUMBERS,) if mnemonics & {"WORD", "LONG"} else ())


def _files(folder: Path, goarch: str) -> list[Path]:
    ends = {f"_{goarch}.s", *(("_ppc64x.s",) if goarch.startswith("ppc64") else ())}
    return sorted(file for file in folder.glob("*.s") if any(file.name.endswith(end) for end in ends))


def _is_of(work: str, file: Path) -> bool:
    return ("gcm" in file.name or file.parent.name == "gcm") is (work == "GCM")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
