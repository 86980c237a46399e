"""Code by package as ``godyno study strip`` reads it, beside go-size-analyzer: ``strip_attribution.py GSA PROGRAM...``.

GSA is the program of ``go install github.com/Zxilly/go-size-analyzer/cmd/gsa@latest``; programs are ELF files built by Go.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from godyno.formats.sections import parts
from godyno.studies.library.strip.packages import rodata_by_package, text_by_package

RESULTS = Path(__file__).parent / "results"


def theirs(gsa: str, program: Path) -> Counter[str]:
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
    gsa, *programs = sys.argv[1:]
    rows, lines = [], []
    for name in programs:
        program = Path(name)
        data = program.read_bytes()
        text, total = text_by_package(data)
        rodata, rodata_total = rodata_by_package(data)
        other = theirs(gsa, program)
        both = [package for package in text if package in other and text[package] > 0]
        close = [
            package
            for package in both
            if abs(text[package] - other[package]) <= max(64, 0.01 * text[package])
        ]
        row = {
            "program": program.name, "size": len(data), "parts": sum(part.size for part in parts(data)), "text": total,
            "text_attributed": sum(size for package, size in text.items() if package != "(not Go's)"),
            "rodata": rodata_total, "rodata_attributed": sum(rodata.values()) - rodata["(not Go's)"],
            "rodata_of_packages": sum(size for package, size in rodata.items() if not package.startswith("(")),
            "gsa_functions": sum(other.values()), "packages_of_both": len(both), "within_1_percent": len(close),
            "bytes_within_1_percent": sum(text[package] for package in close) / max(1, sum(text[package] for package in both)),
            "largest": [[package, size, other.get(package)] for package, size in text.most_common(12)],
        }  # fmt: skip
        rows.append(row)
        lines += [
            f"## {program.name}", "",
            f"- The parts add up to {row['parts']:,} of {row['size']:,} bytes.",
            f"- Code: {row['text_attributed']:,} of {total:,} bytes ({100 * row['text_attributed'] / max(1, total):.2f} %) have a package.",
            f"- Constants: {row['rodata_attributed']:,} of {rodata_total:,} bytes have an owner; "
            f"{row['rodata_of_packages']:,} of them a package, the rest are types, strings and the linker's.",
            f"- go-size-analyzer names functions of {row['gsa_functions']:,} bytes; of {len(both)} packages that both know "
            f"{len(close)} agree within 1 % or 64 bytes, with {100 * row['bytes_within_1_percent']:.1f} % of the code.",
            "", "| package | godyno | go-size-analyzer |", "|---|---:|---:|",
            *(f"| {package} | {size:,} | {'–' if gsa_size is None else f'{gsa_size:,}'} |" for package, size, gsa_size in row["largest"]),
            "",
        ]  # fmt: skip
    (RESULTS / "strip_attribution.md").write_text(
        "\n".join(["# Code by package", "", *lines]).rstrip() + "\n"
    )
    (RESULTS / "strip_attribution.json").write_text(json.dumps(rows, indent=1) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
