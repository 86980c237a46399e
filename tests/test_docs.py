"""The docs are executed, and their completeness is a test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from godyno import registry
from godyno.cli import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def blocks(page: Path, language: str) -> list[str]:
    return [text for found, text in _BLOCK.findall(page.read_text()) if found == language]


def commands(block: str) -> list[tuple[str, list[str]]]:
    """(command, lines shown below it) of a console block; `$ ` begins a command."""
    out: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        elif out and line.strip() and line.strip() != "...":
            out[-1][1].append(line.strip())
    return out


@pytest.mark.integration
@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "console")], ids=lambda page: page.name
)
def test_every_console_example_runs(page: Path, tmp_path: Path) -> None:
    """In a copy of the reference module. Shown lines without a figure must appear as they are."""
    module = tmp_path / "module"
    shutil.copytree(ROOT / "src/godyno/workload/reference/cli", module)
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "100",
        "GOFLAGS": "",
        "GODYNO_STATE": str(tmp_path / "state"),
    }
    for block in blocks(page, "console"):
        for command, shown in commands(block):
            done = subprocess.run(
                ["sh", "-c", command], cwd=module, env=env, capture_output=True, text=True, timeout=300
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            real = done.stdout + done.stderr
            for line in shown:
                if not re.search(r"\d", line):
                    assert line in real, f"{command} does not print {line!r}, but:\n{real}"


@pytest.mark.integration
@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name
)
def test_every_python_example_runs(page: Path, tmp_path: Path) -> None:
    if page.name == "api.md":
        pytest.skip("signatures, not examples")
    module = tmp_path / "module"
    shutil.copytree(ROOT / "src/godyno/workload/reference/cli", module)
    for block in blocks(page, "python"):
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=module, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_reference_is_what_the_code_says() -> None:
    # In a Python of its own: click keeps the help option of the first context that it sees, which another test may have made.
    done = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}: python docs/generate.py"


def test_every_command_has_help_with_an_example() -> None:
    from click import Context

    from godyno.cli import group

    for name in COMMANDS:
        command = group.get_command(Context(group), name)
        assert command is not None
        assert "Example" in (command.help or ""), f"godyno {name} --help has no example"


def test_every_probe_has_its_measured_place_in_the_docs() -> None:
    text = (ROOT / "docs/reference/plugins.md").read_text()
    for kind in registry.BUILT_IN:
        for name in registry.built_in(kind):
            assert f"| {name} |" in text


def test_help_answers_fast_enough_to_be_asked() -> None:
    """Which heavy modules it loads, not how long it takes here: a timed test is a flaky test."""
    code = "import sys\nfrom godyno.cli import group\ntry: group.main(['--help'])\nexcept SystemExit: print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.rpartition("[")[2]
    for heavy in ("numpy", "pyarrow", "duckdb", "rich", "jinja2", "scipy", "subprocess'", "asyncio"):
        assert f"'{heavy.rstrip(chr(39))}'" not in loaded


def test_nothing_in_the_repository_bears_a_path_of_a_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.split(b"\0")
    if len(tracked) < 2:
        pytest.skip("not a git checkout")
    pattern = re.compile(rb"/(?:work/(?:main|wt|shared)|root/\.|home/\w+/src/godyno)")
    for name in filter(None, tracked):
        path = ROOT / name.decode()
        if path.is_file() and path != Path(__file__):
            assert not pattern.search(path.read_bytes()), name.decode()
