"""One input of a real module's build changed at a time: does godyno name it, and it alone?

    python benchmarks/why_builds.py [--module github.com/caddyserver/caddy/v2@v2.11.9] [--scratch DIR] [--other-go PATH] [--minutes 5]

The module comes from the module proxy, its caches are private (that of the whole program is kept in DIR). A first build fills them;
then each case changes one thing, builds under ``godyno record --cache-keys`` and is put back; the unchanged build is recorded again
before each. Cases that compile everything build one small package of the module. With ``--minutes`` it ends by itself after so many; the
same command goes on with the cases that are left.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arms import RESULTS, keep
from godyno.capture.reader import open_capture
from godyno.diagnose.builds.cache_misses import CacheMisses
from godyno.toolchain.find import find_go

WHOLE, SMALL = "./cmd/caddy", "./internal/metrics"


@dataclass(frozen=True)
class Case:
    """What is changed, what is built, and the input that has to be named: its kind and its name (empty: none, all is cached)."""

    name: str
    right: tuple[str, str]
    package: str = SMALL
    flags: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    append: tuple[str, str] = ("", "")  # a file of the module, and what is added to it
    require: str = ""  # a dependency at another version
    other_go: bool = False


CASES = (
    Case("nothing", ("", ""), WHOLE),
    Case("a function added to a leaf package", ("file", "headers.go"), WHOLE,
         append=("modules/caddyhttp/headers/headers.go", "\nfunc added() int { return 1 }\n")),
    Case("an exported function added to the root package", ("file", "replacer.go"), WHOLE,
         append=("replacer.go", "\n// Added is new.\nfunc Added() int { return 1 }\n")),
    Case("a comment in a leaf package", ("file", "headers.go"), WHOLE, append=("modules/caddyhttp/headers/headers.go", "\n// added\n")),
    Case("a dependency's version", ("module", "github.com/yuin/goldmark"), WHOLE, require="github.com/yuin/goldmark@v1.8.4"),
    Case("-race", ("flags", "gcflags"), flags=("-race",)),
    Case("GOARCH=arm64", ("target", "GOOS/GOARCH"), env={"GOARCH": "arm64"}),
    Case("CGO_CFLAGS=-O1", ("c compiler", "CGO_CFLAGS"), env={"CGO_CFLAGS": "-O1"}),
    Case("CGO_ENABLED=0", ("c compiler", "CC"), env={"CGO_ENABLED": "0"}),
    Case("-trimpath in GOFLAGS", ("flags", "trimpath"), env={"GOFLAGS": "-trimpath"}),
    Case("-gcflags=all=-N", ("flags", "gcflags"), flags=("-gcflags=all=-N",)),
    Case("GOAMD64=v3", ("target", "GOAMD64"), env={"GOAMD64": "v3"}),
    Case("another toolchain", ("toolchain", "go"), other_go=True),
    Case("the cache emptied", ("not-in-cache", "")),
)  # fmt: skip


class Bench:
    """The module's copy and its caches."""

    def __init__(self, module: str, scratch: Path, other_go: str) -> None:
        self.scratch, self.tree, self.other_go = scratch, scratch / "tree", other_go
        self.go = find_go()
        scratch.mkdir(parents=True, exist_ok=True)
        for old in (self.tree, self.cache(SMALL), scratch / "state"):
            shutil.rmtree(old, ignore_errors=True)
        told = subprocess.run(
            [self.go.path, "mod", "download", "-json", module], cwd=scratch, env={**os.environ, "GOFLAGS": "-mod=mod"}, capture_output=True,
            text=True, check=True,
        ).stdout  # fmt: skip
        shutil.copytree(json.loads(told)["Dir"], self.tree)
        for file in (self.tree, *self.tree.rglob("*")):
            file.chmod(file.stat().st_mode | 0o200)

    def cache(self, package: str) -> Path:
        """A build cache for each, so that what is built again and again in other ways begins with an empty one."""
        return self.scratch / ("gocache" if package == WHOLE else "gocache-small")

    def env(self, package: str, also: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ, "GOFLAGS": "", "GOCACHE": str(self.cache(package)), "GODYNO_STATE": str(self.scratch / "state"),
            "GOTOOLCHAIN": "local", **also,
        }  # fmt: skip

    def record(self, package: str, flags: Sequence[str], env: Mapping[str, str], go: str) -> list[Any]:
        out = self.scratch / "build.dyno"
        shutil.rmtree(out, ignore_errors=True)
        words = ["record", "-q", "--cache-keys", "-o", str(out), "--", go, "build", *flags]
        words += ["-o", str(self.scratch / "built"), package] if package == WHOLE else [package]
        subprocess.run(
            [sys.executable, "-m", "godyno", *words], cwd=self.tree, env=self.env(package, env), check=True
        )
        with open_capture(out) as capture:
            return list(CacheMisses().analyze(capture))

    def case(self, case: Case) -> dict[str, Any]:
        """Builds, changes, builds, puts back: the change alone is new."""
        self.record(case.package, (), {}, self.go.path)
        kept = {
            name: (self.tree / name).read_bytes() for name in ("go.mod", "go.sum", case.append[0]) if name
        }
        try:
            if case.append[0]:
                with (self.tree / case.append[0]).open("a") as file:
                    file.write(
                        f"{case.append[1]}// at {time.time_ns()}\n"
                    )  # never the same twice: the cache is kept
            if case.require:
                self.go.run("get", case.require, cwd=self.tree, env={"GOFLAGS": "-mod=mod"})
            if case.right[0] == "not-in-cache":
                shutil.rmtree(self.cache(case.package))
            found = self.record(
                case.package, case.flags, case.env, self.other_go if case.other_go else self.go.path
            )
        finally:
            for name, text in kept.items():
                (self.tree / name).write_bytes(text)
        said = {(cause["what"], cause["name"]) for one in found for cause in one.data["causes"]}
        return {
            "case": case.name, "package": case.package, "compiled": sum(one.data["packages"] for one in found),
            "claims": [one.claim for one in found], "right": said == ({case.right} if case.right[0] else set()),
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--module", default="github.com/caddyserver/caddy/v2@v2.11.9")
    parser.add_argument("--scratch", type=Path, default=Path.home() / ".cache/godyno-benchmarks/why_builds")
    parser.add_argument(
        "--other-go", default="", help="the go of another toolchain; without it that case is left out"
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no further case after so many")
    parser.add_argument(
        "--again", nargs="*", metavar="CASE", help="throw away what was found before (of these)"
    )
    asked = parser.parse_args()
    ends = time.monotonic() + 60 * asked.minutes
    file = RESULTS / "why_builds.json"
    kept = json.loads(file.read_text()) if file.exists() and asked.again != [] else []
    found = {row["case"]: row for row in kept if row["case"] not in (asked.again or ())}
    bench = Bench(asked.module, asked.scratch, asked.other_go)
    for case in CASES:
        if case.name in found or (case.other_go and not asked.other_go) or time.monotonic() > ends:
            continue
        found[case.name] = bench.case(case)
        print(found[case.name], flush=True)
        file.write_text(json.dumps(list(found.values()), indent=0) + "\n")
    rows = [found[case.name] for case in CASES if case.name in found]
    right = sum(row["right"] for row in rows)
    lines = [
        f"{asked.module}, {bench.go.version}: the input that was changed was named, and no other, in {right} of {len(rows)} cases.", "",
        "| changed | built | compiled | said | right |", "|---|---|---:|---|---|",
    ]  # fmt: skip
    lines += [
        f"| {row['case']} | `{row['package']}` | {row['compiled']:,} | {'; '.join(row['claims'][:3]) or 'all was cached'} | "
        f"{'yes' if row['right'] else 'no'} |"
        for row in rows
    ]
    keep("why_builds", "# Which input of a real module's build changed\n\n" + "\n".join(lines), rows)


if __name__ == "__main__":
    main()
