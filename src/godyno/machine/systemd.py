"""Limits without root: transient scopes of systemd's user manager (systemd-run(1),
systemd.resource-control(5))."""

from __future__ import annotations

from collections.abc import Sequence

from godyno.machine.layers import Run, run


def systemd_user_scope(
    systemd_run: str = "systemd-run", run: Run = run, memory_bytes: int | None = None
) -> tuple[bool, str]:
    """Whether ``systemd-run --user --scope`` works here, found by running ``true`` in one; and why not."""
    limit = [] if memory_bytes is None else ["-p", f"MemoryMax={memory_bytes}"]
    code, said = run([systemd_run, "--user", "--scope", "--quiet", "--collect", *limit, "true"])
    lines = said.splitlines()
    return code == 0, "" if code == 0 else lines[-1] if lines else f"systemd-run ended with {code}"


def systemd_user_command(
    argv: Sequence[str],
    memory_bytes: int | None = None,
    swap_bytes: int | None = None,
    cpus: float | None = None,
) -> list[str]:
    """``argv`` in a transient scope of systemd's user manager, with limits; for machines where no cgroup can
    be made."""
    options = ["--user", "--scope", "--quiet", "--collect", "-p", "Delegate=yes"]
    if memory_bytes is not None:
        options += ["-p", f"MemoryMax={memory_bytes}"]
    if swap_bytes is not None:
        options += ["-p", f"MemorySwapMax={swap_bytes}"]
    if cpus is not None:
        options += ["-p", f"CPUQuota={cpus * 100:g}%"]
    return ["systemd-run", *options, "--", *argv]
