"""One clock for all layers: a small run of the benchmark that measures it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from godyno.errors import GodynoError
from godyno.toolchain import find_go

MEASURE = Path(__file__).parents[2] / "benchmarks" / "alignment" / "measure.py"


def measuring() -> ModuleType:
    spec = importlib.util.spec_from_file_location("alignment_measure", MEASURE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="the program reads Linux's CLOCK_MONOTONIC")
def test_the_same_instants_agree_through_every_layer_within_the_error_that_is_stated(tmp_path: Path) -> None:
    """The median: a clock that is off moves all of them, a busy machine delays some."""
    try:
        find_go()
    except GodynoError as error:
        pytest.skip(str(error))
    wanted = {"output", "execution trace", "go_debug"}
    for turn in ("first", "second"):  # a trace that is being taken as so short a program ends may be lost
        (tmp_path / turn).mkdir()
        rows = measuring().measure(20, tmp_path / turn, only="all")
        layers = {row["layer"] for row in rows}
        if wanted <= layers:
            break
    assert wanted <= layers, layers
    for row in rows:
        assert row["stated_ns"] is not None, row
        assert row["p50_ns"] <= row["stated_ns"], row
