"""What every study keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from godyno.interfaces import Study
from godyno.model import Availability, Cpu, Finding, Machine, Memory, Trial
from godyno.studies.plan import Plan
from godyno.studies.study import VERDICTS

_PARTS = ("name", "summary", "factors", "takes_s", "takes_module", "availability", "plan", "open", "conclude")
_MACHINE = Machine(
    os="linux", cpu=Cpu(arch="amd64", isa_level="v3", online=4, allowed=4), memory=Memory(8 << 30, 4 << 30)
)


def it_has_all_of_a_studys_methods(plugin: type[Any], directory: Path) -> None:
    """It is a ``Study``."""
    missing = [one for one in _PARTS if not hasattr(plugin(), one)]
    assert isinstance(plugin(), Study), f"{', '.join(missing)} is missing"


def it_can_be_told_levels_and_to_be_quick(plugin: type[Any], directory: Path) -> None:
    """``levels`` and ``quick`` are keywords of its constructor; fewer levels, no more arms."""
    levels = {factor: tuple(names[:1]) for factor, names in plugin.factors.items()}
    plugin(levels=levels, quick=True)
    few, all_ = plugin(levels=levels).plan(_MACHINE, 0), plugin().plan(_MACHINE, 0)
    if isinstance(few, Plan) and isinstance(all_, Plan):
        assert len(few.arms) <= len(all_.arms), "with fewer levels it plans more arms"
        quick = plugin(quick=True).plan(_MACHINE, 0)
        assert len(quick.slots()) <= len(all_.slots()), "quick plans more trials"


def it_says_how_long_it_takes(plugin: type[Any], directory: Path) -> None:
    """A budget above zero, and whether it is about a module."""
    assert plugin.takes_s > 0, "takes_s is not above zero"
    assert isinstance(plugin.takes_module, bool), "takes_module is neither True nor False"


def it_says_whether_it_can_be_run(plugin: type[Any], directory: Path) -> None:
    """On any machine, without raising; with the reason where it cannot."""
    for machine in (_MACHINE, Machine(os="darwin", cpu=Cpu(arch="arm64")), Machine()):
        found = plugin().availability(machine)
        assert isinstance(found, Availability), "it answers with no Availability"
        assert found or found.reason.strip(), "it cannot be run, and no reason is given"


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
        for one in found:
            if one.kind == "claim":
                assert one.data.get("verdict") in VERDICTS, (
                    f"{one.data.get('verdict')!r} is no verdict on a claim"
                )


CHECKS = [
    it_has_all_of_a_studys_methods,
    it_can_be_told_levels_and_to_be_quick,
    it_says_how_long_it_takes,
    it_says_whether_it_can_be_run,
    its_factors_have_levels,
    its_plan_can_be_printed_and_follows_its_seed,
    it_concludes_from_what_there_is,
]
