"""Every plugin, every check. A gap needs a reason, and is closed when it is kept after all."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from example_plugins import Bad, BadAnalysis, Good, GoodExporter, GoodStudy
from godyno import registry
from godyno.errors import PluginError
from godyno.model import Machine
from godyno.testing.contracts import (
    Check,
    check_analysis,
    check_exporter,
    check_probe,
    check_study,
    checks,
    suite_of,
)

# (plugin, check) to why it cannot be kept. The list only shrinks.
GAPS: dict[tuple[str, str], str] = {}


def cases() -> Iterator[Any]:
    for kind in registry.BUILT_IN:
        for name in registry.built_in(kind):
            for check, plugin in checks(kind, [registry.load(kind, name)]):
                yield pytest.param(check, plugin, id=f"{name}-{check.name}")


@pytest.mark.parametrize(("check", "plugin"), list(cases()))
def test_every_plugin_keeps_every_check(check: Check, plugin: type[Any], tmp_path: Path) -> None:
    reason = GAPS.get((plugin.name, check.name))
    if reason is None:
        check(plugin, tmp_path)
        return
    with pytest.raises(Exception):  # noqa: B017  whatever the gap is
        check(plugin, tmp_path)
    pytest.xfail(reason)


@pytest.mark.parametrize("kind", list(registry.BUILT_IN))
def test_a_built_ins_name_is_its_registration_and_its_file(kind: str) -> None:
    for name, reference in registry.BUILT_IN[kind].items():
        module, _, _ = reference.partition(":")
        assert registry.load(kind, name).name == name
        assert module.rpartition(".")[2] == name
        assert importlib.util.find_spec(module) is not None


def test_every_gap_is_of_a_plugin_and_a_check_that_exist() -> None:
    names = {name for kind in registry.BUILT_IN for name in registry.built_in(kind)}
    known = {check.name for kind in registry.BUILT_IN for check in suite_of(kind)}
    for (plugin, check), reason in GAPS.items():
        assert plugin in names and check in known and reason.endswith(".")


# ---- that the suite finds what is wrong


def test_a_good_probe_passes() -> None:
    check_probe(Good)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_bad_probe_is_told_all_that_is_wrong() -> None:
    with pytest.raises(PluginError) as caught:
        check_probe(Bad)
    for name in (
        "it_has_a_name_and_a_summary", "it_is_documented", "its_settings_are_keywords_with_defaults",
        "making_it_opens_nothing", "its_tables_are_the_schemas", "its_availability_never_raises_and_always_explains",
        "its_prepare_is_pure", "it_leaves_nothing_behind", "it_writes_only_what_it_declares",
        "its_instants_lie_within_the_recording", "its_decode_takes_anything",
    ):  # fmt: skip
        assert name in str(caught.value)
    assert caught.value.hint


def test_a_gap_that_is_kept_after_all_is_told() -> None:
    with pytest.raises(PluginError, match="kept after all"):
        check_probe(Good, allowed={"it_is_documented": "No reason."})


def test_a_bad_analysis_is_told_all_that_is_wrong() -> None:
    with pytest.raises(PluginError) as caught:
        check_analysis(BadAnalysis)
    for name in ("its_needs_are_tables", "it_says_the_same_twice", "its_findings_are_whole"):
        assert name in str(caught.value)


def test_a_good_study_and_a_good_exporter_pass() -> None:
    check_study(GoodStudy)
    check_exporter(GoodExporter)


def test_a_bad_study_and_a_bad_exporter_are_told() -> None:
    class BadStudy(GoodStudy):
        """Two plans from one seed."""

        factors: ClassVar[dict[str, tuple[str, ...]]] = {"GOGC": ("50", "50")}
        plans = 0

        def plan(self, machine: Machine, seed: int) -> str:
            BadStudy.plans += 1
            return str(BadStudy.plans)

    class BadExporter(GoodExporter):
        """Writes beside its place."""

        def export(self, capture: Any, out: str) -> list[str]:
            Path(out).with_suffix(".lock").write_text("")
            return [""]

    with pytest.raises(PluginError, match=r"its_factors_have_levels(.|\n)*its_plan_can_be_printed"):
        check_study(BadStudy)
    with pytest.raises(PluginError, match="it_exports_any_capture"):
        check_exporter(BadExporter)


def test_the_levels_that_the_recorder_goes_by_are_those_of_the_probes() -> None:
    from godyno import registry

    for name in registry.built_in("probes"):
        declared = getattr(registry.load("probes", name), "levels", None)
        assert registry.LEVELS.get(name) == declared, name


def test_the_analyses_that_why_ranks_are_those_that_say_so() -> None:
    from godyno import registry

    for name in registry.built_in("analyses"):
        declared = getattr(registry.load("analyses", name), "ranked", False)
        assert (name in registry.RANKED) == declared, name
