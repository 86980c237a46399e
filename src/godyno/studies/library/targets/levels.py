"""The instruction set levels that a target can be compiled for, by the environment variable that chooses them."""

from __future__ import annotations

from collections.abc import Mapping

BASE = "base"

_MIPS = {"softfloat": "softfloat"}
_POWER = {"power9": "power9", "power10": "power10"}
# GOARCH to the variable, its value for ``base`` (Go's default), and the other levels by the name that they have here.
LEVELS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "386": ("GO386", "sse2", {"softfloat": "softfloat"}),
    "amd64": ("GOAMD64", "v1", {"v2": "v2", "v3": "v3", "v4": "v4"}),
    "arm": ("GOARM", "7", {"5": "5", "6": "6"}),
    "arm64": ("GOARM64", "v8.0", {"lse": "v8.0,lse", "v9.0": "v9.0"}),
    "mips": ("GOMIPS", "hardfloat", _MIPS),
    "mipsle": ("GOMIPS", "hardfloat", _MIPS),
    "mips64": ("GOMIPS64", "hardfloat", _MIPS),
    "mips64le": ("GOMIPS64", "hardfloat", _MIPS),
    "ppc64": ("GOPPC64", "power8", _POWER),
    "ppc64le": ("GOPPC64", "power8", _POWER),
    "riscv64": ("GORISCV64", "rva20u64", {"rva22u64": "rva22u64", "rva23u64": "rva23u64"}),
}
NAMES = (BASE, *dict.fromkeys(name for _, _, levels in LEVELS.values() for name in levels))


def has_level(target: str, level: str) -> bool:
    """Whether it makes sense to compile ``target`` for ``level``; one operating system per processor is enough for the others."""
    goos, _, goarch = target.partition("/")
    return level == BASE or (goos == "linux" and level in LEVELS.get(goarch, ("", "", {}))[2])


def environment(target: str, level: str) -> dict[str, str]:
    """What to set to compile ``target`` for ``level``."""
    goos, _, goarch = target.partition("/")
    variable, base, others = LEVELS.get(goarch, ("", "", {}))
    env = {"GOOS": goos, "GOARCH": goarch}
    return {**env, variable: others.get(level, base)} if variable else env


def label(target: str, level: str) -> str:
    """As Go writes it: ``GOAMD64=v3``; ``base`` where there is nothing to choose."""
    goarch = target.partition("/")[2]
    variable, base, others = LEVELS.get(goarch, ("", "", {}))
    return f"{variable}={others.get(level, base)}" if variable else BASE
