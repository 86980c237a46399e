import pytest

from godyno.errors import UsageError
from godyno.studies.library.targets import Targets


def test_builds_are_of_targets_of_the_run() -> None:
    few = {"target": ("linux/arm64", "js/wasm")}
    assert Targets(levels=few).wanted_builds() == ("linux/arm64", "js/wasm")
    assert Targets(levels=few, quick=True).wanted_builds() == ()
    assert Targets(levels=few, builds="all").wanted_builds() == ("linux/arm64", "js/wasm")
    with pytest.raises(UsageError, match="linux/s390x"):
        Targets(levels=few, builds="linux/s390x").wanted_builds()


@pytest.mark.integration
def test_a_study_of_a_target_that_does_not_run_here_reads_its_code(godyno) -> None:  # type: ignore[no-untyped-def]
    few = ("--target", "linux/riscv64,linux/pdp11", "--level", "base,rva22u64")
    ran = godyno("study", "targets", *few, "--quick", "--json", "-q", "-o", "out")
    assert ran.code == 0, ran.err
    kinds = [one["kind"] for one in ran.json["findings"]]
    assert "levels" in kinds and "gain" not in kinds
    verdicts = {one["levels"]["target"]: one["verdict"] for one in ran.json["trials"]}
    assert verdicts == {"linux/riscv64": "pass", "linux/pdp11": "unavailable"}


@pytest.mark.integration
def test_the_study_abi_holds_two_versions_against_each_other(godyno) -> None:  # type: ignore[no-untyped-def]
    ran = godyno("study", "abi", "--target", "linux/loong64", "--json", "-q", "-o", "out")
    assert ran.code == 0, ran.err
    versions = next(one for one in ran.json["findings"] if one["kind"] == "versions")
    assert ["loong64", "integers", "0, all on the stack", "16: R4-R19"] in versions["data"]["rows"]
