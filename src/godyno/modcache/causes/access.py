"""Causes of "permission denied", of full disks and of waiting for a lock."""

from __future__ import annotations

import os
import re
from pathlib import Path

from godyno.modcache import places
from godyno.modcache.explain import Case, Verdict, no, untried, yes
from godyno.modcache.layout import read_layout
from godyno.modcache.locks import holders
from godyno.modcache.permissions import allow_owner, let_in, share
from godyno.prose import paste


def denied(case: Case) -> Verdict:
    """The first directory on the way to the file, or the file, that this user may not use."""
    if not case.path:
        return untried("the text names no path that is here; paste the whole error")
    user = places.user_of(case.user)
    target = Path(case.path)
    for place in [*reversed(target.parents), target]:
        try:
            status = os.stat(place)
        except FileNotFoundError:
            break
        except PermissionError as error:
            return yes(
                f"{place} cannot be looked at: {error.strerror}", let_in(str(place.parent), user.name, "rx")
            )
        is_directory = place.is_dir()
        if is_directory and not user.may(status, 1):
            return _blocked(place, status, user, "may not be entered", "rx", case)
        if place == target and not user.may(status, 5 if is_directory else 4):
            return _blocked(place, status, user, "may not be read", "rx" if is_directory else "r", case)
    writes = re.search(r"mkdir|create|rename|remove|unlink|chmod|open .*(w|lock)", case.text, re.I)
    parent = target if target.is_dir() else target.parent
    if writes and parent.is_dir() and not user.may(os.stat(parent), 3):
        return _blocked(parent, os.stat(parent), user, "may not be written in", "rwx", case)
    if target.is_file() and target.suffix == ".lock" and not user.may(os.stat(target), 2):
        return _blocked(
            target, os.stat(target), user, "may not be written, which locking it needs", "rw", case
        )
    return no(f"{user.name} may read and use {target} and all directories above it")


def _blocked(
    place: Path, status: os.stat_result, user: places.User, what: str, bits: str, case: Case
) -> Verdict:
    owner = places.name_of(status.st_uid)
    inside = [root for root in (case.gomodcache, Path(case.env["GOCACHE"])) if place.is_relative_to(root)]
    if status.st_uid == user.uid:
        advice = allow_owner(str(place), [str(place)], bits)
    elif inside:
        advice = f"A cache that `sudo go` made is the usual story. {share(str(inside[0]), user.name)}"
    else:
        advice = let_in(str(place), user.name, bits)
    return yes(f"{place} (owner {owner}, mode {status.st_mode & 0o7777:04o}) {what} by {user.name}", advice)


def file_system(case: Case) -> Verdict:
    """Read-only, full, or out of inodes."""
    seen = []
    for name in ("GOMODCACHE", "GOCACHE", "GOTMPDIR"):
        place = case.env.get(name) or (os.environ.get("TMPDIR", "/tmp") if name == "GOTMPDIR" else "")
        if not place or place == "off":
            continue
        disk, found = places.judge_place(name, Path(place))
        for finding in found:
            if finding.kind in ("disk-full", "inodes-used-up", "read-only", "noexec"):
                return yes(finding.claim, finding.advice)
        seen.append(f"{name} has {disk.free_bytes >> 20} MiB free")
    return no("; ".join(seen))


def unwritable(case: Case) -> Verdict:
    """Something in the caches that go must write in and this user may not."""
    user = places.user_of(case.user)
    for name, root in (("GOMODCACHE", case.gomodcache), ("GOCACHE", Path(case.env["GOCACHE"]))):
        if not root.is_dir():
            continue
        survey = places.walk(root, user, places.must_write(name, root))
        for finding in places.judge(name, root, survey, user):
            if finding.kind in ("unwritable", "unreadable"):
                return yes(finding.claim, finding.advice)
    return no(f"{user.name} may read all of both caches, and write where go must")


def lock_held(case: Case) -> Verdict:
    """A live process holds a lock in the cache."""
    layout = read_layout(case.gomodcache)
    locks = [version.parts["lock"] for version in layout.versions if "lock" in version.parts]
    found = holders([*locks, f"{case.gomodcache}/cache/lock", f"{case.env['GOCACHE']}/trim.txt"])
    for holder in found:
        state = ", which is stopped" if holder.state in ("T", "t") else ""
        return yes(
            f"process {holder.pid} ({holder.command or 'not to be seen from here'}{state}) holds {holder.place}",
            f"Wait for it, or end it; the lock file itself may stay:{paste(f'kill {holder.pid}')}",
        )
    return no(f"none of {len(locks)} lock files is held; files that lie there lock nothing")


def network(case: Case) -> Verdict:
    """Go's locks are unreliable on network file systems."""
    for name in ("GOMODCACHE", "GOCACHE"):
        disk, found = places.judge_place(name, Path(case.env[name]))
        for finding in found:
            if finding.kind == "network-file-system":
                return yes(finding.claim, finding.advice)
    return no(f"the caches lie on {disk.filesystem or 'a local file system'}")
