"""Puts the programs together as one Go module and builds them, instrumented, with their peers.

python benchmarks/attribution/build.py
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

from catalogue import Program, programs
from sets import PARTS, SETS, choose_set, folder_of

from godyno.toolchain.find import find_go

SCRATCH = Path(os.environ.get("GODYNO_ATTRIBUTION", "/var/tmp/godyno-attribution"))
GODYNO = [sys.executable, "-m", "godyno"]
TYPES = (PARTS / "types.txt").read_text().split()


def part(kind: str, name: str) -> Path:
    """The file of a part; those that are held out lie apart."""
    places = [folder_of(of_set) / kind / f"{name}.go" for of_set in SETS]
    return next(path for path in places if path.exists())


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


def put_together(chosen: Sequence[Program], module: Path) -> None:
    """The programs' sources as one module, in place of what was there."""
    shutil.rmtree(module, ignore_errors=True)
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module sample\n\ngo 1.24\n")
    for program in chosen:
        write(program, module)


def compiled(chosen: Sequence[Program], module: Path, out: Path, instrumented: bool) -> None:
    """Builds them into a folder, through a recorded build where they are to tell of their runtime."""
    out.mkdir(exist_ok=True)
    capture = module.parent / "build.dyno"
    before = [*GODYNO, "record", "-q", "--instrument", "-o", str(capture), "--"] if instrumented else []
    names = [f"./{program.name}" for program in chosen]
    try:
        subprocess.run([*before, find_go().path, "build", "-o", f"{out}/", *names], cwd=module, check=True)
    finally:
        shutil.rmtree(capture, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="only these programs")
    choose_set(parser)
    options = parser.parse_args()
    chosen = [
        program
        for program in programs()
        if program.name in (options.names or [program.name]) and options.of_set in (None, program.of_set)
    ]
    SCRATCH.mkdir(exist_ok=True)
    put_together(chosen, SCRATCH / "sample")
    compiled(chosen, SCRATCH / "sample", SCRATCH / "plain", instrumented=False)
    compiled(chosen, SCRATCH / "sample", SCRATCH / "bin", instrumented=True)
    peers = PARTS.parent / "peers"
    subprocess.run([find_go().path, "build", "-o", str(SCRATCH / "peers"), "."], cwd=peers, check=True)
    data = SCRATCH / "data"
    if not data.exists():
        data.write_bytes(bytes(range(256)) * (1 << 20))
    print(f"{len(chosen)} programs in {SCRATCH}")


if __name__ == "__main__":
    main()
