"""What plugins of every kind keep."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HEAVY = ("pyarrow", "duckdb", "numpy", "scipy", "pandas", "rich", "jinja2", "statsmodels", "matplotlib")


def it_has_a_name_and_a_summary(plugin: type[Any], directory: Path) -> None:
    """A name that can be a file's, a summary of one line."""
    name, summary = getattr(plugin, "name", None), getattr(plugin, "summary", None)
    assert isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", name), (
        f"name is {name!r}, not like_this"
    )
    assert isinstance(summary, str) and summary.strip(), "summary is empty"
    assert "\n" not in summary and len(summary) <= 120, "summary is more than a line of 120 characters"


def it_is_made_without_settings(plugin: type[Any], directory: Path) -> None:
    """``cls()`` works."""
    plugin()


def its_settings_are_keywords_with_defaults(plugin: type[Any], directory: Path) -> None:
    """Settings are named where they are set."""
    if plugin.__init__ is object.__init__:
        return
    parameters = list(inspect.signature(plugin.__init__).parameters.values())[1:]
    for one in parameters:
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) and plugin.__init__ in _inherited(plugin):
            continue
        assert one.kind is one.KEYWORD_ONLY, f"{one.name} can be given by position or not by name"
        assert one.default is not one.empty, f"{one.name} has no default"


def making_it_opens_nothing(plugin: type[Any], directory: Path) -> None:
    """A constructor only remembers."""
    before = open_files()
    made = plugin()
    assert open_files() == before, "the constructor left files open"
    del made


def it_is_documented(plugin: type[Any], directory: Path) -> None:
    """The class has a docstring, from which its page is made."""
    assert (plugin.__doc__ or "").strip(), "the class has no docstring"


def open_files() -> int:
    """How many files this process has open; 0 where that cannot be known."""
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return 0


def imported_by(module: str, wanted: tuple[str, ...] = HEAVY) -> list[str]:
    """Which of ``wanted`` importing ``module`` in a fresh Python imports."""
    code = f"import sys, {module}\nprint(' '.join(m for m in {wanted!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, (
        f"{module} cannot be imported by itself: {done.stderr.strip().splitlines()[-1:]}"
    )
    return done.stdout.split()


def _inherited(plugin: type[Any]) -> list[Any]:
    return [base.__dict__.get("__init__") for base in plugin.__mro__[1:]]


CHECKS = [
    it_has_a_name_and_a_summary,
    it_is_documented,
    it_is_made_without_settings,
    its_settings_are_keywords_with_defaults,
    making_it_opens_nothing,
]
