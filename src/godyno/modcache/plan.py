"""``godyno modcache plan``: how unlike builders share Go's caches, tried here before it is recommended.

Two builders (of two users, where this is root, and of two targets) build the same module at once, with each way of sharing, twice.
What failed, what was downloaded and what was compiled is counted, from go's own exit status, messages and action graph.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from godyno.errors import BuildFailed, GodynoError, UsageError
from godyno.formats.actiongraph import action_graph
from godyno.model import Record
from godyno.toolchain.go import Go, environment

_UIDS = (61001, 61002)  # of nobody's; the trial's files are theirs, below a directory that is removed
_GID = 61000  # the group that the sharing way uses
_LIMIT_S = 900.0
_BUILD_MODES = ("build", "link")


@dataclass(frozen=True, slots=True)
class Way(Record):
    """A way to share. ``shared_build`` is whether GOCACHE is one for all, ``prepared`` whether the directory is made for a group."""

    name: str
    summary: str
    shared_modules: bool
    shared_build: bool
    prepared: bool


OWN = Way("own caches", "each builder keeps both caches to itself", False, False, False)
WAYS = (
    Way("shared as it comes", "one directory for both caches, as go makes it", True, True, False),
    Way(
        "modules shared", "one GOMODCACHE for a group of users, a GOCACHE for each target", True, False, True
    ),
    Way("all shared", "one GOMODCACHE and one GOCACHE for a group of users", True, True, True),
)


@dataclass(frozen=True, slots=True)
class Built(Record):
    """What one builder met in one round. ``commands`` counts compile and link actions that ran, ``cached`` those that did not have to."""

    way: str
    builder: str
    round: int
    exit_code: int
    downloads: int
    commands: int
    cached: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Plan(Record):
    """The trial and the configurations, by their file's name."""

    module: str
    go: str
    targets: tuple[str, ...]
    users: bool  # whether the builders were two users
    built: tuple[Built, ...]
    recommended: str
    files: Mapping[str, str]


def plan_caches(
    go: Go,
    module: Path,
    targets: Sequence[str],
    *,
    attempt: bool = True,
    progress: Callable[[str], None] = lambda what: None,
) -> Plan:
    """Tries all ways with the first two of ``targets`` (one is built by both) and writes the configurations.

    ``attempt`` False only writes them. Raises UsageError for what is no target, ModuleNotFound, BuildFailed where the module does not
    build by itself.
    """
    from godyno.modcache.configurations import configurations
    from godyno.toolchain.modules import module_info
    from godyno.toolchain.targets import targets as known

    wanted = list(targets) or [f"{go.run('env', 'GOOS').strip()}/{go.run('env', 'GOARCH').strip()}"]
    names = {target.name for target in known(go)}
    for target in wanted:
        if target not in names:
            raise UsageError(
                f"{target!r} is no target of {go.version}",
                hint="`go tool dist list` lists them: linux/amd64, linux/arm64, …",
            )
    place = Path(module_info(go, module).directory)
    built: list[Built] = []
    if attempt:
        with tempfile.TemporaryDirectory(prefix="godyno-plan-", ignore_cleanup_errors=True) as scratch:
            try:
                trial = _Trial(go, place, wanted, Path(scratch))
                for way in WAYS:
                    for number in (1, 2):
                        progress(f"{way.name}, round {number} of 2")
                        built += trial.run(way, number)
            finally:
                _remove(Path(scratch))
    best = recommended(built)
    return Plan(
        str(place),
        go.version,
        tuple(wanted),
        os.geteuid() == 0,
        tuple(built),
        best,
        configurations(go, wanted),
    )


def recommended(built: Sequence[Built]) -> str:
    """The way without failures that downloads least, then compiles least in the second round; the more separate one where equal.

    Not tried, it is the one that never failed where it was; caches of their own where every way of sharing failed.
    """
    if not built:
        return "modules shared"

    def price(way: Way) -> tuple[int, int, int, bool]:
        mine = [one for one in built if one.way == way.name]
        return (
            sum(one.exit_code != 0 for one in mine),
            sum(one.downloads for one in mine),
            sum(one.commands for one in mine if one.round == 2),
            way.shared_build,
        )

    best = min(WAYS, key=price)
    return OWN.name if price(best)[0] else best.name


class _Trial:
    """Two builders and the directories that they share."""

    def __init__(self, go: Go, module: Path, targets: Sequence[str], scratch: Path) -> None:
        self.go, self.scratch = go, scratch
        self.as_root = os.geteuid() == 0
        self.targets = (targets[0], targets[1 % len(targets)])
        scratch.chmod(0o755)
        self.copies = [scratch / f"module{i}" for i in (0, 1)]
        for i, copy in enumerate(self.copies):
            shutil.copytree(module, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            self._own(copy, i)
        self.source = self._source()

    def _source(self) -> str:
        """A file proxy with what the module needs, so that the trial's downloads cost the network once."""
        answer = self.go.try_run(
            "mod", "download", cwd=self.copies[0], timeout_s=_LIMIT_S, env={"GOFLAGS": "-mod=mod"}
        )
        if answer.returncode:
            raise BuildFailed(
                f"Its requirements cannot be had: {answer.stderr[-400:].strip()}",
                hint="`go mod download` there.",
            )
        cache = Path(self.go.run("env", "GOMODCACHE").strip()) / "cache" / "download"
        copy = self.scratch / "proxy"  # the builders may not be allowed to read the user's
        if not cache.is_dir():
            copy.mkdir()
        else:
            shutil.copytree(
                cache,
                copy,
                copy_function=_link,
                ignore=shutil.ignore_patterns("sumdb", "*.lock", "*.partial"),
            )
        subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
        return f"file://{copy}"

    def run(self, way: Way, number: int) -> list[Built]:
        """Both builders at once."""
        running = [self._start(way, i, number) for i in (0, 1)]
        return [self._built(way, i, number, process) for i, process in enumerate(running)]

    def _caches(self, way: Way, i: int) -> tuple[Path, Path]:
        top = self.scratch / way.name.replace(" ", "-")
        modules = top / ("modules" if way.shared_modules else f"modules{i}")
        if way.shared_build:
            return modules, top / "build"
        target = self.targets[i].replace("/", "-")
        return modules, top / (f"build-{target}" if way.prepared else f"build{i}")

    def _start(self, way: Way, i: int, number: int) -> subprocess.Popen[str]:
        top = self.scratch / way.name.replace(" ", "-")
        if not top.exists():
            top.mkdir()
            if way.prepared and self.as_root:
                os.chown(top, 0, _GID)
                top.chmod(0o2775)
            else:
                top.chmod(0o777)
        modules, build = self._caches(way, i)
        goos, goarch = self.targets[i].split("/")
        home = self.scratch / f"home{i}"
        home.mkdir(exist_ok=True)
        self._own(home, i)
        env = environment({
            "GOMODCACHE": str(modules), "GOCACHE": str(build), "GOOS": goos, "GOARCH": goarch, "GOPROXY": self.source, "HOME": str(home),
            "GOSUMDB": "off", "GONOSUMDB": "*", "CGO_ENABLED": "0", "GOWORK": "off", "GOTELEMETRY": "off",
            "GOFLAGS": "-mod=mod -modcacherw -buildvcs=false" if way.prepared else "-mod=mod -buildvcs=false",
        })  # fmt: skip
        env.pop("GOTMPDIR", None)
        # Without -o: what one main package leaves is in the copy, which goes.
        argv = [self.go.path, "build", f"-debug-actiongraph={home / 'graph.json'}", "./..."]
        user = _UIDS[i] if self.as_root else None
        group = (_GID if way.prepared else _UIDS[i]) if self.as_root else None
        (home / "graph.json").unlink(missing_ok=True)
        return subprocess.Popen(
            argv, cwd=self.copies[i], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            encoding="utf-8", errors="replace", user=user, group=group,
            extra_groups=[] if self.as_root else None, umask=0o002 if way.prepared else 0o022,
        )  # fmt: skip

    def _built(self, way: Way, i: int, number: int, process: subprocess.Popen[str]) -> Built:
        try:
            _, said = process.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
        commands = cached = 0
        try:
            for action in action_graph((self.scratch / f"home{i}" / "graph.json").read_bytes()):
                if action.mode in _BUILD_MODES:
                    commands, cached = commands + action.ran_commands, cached + (not action.ran_commands)
        except (OSError, GodynoError):
            pass  # it failed before there was a graph
        error = "" if process.returncode == 0 else _first_error(said)
        return Built(way.name, self.targets[i], number, process.returncode, len(re.findall(r"^go: downloading ", said, re.M)),
                     commands, cached, error)  # fmt: skip

    def _own(self, place: Path, i: int) -> None:
        if self.as_root:
            subprocess.run(["chown", "-R", str(_UIDS[i]), place], check=True)


def _first_error(said: str) -> str:
    lines = [line for line in said.splitlines() if line and not line.startswith("go: downloading")]
    return next(
        (line for line in lines if "denied" in line or "error" in line.lower()),
        lines[0] if lines else "no reason given",
    )[:300]


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
        if not os.stat(target).st_mode & 0o004:
            raise OSError
    except OSError:
        Path(target).unlink(missing_ok=True)
        shutil.copyfile(source, target)
    return target


def _remove(place: Path) -> None:
    for folder, _, _ in os.walk(place):
        try:
            os.chmod(folder, 0o700)
        except OSError:
            continue
    shutil.rmtree(place, ignore_errors=True)
