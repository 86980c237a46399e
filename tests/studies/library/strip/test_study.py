"""What stripping saves and loses, concluded from trials."""

from __future__ import annotations

from pathlib import Path

import pytest

from godyno.model import Trial
from godyno.studies.library.strip import Strip
from godyno.studies.library.strip.packages import package_of
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED
from godyno.studies.studying import run_study


@pytest.mark.parametrize(
    ("symbol", "package"),
    [
        ("main.main", "main"),
        ("github.com/a/b.(*T).M", "github.com/a/b"),
        ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3"),
        ("slices.SortFunc[go.shape.struct { github.com/a/b.X int }]", "slices"),
        ("type:.eq.main.T", "main"),
        ("type:.eq.[4]github.com/a/b.T", "github.com/a/b"),
        ("type:.hash.struct { F uintptr }", "(types)"),
        ("go:string.*", "(string constants)"),
        ("crosscall2", "(not Go's)"),
        ("go:itab.*os.File,io.Reader", "os"),
        ("go:itab.github.com/a/b.T,github.com/c/d.I", "github.com/a/b"),
        ("github.com/a/b.(*T).crypto/ecdh.curve", "github.com/a/b"),
        ("go:struct { net/http.ResponseWriter }.Write", "(types)"),
        ("go.uber.org/zap.(*Logger).Info", "go.uber.org/zap"),
        ("github.com/x/y.F.func1", "github.com/x/y"),
    ],
)
def test_a_symbol_belongs_to_the_package_that_its_name_begins_with(symbol: str, package: str) -> None:
    assert package_of(symbol) == package


def _trials(sizes: dict[tuple[str, str], float]) -> list[Trial]:
    return [
        Trial("strip", index, 0, {"target": target, "build": build}, measures={"size": size}, verdict="pass")
        for index, ((target, build), size) in enumerate(sizes.items())
    ]


def _verdicts(trials: list[Trial]) -> dict[str, str]:
    return {
        one.data["claim"][:20]: one.data["verdict"] for one in Strip().conclude(trials) if one.kind == "claim"
    }


def test_that_w_adds_nothing_to_s_is_said_where_sizes_are_equal() -> None:
    same = _trials({("native", "plain"): 10e6, ("native", "s"): 7e6, ("native", "s+w"): 7e6})
    other = _trials({("native", "plain"): 10e6, ("native", "s"): 7e6, ("native", "s+w"): 6e6})
    assert _verdicts(same)["-s and -w work toget"] == NOT_CONFIRMED
    assert _verdicts(other)["-s and -w work toget"] == CONFIRMED


def test_a_size_budget_is_a_gate() -> None:
    trials = _trials({("native", "plain"): 12e6, ("native", "s"): 8e6})
    gates = [one for one in Strip(budget_size="10MB").conclude(trials) if one.kind == "gate"]
    assert [one.data["passed"] for one in gates] == [False]
    assert "-ldflags=-s fits" in gates[0].advice
    within = [one for one in Strip(budget_size="20MB").conclude(trials) if one.kind == "gate"]
    assert within[0].data["passed"]


@pytest.mark.integration
def test_sections_add_up_and_loading_is_timed_on_a_real_program(tmp_path: Path) -> None:
    result = run_study(
        Strip(levels={"target": ("native",), "build": ("plain", "s+w")}, quick=True), out=tmp_path / "out", budget_s=600.0
    )  # fmt: skip
    whole = [trial for trial in result.trials if trial.verdict == "pass" and "size" in trial.measures]
    assert {trial.levels["build"] for trial in whole} == {"plain", "s+w"}
    for trial in whole:
        parts = sum(value for name, value in trial.measures.items() if name.startswith("section\t"))
        assert parts == trial.measures["size"]
        assert 0 < trial.measures["load.warm.main"] < 10
    plain, stripped = (
        next(one for one in whole if one.levels["build"] == build) for build in ("plain", "s+w")
    )
    for kind in ("code", "constants"):
        found = {name: value for name, value in plain.measures.items() if name.startswith(f"{kind}\t")}
        section = plain.measures[f"section\t{'.text' if kind == 'code' else '.rodata'}"]
        assert sum(found.values()) >= section
        assert (
            sum(value for name, value in found.items() if "(nothing" in name or "(not Go" in name)
            < 0.01 * section
        )
        assert found[f"{kind}\truntime"] > 0.2 * section
    assert any(one.kind == "packages" for one in result.findings)
    assert (
        plain.facts["tool\tpanic names functions"] == stripped.facts["tool\tpanic names functions"] == "yes"
    )
    assert (plain.facts["tool\tnm"], stripped.facts["tool\tnm"]) == ("yes", "no")
