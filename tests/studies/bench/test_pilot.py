import pytest
from tests.studies.bench.fakes import FakeLaunch, built

from godyno.errors import UsageError
from godyno.studies.bench.pilot import Pilot, Subject, TrialFailed, common_suffix, pilot
from godyno.studies.bench.settings import Settings


def test_iterations_come_from_the_baseline_and_are_the_same_for_all():
    launch = FakeLaunch(
        {("old", "A"): 1e-6, ("new", "A"): 2e-6, ("old", "B/x=1"): 1e-3, ("new", "B/x=1"): 1e-3}
    )
    found = pilot(built("old", "new"), Settings(), launch)
    assert [(one.name, one.iterations, one.count) for one in found.subjects] == [
        ("A", 50000, 2),
        ("B/x=1", 50, 2),
    ]
    assert found.suffix == "-4"
    assert found.config == {"goos": "linux", "goarch": "amd64", "cpu": "Fake"}
    assert found.seconds.keys() == {"old", "new"}
    assert Pilot.from_json(found.as_json()) == found


def test_what_only_some_arms_have_is_left_out_and_named():
    launch = FakeLaunch({("old", "A"): 1e-6, ("new", "A"): 1e-6, ("new", "New"): 1e-6})
    found = pilot(built("old", "new"), Settings(), launch)
    assert [one.name for one in found.subjects] == ["A"]
    assert found.left_out == ("New",)


def test_a_count_of_iterations_is_taken_as_it_is():
    found = pilot(built("old"), Settings(benchtime="300x"), FakeLaunch({("old", "A"): 1e-6}))
    assert (found.subjects[0].iterations, found.subjects[0].count) == (300, 1)
    assert not found.subjects[0].cpu, "300 us of work say nothing beside 4 ms of starting"
    assert pilot(built("old"), Settings(), FakeLaunch({("old", "A"): 1e-6})).subjects[0].cpu


def test_what_cannot_be_measured_says_why():
    with pytest.raises(UsageError, match="No benchmark matches"):
        pilot(built("old"), Settings(pattern="Nothing"), FakeLaunch({("old", "A"): 1e-6}))
    with pytest.raises(UsageError, match="not a duration"):
        pilot(built("old"), Settings(benchtime="long"), FakeLaunch({}))
    with pytest.raises(UsageError, match="in common"):
        pilot(built("old", "new"), Settings(), FakeLaunch({("old", "A"): 1e-6, ("new", "B"): 1e-6}))
    with pytest.raises(TrialFailed, match="panic: broken"):
        pilot(built("old"), Settings(), FakeLaunch({("old", "A"): 1e-6}, fails=("old",)))


def test_a_number_that_not_all_names_end_in_is_no_gomaxprocs():
    assert common_suffix(["A-4", "B/x=1-4"]) == "-4"
    assert common_suffix(["A", "Size-1024"]) == ""


def test_a_pattern_matches_one_benchmark_only():
    assert Subject("p", "A/x=1.5/(b)").pattern == r"^BenchmarkA$/^x=1\.5$/^\(b\)$"
