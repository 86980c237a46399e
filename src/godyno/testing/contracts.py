"""The public contract suite: what every plugin, built-in or a stranger's, must keep.

With pytest, one test a check::

    import pytest
    from godyno.testing.contracts import checks

    @pytest.mark.parametrize(("check", "plugin"), list(checks("probes", [MyProbe])), ids=str)
    def test_my_probe_keeps_the_contract(check, plugin, tmp_path):
        check(plugin, tmp_path)

or all at once: ``check_probe(MyProbe)``, ``check_analysis``, ``check_study``, ``check_exporter``. A check
that cannot be kept for a good reason is named in ``allowed`` with that reason; one that is kept after all
must be taken off that list.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.errors import PluginError

Act = Callable[[type[Any], Path], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One named check. Called with a plugin's class and an empty directory; raises AssertionError with what
    is wrong."""

    name: str
    act: Act

    def __call__(self, plugin: type[Any], directory: Path) -> None:
        """Runs it."""
        self.act(plugin, directory)

    def __str__(self) -> str:
        return self.name


def checks(kind: str, plugins: Iterable[type[Any]]) -> Iterator[tuple[Check, type[Any]]]:
    """Every check of ``kind`` (``probes``, ``analyses``, ``studies``, ``exporters``) with every plugin."""
    suite = suite_of(kind)
    for plugin in plugins:
        for check in suite:
            yield check, plugin


def suite_of(kind: str) -> list[Check]:
    """The checks of one kind, in the order in which their failures are best read."""
    from godyno.testing import analysis_checks, common_checks, exporter_checks, probe_checks, study_checks

    module = {
        "probes": probe_checks, "analyses": analysis_checks, "studies": study_checks, "exporters": exporter_checks,
    }[kind]  # fmt: skip
    acts: list[Act] = [*common_checks.CHECKS, *module.CHECKS]
    return [Check(act.__name__, act) for act in acts]


def check_probe(plugin: type[Any], allowed: Mapping[str, str] | None = None) -> None:
    """Runs every check on a probe. Raises PluginError that lists what it breaks."""
    _check("probes", plugin, allowed or {})


def check_analysis(plugin: type[Any], allowed: Mapping[str, str] | None = None) -> None:
    """Runs every check on an analysis. Raises PluginError that lists what it breaks."""
    _check("analyses", plugin, allowed or {})


def check_study(plugin: type[Any], allowed: Mapping[str, str] | None = None) -> None:
    """Runs every check on a study. Raises PluginError that lists what it breaks."""
    _check("studies", plugin, allowed or {})


def check_exporter(plugin: type[Any], allowed: Mapping[str, str] | None = None) -> None:
    """Runs every check on an exporter. Raises PluginError that lists what it breaks."""
    _check("exporters", plugin, allowed or {})


def _check(kind: str, plugin: type[Any], allowed: Mapping[str, str]) -> None:
    broken = []
    for check, one in checks(kind, [plugin]):
        with tempfile.TemporaryDirectory(prefix="godyno-contract-") as directory:
            try:
                check(one, Path(directory))
            except Exception as error:  # a check may also find the plugin crashing
                if check.name not in allowed:
                    broken.append(f"{check.name}: {error}")
            else:
                if check.name in allowed:
                    broken.append(f"{check.name}: kept after all, take it off the list of gaps")
    if broken:
        raise PluginError(
            f"{plugin.__qualname__} breaks {len(broken)} of its contract's checks:\n  " + "\n  ".join(broken),
            hint="The plugin guide explains each check.",
        )
