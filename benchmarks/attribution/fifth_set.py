"""A fifth set of programs that are held out: healthy ones only, in other shapes than in the sets before.

Written by one who had not seen the attribution's code. What they do most is to compute, or to wait, by design, until there is
something to do: nothing in them is to be accused. They are judged once, by the code as it was then, and never tuned on.
"""

from __future__ import annotations

from typing import Any

from catalogue import Program
from large_set import BOTH, ONE_CPU, LargeSet  # type: ignore[import-not-found]

HEALTHY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("toll_house", "joins", "", ONE_CPU, {"level": 9}),
    ("toll_house", "tries", "", ONE_CPU, {"level": 10}),
    ("ferryman", "scripts", "", ONE_CPU, {"level": 13}),
    ("dovecote", "digests", "", ONE_CPU, {}),
    ("gatehouse", "moments", "", ONE_CPU, {}),
    ("night_watch", "edits", "", ONE_CPU, {}),
    ("gardener", "regions", "", ONE_CPU, {}),
    ("bell_tower", "tries", "", ONE_CPU, {}),
    ("slow_belt", "joins", "", BOTH, {}),
    ("collector", "scripts", "", ONE_CPU, {}),
    ("lookout", "digests", "", ONE_CPU, {}),
    ("physician", "moments", "", ONE_CPU, {}),
    ("overseer", "scripts", "", BOTH, {}),
    ("mill", "edits", "", BOTH, {}),
    ("ripples", "moments", "", ONE_CPU, {}),
    ("surveyor", "tries", "", ONE_CPU, {}),
    ("harvest", "regions", "", ONE_CPU, {}),
    ("recipes", "scripts", "", ONE_CPU, {}),
    ("coopers", "joins", "", BOTH, {}),
    ("queens", "digests", "", ONE_CPU, {}),
    ("auction", "edits", "", ONE_CPU, {}),
    ("furrows", "scripts", "", BOTH, {}),
    ("sayings", "tries", "", ONE_CPU, {}),
    ("threads", "regions", "", ONE_CPU, {}),
    ("chapel", "scripts", "", BOTH, {}),
    ("annals", "joins", "", ONE_CPU, {}),
]
FIFTH = LargeSet(
    of_set=5,
    one=[],
    alone=set(),
    pairs=[],
    healthy=HEALTHY,
    tasks=("joins", "regions", "scripts", "tries", "moments", "digests", "edits"),
    frames=("office", "bench", "guild", "states", "ushers"),
    alone_frames=("states", "bench", "office", "ushers"),
    pair_frames=("bench", "states", "ushers"),
    loaded=(),
    confined=(),
)


def fifth_set() -> list[Program]:
    return FIFTH.programs()
