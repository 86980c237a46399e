"""How fast a module cache is checked, beside `go mod verify` of the same modules, and beside what reading them takes at the least.

    python benchmarks/modcache_speed.py warm|cold [--pairs 6] [--cache DIR]

The cache (DIR, kept between runs) is filled from the module proxy with large modules, and what `go mod verify` does not look at, zips
of versions that are not in the build list, is taken out again: both arms check the same bytes. The third arm, the floor, inflates, reads
and hashes each of these bytes once, with the same libraries in as many processes as there are CPUs, and does nothing else. ``warm`` has all
files read before each run; ``cold`` drops the page cache before each, which takes root, and measures the disk.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from arms import RESULTS, Arm, Run, interleave, keep, ratio
from godyno.formats.zipdirectory import DEFLATED, entries, packed
from godyno.modcache import hashing
from godyno.modcache.layout import Version, read_layout
from godyno.toolchain import Go, find_go

LARGE = (
    "github.com/aws/aws-sdk-go v1.55.5", "github.com/Azure/azure-sdk-for-go v68.0.0+incompatible", "google.golang.org/api v0.214.0",
    "github.com/oracle/oci-go-sdk/v65 v65.80.0", "github.com/IBM/platform-services-go-sdk v0.71.0",
    "github.com/aliyun/alibaba-cloud-sdk-go v1.62.700", "github.com/hashicorp/terraform-provider-google v1.20.0",
    "cloud.google.com/go v0.110.0", "github.com/huaweicloud/huaweicloud-sdk-go-v3 v0.1.130",
    "github.com/pulumi/pulumi-aws/sdk/v6 v6.65.0", "github.com/pulumi/pulumi-azure-native-sdk v1.104.0",
    "github.com/microsoftgraph/msgraph-sdk-go v1.89.0", "github.com/pulumi/pulumi/pkg/v3 v3.98.0", "k8s.io/kubernetes v1.13.0",
    "modernc.org/tcl v1.15.1", "modernc.org/sqlite v1.21.2", "modernc.org/ccorpus v1.11.6", "modernc.org/ccorpus2 v1.6.0",
    "github.com/klauspost/compress v1.20.4", "github.com/pierrec/lz4 v2.6.1+incompatible", "github.com/pierrec/lz4/v4 v4.1.18",
    "github.com/ajstarks/deck v0.0.0-20200831202436-30c9fc6549a9", "github.com/go-fonts/dejavu v0.1.0", "golang.org/x/text v0.21.0",
    "github.com/go-git/go-git-fixtures/v4 v4.3.2-0.20231010084843-55a94097c399", "gopkg.in/src-d/go-git-fixtures.v3 v3.5.0",
)  # fmt: skip
GO, GODYNO, FLOOR = "go mod verify", "godyno modcache check", "the floor"


def fill(go: Go, module: Path, cache: Path) -> None:
    """A module that requires all of LARGE, and a cache of what ``go mod verify`` looks at there."""
    module.mkdir(parents=True, exist_ok=True)
    (module / "go.mod").write_text("module example.com/large\n\ngo 1.16\n")
    (module / "x.go").write_text("package large\n")
    for line in LARGE:
        path, version = line.split()
        got = go.try_run("mod", "download", f"{path}@{version}")
        if got.returncode:
            print(f"left out: {line}: {got.stderr.strip()[-120:]}", file=sys.stderr)
            continue
        go.run("mod", "edit", f"-require={path}@{version}", cwd=module)
    go.run("mod", "download", cwd=module)
    listed = set(go.run("list", "-m", "-f", "{{.Path}}@{{.Version}}", "all", cwd=module).split())
    for version in read_layout(cache).versions:
        if version.name not in listed and version.directory:
            shutil.rmtree(version.directory)
            for kind in ("zip", "ziphash", "lock"):
                Path(version.parts.get(kind, "")).unlink(missing_ok=True)


def floor(cache: Path) -> None:
    """Inflates, reads and hashes each byte once."""
    versions = [one for one in read_layout(cache).versions if "zip" in one.parts]
    versions.sort(key=lambda one: -Path(one.parts["zip"]).stat().st_size)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for _ in pool.map(_floor_of, versions):
            pass


def _floor_of(version: Version) -> None:
    data = hashing._mapped(version.parts["zip"])
    top, prefix = version.directory, len(version.name) + 1
    for entry in entries(data):
        raw = packed(data, entry)
        hashlib.sha256(hashing._inflate(raw, entry.size_bytes) if entry.method == DEFLATED else raw).digest()
        hashing._read(f"{top}/{entry.name[prefix:]}", entry.size_bytes)


def _read_all(cache: Path) -> None:
    for folder, _, names in os.walk(cache):
        for name in names:
            hashing._read(f"{folder}/{name}", 1 << 20)


def _forget() -> None:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def measured(go: Go, module: Path, cache: Path, pairs: int, cold: bool) -> list[Run]:
    check = ["-m", "godyno", "modcache", "check", "--gomodcache", str(cache), "--no-build-cache", "--quiet"]
    before: Callable[[], None] = _forget if cold else lambda: _read_all(cache)
    arms = [
        Arm(GO, lambda scratch: [go.path, "mod", "verify"]),
        Arm(GODYNO, lambda scratch: [sys.executable, *check]),
        Arm(FLOOR, lambda scratch: [sys.executable, __file__, "floor", "--cache", str(cache.parent)]),
    ]
    return interleave(arms[:2] if cold else arms, pairs, module, lambda scratch: before())


def about(cache: Path) -> dict[str, Any]:
    versions = [one for one in read_layout(cache).versions if "zip" in one.parts]
    sizes = [entry.size_bytes for one in versions for entry in entries(hashing._mapped(one.parts["zip"]))]
    zips = sum(Path(one.parts["zip"]).stat().st_size for one in versions)
    return {"versions": len(versions), "files": len(sizes), "extracted_bytes": sum(sizes), "zip_bytes": zips}


def table(found: dict[str, Any]) -> str:
    of = found["about"]
    lines = [
        "# Checking a module cache", "",
        f"{of['versions']} module versions, {of['files']:,} files, {of['extracted_bytes'] / 1e9:.2f} GB extracted and "
        f"{of['zip_bytes'] / 1e9:.2f} GB of zips; {of['go']}. Both arms check all of them: zip and extracted files.", "",
        "| | page cache | wall | CPU |", "|---|---|---|---|",
    ]  # fmt: skip
    for state in ("warm", "cold"):
        runs = [Run(**run) for run in found.get(state, [])]
        for arm, base in ((GODYNO, GO), (FLOOR, GO), (GODYNO, FLOOR)):
            if not {arm, base} <= {run.arm for run in runs}:
                continue
            lines.append(
                f"| {arm} / {base} | {state} | {ratio(runs, base, arm, 'wall_s')} | {ratio(runs, base, arm, 'cpu_s')} |"
            )
    lines += [
        "",
        "The floor inflates, reads and hashes each byte once with the same libraries (libdeflate, OpenSSL) on all CPUs and no more.",
        "godyno also compares the two, looks at owners and permissions of every file, and at go.mod and .info files.",
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("fill", "warm", "cold", "floor"))
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/godyno-benchmarks/modcache")
    options = parser.parse_args(argv)
    module, cache = options.cache / "module", options.cache / "mod"
    if options.part == "floor":
        return floor(cache)
    os.environ |= {
        "GOMODCACHE": str(cache),
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOSUMDB": "off",
        "GONOSUMDB": "*",
    }
    go = find_go()
    if not (module / "go.sum").exists() or options.part == "fill":
        fill(go, module, cache)
    if options.part == "fill":
        return None
    runs = measured(go, module, cache, options.pairs, options.part == "cold")
    file = RESULTS / "modcache_speed.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    found = found if isinstance(found, dict) else {}
    found |= {"about": {**about(cache), "go": go.version}, options.part: [run.__dict__ for run in runs]}
    return keep("modcache_speed", table(found), found)


if __name__ == "__main__":
    main()
