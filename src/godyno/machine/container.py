"""Whether this process runs in a container, and in whose."""

from __future__ import annotations

from pathlib import Path

from godyno.machine.hierarchies import SLASH, read_text

_IN_CGROUP = (
    ("kubepods", "kubernetes"), ("/docker/", "docker"), ("docker-", "docker"), ("libpod", "podman"), ("/lxc", "lxc"),
    ("crio-", "cri-o"), ("cri-containerd", "containerd"), ("machine.slice", "systemd-nspawn"),
)  # fmt: skip


def container(root: Path = SLASH) -> str:
    """``docker``, ``podman``, ``kubernetes``, ``lxc``, ``wsl`` … or empty where nothing points to one."""
    if (root / "var/run/secrets/kubernetes.io").exists() or (root / "run/secrets/kubernetes.io").exists():
        return "kubernetes"
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    # systemd's convention, also LXC's; only root may read it, which leaves it unknown, not wrong.
    for word in read_text(root / "proc/1/environ").split("\0"):
        if word.startswith("container="):
            return word.partition("=")[2] or "unknown"
    told = read_text(root / "run/systemd/container").strip()
    if told:
        return told
    own = read_text(root / "proc/self/cgroup")
    for text, name in _IN_CGROUP:
        if text in own:
            return name
    if "microsoft" in read_text(root / "proc/sys/kernel/osrelease").lower():
        return "wsl"
    return ""
