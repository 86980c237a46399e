"""Code by package as ``godyno study strip`` reads it, beside what others say: ``strip_attribution.py [--gsa GSA] PROGRAM...``.

godyno goes by the function table, which stripped programs have too. Beside it stands the symbol table as ``go tool nm -size`` prints it
and, with ``--gsa``, go-size-analyzer (``go install github.com/Zxilly/go-size-analyzer/cmd/gsa@latest``). Programs are unstripped ELF files.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from godyno.formats.sections import parts
from godyno.studies.library.strip.packages import package_of, rodata_by_package, text_by_package

RESULTS = Path(__file__).parent / "results"


def by_symbols(program: Path) -> Counter[str]:
    """Bytes of code by package, by the symbol table."""
    done = subprocess.run(
        ["go", "tool", "nm", "-size", str(program)], capture_output=True, text=True, check=True, timeout=600
    )
    found: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        words = line.split(None, 3)
        if len(words) == 4 and words[2] in "Tt":
            found[package_of(words[3])] += int(words[1])
    return found


def by_gsa(gsa: str, program: Path) -> Counter[str]:
    """Bytes of functions by package, as go-size-analyzer says."""
    done = subprocess.run(
        [gsa, "-f", "json", str(program)], capture_output=True, text=True, check=True, timeout=600
    )
    found: Counter[str] = Counter()

    def walk(packages: dict[str, Any]) -> None:
        for name, package in packages.items():
            for file in package.get("files") or ():
                found[name] += sum(int(one.get("code_size", 0)) for one in file.get("functions") or ())
            walk(package.get("subPackages") or {})

    walk(json.loads(done.stdout)["packages"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gsa", help="go-size-analyzer's program")
    parser.add_argument("programs", nargs="+", type=Path)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for program in options.programs:
        data = program.read_bytes()
        text, total = text_by_package(data)
        rodata, rodata_total = rodata_by_package(data)
        peers = {"go tool nm": by_symbols(program)} | (
            {"go-size-analyzer": by_gsa(options.gsa, program)} if options.gsa else {}
        )
        named = sum(size for package, size in text.items() if package != "(not Go's)")
        owned = sum(rodata.values()) - rodata["(not Go's)"]
        packaged = sum(size for package, size in rodata.items() if not package.startswith("("))
        row = {
            "program": program.name, "size": len(data), "parts": sum(part.size for part in parts(data)), "text": total,
            "text_of_packages": named, "rodata": rodata_total, "rodata_owned": owned, "rodata_of_packages": packaged,
            "packages": {package: [size, *(peer.get(package) for peer in peers.values())] for package, size in text.most_common()},
        }  # fmt: skip
        rows.append(row)
        lines += [
            f"## {program.name}", "",
            f"- The parts add up to {row['parts']:,} of {len(data):,} bytes.",
            f"- Code: {named:,} of {total:,} bytes ({100 * named / max(1, total):.2f} %) have a package.",
            f"- Constants: {owned:,} of {rodata_total:,} bytes have an owner; {packaged:,} of them a package, the rest are types, strings "
            "and the linker's.",
            *(f"- {_agreement(name, text, peer)}" for name, peer in peers.items()),
            "", f"| package | godyno | {' | '.join(peers)} |", "|---|---:|" + "---:|" * len(peers),
            *(f"| {package} | {size:,} | {' | '.join(f'{peer.get(package, 0):,}' for peer in peers.values())} |"
              for package, size in text.most_common(12)),
            "",
        ]  # fmt: skip
    (RESULTS / "strip_attribution.md").write_text(
        "\n".join(["# Code by package", "", *lines]).rstrip() + "\n"
    )
    (RESULTS / "strip_attribution.json").write_text(json.dumps(rows, indent=1) + "\n")
    print("\n".join(lines))


def _agreement(name: str, text: Counter[str], peer: Counter[str]) -> str:
    """Functions are padded to 16 or 32 bytes, which the function table counts and the symbol table does not."""
    both = [package for package in text if package in peer and text[package] > 0]
    close = [package for package in both if abs(text[package] - peer[package]) <= 0.05 * text[package]]
    share = sum(text[package] for package in close) / max(1, sum(text.values()))
    ours, other = sum(text[package] for package in both), sum(peer[package] for package in both)
    return (
        f"{name} knows {len(both)} of {len(text)} packages and gives them {other:,} bytes, godyno {ours:,} "
        f"({100 * (ours / max(1, other) - 1):+.2f} %); {100 * share:.1f} % of the code is in packages within 5 %"
    )


if __name__ == "__main__":
    main()
