import json

import pytest

from godyno.errors import CaptureNotFound, FormatError, UsageError
from godyno.model import Machine, Peak, Result, Trial
from godyno.stats.compare import Verdict
from godyno.studies.comparison import compare
from godyno.studies.factors import Factor
from godyno.studies.plan import Plan
from godyno.studies.runner import run
from godyno.testing.captures import write_capture


def _file(path, values, cpu="Fake"):
    lines = [f"cpu: {cpu}", "pkg: p", *(f"BenchmarkA-4 100 {value} ns/op" for value in values)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_files_are_compared_with_the_first(tmp_path):
    old = _file(tmp_path / "old.txt", range(1000, 1010))
    new = _file(tmp_path / "new.txt", range(1200, 1210))
    again = _file(tmp_path / "again.txt", range(1001, 1011))
    found = compare(old, new, again)
    assert found.rows["new.txt"][0].comparison.verdict is Verdict.HIGHER
    assert found.rows["again.txt"][0].comparison.verdict is Verdict.UNDECIDED
    assert "did not take turns" in found.trust["new.txt"][0]


def test_drift_inside_the_files_is_said_beside_the_differences_that_are_no_larger(tmp_path):
    old = _file(tmp_path / "old.txt", [1000 + 10 * i for i in range(20)])
    new = _file(tmp_path / "new.txt", [1100 + 10 * i for i in range(20)])
    text = " ".join(compare(old, new).trust["new.txt"])
    assert "up to 9" in text
    assert "1 of the 1 called differences are no larger" in text


def test_unlike_machines_and_few_runs_are_named(tmp_path):
    old, new = _file(tmp_path / "a", [1, 2, 3]), _file(tmp_path / "b", [4, 5, 6], cpu="Other")
    text = " ".join(compare(old, new).trust["b"])
    assert "unlike machines: Fake against Other" in text
    assert "3 runs on a side" in text


def test_what_cannot_be_compared_says_why(tmp_path):
    file = _file(tmp_path / "a", [1, 2])
    (tmp_path / "empty").write_text("PASS\n")
    (tmp_path / "none").mkdir()
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "bench.json").write_text("{}")
    with pytest.raises(UsageError, match="two sides"):
        compare(file)
    with pytest.raises(CaptureNotFound, match="no file"):
        compare(file, tmp_path / "absent")
    with pytest.raises(FormatError, match="no benchmark results"):
        compare(file, tmp_path / "empty")
    with pytest.raises(FormatError, match="no captures"):
        compare(file, tmp_path / "none")
    with pytest.raises(FormatError, match=r"bench\.json"):
        compare(tmp_path / "study")
    with pytest.raises(UsageError, match="alpha"):
        compare(file, file, alpha=2)


def _capture(path, start_ns, wall_s, host="here"):
    return write_capture(
        path, lambda writer: None, result=Result(start_ns, start_ns + int(wall_s * 1e9), 0, 0, wall_s / 2, 0.0),
        machine=Machine(hostname=host, boot_id="boot"), peak=Peak(1 << 20, "cgroup", "all", True),
    )  # fmt: skip


def test_captures_are_compared_by_time_and_memory_a_directory_being_one_side(tmp_path):
    for side, wall_s, offset in (("old", 1.0, 0), ("new", 2.0, 10)):
        (tmp_path / side).mkdir()
        for i in range(8):
            _capture(tmp_path / side / f"{i}.dyno", (100 * i + offset) * 10**9, wall_s + i / 1000)
    found = compare(tmp_path / "old", tmp_path / "new")
    rows = {row.unit: row.comparison for row in found.rows["new"]}
    assert rows.keys() == {"sec", "cpu-sec", "peak-B"}
    assert rows["sec"].verdict is Verdict.HIGHER
    assert not any("take turns" in sentence for sentence in found.trust["new"]), "they did take turns"
    one = compare(tmp_path / "old" / "0.dyno", tmp_path / "new" / "0.dyno")
    assert "1 run on a side" in one.trust["0.dyno"][0]
    assert one.rows["0.dyno"][0].comparison.verdict is Verdict.UNDECIDED


def test_a_broken_study_does_not_pass_for_a_result(tmp_path):
    (tmp_path / "s").mkdir()
    for text in ("", "[]", "null", json.dumps({"arms": 3})):
        (tmp_path / "s" / "bench.json").write_text(text)
        with pytest.raises(FormatError):
            compare(tmp_path / "s")


def test_two_studies_are_compared_arm_by_arm(tmp_path):
    for name, ratio in (("before", 1.0), ("after", 1.5)):
        plan = Plan.of("demo", [Factor.of("p", "1", "2")], 8)
        (tmp_path / name).mkdir()

        def trial(slot, ratio=ratio):
            value = ratio * int(slot.levels["p"]) + slot.block / 1000
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, measures={"wall_s": value}, verdict="pass"
            )

        run(plan, trial, tmp_path / name / "trials.jsonl", pool="here | go1.27")
    found = compare(tmp_path / "before", tmp_path / "after")
    assert [row.name for row in found.rows["after"]] in (["p=1", "p=2"], ["p=2", "p=1"])
    assert all(row.comparison.verdict is Verdict.HIGHER for row in found.rows["after"])
    assert "did not take turns" in found.trust["after"][0]
