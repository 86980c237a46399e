"""Where energy comes from and where it can be read: supplies, RAPL domains, thermal zones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from godyno.machine.hierarchies import SLASH, read_text


@dataclass(frozen=True, slots=True)
class EnergyCounter:
    """A RAPL domain: ``path`` holds microjoules that start again from 0 at ``range_j``."""

    name: str  # package-0, package-0/core, psys …
    path: Path
    range_j: float


def power_source(root: Path = SLASH) -> str:
    """``ac``, ``battery``, or empty where the machine does not tell."""
    online, discharging, batteries = False, False, 0
    for supply in _children(root / "sys/class/power_supply"):
        kind = read_text(supply / "type").strip()
        if kind in ("Mains", "USB", "USB_C", "USB_PD", "Wireless"):
            online = online or read_text(supply / "online").strip() == "1"
        elif (
            kind == "Battery" and read_text(supply / "scope").strip() != "Device"
        ):  # a mouse's is nobody's power
            batteries += 1
            discharging = discharging or read_text(supply / "status").strip() == "Discharging"
    if discharging:
        return "battery"
    if online or batteries:
        return "ac"
    return ""


def batteries(root: Path = SLASH) -> list[Path]:
    """The directories of the machine's own batteries."""
    return [
        supply
        for supply in _children(root / "sys/class/power_supply")
        if read_text(supply / "type").strip() == "Battery" and read_text(supply / "scope").strip() != "Device"
    ]


def energy_counters(root: Path = SLASH) -> list[EnergyCounter]:
    """The RAPL domains, whether they can be read or not (since Linux 5.10 only root may)."""
    found = []
    for place in _children(root / "sys/class/powercap"):
        # intel-rapl also names AMD's; intel-rapl-mmio counts the same package again.
        if not place.name.startswith("intel-rapl:"):
            continue
        name = read_text(place / "name").strip() or place.name
        if place.name.count(":") > 1:
            parent = read_text(place.parent / place.name.rpartition(":")[0] / "name").strip()
            name = f"{parent}/{name}" if parent else name
        limit = read_text(place / "max_energy_range_uj").strip()
        found.append(
            EnergyCounter(name, place / "energy_uj", int(limit) * 1e-6 if limit.isdecimal() else 0.0)
        )
    return found


def thermal_zones(root: Path = SLASH) -> list[tuple[str, Path]]:
    """Each thermal zone's kind and the file with its temperature (thousandths of a degree Celsius)."""
    found: list[tuple[str, Path]] = []
    for zone in _children(root / "sys/class/thermal"):
        if zone.name.startswith("thermal_zone") and (zone / "temp").exists():
            kind = read_text(zone / "type").strip() or zone.name
            same = sum(1 for name, _ in found if name.partition("#")[0] == kind)
            found.append((f"{kind}#{same + 1}" if same else kind, zone / "temp"))
    return found


def _children(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
