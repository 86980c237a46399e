"""What to do where a user may not use a cache: the least that lets them, without taking it from those whose it is."""

from __future__ import annotations

import os
from collections.abc import Iterable

from godyno.prose import paste, quoted

GROUP = "gobuild"  # of all who build with a cache


def belongs_to(uid: int, place: str) -> bool:
    """Whether the file is that user's; False where it cannot be seen."""
    try:
        return os.lstat(place).st_uid == uid
    except OSError:
        return False


def allow_owner(root: str, places: Iterable[str], bits: str) -> str:
    """Advice where what may not be used is the user's own: ``bits`` (r, rx, rwx) are given back to the owner, of all below ``root``
    where it is more than one place. Extracted modules stay read-only.
    """
    names = list(places)
    if len(names) == 1:
        command = f"chmod u+{bits} {quoted(names[0])}"
    elif "w" in bits:
        command = f"find {quoted(root)} -type d \\( -name '?*@*' -prune -o -exec chmod u+{bits} {{}} \\; \\)"
    else:
        command = f"chmod -R u+rX {quoted(root)}"
    return f"Its owner may change that:{paste(command)}"


def share(root: str, user: str) -> str:
    """Advice where the cache is another's: a group for all who build, as ``godyno modcache plan`` prepares it."""
    return (
        "Share it by a group, as `godyno modcache plan` does, rather than take it from whose it is; as root:"
        + paste(
            f"groupadd --system -f {GROUP}",
            f"usermod -aG {GROUP} {quoted(user)}",
            f"chgrp -R {GROUP} {quoted(root)}",
            f"chmod -R g+rwX {quoted(root)}",
            f"find {quoted(root)} -type d -exec chmod g+s {{}} +",
        )
        + f"\nAll who build there are to be in {GROUP}, and build with `umask 002` and GOFLAGS=-modcacherw."
    )


def let_in(place: str, user: str, bits: str) -> str:
    """Advice where a place outside of the caches is another's: that user alone is let in, and it stays whose it is."""
    return f"Build with a cache of {user}'s own, or, as whoever owns it or root:" + paste(
        f"setfacl -m u:{quoted(user)}:{bits} {quoted(place)}"
    )
