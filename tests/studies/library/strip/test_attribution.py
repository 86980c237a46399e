"""Which package bytes belong to: a program of our own, whose constants we know."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from godyno.errors import FormatError
from godyno.formats.elf import elf
from godyno.studies.library.strip.attribution import (
    CODE,
    CONSTANTS,
    DATA,
    KINDS,
    SHARED,
    TABLES,
    UNKNOWN,
    Attribution,
    attributed,
)
from godyno.toolchain import find_go

_LONG, _BOTH = 20_000, 5_000
_FILES = {
    "go.mod": "module godyno.example/who\n\ngo 1.21\n",
    "main.go": """package main

import (
	"godyno.example/who/one"
	"godyno.example/who/two"
)

func main() {
	println(one.Say(len(two.Say())), one.At(len(two.Say())%8), one.Both(), two.Both())
}
""",
    "one/one.go": 'package one\n\nvar Table = [4096]uint32{1, 2, 3}\n\ntype Odd struct{ A, B string }\n\n//go:noinline\n'
    "func Say(n int) string { var x any = Odd{}; if _, ok := x.(Odd); ok && n == 3 { return \"?\" }; return LONG }\n\n"
    "//go:noinline\nfunc Both() string { return BOTH }\n\n//go:noinline\nfunc At(i int) uint32 { return Table[i] }\n\n"
    f'const LONG = "{"a" * _LONG}"\nconst BOTH = "{"b" * _BOTH}"\n',
    "two/two.go": "package two\n\n//go:noinline\nfunc Say() string { return LONG }\n\n//go:noinline\nfunc Both() string { return BOTH }\n\n"
    f'const LONG = "{"c" * (_LONG // 2)}"\nconst BOTH = "{"b" * _BOTH}"\n',
}  # fmt: skip


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("who")
    for name, text in _FILES.items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    return place


def _built(directory: Path, *flags: str, goarch: str = "") -> Attribution:
    env: dict[str, str | None] = {"GOFLAGS": "", "GOWORK": "off", "GOARCH": goarch or None}
    out = directory / "program"
    find_go().run("build", "-buildvcs=false", *flags, "-o", str(out), ".", cwd=directory, env=env)
    return attributed(out.read_bytes())


@pytest.mark.integration
@pytest.mark.parametrize("flags", [(), ("-ldflags=-s",), ("-buildmode=pie",)])
def test_constants_are_of_the_package_whose_code_refers_to_them(
    directory: Path, flags: tuple[str, ...]
) -> None:
    found = _built(directory, *flags)
    constants, data = found.packages[CONSTANTS], found.packages[DATA]
    assert _LONG <= constants["godyno.example/who/one"] < _LONG + 2000
    assert _LONG // 2 <= constants["godyno.example/who/two"] < _LONG // 2 + 1000
    assert constants[SHARED] >= _BOTH
    assert 4096 * 4 <= data["godyno.example/who/one"] < 4096 * 4 + 1000
    assert 0 < found.packages[TABLES]["godyno.example/who/one"] < 5000
    for kind in KINDS:
        nobody = sum(size for name, size in found.packages[kind].items() if name[0] == "(" and name != SHARED)
        assert nobody < 0.01 * found.total(kind), kind


@pytest.mark.integration
def test_every_byte_is_counted_once(directory: Path) -> None:
    found = _built(directory)
    program = elf((directory / "program").read_bytes())

    def size(*names: str) -> int:
        return sum(section.size for name in names if (section := program.section(name)))

    assert found.total(CODE) == size(".text")
    assert found.total(CONSTANTS) == size(".rodata", ".go.type", ".go.func", ".typelink", ".itablink")
    assert found.total(TABLES) == size(".gopclntab")
    assert found.total(DATA) == size(".data", ".noptrdata")


@pytest.mark.integration
def test_symbols_taken_away_later_change_little(directory: Path) -> None:
    whole = _built(directory)
    found = _built(directory, "-ldflags=-s -w")
    for kind in KINDS:
        same = sum((whole.packages[kind] & found.packages[kind]).values())
        assert same > 0.9 * whole.total(kind), kind


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(FormatError):
        attributed(b"MZ" + bytes(100))


@pytest.mark.integration
def test_a_program_of_c_is_refused(tmp_path: Path) -> None:
    true = Path("/bin/true")
    if not true.exists():
        pytest.skip("there is no /bin/true")
    with pytest.raises(FormatError):
        attributed(true.read_bytes())


def test_shared_and_unknown_are_no_packages() -> None:
    assert all(name.startswith("(") for name in (SHARED, UNKNOWN))
    assert isinstance(Attribution({CODE: Counter(main=1)}).total(CODE), int)
