from godyno.studies.bench.arms import sides
from godyno.studies.bench.settings import WORKING_TREE, Settings


def test_every_combination_is_an_arm_and_the_first_is_the_baseline():
    found = sides(Settings(revisions=("main",), go=("1.24", "1.27"), environment=("GOGC=50,100",)))
    assert [side.name for side in found] == [
        "main go1.24 GOGC=50", "main go1.24 GOGC=100", "main go1.27 GOGC=50", "main go1.27 GOGC=100",
        f"{WORKING_TREE} go1.24 GOGC=50", f"{WORKING_TREE} go1.24 GOGC=100",
        f"{WORKING_TREE} go1.27 GOGC=50", f"{WORKING_TREE} go1.27 GOGC=100",
    ]  # fmt: skip
    assert found[1].env == {"GOGC": "100"}
    assert found[0].revision == "main"


def test_what_the_compiler_reads_makes_another_build_and_what_the_program_reads_does_not():
    gogc = sides(Settings(environment=("GOGC=50,100",)))
    level = sides(Settings(environment=("GOAMD64=v1,v3",)))
    assert gogc[0].build_key == gogc[1].build_key
    assert level[0].build_key != level[1].build_key
    assert level[1].build_env == {"GOAMD64": "v3"}


def test_flags_are_arms_and_none_of_them_is_one_too():
    found = sides(Settings(flags=("", "-pgo=a.prof -ldflags='-s -w'")))
    assert found[0].flags == ()
    assert found[1].flags == ("-pgo=a.prof", "-ldflags=-s -w")
    assert found[0].name == "flags=none"


def test_an_empty_value_unsets_the_variable():
    found = sides(Settings(environment=("GOMEMLIMIT=,1GiB",)))
    assert [side.env for side in found] == [{"GOMEMLIMIT": None}, {"GOMEMLIMIT": "1GiB"}]
    assert found[0].name == "GOMEMLIMIT=unset"


def test_each_command_has_its_own_preparation_where_there_are_as_many():
    found = sides(Settings(commands=("a", "b"), prepare=("x", "y")))
    assert [(side.command, side.prepare) for side in found] == [("a", "x"), ("b", "y")]
    assert {side.prepare for side in sides(Settings(commands=("a", "b"), prepare=("x",)))} == {"x"}


def test_nothing_that_varies_is_one_arm():
    assert [side.name for side in sides(Settings())] == [WORKING_TREE]
