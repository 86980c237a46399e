"""What a cgo call costs: registers read from code, conclusions from trials."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from godyno.model import Trial
from godyno.studies.library.cgo import Cgo
from godyno.studies.library.cgo.registers import floats, saved
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED
from godyno.studies.studying import run_study

LISTING = """TEXT crosscall2(SB) /go/src/runtime/cgo/asm_amd64.s
  asm_amd64.s:19	0x46e1c0	4883ec30	SUBQ $0x30, SP
  asm_amd64.s:19	0x46e1c4	48896c2428	MOVQ BP, 0x28(SP)
  asm_amd64.s:19	0x46e1c9	48891c24	MOVQ BX, 0(SP)
  asm_amd64.s:20	0x46e1ce	48893c24	MOVQ DI, 0(SP)
  asm_amd64.s:21	0x46e1d0	0f11742410	MOVUPS X6, 0x10(SP)
  asm_amd64.s:22	0x46e1d2	0f10742410	MOVUPS 0x10(SP), X6
  asm_amd64.s:30	0x46e1f0	488b1c24	MOVQ 0(SP), BX
  asm_amd64.s:30	0x46e1f4	488b6c2428	MOVQ 0x28(SP), BP
TEXT runtime.asmcgocall.abi0(SB) /go/src/runtime/asm_amd64.s
  asm_amd64.s:900	0x46d000	55	PUSHQ BP
  asm_amd64.s:930	0x46d0f0	5d	POPQ BP
"""


def test_saved_registers_are_those_that_are_loaded_again_from_where_they_were_stored() -> None:
    found = saved(LISTING)
    assert found == {"crosscall2": ("X6", "BX", "BP"), "runtime.asmcgocall.abi0": ("BP",)}
    assert floats(found["crosscall2"]) == 1


def test_pairs_of_arm64_count_as_two() -> None:
    listing = "TEXT crosscall2(SB) x\n  x:1	0x1	00	STP (R19, R20), 24(RSP)\n  x:2	0x2	00	LDP 24(RSP), (R19, R20)\n"
    assert saved(listing)["crosscall2"] == ("R19", "R20")


def _call(block: int, resident: float, threads: float) -> Trial:
    measures = {
        "time": 4e-8,
        "calls": 1e6,
        "resident": resident,
        "resident_total": resident * 1e6,
        "threads": threads,
    }
    return Trial(
        "cgo",
        block,
        block,
        {"go": "newest", "call": "call"},
        measures=measures,
        facts={"go": "go1.27.3"},
        verdict="pass",
    )


def test_the_sources_claims_are_judged_by_what_was_measured() -> None:
    def verdicts(resident: float, threads: float) -> list[str]:
        trials = [_call(block, resident, threads) for block in range(6)]
        return [one.data["verdict"] for one in Cgo().conclude(trials) if one.kind == "claim"]

    assert verdicts(0.1, 0)[0] == NOT_CONFIRMED
    assert verdicts(0.1, 0)[2] == NOT_CONFIRMED
    assert verdicts(2048, 2)[0] == CONFIRMED
    assert verdicts(2048, 2)[2] == CONFIRMED


def test_the_pragmas_are_left_out_for_versions_that_lack_them() -> None:
    from godyno.model import Machine

    plan = Cgo(levels={"go": ("1.21", "1.24")}).plan(Machine(), 0)
    pragma = [arm.levels["go"] for arm in plan.arms if arm.levels["call"] == "pragma"]
    assert pragma == ["1.24"]


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("gcc") is None, reason="cgo needs a C compiler")
def test_blocking_calls_make_threads_and_calls_in_a_row_do_not(tmp_path: Path) -> None:
    study = Cgo(levels={"go": ("own",), "call": ("call", "blocked")}, quick=True)
    result = run_study(study, out=tmp_path / "out", budget_s=600.0)
    by_call = {trial.levels["call"]: trial for trial in result.trials if trial.verdict == "pass"}
    assert by_call["blocked"].measures["threads"] > 50
    assert by_call["call"].measures["threads"] <= 2
    assert by_call["call"].measures["time"] < 1e-5
    assert any(name.startswith("registers\t") for trial in result.trials for name in trial.facts)
