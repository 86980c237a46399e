"""The sets that programs belong to: their names, their folders, and the options that choose one."""

from __future__ import annotations

import argparse
from pathlib import Path

PARTS = Path(__file__).parent / "parts"
# All sets but the first are held out. Those from LARGE on are recorded, judged and told of alone.
SETS = (
    "developed on", "held out", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh",
)  # fmt: skip
LARGE = 3


def folder_of(name: str) -> Path:
    """Where a set's parts lie, by its name."""
    return PARTS / name.replace(" ", "_") if name != SETS[0] else PARTS


def names_of(name: str) -> list[str]:
    return (folder_of(name) / "names.txt").read_text().split()


def choose_set(parser: argparse.ArgumentParser, first: int = 2) -> None:
    """Options for one set alone, from the given one on: its number is ``of_set``, else None."""
    for number in range(first, len(SETS)):
        parser.add_argument(
            f"--{SETS[number]}-set", dest="of_set", action="store_const", const=number,
            help=f"only the {SETS[number]} set",
        )  # fmt: skip
