"""What every study keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from godyno.interfaces import Study
from godyno.model import Cpu, Finding, Machine, Memory, Trial

_MACHINE = Machine(
    os="linux", cpu=Cpu(arch="amd64", isa_level="v3", online=4, allowed=4), memory=Memory(8 << 30, 4 << 30)
)


def it_has_all_of_a_studys_methods(plugin: type[Any], directory: Path) -> None:
    """It is a ``Study``."""
    assert isinstance(plugin(), Study), "name, summary, factors, plan or conclude is missing"


def its_factors_have_levels(plugin: type[Any], directory: Path) -> None:
    """Each factor has a name and at least one level, all different."""
    for factor, levels in plugin.factors.items():
        assert factor and isinstance(levels, Sequence) and not isinstance(levels, str), (
            f"{factor!r} has no levels"
        )
        assert len(set(levels)) == len(levels) >= 1, f"{factor} has the same level twice, or none"


def its_plan_can_be_printed_and_follows_its_seed(plugin: type[Any], directory: Path) -> None:
    """The same machine and seed, the same plan."""
    first, second = plugin().plan(_MACHINE, 7), plugin().plan(_MACHINE, 7)
    assert str(first).strip(), "the plan prints as nothing"
    assert str(first) == str(second), "the same seed gives two plans"


def it_concludes_from_what_there_is(plugin: type[Any], directory: Path) -> None:
    """Nothing, or trials that failed: an interrupted study is concluded too."""
    levels = {factor: str(levels[0]) for factor, levels in plugin.factors.items()}
    failed = [Trial(plugin.name, index, 0, levels, verdict="failed") for index in range(3)]
    for trials in ([], failed, failed[:1]):
        found = plugin().conclude(trials)
        assert all(isinstance(one, Finding) for one in found), "not all that it concludes are findings"
        json.dumps([one.as_json() for one in found], allow_nan=False)
        assert all(one.source == plugin.name for one in found), "a finding has another source"


CHECKS = [
    it_has_all_of_a_studys_methods,
    its_factors_have_levels,
    its_plan_can_be_printed_and_follows_its_seed,
    it_concludes_from_what_there_is,
]
