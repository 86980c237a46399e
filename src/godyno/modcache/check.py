"""``godyno modcache check``: both caches, every file, in parallel; what is found is kept at Ctrl-C and the check goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from godyno.errors import UsageError
from godyno.formats.gosum import lookup_sums, sums
from godyno.modcache import buildcache, places
from godyno.modcache.faults import fault, removing
from godyno.modcache.layout import Layout, Version, go_of, read_layout
from godyno.modcache.locks import holders
from godyno.modcache.versions import Checked, check_version
from godyno.modcache.workers import Progress, Workers, in_batches, stopped
from godyno.model import Disk, Finding, Record
from godyno.prose import paste, quoted
from godyno.toolchain.go import Go
from godyno.toolchain.versions import user_cache

_TOOLCHAIN = re.compile(r"v0\.0\.1-(go[\w.]+?)\.(\w+)-(\w+)")


@dataclass(frozen=True, slots=True)
class ModuleSize(Record):
    """A module version in the cache: bytes on disk packed and extracted, and when it came (seconds since the epoch)."""

    name: str
    zip_bytes: int
    directory_bytes: int
    modified_at: float


@dataclass(frozen=True, slots=True)
class MadeFor(Record):
    """Compiled packages in GOCACHE that were made for one target by one Go. They serve nobody else."""

    target: str
    go: str
    level: str  # GOAMD64=v1 and the like, empty where the target has none
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Report(Record):
    """What a check found. ``complete`` is False after Ctrl-C: then the findings are those of what was looked at."""

    gomodcache: str
    gocache: str
    findings: tuple[Finding, ...]
    versions: int
    read_bytes: int
    entries: int
    took_s: float
    complete: bool
    sizes: tuple[ModuleSize, ...] = ()
    made_for: tuple[MadeFor, ...] = ()
    witnesses: Mapping[str, int] = field(
        default_factory=dict
    )  # who vouches for how many of the cache's versions
    unvouched: tuple[
        str, ...
    ] = ()  # PATH@VERSION that no witness knows: held only against what lies beside them
    disks: tuple[Disk, ...] = ()

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that break or may break a build."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def check_caches(
    go: Go, *, gomodcache: Path | None = None, gocache: Path | None = None, modules: Sequence[Path] = (), user: str | None = None,
    resume: bool = False, build_cache: bool = True, jobs: int | None = None, progress: Progress = lambda done, of, what: None,
) -> Report:  # fmt: skip
    """Checks GOMODCACHE and GOCACHE (those of ``go env`` unless named). ``modules`` are directories whose go.sum vouches.

    ``user`` is who builds there (default: who runs this). Ctrl-C ends it with what was found; ``resume`` then leaves out what
    was found whole. Raises UsageError for a user or a directory that does not exist, ToolchainError where go does not answer.
    """
    began = time.monotonic()
    names = go.run("env", "GOMODCACHE", "GOCACHE").splitlines() if not (gomodcache and gocache) else ["", ""]
    mod, build = gomodcache or Path(names[0]), gocache or Path(names[1])
    for asked in (gomodcache, gocache):
        if asked is not None and not asked.is_dir():
            raise UsageError(
                f"{asked} is not a directory", hint="`go env GOMODCACHE GOCACHE` tells where the caches are."
            )
    who = places.user_of(user)
    shell_go = go_of(
        GOMODCACHE=gomodcache, GOCACHE=gocache
    )  # a remedy for a cache that was named is to mend that one
    run = _Run(progress, _Done(mod, resume), jobs or len(os.sched_getaffinity(0)))
    disks: list[Disk] = []
    layout = Layout(str(mod), [], [], [])
    known: dict[tuple[str, str], tuple[str, str]] = {}
    try:
        if mod.is_dir():
            layout = read_layout(mod, shell_go)
            known = witnesses(layout.lookups, modules, run.findings, shell_go)
            disks.append(run.place("GOMODCACHE", mod, who, shell_go))
            run.findings += _leftovers(layout) + _toolchains(layout, go) + _held(layout)
            run.versions(layout.versions, known)
        if build_cache and build.is_dir():
            disks.append(run.place("GOCACHE", build, who, shell_go))
            run.parts(
                sorted(str(entry) for entry in build.iterdir() if re.fullmatch("[0-9a-f]{2}", entry.name))
            )
        run.findings += _nested(mod, build, modules)
        run.surveys()
    except KeyboardInterrupt:
        run.complete = False
    finally:
        run.close()
    asked_of = [(version.name, _witness(version, known)) for version in layout.versions]
    return Report(
        str(mod), str(build) if build_cache else "", tuple(sorted(run.findings, key=lambda one: one.severity != "warning")),
        len(run.checked), sum(one.read_bytes for one in run.checked) + sum(part.size_bytes for part in run.done_parts),
        sum(part.entries for part in run.done_parts), time.monotonic() - began, run.complete,
        tuple(ModuleSize(one.name, one.zip_bytes, one.directory_bytes, one.modified_at) for one in run.checked),
        _made_for(run.done_parts), dict(Counter(who for _, who in asked_of if who)),
        tuple(name for name, who in asked_of if not who), tuple(disks),
    )  # fmt: skip


class _Run:
    """What is checked, by several processes, and what came of it."""

    def __init__(self, progress: Progress, done: _Done, jobs: int) -> None:
        self.progress, self.done = progress, done
        self._workers = Workers(jobs)
        self._surveys: list[tuple[str, Path, places.User, Future[places.Survey]]] = []
        self.findings: list[Finding] = []
        self.checked: list[Checked] = []
        self.done_parts: list[buildcache.Part] = []
        self.complete = True

    def place(self, name: str, root: Path, user: places.User, shell_go: str) -> Disk:
        """Judges where a cache lies, and has a worker walk over it meanwhile."""
        disk, found = places.judge_place(name, root, go=shell_go)
        self.findings += found
        self._surveys.append((name, root, user, self._workers.submit(_survey, name, root, user)))
        return disk

    def surveys(self) -> None:
        """Waits for the walks, and judges owners and permissions."""
        for name, root, user, future in self._surveys:
            self.progress(0, 0, f"{name}: owners and permissions")
            self.findings += places.judge(name, root, future.result(), user)

    def versions(self, versions: Sequence[Version], known: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        waiting = [version for version in versions if version.name not in self.done.names]

        def arguments(version: Version) -> tuple[Any, ...]:
            keys = ((version.path, version.version), (version.path, version.version + "/go.mod"))
            return version, {key: known[key] for key in keys if key in known}

        batches = list(in_batches((_size(one.parts.get("zip", "")), arguments(one)) for one in waiting))
        for checked in self._workers.map(check_version, batches, "module versions", self.progress):
            self.checked.append(checked)
            self.findings += checked.faults
            if not checked.faults:
                self.done.add(checked.name)

    def parts(self, directories: Sequence[str]) -> None:
        batches = [[(directory,)] for directory in directories]
        for part in self._workers.map(buildcache.check_part, batches, "parts of GOCACHE", self.progress):
            self.done_parts.append(part)
            self.findings += part.faults
        self.findings += buildcache.unmatched(self.done_parts)

    def close(self) -> None:
        self._workers.close()
        self.done.close(self.complete)


class _Done:
    """Which versions an interrupted check found whole: a file of names in godyno's own cache, gone when a check ends."""

    def __init__(self, root: Path, resume: bool) -> None:
        name = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self.path = user_cache() / "modcache" / f"{name}.json"
        self.names: set[str] = set()
        self.new: list[str] = []
        if resume:
            try:
                self.names = {str(one) for one in json.loads(self.path.read_text())["whole"]}
            except (OSError, ValueError, KeyError, TypeError):
                self.names = set()

    def add(self, name: str) -> None:
        self.new.append(name)

    def close(self, complete: bool) -> None:
        if complete:
            self.path.unlink(missing_ok=True)
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"whole": sorted({*self.names, *self.new})}))
        except OSError:
            return  # then the next check starts anew


def witnesses(
    lookups: Sequence[str], modules: Sequence[Path], findings: list[Finding], go: str = "go"
) -> dict[tuple[str, str], tuple[str, str]]:
    """Who knows which hash: the modules' go.sum files first, then the answers of the checksum database in the cache that ``go`` uses."""
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for directory in modules:
        for name in ("go.sum", "go.work.sum"):
            place = directory / name
            try:
                said = sums(place.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue
            for key, value in said.hashes.items():
                known.setdefault(key, (value, str(place)))
            if said.damaged:
                findings.append(fault(
                    "gosum-damaged", f"{place}: line {said.damaged[0]} is no checksum line (and {len(said.damaged) - 1} more)"
                    if len(said.damaged) > 1 else f"{place}: line {said.damaged[0]} is no checksum line",
                    advice=f"Merge conflicts leave such lines: remove them, then:{paste('go mod tidy')}", path=str(place),
                ))  # fmt: skip
            findings += [
                fault("gosum-contradiction", f"{place} has two hashes for {path} {version}: any one of them fails the build",
                      advice="Remove the line that the checksum database does not have.", path=str(place))
                for path, version in said.contradictions
            ]  # fmt: skip
    from_database: dict[tuple[str, str], tuple[str, str]] = {}
    for place_ in lookups:
        try:
            text = Path(place_).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        database = place_.split("/sumdb/", 1)[-1].split("/", 1)[0]
        for key, value in lookup_sums(text).hashes.items():
            from_database[key] = (value, f"the checksum database {database}")
    for key, (value, who) in from_database.items():
        if key in known and known[key][0] != value:
            findings.append(fault(
                "gosum-wrong", f"{known[key][1]} has another hash for {key[0]} {key[1]} than {who}",
                advice="Remove that line, and have go write it anew:"
                + paste(f"{go} mod download " + quoted(f"{key[0]}@{key[1].removesuffix('/go.mod')}")),
                path=known[key][1],
            ))  # fmt: skip
        known[key] = (value, who)  # where they differ, the line in go.sum is what is wrong
    return known


def _witness(version: Version, known: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    """Who knows what ``version`` should hold, empty for nobody; of one whose go.mod alone is here, who knows that."""
    whole = "zip" in version.parts or version.directory
    return known.get((version.path, version.version if whole else f"{version.version}/go.mod"), ("", ""))[1]


def _leftovers(layout: Layout) -> list[Finding]:
    held = {holder.place for holder in holders(layout.leftovers)}
    return [
        fault("leftover", f"{place} was left by a download that was interrupted", severity="note",
              advice=removing(place, "Remove it, nothing uses it"), path=place)
        for place in layout.leftovers if place not in held
    ]  # fmt: skip


def _held(layout: Layout) -> list[Finding]:
    locks = [version.parts["lock"] for version in layout.versions if "lock" in version.parts]
    locks.append(f"{layout.root}/cache/lock")
    found = []
    for holder in holders(locks):
        stopped = holder.state in ("T", "t")
        who = f"process {holder.pid}" + (
            f" ({holder.command})" if holder.command else " (not on this machine, or hidden)"
        )
        found.append(fault(
            "lock-held", f"{holder.place} is locked by {who}" + (", which is stopped" if stopped else ""),
            severity="warning" if stopped or not holder.command else "note",
            advice=f"End it, or let it go on; others wait for it without a word:{paste(f'kill -CONT {holder.pid}')}"
            if stopped else "Wait for it: a go command that needs the same version waits without a word.",
            path=holder.place, pid=holder.pid,
        ))  # fmt: skip
    return found


def _toolchains(layout: Layout, go: Go) -> list[Finding]:
    host = go.run("env", "GOHOSTOS", "GOHOSTARCH").splitlines()
    here = (*host, "", "")[:2]
    found = []
    for version in layout.versions:
        match = _TOOLCHAIN.fullmatch(version.version) if version.path == "golang.org/toolchain" else None
        if match and (match[2], match[3]) != here:
            found.append(fault(
                "toolchain-foreign", f"{version.name} is a Go for {match[2]}/{match[3]}; this machine is {here[0]}/{here[1]}",
                severity="note", advice="It only takes space here:"
                + paste(f"chmod -R u+w {quoted(version.directory)}", f"rm -r {quoted(version.directory)}"),
                path=version.directory or version.parts.get("zip", ""),
            ))  # fmt: skip
    return found


def _nested(mod: Path, build: Path, modules: Sequence[Path]) -> list[Finding]:
    found = []
    for one, other in ((mod, build), (build, mod)):
        if one.resolve().is_relative_to(other.resolve()):
            found.append(fault(
                "caches-nested", f"{one} lies inside {other}: cleaning one removes the other",
                advice=f"Give each a directory of its own:{paste('go env -w GOCACHE=/path')}", path=str(one),
            ))  # fmt: skip
            break
    found += [
        fault("cache-in-module", f"The cache {one} lies inside the module {module}: ./... walks through it",
              advice="Move it out of the module, or below a directory whose name begins with a dot.", path=str(one))
        for module in modules for one in (mod, build) if one.resolve().is_relative_to(module.resolve())
    ]  # fmt: skip
    return found


def _made_for(parts: Iterable[buildcache.Part]) -> tuple[MadeFor, ...]:
    total: Counter[tuple[str, str, str]] = Counter()
    for part in parts:
        total += part.made_for
    return tuple(MadeFor(*key, size) for key, size in total.most_common())


def _survey(name: str, root: Path, user: places.User) -> places.Survey:
    return places.walk(root, user, places.must_write(name, root), stopped)


def _size(place: str) -> int:
    try:
        return os.stat(place).st_size if place else 0
    except OSError:
        return 0
