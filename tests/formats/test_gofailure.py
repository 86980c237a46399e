"""What Go said when it failed is found in what was printed, and nothing else is taken for it."""

from __future__ import annotations

import json

import pytest

from godyno.formats.gofailure import Crash, Frame, crash, failed_test, last_error, plain, source_error

_PANIC = """got 2
panic: runtime error: invalid memory address or nil pointer dereference [recovered, repanicked]
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x49e5d9]

goroutine 22 [running]:
panic({0x55a740?, 0x6caec0?})
	/usr/local/go/src/runtime/panic.go:860 +0x13a
main.(*pool).worker(0x3, {0xa65e8d04070, 0x1})
	/src/app/main.go:24 +0x39
main.inlined(...)
	/src/app/main.go:13
created by main.main in goroutine 1
	/src/app/main.go:9 +0x37

goroutine 1 [chan receive]:
main.main()
	/src/app/main.go:10 +0x37
exit status 2"""
PANIC = _PANIC.splitlines()


def test_a_crash_has_its_words_and_the_stack_of_its_goroutine() -> None:
    found = crash(PANIC)
    assert found is not None and found.said == PANIC[1]
    assert found.frames == (
        Frame("panic", "/usr/local/go/src/runtime/panic.go", 860),
        Frame("main.(*pool).worker", "/src/app/main.go", 24),
        Frame("main.inlined", "/src/app/main.go", 13),
    )


def test_the_last_crash_counts_and_one_without_a_stack_is_one() -> None:
    assert crash([*PANIC, "fatal error: all goroutines are asleep - deadlock!"]) == Crash(
        "fatal error: all goroutines are asleep - deadlock!"
    )
    assert crash(["a panic: in the middle", "\tpanic: nested"]) is None


def test_lines_of_go_test_json_are_what_was_printed() -> None:
    lines = [plain(json.dumps({"Action": "output", "Output": f"{line}\n"})) for line in PANIC]
    assert crash(lines) == crash(PANIC)
    assert plain('{"Output": 3}') == '{"Output": 3}' and plain('{"Output"') == '{"Output"'
    assert plain("\x1b[31mpanic: red\x1b[0m") == "panic: red"


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["# m", "./a.go:2:23: undefined: x", "./b.go:1:1: y"], "./a.go:2:23: undefined: x"),
        (["# m", "# [m]", "vet: ./a.go:3:2: declared and not used: x"], "./a.go:3:2: declared and not used: x"),
        (["# m [m.test]", "ld: cannot find -lfoo"], "ld: cannot find -lfoo"),
        (["# m/c", "a.c:1:2: warning: unused", "# m", "./a.go:2:23: undefined: x"], "./a.go:2:23: undefined: x"),
        (["go: downloading a v1", "go: no modules given"], "go: no modules given"),
        (["    a_test.go:4: got 1, want 2", "FAIL"], ""),
    ],
)  # fmt: skip
def test_the_first_error_in_sources_is_found(lines: list[str], error: str) -> None:
    assert source_error(lines) == error


def test_a_failed_test_is_named_with_what_it_said() -> None:
    assert (
        failed_test(["--- FAIL: TestBad (0.00s)", "    a_test.go:4: got 1"])
        == "TestBad failed: a_test.go:4: got 1"
    )
    assert failed_test(["--- FAIL: TestBad (0.00s)", "FAIL"]) == "TestBad failed"
    assert failed_test(["--- PASS: TestFine (0.00s)"]) == ""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["stat /src/nosuch: directory not found"], "stat /src/nosuch: directory not found"),
        (["no required module provides package a.b/c; to add it:", "\tgo get a.b/c"],
         "no required module provides package a.b/c; to add it: go get a.b/c"),
        (["flag provided but not defined: -x", "usage: go vet [packages]", "Run 'go help vet' for details."],
         "flag provided but not defined: -x"),
        (["go: downloading a.b/c v1.0.0"], ""),
        ([], ""),
    ],
)  # fmt: skip
def test_what_go_said_last_is_told_without_how_to_use_it(lines: list[str], said: str) -> None:
    assert last_error(lines) == said
