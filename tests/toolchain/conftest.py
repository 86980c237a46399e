import shutil
from pathlib import Path

import pytest

from godyno.errors import GoNotFound
from godyno.toolchain import Go, find_go


@pytest.fixture(scope="session")
def go() -> Go:
    try:
        return find_go()
    except GoNotFound as error:
        pytest.skip(str(error))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """example.com/m: a command that imports a, which imports b and c; d is imported by nobody."""
    root = tmp_path / "m"
    sources = {
        "go.mod": "module example.com/m\n\ngo 1.21\n",
        "main.go": 'package main\n\nimport "example.com/m/a"\n\nfunc main() { println(a.A()) }\n',
        "a/a.go": 'package a\n\nimport (\n\t"example.com/m/b"\n\t"example.com/m/c"\n)\n\n'
        "func A() int { return b.B() + c.C() }\n",
        "b/b.go": "package b\n\nfunc B() int { return 1 }\n",
        "b/b_test.go": 'package b_test\n\nimport "testing"\n\nfunc TestB(t *testing.T) {}\n',
        "c/c.go": 'package c\n\nimport "example.com/m/b"\n\nfunc C() int { return b.B() }\n',
        "d/d.go": "package d\n\nconst D = 1\n",
        "onlytests/x_test.go": 'package onlytests\n\nimport "testing"\n\nfunc TestX(t *testing.T) {}\n',
    }
    for name, text in sources.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    yield root
    shutil.rmtree(root)
