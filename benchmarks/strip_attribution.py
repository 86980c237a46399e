"""Bytes by package as ``godyno study strip`` finds them, beside what others say: ``strip_attribution.py [--gsa GSA] PROGRAM...``.

Programs are unstripped ELF files. Each is looked into as it is and after ``strip`` (binutils) took its symbols away. Beside godyno stand
the symbol table as ``go tool nm -size`` prints it and, with ``--gsa``, go-size-analyzer (github.com/Zxilly/go-size-analyzer).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from godyno.formats.sections import parts
from godyno.studies.library.strip.attribution import CODE, CONSTANTS, KINDS, SHARED, Attribution, attributed
from godyno.studies.library.strip.packages import package_of

RESULTS = Path(__file__).parent / "results"
_SECTIONS = {CODE: (".text",), CONSTANTS: (".rodata", ".go.type", ".go.func", ".typelink", ".itablink"),
             "function tables": (".gopclntab",), "data": (".data", ".noptrdata")}  # fmt: skip


def by_symbols(program: Path) -> Counter[str]:
    """Bytes of code by package, by the symbol table."""
    argv = ["go", "tool", "nm", "-size", str(program)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=600)
    found: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        words = line.split(None, 3)
        if len(words) == 4 and words[2] in "Tt":
            found[package_of(words[3])] += int(words[1])
    return found


def by_gsa(gsa: str, program: Path) -> tuple[Counter[str], dict[str, tuple[int, int]]]:
    """Bytes of functions by package, as go-size-analyzer says, and by kind: all bytes, and those that it knows a package for."""
    argv = [gsa, "-f", "json", str(program)]
    found: Counter[str] = Counter()
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:  # a Go that is newer than it
        print(f"go-size-analyzer does not read {program.name}: {done.stderr.strip()[-200:]}")
        return found, {}
    told = json.loads(done.stdout)

    def walk(packages: dict[str, Any]) -> None:
        for package in packages.values():
            for file in package.get("files") or ():
                found[package["name"]] += sum(
                    int(one.get("code_size", 0)) for one in file.get("functions") or ()
                )
            walk(package.get("subPackages") or {})

    walk(told["packages"])
    sections = {one["name"]: one for one in told["sections"]}
    known = {
        kind: tuple(
            sum(sections[name][what] for name in names if name in sections) for what in ("size", "known_size")
        )
        for kind, names in _SECTIONS.items()
    }
    return found, known  # type: ignore[return-value]


def without_symbols(program: Path) -> Attribution:
    """What is found once the symbols are gone."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "-o", out.name, str(program)], check=True, timeout=120)
        return attributed(Path(out.name).read_bytes())


def shares(found: Attribution, kind: str) -> tuple[float, float, float]:
    """Of a kind's bytes: those of one package, those that packages share, those of none."""
    counted, total = found.packages[kind], max(1, found.total(kind))
    shared = counted[SHARED] / total
    own = sum(size for name, size in counted.items() if name[0] != "(") / total
    return own, shared, 1 - own - shared


def same(one: Counter[str], other: Counter[str]) -> float:
    """Of all bytes, those that both give to the same owner."""
    return sum(min(size, other[name]) for name, size in one.items()) / max(1, sum(one.values()))


def row_of(program: Path, gsa: str | None) -> dict[str, Any]:
    """Everything measured of a program."""
    data = program.read_bytes()
    found, bare, symbols = attributed(data), without_symbols(program), by_symbols(program)
    peer, known = by_gsa(gsa, program) if gsa else (Counter[str](), {})
    return {
        "program": program.name, "size": len(data), "parts": sum(part.size for part in parts(data)),
        "kinds": {
            kind: {"bytes": found.total(kind), "with symbols": shares(found, kind), "without": shares(bare, kind),
                   "same": same(found.packages[kind], bare.packages[kind]), "go-size-analyzer": known.get(kind)}
            for kind in KINDS
        },
        "code": {package: [size, symbols.get(package), peer.get(package)] for package, size in found.packages[CODE].most_common()},
        "constants": dict(found.packages[CONSTANTS].most_common()),
    }  # fmt: skip


def text(row: dict[str, Any]) -> list[str]:
    """A program's part of the page."""
    lines = [
        f"## {row['program']}", "", f"The parts add up to {row['parts']:,} of {row['size']:,} bytes.", "",
        "| kind | bytes | of one package | shared | of none | without symbols: of one package | shared | of none | same owner both ways | "
        "go-size-analyzer knows |", "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]  # fmt: skip
    for kind, one in row["kinds"].items():
        cells = [f"{100 * share:.2f} %" for share in (*one["with symbols"], *one["without"], one["same"])]
        peer = one["go-size-analyzer"]
        lines.append(
            f"| {kind} | {one['bytes']:,} | {' | '.join(cells)} | {f'{100 * peer[1] / max(1, peer[0]):.2f} %' if peer else '–'} |"
        )
    lines += [
        "",
        "| package | code: godyno | go tool nm | go-size-analyzer | constants: godyno |",
        "|---|---:|---:|---:|---:|",
    ]
    for package, (size, symbols, peer) in list(row["code"].items())[:12]:
        others = " | ".join("–" if one is None else f"{one:,}" for one in (symbols, peer))
        lines.append(f"| {package} | {size:,} | {others} | {row['constants'].get(package, 0):,} |")
    both = [(size, peer) for size, _, peer in row["code"].values() if peer]
    if both:
        ours, theirs = (sum(pair[index] for pair in both) for index in (0, 1))
        lines += ["", f"Of the {len(both)} packages that both know, godyno's code is {ours:,} bytes, go-size-analyzer's {theirs:,} "
                  f"({100 * (ours / theirs - 1):+.2f} %). The symbol table's sizes leave out the padding between functions."]  # fmt: skip
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gsa", help="go-size-analyzer's program")
    parser.add_argument("programs", nargs="+", type=Path)
    options = parser.parse_args()
    rows = [row_of(program, options.gsa) for program in options.programs]
    head = [
        "# Bytes by package", "",
        "Code by the function table; constants, function tables and data by who refers to them (`godyno study strip`). Shared is what "
        "several packages refer to.", "",
    ]  # fmt: skip
    page = "\n".join([*head, *(line for row in rows for line in text(row))]).rstrip() + "\n"
    (RESULTS / "strip_attribution.md").write_text(page)
    (RESULTS / "strip_attribution.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(page)


if __name__ == "__main__":
    main()
