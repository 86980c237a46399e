"""Goroutines read from the memory of real programs, of every version of Go whose layout is known."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from godyno.errors import GodynoError
from godyno.probes.kernel.symbols import Mapped, Symbolizer, existing_mappings
from godyno.probes.runtime.goroutine_memory import GoProgram, Goroutine, Unreadable, layout_of, symbols_of
from godyno.toolchain import find_go, versions

PROGRAM = Path(__file__).parents[2] / "data" / "programs" / "waits"
VERSIONS = ("1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27")
EXPECTED = {
    "main.(*shelf).take": "sync.Mutex.Lock",
    "main.rest": "sleep",
    "main.receive": "chan receive",
    "main.choose": "select",
    "main.readPipe": "IO wait",
    "main.deep": "chan receive",
}


def built(go: str, out: Path, *flags: str) -> Path:
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "CGO_ENABLED": "0"}
    subprocess.run([go, "build", *flags, "-o", out, "."], cwd=PROGRAM, env=env, check=True, timeout=300)
    return out


def looked_at(binary: Path) -> Iterator[tuple[GoProgram, Mapped, int]]:
    with subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        process.stdout.readline()
        fd = os.open(f"/proc/{process.pid}/exe", os.O_RDONLY)
        try:
            inode = os.fstat(fd).st_ino
            rows = existing_mappings(process.pid)
            text = next(row for row in rows if row[4] == inode)
            space = Mapped()
            for _, start, length, offset, of, path in rows:
                space.add(start, length, offset, path, of)
            symbols = symbols_of(fd)
            assert symbols.initialised, "where it stands whether packages are initialised"
            yield GoProgram(process.pid, symbols, text[1] - text[3]), space, process.pid
        finally:
            os.close(fd)
            process.stdin.close()


def told(binary: Path, tmp_path: Path) -> tuple[list[tuple[Goroutine, list[str]]], GoProgram]:
    for program, space, _ in looked_at(binary):
        assert not program.initialising(), "main.main runs"
        first, second = program.look(), program.look()
        assert [(one.number, one.state, one.chain) for one in first if one.state == "waiting"] == [
            (one.number, one.state, one.chain) for one in second if one.state == "waiting"
        ], "what did not move is not followed again, and is the same"
        symbols = Symbolizer(tmp_path, tmp_path, same_boot=True)
        out = []
        for one in second:
            chain = b"".join(address.to_bytes(8, "little") for address in one.chain)
            out.append((one, [frame[0] for frame in symbols.frames(chain, space)] if chain else []))
        return out, program
    raise AssertionError


@pytest.mark.integration
@pytest.mark.parametrize(
    ("version", "flags"),
    [*((one, ()) for one in VERSIONS), *((one, ("-buildmode=pie",)) for one in (VERSIONS[0], VERSIONS[-1]))],
)
def test_every_go_shows_what_its_goroutines_wait_for(
    version: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    try:
        go = versions.fetch(version)
    except GodynoError as error:
        pytest.skip(str(error))
    found, program = told(built(go.path, tmp_path / "waits", *flags), tmp_path)
    assert program.version.startswith(f"go{version}.")
    for function, reason in EXPECTED.items():
        (one,) = [one for one, names in found if function in names]
        names = next(names for other, names in found if other is one)
        assert one.reason == reason and one.state == "waiting", (function, one)
        assert names[-1] == "runtime.goexit", names
        assert one.parent == 1
    deep = next(names for _, names in found if "main.deep" in names)
    assert deep.count("main.deep") == 41
    (blocked,) = [one for one, names in found if "main.readBlocked" in names]
    assert blocked.state == "syscall" and blocked.thread > 0
    main = next(one for one, _ in found if one.number == 1)
    assert main.parent == 0


@pytest.mark.integration
def test_a_program_without_symbols_and_one_that_is_not_gos_say_so(tmp_path: Path) -> None:
    stripped = built(find_go().path, tmp_path / "waits", "-ldflags=-s -w")
    for path, why in ((stripped, "stripped"), (Path("/bin/sh"), "not Go")):
        with path.open("rb") as file, pytest.raises(Unreadable, match=why):
            symbols_of(file.fileno())


def test_what_is_no_program_is_unreadable(tmp_path: Path) -> None:
    for data in (b"", b"\x7fELF", b"\x7fELF\x02\x01" + b"\xff" * 200, os.urandom(5000)):
        file = tmp_path / "file"
        file.write_bytes(data)
        with file.open("rb") as opened, pytest.raises(Unreadable):
            symbols_of(opened.fileno())


@pytest.mark.parametrize(
    ("version", "bp"),
    [
        ("go1.21.13", 104),
        ("go1.24", 104),
        ("go1.25.5", 96),
        ("go1.27.3", 96),
        ("go1.40", 96),
        ("devel +abc", 96),
    ],
)
def test_the_layout_follows_the_version(version: str, bp: int) -> None:
    assert layout_of(version).bp == bp


def test_older_versions_are_not_guessed() -> None:
    for version in ("go1.20.1", "", "gccgo"):
        with pytest.raises(Unreadable):
            layout_of(version)


@pytest.mark.integration
def test_a_program_that_tells_of_itself_is_left_alone(tmp_path: Path, godyno: Any) -> None:
    go = find_go().path
    done = godyno(
        "record", "-q", "--instrument", "-o", str(tmp_path / "b.dyno"), "--", go, "build", "-o", str(tmp_path / "waits"), ".",
        cwd=PROGRAM,
    )  # fmt: skip
    assert done.code == 0, done.err
    with (tmp_path / "waits").open("rb") as file, pytest.raises(Unreadable, match="itself"):
        symbols_of(file.fileno())
