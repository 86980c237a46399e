"""What the standard library's assembly uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from godyno.studies.library.targets.assembly import PLAIN, WORK, assembly, extensions
from godyno.toolchain import Go, find_go


@pytest.mark.parametrize(
    ("goarch", "text", "wanted"),
    [
        ("amd64", "\tAESENC X1, X2\n\tMOVQ AX, BX\n", ("AES-NI",)),
        ("amd64", "round:\tSHA256RNDS2 X0, X1, X2; PXOR X1, X1\n", ("SHA", "SSE")),
        ("amd64", "// AESENC is not used\n/* nor\n\tPCLMULQDQ */\n\tADDQ AX, BX\n", ()),
        ("arm64", "#define hash \\\n\tSHA256H V1.S4, V3, V2\n", ("SHA2",)),
        ("s390x", "\tWORD $0xB92E0024\n", ("written as numbers, not read",)),
        ("wasm", "\tI64Add\n", ()),
    ],
)
def test_extensions_are_told_by_instructions_and_not_by_comments(
    goarch: str, text: str, wanted: tuple[str, ...]
) -> None:
    assert extensions(goarch, text) == wanted


def test_gcm_and_aes_are_told_apart_where_they_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "src" / "crypto" / "aes"
    folder.mkdir(parents=True)
    (folder / "asm_amd64.s").write_text("\tAESENC X1, X2\n")
    (folder / "gcm_amd64.s").write_text("\tPCLMULQDQ $0, X1, X2\n")
    (folder / "asm_arm64.s").write_text("\tAESE V1.B16, V2.B16\n")
    go = Go("go", str(tmp_path), "go1.21")
    assert assembly(go, "amd64") == {"AES": ("AES-NI",), "GCM": ("PCLMULQDQ",)}
    assert assembly(go, "riscv64") == {}


@pytest.mark.integration
def test_amd64s_aes_uses_its_instructions_in_the_real_library() -> None:
    found = assembly(find_go(), "amd64")
    assert "AES-NI" in found["AES"] and set(found) <= set(WORK)
    assert PLAIN in assembly(find_go(), "386")["SHA-256"]
