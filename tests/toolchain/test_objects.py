from pathlib import Path

import pytest

from godyno.errors import ToolchainError
from godyno.formats.machinecode.listing import codes
from godyno.toolchain import Go
from godyno.toolchain.objects import compile_package
from godyno.toolchain.programs import disassembler

pytestmark = pytest.mark.integration

GO, ASM = "package probe\n\nfunc Add(a, b int) int { return a + b }\n", "TEXT ·stub(SB), 4, $0-0\n\tRET\n"


def test_a_package_without_imports_compiles_for_any_target_without_a_standard_library(
    go: Go, tmp_path: Path
) -> None:
    made = compile_package(go, {"GOOS": "linux", "GOARCH": "mips64le"}, GO, ASM, tmp_path, listing=True)
    assert [file.name for file in made.files] == ["probe.o", "stub.o"]
    assert "probe.Add" in {code.name for code in codes(made.listing)}


def test_what_the_compiler_says_is_in_the_error(go: Go, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="undefined: nowhere"):
        compile_package(
            go, {"GOOS": "linux", "GOARCH": "amd64"}, "package probe\n\nvar X = nowhere\n", ASM, tmp_path
        )


def test_the_disassembler_says_what_it_cannot_read(go: Go, tmp_path: Path) -> None:
    (tmp_path / "nothing.o").write_bytes(b"nothing")
    with pytest.raises(ToolchainError, match=r"nothing\.o"):
        disassembler(go).text(tmp_path / "nothing.o")
