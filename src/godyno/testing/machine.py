"""A machine in a directory: recorded ``/proc`` and ``/sys`` trees, so that code for other machines is tested
on any.

Everything in godyno that looks at a machine takes ``root``; ``FakeMachine(tmp_path).systemd_desktop().root``
is one. The layouts are those of real machines. ``kernel()`` lets cgroups be made in such a tree as the kernel
would let them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

V2_OPTIONS = "rw,nsdelegate,memory_recursiveprot"
_CORE_FILES = {
    "cgroup.procs": "",
    "cgroup.threads": "",
    "cgroup.controllers": "",
    "cgroup.subtree_control": "",
    "cgroup.events": "populated 0\nfrozen 0\n",
    "cgroup.freeze": "0\n",
    "cgroup.kill": "",
    "cgroup.type": "domain\n",
    "cpu.stat": "usage_usec 0\nuser_usec 0\nsystem_usec 0\n",
    "cpu.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
    "io.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
}
_V2_FILES = {
    "memory": {
        "memory.current": "0\n", "memory.peak": "0\n", "memory.max": "max\n", "memory.high": "max\n",
        "memory.swap.max": "max\n", "memory.swap.current": "0\n", "memory.stat": "anon 0\nfile 0\nkernel 0\n",
        "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
    },
    "cpu": {
        "cpu.max": "max 100000\n", "cpu.max.burst": "0\n", "cpu.weight": "100\n",
        "cpu.stat": "usage_usec 0\nuser_usec 0\nsystem_usec 0\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
    },
    "pids": {"pids.max": "max\n", "pids.current": "0\n"},
    "io": {"io.stat": "", "io.max": ""},
}  # fmt: skip
_V1_CORE = {"cgroup.procs": "", "tasks": "", "notify_on_release": "0\n"}
_V1_FILES = {
    "memory": {
        "memory.usage_in_bytes": "0\n", "memory.max_usage_in_bytes": "0\n",
        "memory.limit_in_bytes": "9223372036854771712\n", "memory.memsw.limit_in_bytes": "9223372036854771712\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
        "memory.stat": "cache 0\nrss 0\nhierarchical_memory_limit 9223372036854771712\n",
    },
    "cpu": {
        "cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n", "cpu.cfs_burst_us": "0\n",
        "cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
    },
    "cpuacct": {"cpuacct.usage": "0\n", "cpuacct.stat": "user 0\nsystem 0\n"},
    "pids": {"pids.max": "max\n", "pids.current": "0\n"},
    "freezer": {"freezer.state": "THAWED\n"},
    "name=systemd": {},
}  # fmt: skip


class FakeMachine:
    """A tree of ``/proc`` and ``/sys`` below ``root``. Every method adds to it and gives the machine back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.denied: set[Path] = set()  # directories in which no cgroup may be made
        self._versions: dict[Path, int] = {}  # mount points of cgroup file systems

    def write(self, path: str, text: str) -> Self:
        """A file with this text; ``path`` as it is on the machine (``/proc/stat``)."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return self

    def append(self, path: str, text: str) -> Self:
        """Adds to a file, made where it is not there."""
        file = self.root / path.lstrip("/")
        return self.write(path, (file.read_text() if file.exists() else "") + text)

    def link(self, path: str, target: str) -> Self:
        """A symbolic link."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)
        return self

    # ---- cgroups

    def cgroup_mount(
        self, version: int, point: str, options: str, mount_root: str = "/", flags: str = "rw,relatime"
    ) -> Self:
        """A line of mountinfo; spaces and the like in ``point`` are written as the kernel does."""
        escaped = "".join(f"\\{ord(one):03o}" if one in " \t\n\\" else one for one in point)
        kind = "cgroup2" if version == 2 else "cgroup"
        self._versions[self.root / point.lstrip("/")] = version
        return self.append(
            "/proc/self/mountinfo",
            f"30 24 0:26 {mount_root} {escaped} {flags} shared:4 - {kind} {kind} {options}\n",
        )

    def cgroup_v2(
        self, path: str, controllers: str = "", subtree: str = "", processes: str = "", **files: str
    ) -> Self:
        """A v2 cgroup directory at ``path``; keywords are files with ``__`` for the dot
        (``memory__max="1024"``)."""
        contents = dict(_CORE_FILES)
        for controller in controllers.split():
            contents.update(_V2_FILES.get(controller, {f"{controller}.max": "max\n"}))
        contents.update(
            {"cgroup.controllers": controllers + "\n", "cgroup.subtree_control": subtree + "\n"},
            **{"cgroup.procs": processes},
        )
        return self._cgroup(path, contents, files)

    def cgroup_v2_root(self, point: str = "/sys/fs/cgroup", controllers: str = "", subtree: str = "") -> Self:
        """The host's own root cgroup: no events, no type, no limits."""
        for name in ("cgroup.procs", "cgroup.threads", "cpu.stat"):
            self.write(f"{point}/{name}", _CORE_FILES[name])
        self.write(f"{point}/cgroup.controllers", controllers + "\n")
        return self.write(f"{point}/cgroup.subtree_control", subtree + "\n")

    def cgroup_v1(self, path: str, controllers: str, processes: str = "", **files: str) -> Self:
        """A v1 cgroup directory of a hierarchy with these controllers (comma-separated)."""
        contents = {**_V1_CORE, "cgroup.procs": processes}
        for controller in controllers.split(","):
            contents.update(_V1_FILES.get(controller, {}))
        return self._cgroup(path, contents, files)

    def _cgroup(self, path: str, contents: Mapping[str, str], files: Mapping[str, str]) -> Self:
        changed = {name.replace("__", "."): text for name, text in files.items()}
        for name, text in {**contents, **changed}.items():
            self.write(f"{path}/{name}", text)
        return self

    # ---- layouts of real machines

    def systemd_desktop(self) -> Self:
        """systemd with v2, in a terminal of a user session whose manager has memory and pids delegated."""
        top, user = "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice/user-1000.slice"
        app = f"{user}/user@1000.service/app.slice"
        some = "cpuset cpu io memory pids"
        self.write("/proc/self/cgroup", f"0::{app.removeprefix(top)}/app-terminal.scope\n")
        self.cgroup_mount(2, top, V2_OPTIONS, flags="rw,nosuid,nodev,noexec,relatime")
        self.cgroup_v2_root(top, some, some)
        self.cgroup_v2(f"{top}/user.slice", some, "cpuset cpu io memory pids")
        self.cgroup_v2(user, some, "cpu memory pids", pids__max="20000\n")
        self.cgroup_v2(f"{user}/user@1000.service", "cpu memory pids", "memory pids")
        self.cgroup_v2(app, "memory pids", "memory pids")
        return self.cgroup_v2(f"{app}/app-terminal.scope", "memory pids", "", "100\n")

    def docker_v2(self, memory_max: str = "536870912\n", cpu_max: str = "150000 100000\n") -> Self:
        """A container on a v2 host in its own cgroup namespace, cgroups read-only, limited by ``--memory
        --cpus``."""
        self.write("/proc/self/cgroup", "0::/\n").write("/.dockerenv", "")
        self.cgroup_mount(2, "/sys/fs/cgroup", V2_OPTIONS, flags="ro,nosuid,nodev,noexec,relatime")
        return self.cgroup_v2(
            "/sys/fs/cgroup", "cpuset cpu io memory pids", "", "1\n",
            memory__max=memory_max, memory__swap__max="0\n", cpu__max=cpu_max, pids__max="4096\n",
        )  # fmt: skip

    def docker_v1(self) -> Self:
        """A container on a v1 host without a cgroup namespace: paths are the host's, mounts show only their
        end."""
        own = "/docker/0123abcd"
        names = ("memory", "cpu,cpuacct", "pids", "freezer", "name=systemd")
        self.write("/.dockerenv", "")
        for number, controllers in enumerate(names):
            self.append("/proc/self/cgroup", f"{9 - number}:{controllers}:{own}\n")
            point = f"/sys/fs/cgroup/{controllers.removeprefix('name=')}"
            self.cgroup_mount(1, point, f"rw,{controllers}", own, "ro,nosuid,nodev,noexec,relatime")
            self.cgroup_v1(point, controllers, "1\n")
        self.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n")
        self.write("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "2147483648\n")
        self.write(
            "/sys/fs/cgroup/memory/memory.stat",
            "cache 0\nhierarchical_memory_limit 805306368\nhierarchical_memsw_limit 2147483648\n",
        )
        return self.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n")

    def kubernetes_pod(self) -> Self:
        """A container of a pod on a v2 node, without a cgroup namespace, the host's hierarchy mounted
        read-only."""
        pod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podabc.slice"
        own = f"{pod}/cri-containerd-0123.scope"
        some = "cpuset cpu io memory pids"
        self.write("/proc/self/cgroup", f"0::{own}\n")
        self.cgroup_mount(2, "/sys/fs/cgroup", V2_OPTIONS, flags="ro,nosuid,nodev,noexec,relatime")
        self.cgroup_v2_root("/sys/fs/cgroup", some, some)
        place = "/sys/fs/cgroup"
        for part in pod.strip("/").split("/"):
            place = f"{place}/{part}"
            self.cgroup_v2(place, some, some)
        self.write(f"{place}/cpu.max", "50000 100000\n").write(f"{place}/memory.max", "2147483648\n")
        return self.cgroup_v2(
            f"/sys/fs/cgroup{own}", some, "", "1\n", memory__max="1073741824\n", cpu__max="200000 100000\n"
        )

    def hybrid(self) -> Self:
        """systemd's hybrid set-up: v1 has the controllers, an empty v2 lies beside them; root, in a service's
        cgroup."""
        own = "/system.slice/ci.service"
        lines = ["11:memory:" + own, "7:cpu,cpuacct:" + own, "5:pids:" + own, "3:freezer:/"]
        self.write("/proc/self/cgroup", "\n".join([*lines, "1:name=systemd:" + own, "0::" + own]) + "\n")
        self.cgroup_mount(2, "/sys/fs/cgroup/unified", "rw,nsdelegate")
        self.cgroup_v2_root("/sys/fs/cgroup/unified")
        self.cgroup_v2("/sys/fs/cgroup/unified/system.slice").cgroup_v2(f"/sys/fs/cgroup/unified{own}")
        for controllers, path in (
            ("memory", own), ("cpu,cpuacct", own), ("pids", own), ("freezer", ""), ("name=systemd", own)
        ):  # fmt: skip
            point = f"/sys/fs/cgroup/{controllers.removeprefix('name=')}"
            self.cgroup_mount(1, point, f"rw,{controllers}")
            self.cgroup_v1(point, controllers)
            if path:
                self.cgroup_v1(f"{point}/system.slice", controllers).cgroup_v1(f"{point}{path}", controllers)
        return self.write("/sys/fs/cgroup/memory/system.slice/memory.limit_in_bytes", "4294967296\n")

    # ---- cgroups that can be made

    @contextlib.contextmanager
    def kernel(self) -> Iterator[None]:
        """Inside, cgroups made below ``root`` behave as the kernel's: files appear, and v2's rules hold."""
        from godyno.machine import cgroupfs

        kept = cgroupfs.make_directory, cgroupfs.remove_directory, cgroupfs.write
        cgroupfs.make_directory, cgroupfs.remove_directory, cgroupfs.write = (
            self._make,
            self._remove,
            self._set,
        )
        try:
            yield
        finally:
            cgroupfs.make_directory, cgroupfs.remove_directory, cgroupfs.write = kept

    def _version(self, path: Path) -> tuple[int, Path]:
        point = max(
            (one for one in self._versions if path.is_relative_to(one)), key=lambda one: len(one.parts)
        )
        return self._versions[point], point

    def _make(self, path: Path) -> None:
        if path.parent in self.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        version, point = self._version(path)
        path.mkdir()
        name = "/" + str(path.relative_to(self.root))
        if version == 2:
            self.cgroup_v2(name, (path.parent / "cgroup.subtree_control").read_text().strip())
        else:
            shown = [one for one in _V1_FILES if any((point / file).exists() for file in _V1_FILES[one])]
            self.cgroup_v1(name, ",".join(shown))

    def _remove(self, path: Path) -> None:
        held = (path / "cgroup.procs").read_text().split()
        if any(word != "0" for word in held) or any(child.is_dir() for child in path.iterdir()):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        shutil.rmtree(path)

    def _set(self, path: Path, text: str) -> None:
        if path.parent in self.denied and path.name == "cgroup.subtree_control":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not path.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if path.name == "cgroup.subtree_control":
            real_root = not (path.parent / "cgroup.events").exists()
            if text[0] == "+" and not real_root and (path.parent / "cgroup.procs").read_text().split():
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            given = set(path.read_text().split())
            given = given | {text[1:]} if text[0] == "+" else given - {text[1:]}
            path.write_text(" ".join(sorted(given)) + "\n")
        elif path.name == "cgroup.procs":
            path.write_text(path.read_text() + text + "\n")
        else:
            path.write_text(text + "\n")
