"""The processor as Go sees it: architecture, ISA level in Go's own names, topology, frequency, hypervisor.

GOAMD64's levels are those of the x86-64 psABI (Go wiki, MinimumRequirements); GOARM64's are the Arm
architecture versions (``go help environment``), of which a level is claimed only when all features of it that
the kernel shows are there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from godyno.machine.hierarchies import SLASH, read_text
from godyno.model import Cpu

# uname -m to GOARCH.
GOARCH = {
    "x86_64": "amd64", "i386": "386", "i486": "386", "i586": "386", "i686": "386", "aarch64": "arm64", "arm64": "arm64",
    "armv5tel": "arm", "armv6l": "arm", "armv7l": "arm", "armv8l": "arm", "riscv64": "riscv64", "loongarch64": "loong64",
    "ppc64": "ppc64", "ppc64le": "ppc64le", "s390x": "s390x", "mips": "mips", "mips64": "mips64",
}  # fmt: skip
# As /proc/cpuinfo writes them: pni is SSE3, abm is LZCNT; xsave stands for OSXSAVE, since Linux hides it
# where it is off.
_AMD64_LEVELS = (
    ("v2", frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"})),
    ("v3", frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"})),
    ("v4", frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})),
)
_ARM64_LEVELS = (
    ("v8.1", frozenset({"atomics", "asimdrdm", "crc32"})),
    ("v8.2", frozenset({"dcpop"})),
    ("v8.3", frozenset({"jscvt", "fcma", "lrcpc", "paca"})),
    ("v8.4", frozenset({"asimddp", "flagm", "ilrcpc", "uscat", "dit"})),
    ("v8.5", frozenset({"sb", "frint", "flagm2"})),
    ("v9.0", frozenset({"sve2"})),
)
# Of the hundred flags those that Go's compiler, runtime and libraries ask for.
_SHOWN_TEXT = """
pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm avx avx2 bmi1 bmi2 f16c fma abm movbe aes pclmulqdq sha_ni erms
fsrm adx avx512f avx512bw avx512cd avx512dq avx512vl vaes vpclmulqdq gfni rdtscp constant_tsc nonstop_tsc
atomics asimdrdm crc32 sha1 sha2 sha3 sha512 pmull dcpop jscvt fcma lrcpc paca asimddp flagm ilrcpc uscat dit
sb frint flagm2 sve sve2 bti
"""
_SHOWN = frozenset(_SHOWN_TEXT.split())
_VENDORS = (
    ("KVM", "kvm"), ("QEMU", "qemu"), ("VMware", "vmware"), ("VirtualBox", "virtualbox"), ("innotek", "virtualbox"),
    ("Microsoft", "hyper-v"), ("Xen", "xen"), ("Amazon EC2", "amazon"), ("Google", "google"), ("Apple Virt", "apple"),
    ("Parallels", "parallels"), ("BHYVE", "bhyve"), ("OpenStack", "openstack"), ("Firecracker", "firecracker"),
)  # fmt: skip


def read_cpu(root: Path = SLASH) -> Cpu:
    """The processor; on Linux from ``/proc/cpuinfo`` and ``/sys/devices/system/cpu``, empty fields where they
    are not."""
    # The first processor stands for all: on a large machine the whole file costs the kernel tens of
    # milliseconds.
    fields = cpuinfo_fields(_head(root / "proc/cpuinfo", 16384))
    arch = _arch(root, fields)
    features = frozenset((fields.get("flags") or fields.get("Features") or "").split())
    system = root / "sys/devices/system/cpu"
    online = cpu_numbers(read_text(system / "online"))
    status = dict(_colon_lines(read_text(root / "proc/self/status")))
    allowed = cpu_numbers(status.get("Cpus_allowed_list", ""))
    siblings = cpu_numbers(read_text(system / "cpu0/topology/thread_siblings_list"))
    frequency = read_text(system / "cpu0/cpufreq/cpuinfo_max_freq").strip()
    return Cpu(
        model=_model(root, fields),
        arch=arch,
        isa_level=isa_level(arch, features, fields.get("isa", "")),
        features=tuple(sorted(features & _SHOWN)),
        online=len(online) or 1,
        allowed=len(allowed) or len(online) or 1,
        sockets=_sockets(system, online, arch),
        threads_per_core=len(siblings) or 1,
        governor=read_text(system / "cpu0/cpufreq/scaling_governor").strip(),
        max_hz=int(frequency) * 1e3 if frequency.isdecimal() else None,
        hypervisor=_hypervisor(root, features),
    )


def cpuinfo_fields(text: str) -> dict[str, str]:
    """The fields of the first processor in ``/proc/cpuinfo``, and those that stand after the last (Raspberry
    Pi: Model)."""
    fields: dict[str, str] = {}
    for key, value in _colon_lines(text):
        fields.setdefault(key, value)
    return fields


def isa_level(arch: str, features: frozenset[str], isa: str = "") -> str:
    """Go's name for what this processor can run: GOAMD64, GOARM64 (no options) or GORISCV64; empty where Go
    has none.

    Without any feature known (``features`` empty), the answer is empty too.
    """
    if arch == "amd64" and features:
        return _highest("v1", _AMD64_LEVELS, features)
    if arch == "arm64" and features:
        return _highest("v8.0", _ARM64_LEVELS, features)
    if arch == "riscv64" and isa:
        extensions = set(isa.lower().split("_")[1:])
        single = isa.lower().split("_")[0].removeprefix("rv64").replace("g", "imafd")
        if {"zba", "zbb", "zbs"} <= extensions:
            return "rva23u64" if "v" in single and "zvbb" in extensions else "rva22u64"
        return "rva20u64"
    return ""


def cpu_numbers(text: str) -> list[int]:
    """The CPUs in the kernel's list format (``0-3,8``); nothing for what is not one."""
    found: list[int] = []
    for part in text.strip().split(","):
        first, dash, last = part.partition("-")
        if not (first.isascii() and first.isdecimal()) or (
            dash and not (last.isascii() and last.isdecimal())
        ):
            continue
        low, high = int(first), int(last) if dash else int(first)
        if high - low < 1 << 16:
            found.extend(range(low, high + 1))
    return found


def _highest(base: str, levels: tuple[tuple[str, frozenset[str]], ...], features: frozenset[str]) -> str:
    level = base
    for name, needed in levels:
        if not needed <= features:
            break
        level = name
    return level


def _colon_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            yield key.strip(), value.strip()


def _head(path: Path, size: int) -> str:
    try:
        with path.open("rb", buffering=0) as file:
            return os.fsdecode(file.read(size) or b"")
    except OSError:
        return ""


def _arch(root: Path, fields: dict[str, str]) -> str:
    machine = os.uname().machine if root == SLASH else read_text(root / "proc/sys/kernel/arch").strip()
    if not machine:  # a recorded tree of a kernel before 6.1
        machine = "x86_64" if "flags" in fields else "aarch64" if "Features" in fields else ""
        machine = "riscv64" if "isa" in fields else machine
    return GOARCH.get(machine, machine)


def _model(root: Path, fields: dict[str, str]) -> str:
    for key in ("model name", "Model", "cpu model", "uarch"):
        if fields.get(key):
            return fields[key]
    board = read_text(root / "proc/device-tree/model").strip("\0\n")
    if board:
        return board
    if "CPU implementer" in fields:
        return f"Arm implementer {fields['CPU implementer']} part {fields.get('CPU part', '?')}"
    return ""


def _sockets(system: Path, online: list[int], arch: str) -> int:
    packages = {read_text(system / f"cpu{cpu}/topology/physical_package_id").strip() for cpu in online}
    packages -= {"", "-1"}
    # Arm firmware without a topology table makes every core a package of its own.
    if arch.startswith("arm") and len(packages) == len(online):
        return 1
    return len(packages) or 1


def _hypervisor(root: Path, features: frozenset[str]) -> str:
    if read_text(root / "sys/hypervisor/type").strip() == "xen":
        return "xen"
    shown = " ".join(
        read_text(root / "sys/class/dmi/id" / name).strip()
        for name in ("sys_vendor", "product_name", "board_vendor", "bios_vendor")
    )
    known = next((name for text, name in _VENDORS if text in shown), "")
    if "hypervisor" in features:
        return known or "unknown"
    # Arm has no such flag: there only firmware tells; a physical machine of these vendors does not name
    # itself so.
    return known if known in ("kvm", "qemu", "vmware", "xen", "amazon", "apple", "parallels") else ""
