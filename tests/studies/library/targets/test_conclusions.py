from __future__ import annotations

import json
from typing import Any

import pytest

from godyno.model import Finding, Trial
from godyno.studies.library.targets import Targets
from godyno.studies.library.targets.benchmarks import parsed
from godyno.studies.library.targets.emitted import Emitted


def trial(level: str, block: int = 0, target: str = "linux/amd64", **kwargs: Any) -> Trial:
    facts = {"level": f"GOAMD64={level}", "go": "go1.27.3", **kwargs.pop("facts", {})}
    return Trial(
        "targets", block, block, {"target": target, "level": level}, facts=facts, verdict="pass", **kwargs
    )


def kinds(findings: list[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for one in findings:
        found.setdefault(one.kind, []).append(one)
    return found


def concluded(trials: list[Trial]) -> dict[str, list[Finding]]:
    return kinds(list(Targets().conclude(trials)))


def timed() -> list[Trial]:
    trials = []
    for block in range(12):
        for level, factor in (("base", 1.0), ("v3", 0.5)):
            noise = 1 + 0.01 * ((block * 7 + len(level)) % 5)
            measures = {
                "time\tpopcount": 1e-9 * factor * noise,
                "time\tcopy": 1e-9 * (1 + 0.01 * ((block * 3 + len(level)) % 7)),
            }
            trials.append(trial(level, block, measures=measures))
    return trials


def test_a_gain_is_a_paired_ratio_with_its_interval() -> None:
    (gain,) = concluded(timed())["gain"]
    assert gain.estimate and gain.estimate.interval
    assert 0.47 < gain.estimate.value < 0.53 and gain.estimate.interval.high < 0.6
    assert gain.estimate.n == 12
    verdicts = {row[0]: row[3] for row in gain.data["rows"]}
    assert verdicts == {"popcount": "faster", "copy": "not told apart"}


def test_a_level_that_does_not_run_is_named_with_what_is_needed() -> None:
    said = "This program can only be run on AMD64 processors with v4 microarchitecture support."
    (cannot,) = concluded([*timed(), trial("v4", facts={"cannot run": said})])["cannot run"]
    assert "v4 does not run here" in cannot.claim and said in cannot.tried and cannot.advice


def test_a_level_that_was_not_timed_says_what_that_needs() -> None:
    code = {"emitted": json.dumps(Emitted().as_json())}
    trials = [
        *timed(), trial("base", facts=code), trial("v3", facts=code), trial("v2", facts=code),
        trial("v4", facts={**code, "cannot run": "no"}),
        trial("lse", target="linux/arm64", facts={**code, "level": "GOARM64=v8.0,lse"}),
    ]  # fmt: skip
    (levels,) = concluded(trials)["levels"]
    said = {row[0]: row[-1] for row in levels.data["rows"]}
    assert said["GOAMD64=base"] == said["GOAMD64=v3"] == "yes"
    assert said["GOAMD64=v2"] == "no: more --budget for its build"
    assert said["GOAMD64=v4"] == "no: it needs a processor that has GOAMD64=v4"
    assert said["GOARM64=v8.0,lse"] == "no: it needs arm64"


def test_without_a_second_level_there_is_no_gain() -> None:
    assert "gain" not in concluded([one for one in timed() if one.levels["level"] == "base"])


def test_claims_are_not_tried_where_their_target_is_missing() -> None:
    claims = concluded(timed())["claim"]
    assert {one.data["verdict"] for one in claims} == {"cannot be tried here"}


def test_a_claim_on_vectors_is_confirmed_only_by_code_that_uses_them() -> None:
    def with_(always: dict[str, tuple[str, ...]], vectorized: bool) -> str:
        emitted = Emitted(always, {}, (), vectorized)
        facts = {"emitted": json.dumps(emitted.as_json()), "vectors": json.dumps(["AVX-512"])}
        return next(
            str(one.data["verdict"])
            for one in concluded([trial("v4", facts=facts)])["claim"]
            if "AVX-512" in str(one.data["claim"])
        )

    assert with_({"AVX-512": ("AddSlices",)}, True) == "confirmed here"
    assert with_({}, False) == "not confirmed here"


def test_facts_that_cannot_be_read_are_left_out() -> None:
    hostile = [trial("v3", facts={"emitted": "[]", "abi": "{"}), trial("v2", facts={"emitted": "null"})]
    assert "targets" not in concluded(hostile)


def test_the_programs_lines_are_read_and_others_passed_over() -> None:
    found = parsed("popcount: 892322\nnoise\nfnv hash: x\nfused multiply-add: 1000000\n")
    assert found == pytest.approx({"popcount": 892322e-15, "fused multiply-add": 1e-9})
