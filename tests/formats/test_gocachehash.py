from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from godyno.formats.gocachehash import action_id, cache_story

SUM = "0059cb67792bbc9a71bb438a6dd0ea1576ed9d31d16ba75d675a9493d9822877"
# As go 1.26 writes it (cgo lines from runtime/cgo), other packages' lines between.
LINES = rf"""
HASH[build example.com/a]
HASH[moduleIndex]
HASH[build example.com/a]: "go1.26.8"
HASH[build example.com/b]
HASH[build example.com/b]: "go1.26.8"
HASH[build example.com/a]: "compile\n"
HASH[build example.com/a]: "dir /src/a\n"
HASH[build example.com/a]: "go 1.24\n"
HASH[build example.com/a]: "goos linux goarch amd64\n"
HASH[build example.com/a]: "import \"example.com/a\"\n"
HASH[build example.com/a]: "cgo \"cgo version go1.26.8\"\n"
HASH[build example.com/a]: "CC=[\"gcc\"] [] [\"-O2\" \"-g\"] [\"-O2\" \"-g\"]\n"
HASH[build example.com/a]: "modinfo \"path\\texample.com/a\\nbuild\\t-tags=extra\\nbuild\\tvcs.revision=abc\\n\"\n"
HASH[build example.com/a]: "compile compile version go1.26.8 [-race] [-N]\n"
HASH[build example.com/a]: "GOAMD64=v1\n"
HASH[build example.com/a]: "file a.go B55mDMFhKQ36og90SVnH\n"
HASH[build example.com/a]: "import fmt zPOy37qVyIIUS_BSsIpj\n"
HASH[build example.com/a]: {SUM}
HASH subkey {SUM} "stdout" = 07d6
HASH[testInputs]
HASH[testInputs]: "go1.26.8"
HASH[testInputs]: "env HOME aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
HASH[testInputs]: "open /src/a/my data.txt bbbbbbbbbbbbbbbbbbbbbbbb\n"
HASH[testInputs]: {"1" * 64}
testcache: example.com/a: test ID {"2" * 64} => input ID {"1" * 64} => {"3" * 64}
testcache: caching disabled for test argument: -test.count=1
""".strip().splitlines()


def test_a_key_is_told_by_its_inputs() -> None:
    story = cache_story(LINES)
    build, tests = story.keys
    assert (build.mode, build.package, action_id(build.id)) == (
        "build",
        "example.com/a",
        "AFnLZ3krvJpxu0OKbdDq",
    )
    assert build.inputs["toolchain", "compile"] == "compile version go1.26.8"
    assert build.inputs["flags", "gcflags"] == "[-race] [-N]"
    assert (
        build.inputs["target", "GOOS/GOARCH"] == "linux/amd64" and build.inputs["target", "GOAMD64"] == "v1"
    )
    assert build.inputs["file", "a.go"] == "B55mDMFhKQ36og90SVnH"
    assert build.inputs["dependency", "fmt"] == "zPOy37qVyIIUS_BSsIpj"
    assert (
        build.inputs["build info", "-tags"] == "extra" and build.inputs["build info", "vcs.revision"] == "abc"
    )
    assert build.inputs["c compiler", "CC"].startswith("[")
    assert "-O2" not in build.inputs["c compiler", "CC"] and "-O2" in build.inputs["c compiler", "CGO_CFLAGS"]
    assert (tests.mode, tests.package) == ("test input", "example.com/a")
    assert set(tests.inputs) == {
        ("toolchain", "go"),
        ("variable", "HOME"),
        ("read file", "/src/a/my data.txt"),
    }
    assert story.disabled == ["for test argument: -test.count=1"]


def test_a_key_whose_end_is_missing_is_left_out() -> None:
    assert [
        key.mode for key in cache_story(line for line in LINES if not line.endswith(f": {SUM}")).keys
    ] == ["test input"]


def test_two_keys_of_one_name_at_once_cannot_be_told_apart() -> None:
    lines = ["HASH[testInputs]", "HASH[testInputs]", 'HASH[testInputs]: "env A 1\\n"', f"HASH[testInputs]: {'1' * 64}",
             f"HASH[testInputs]: {'2' * 64}", f"testcache: p: test ID {'3' * 64} => input ID {'1' * 64} => {'4' * 64}"]  # fmt: skip
    assert cache_story(lines).keys == []


@given(
    st.lists(
        st.sampled_from([*LINES, "HASH[", "HASH[x]: ", "testcache: ", 'HASH[build p]: "', ""])
        | st.text(max_size=40),
        max_size=60,
    )
)
def test_no_output_breaks_it(lines: list[str]) -> None:
    cache_story(lines)
