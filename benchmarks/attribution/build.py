"""Puts the programs together as one Go module and builds them, instrumented, with their peers.

python benchmarks/attribution/build.py
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

from catalogue import PARTS, Program, programs

SCRATCH = Path("/var/tmp/godyno-attribution")
GODYNO = [sys.executable, "-m", "godyno"]
TYPES = "chest crate drawer folder ladle sieve spool tray vessel wheel basket bottle bucket kettle lantern mallet".split()


def part(kind: str, name: str) -> Path:
    """The file of a part; those that are held out lie apart."""
    path = PARTS / kind / f"{name}.go"
    return path if path.exists() else PARTS / "held_out" / kind / f"{name}.go"


def renamed(text: str, word: str) -> str:
    """A unit's source under a name that says nothing: two units can stand in one program."""
    return re.sub(r"\bunit\b", word, text).replace("newUnit", f"new{word.capitalize()}")


def write(program: Program, module: Path) -> None:
    """A program's folder: files a, b, c …, each what a part is."""
    folder = module / program.name
    folder.mkdir(parents=True)
    texts = [part("frame", "common").read_text(), part("task", program.task).read_text()]
    if program.whole:
        texts.append(part("whole", program.whole).read_text())
    else:
        texts.append(part("frame", program.frame).read_text())
        made = []
        first = zlib.crc32(program.name.encode())
        for index, cause in enumerate(cause for cause in program.causes if cause.unit):
            word = TYPES[(first + index * 5) % len(TYPES)]
            source = part("unit", cause.unit)
            texts.append(renamed(source.read_text(), word))
            made.append(f"new{word.capitalize()}()")
            if (library := source.with_suffix(".c")).exists():
                subprocess.run(
                    ["gcc", "-O1", "-shared", "-fPIC", "-o", folder / "libnames.so", library], check=True
                )
            for package in source.parent.glob(f"{cause.unit}_*/*.go"):  # packages of its own
                (module / package.parent.name.rpartition("_")[2]).mkdir(exist_ok=True)
                shutil.copy(package, module / package.parent.name.rpartition("_")[2] / package.name)
        texts.append(f"package main\n\nfunc newParts() []part {{ return []part{{{', '.join(made)}}} }}\n")
    for letter, text in zip("abcdefgh", texts, strict=False):
        (folder / f"{letter}.go").write_text(text)


def main() -> None:
    module = SCRATCH / "sample"
    shutil.rmtree(module, ignore_errors=True)
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module sample\n\ngo 1.24\n")
    all_programs = programs()
    for program in all_programs:
        write(program, module)
    for plain in (True, False):
        out = SCRATCH / ("plain" if plain else "bin")
        out.mkdir(exist_ok=True)
        capture = SCRATCH / "build.dyno"
        shutil.rmtree(capture, ignore_errors=True)
        before = [] if plain else [*GODYNO, "record", "-q", "--instrument", "-o", str(capture), "--"]
        names = [f"./{program.name}" for program in all_programs]
        subprocess.run([*before, "go", "build", "-o", f"{out}/", *names], cwd=module, check=True)
        shutil.rmtree(capture, ignore_errors=True)
    peers = PARTS.parent / "peers"
    subprocess.run(["go", "build", "-o", str(SCRATCH / "peers"), "."], cwd=peers, check=True)
    with (SCRATCH / "data").open("wb") as file:
        block = bytes(range(256)) * 4096
        for _ in range(256):
            file.write(block)
    print(f"{len(all_programs)} programs in {SCRATCH}")


if __name__ == "__main__":
    main()
