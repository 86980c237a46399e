"""Test binaries built before anything is measured: one for each package with benchmarks, arm and layout.

Arms of one toolchain and one set of flags share a build cache, which is kept between runs: Go's cache is addressed by content, and
nothing is compiled while trials run. Where the linker can (``-randlayout``, Go 1.22), further layouts shuffle the order of functions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.errors import BuildFailed, ToolchainError, UsageError
from godyno.studies.bench.arms import Side
from godyno.toolchain import Go, Package, packages
from godyno.toolchain.versions import user_cache

_BENCHMARK = re.compile(rb"^func\s+Benchmark", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Binary:
    """A package's test binary, and the directory in which its tests expect to run."""

    package: str
    path: Path
    directory: Path


@dataclass(frozen=True, slots=True)
class Built:
    """An arm that can be run. ``layouts`` holds the same binaries in as many layouts, at least one."""

    side: Side
    layouts: tuple[tuple[Binary, ...], ...]
    go: Go

    def binary(self, package: str, block: int) -> Binary:
        """The binary of ``package`` for a block: layouts take turns. Raises KeyError."""
        found = self.layouts[block % len(self.layouts)]
        try:
            return next(one for one in found if one.package == package)
        except StopIteration:
            raise KeyError(package) from None

    def fingerprint(self) -> str:
        """Changes when any of the binaries does."""
        total = hashlib.sha256()
        for one in (binary for layout in self.layouts for binary in layout):
            with one.path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        return total.hexdigest()[:16]


def build(
    go: Go, tree: Path, patterns: Sequence[str], out: Path, side: Side, *,
    layouts: int = 1, gocache: Path | None = None, say: Callable[[str], None] = lambda text: None,
) -> Built:  # fmt: skip
    """Builds the test binaries of all packages that have benchmarks into ``out``.

    Raises BuildFailed where one does not build, UsageError where no package has benchmarks, ToolchainError where this Go has no layouts.
    """
    if layouts > 1 and go.release < (1, 22, 0):
        raise ToolchainError(f"{go.version} cannot shuffle layouts", hint="Go 1.22 and newer can.")
    out.mkdir(parents=True, exist_ok=True)
    env = {"GOCACHE": str(gocache or cache_of(go, side)), **side.build_env}
    tags = [flag for flag in side.flags if flag.lstrip("-").startswith("tags=")]
    listing = {**env, "GOFLAGS": tags[0]} if tags else env  # `go list` must see the files that will be built
    with_benchmarks = [one for one in packages(go, tree, patterns, env=listing) if _has_benchmarks(one)]
    found: list[tuple[Binary, ...]] = []
    for layout in range(layouts):
        binaries = []
        for number, package in enumerate(with_benchmarks):
            say(
                f"building {package.import_path} of {side.name}"
                + (f", layout {layout + 1}" if layouts > 1 else "")
            )
            path = out / f"{layout}-{number}.test"
            flags = _with_layout(side.flags, layout)
            done = go.try_run(
                "test",
                "-c",
                "-o",
                str(path),
                "-buildvcs=false",
                *flags,
                package.import_path,
                cwd=tree,
                env=env,
            )
            if done.returncode != 0:
                last = "\n".join(done.stderr.strip().splitlines()[-8:])
                raise BuildFailed(
                    f"{side.name}: the tests of {package.import_path} do not build:\n{last}",
                    hint=f"`go test -c {' '.join(side.flags)}` in {tree} shows the same.",
                )
            if (
                path.exists()
            ):  # go test -c writes nothing where all test files are left out by build constraints
                binaries.append(Binary(package.import_path, path, Path(package.directory)))
        found.append(tuple(binaries))
    if not found[0]:
        raise UsageError(
            f"{side.name}: no package of {' '.join(patterns)} has benchmarks",
            hint="Name packages with benchmarks.",
        )
    return Built(side, tuple(found), go)


def cache_of(go: Go, side: Side) -> Path:
    """The build cache for arms of this toolchain, these flags and this build environment."""
    key = hashlib.sha256(
        repr((go.version, go.goroot, side.flags, sorted(side.build_env.items()))).encode()
    ).hexdigest()
    return user_cache() / "bench-gocache" / key[:12]


def _with_layout(flags: Sequence[str], layout: int) -> list[str]:
    """Layout 0 is the linker's usual one; the seed joins the -ldflags that the user gave."""
    out, seed = list(flags), f"-randlayout={layout}"
    if layout == 0:
        return out
    for i, flag in enumerate(out):
        name, equals, value = flag.lstrip("-").partition("=")
        if name == "ldflags" and equals:
            out[i] = f"-ldflags={value} {seed}"
            return out
    return [*out, f"-ldflags={seed}"]


def _has_benchmarks(package: Package) -> bool:
    for name in package.test_files:
        try:
            if _BENCHMARK.search(Path(package.directory, name).read_bytes()):
                return True
        except OSError:
            continue
    return False
