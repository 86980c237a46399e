"""How fast a module cache is checked, beside `go mod verify` of the same modules, in turn.

    python benchmarks/modcache_speed.py [--pairs 5] [--cache DIR]

The cache is filled from the module proxy with large modules that a go.mod requires, so that both verify all of it: zips and extracted
files. Both read from the page cache, so that hashes are compared and not the disk.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from arms import Arm, interleave, keep, ratio
from godyno.modcache.layout import read_layout
from godyno.toolchain import find_go

LARGE = (
    "github.com/aws/aws-sdk-go v1.55.5", "github.com/Azure/azure-sdk-for-go v68.0.0+incompatible", "google.golang.org/api v0.214.0",
    "github.com/oracle/oci-go-sdk/v65 v65.80.0", "github.com/IBM/platform-services-go-sdk v0.71.0",
    "github.com/aliyun/alibaba-cloud-sdk-go v1.62.700", "github.com/hashicorp/terraform-provider-google v1.20.0",
    "cloud.google.com/go v0.110.0",
    "github.com/huaweicloud/huaweicloud-sdk-go-v3 v0.1.130",
    "github.com/pulumi/pulumi-aws/sdk/v6 v6.65.0", "github.com/pulumi/pulumi-azure-native-sdk v1.104.0",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    go = find_go()
    with tempfile.TemporaryDirectory(prefix="godyno-speed-", ignore_cleanup_errors=True) as scratch:
        module = Path(scratch)
        cache = options.cache or module / "mod"
        env = {
            "GOMODCACHE": str(cache),
            "GOFLAGS": "-mod=mod -modcacherw",
            "GOSUMDB": "off",
            "GONOSUMDB": "*",
        }
        os.environ |= env
        (module / "go.mod").write_text("module example.com/large\n\ngo 1.16\n")
        (module / "x.go").write_text("package large\n")
        for line in LARGE:
            path, version = line.split()
            got = go.try_run("mod", "download", f"{path}@{version}", env=env)
            if got.returncode:
                print(f"left out: {line}: {got.stderr.strip()[-120:]}", file=sys.stderr)
                continue
            go.run("mod", "edit", f"-require={path}@{version}", cwd=module, env=env)
        go.run("mod", "download", cwd=module, env=env)
        versions = read_layout(cache).versions
        size = sum(Path(v.parts["zip"]).stat().st_size for v in versions if "zip" in v.parts)
        whole = int(
            subprocess.run(["du", "-sb", cache], capture_output=True, text=True, check=True).stdout.split()[0]
        )
        godyno = [
            sys.executable,
            "-m",
            "godyno",
            "modcache",
            "check",
            "--gomodcache",
            str(cache),
            "--no-build-cache",
            "--quiet",
        ]
        arms = [
            Arm("go mod verify", lambda scratch: [go.path, "mod", "verify"]),
            Arm("godyno modcache check", lambda scratch: godyno),
        ]
        runs = interleave(arms, options.pairs, module)
        table = "\n".join([
            "# Checking a module cache", "",
            f"{len(versions)} module versions, {whole / 1e9:.2f} GB in all, {size / 1e9:.2f} GB of it zips; {go.version}.", "",
            "| godyno / go mod verify | |", "|---|---|",
            f"| wall | {ratio(runs, 'go mod verify', 'godyno modcache check', 'wall_s')} |",
            f"| CPU | {ratio(runs, 'go mod verify', 'godyno modcache check', 'cpu_s')} |", "",
            "godyno looks at permissions, owners, go.mod and .info files as well.",
        ])  # fmt: skip
        keep("modcache_speed", table, [run.__dict__ for run in runs])


if __name__ == "__main__":
    main()
