"""What macOS tells of itself through ``sysctl``; the layers it lacks are left empty, and doctor names
them."""

from __future__ import annotations

from collections.abc import Mapping

from godyno.model import Cpu, Memory

_NAMES = (
    "hw.memsize", "hw.logicalcpu", "hw.physicalcpu", "hw.packages", "hw.pagesize", "hw.cpufrequency_max",
    "hw.machine", "machdep.cpu.brand_string", "machdep.cpu.features", "machdep.cpu.leaf7_features", "kern.osproductversion",
    "machdep.cpu.extfeatures", "kern.hv_vmm_present", "vm.swapusage", "kern.bootsessionuuid", "hw.optional.arm.FEAT_LSE",
    "vm.page_free_count", "vm.page_purgeable_count",
)  # fmt: skip
# Apple's names to those of /proc/cpuinfo, for the GOAMD64 level.
_AMD64 = {
    "CX16": "cx16", "LAHF": "lahf_lm", "POPCNT": "popcnt", "SSE3": "pni", "SSE4.1": "sse4_1", "SSE4.2": "sse4_2",
    "SSSE3": "ssse3", "AVX1.0": "avx", "AVX2": "avx2", "BMI1": "bmi1", "BMI2": "bmi2", "F16C": "f16c", "FMA": "fma",
    "LZCNT": "abm", "MOVBE": "movbe", "OSXSAVE": "xsave", "AVX512F": "avx512f", "AVX512BW": "avx512bw",
    "AVX512CD": "avx512cd", "AVX512DQ": "avx512dq", "AVX512VL": "avx512vl", "AES": "aes", "PCLMULQDQ": "pclmulqdq",
}  # fmt: skip


def read_sysctl() -> dict[str, str]:
    """The values that ``sysctl`` gives for the names used here; nothing where it cannot be run."""
    import subprocess

    try:
        # One call a name would be exact; one call for all is fast, and unknown names are only reported on
        # stderr.
        done = subprocess.run(
            ["/usr/sbin/sysctl", *_NAMES], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    return sysctl_values(done.stdout)


def read_power_source() -> str:
    """``ac``, ``battery``, or empty where ``pmset`` does not tell. Written from pmset(1), not tried on a Mac."""
    import subprocess

    try:
        done = subprocess.run(
            ["/usr/bin/pmset", "-g", "batt"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return power_source_in(done.stdout)


def power_source_in(batt: str) -> str:
    """The source in the text of ``pmset -g batt``: ``Now drawing from 'AC Power'``."""
    source = batt.partition("drawing from '")[2].partition("'")[0]
    return {"AC Power": "ac", "Battery Power": "battery"}.get(source, "")


def sysctl_values(text: str) -> dict[str, str]:
    """``name: value`` lines."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name: value.strip() for name, separator, value in pairs if separator}


def cpu_of(values: Mapping[str, str]) -> Cpu:
    """The processor by sysctl values."""
    from godyno.machine.cpu import GOARCH, isa_level

    arch = GOARCH.get(values.get("hw.machine", ""), values.get("hw.machine", ""))
    words = " ".join(
        values.get(f"machdep.cpu.{name}", "") for name in ("features", "leaf7_features", "extfeatures")
    )
    features = frozenset(_AMD64[word] for word in words.split() if word in _AMD64)
    logical, physical = _number(values, "hw.logicalcpu") or 1, _number(values, "hw.physicalcpu") or 1
    # Every Apple processor is at least Arm v8.4 (M1); Go's documentation names no finer way to tell them
    # apart.
    level = (
        "v8.4"
        if arch == "arm64" and values.get("hw.optional.arm.FEAT_LSE") == "1"
        else isa_level(arch, features)
    )
    frequency = _number(values, "hw.cpufrequency_max")
    return Cpu(
        model=values.get("machdep.cpu.brand_string", ""),
        arch=arch,
        isa_level=level,
        features=tuple(sorted(features)),
        online=logical,
        allowed=logical,
        sockets=_number(values, "hw.packages") or 1,
        threads_per_core=max(1, logical // physical),
        max_hz=float(frequency) if frequency else None,
        hypervisor="unknown" if values.get("kern.hv_vmm_present") == "1" else "",
    )


def memory_of(values: Mapping[str, str]) -> Memory:
    """Memory by sysctl values; available is free and purgeable pages, which is less than macOS could free."""
    page = _number(values, "hw.pagesize") or 4096
    free = (_number(values, "vm.page_free_count") or 0) + (_number(values, "vm.page_purgeable_count") or 0)
    total, _, _ = values.get("vm.swapusage", "").partition("M")
    swap = total.rpartition("=")[2].strip()
    return Memory(
        total_bytes=_number(values, "hw.memsize") or 0,
        available_bytes=free * page,
        swap_total_bytes=round(float(swap) * (1 << 20)) if swap.replace(".", "", 1).isdecimal() else 0,
        page_bytes=page,
    )


def _number(values: Mapping[str, str], name: str) -> int | None:
    text = values.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else None
