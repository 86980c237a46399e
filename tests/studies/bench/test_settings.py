import pytest

from godyno.errors import UsageError
from godyno.studies.bench.settings import (
    WORKING_TREE,
    Settings,
    environment_values,
    revisions_of,
    words,
)


def test_one_revision_is_compared_with_the_working_tree():
    assert revisions_of(["main"]) == ("main", WORKING_TREE)
    assert revisions_of(["main..new"]) == ("main", "new")
    assert revisions_of(["main.."]) == ("main", WORKING_TREE)
    assert revisions_of(["a", "b", "c"]) == ("a", "b", "c")


def test_a_command_that_needs_a_shell_says_so_instead_of_passing_a_bar_as_a_word():
    assert words("gzip -k 'a b|c'", shell=False) == ("gzip", "-k", "a b|c")
    assert words("a | b", shell=True) == ("/bin/sh", "-c", "a | b")
    for text in ("a | b", "a && b", "a > out", "(a)"):
        with pytest.raises(UsageError, match="which is a shell's") as caught:
            words(text, shell=False)
        assert "--shell" in caught.value.hint
    with pytest.raises(UsageError, match="open quote"):
        words("echo 'a", shell=False)
    with pytest.raises(UsageError, match="empty command"):
        words("  ", shell=False)


def test_an_environment_needs_two_values():
    assert environment_values("GOGC=50,100,") == ("GOGC", ("50", "100", ""))
    for text in ("GOGC", "GOGC=50", "=1,2", "GOGC=50,50"):
        with pytest.raises(UsageError, match="names no two values"):
            environment_values(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"commands": ("a", "b"), "packages": ("./...",)},
        {"commands": ("a", "b"), "flags": ("-race",)},
        {"prepare": ("x",)},
        {"commands": ("a", "b", "c"), "prepare": ("x", "y")},
        {"blocks": 0},
        {"margin": -0.1},
        {"layouts": 0},
    ],
)
def test_what_contradicts_itself_is_refused(wrong):
    with pytest.raises(UsageError):
        Settings(**wrong)


def test_flags_for_the_test_binaries_are_named_as_go_test_names_them():
    assert Settings(arguments=("-short", "--cpu=4", "-mine=3", "word")).argument_list() == [
        "-test.short", "-test.cpu=4", "-mine=3", "word",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="list"):
        Settings(arguments=("-cpu=1,2",)).argument_list()


def test_settings_come_back_from_json():
    settings = Settings(environment=("GOGC=1,2",), budget_s=3.0, margin=0.03)
    assert Settings.from_json(settings.as_json()) == settings
