"""The reference service (gin and gRPC) with one thing planted in its start, as programs that are built here."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from godyno.studies.startup.building import build_instrumented
from godyno.toolchain.find import find_go

HERE = Path(__file__).parent
SOURCES = HERE / "startup_go"
SERVICE = HERE.parent / "src/godyno/workload/reference/service"
PARSE = "\tflag.Parse()\n"


def build(
    scratch: Path,
    name: str,
    planted: str,
    fill: Mapping[str, str] = {},
    *,
    tags: str = "",
    also: tuple[str, ...] = (),
) -> Path:
    """The service with ``planted`` (a file of startup_go) called by main first, as a program in ``scratch``."""
    module = scratch / f"src-{name}"
    shutil.copytree(SERVICE, module)
    main = module / "main.go"
    text = main.read_text()
    assert text.count(PARSE) == 1
    main.write_text(text.replace(PARSE, f"{PARSE}\tprepare()\n"))
    for file in (planted, *also):
        (module / f"{file}.go").write_text(_filled(file, fill))
    if planted == "init":
        (module / "table").mkdir()
        for file in ("table", "table_eager", "table_lazy"):
            (module / "table" / f"{file}.go").write_text(_filled(file, fill))
    out = scratch / name
    build_instrumented(
        find_go(), ("go", "build", "-mod=mod", "-buildvcs=false", *(["-tags", tags] if tags else []), "-o", str(out), "."),
        module, {"GOFLAGS": None, "GOWORK": "off"}, module / "_instrument",
    )  # fmt: skip
    shutil.rmtree(module)
    return out


def _filled(file: str, fill: Mapping[str, str]) -> str:
    text = (SOURCES / f"{file}.go.txt").read_text()
    for word, value in fill.items():
        text = text.replace(word, value)
    return text
